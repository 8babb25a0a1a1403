/* One thread, one epoll. In the open loop message n is due at n times the interval, on connection n
 * modulo the connections; its latency counts from then, whenever it could be sent. */
#include "benchmarks/meterload/run.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "benchmarks/meterload/run_body.h"
#include "benchmarks/meterload/run_latency.h"
#include "server/base/address.h"

#define EVENTS_A_TURN 256
#define READ_SIZE 65536
#define PATIENCE_NS INT64_C(30000000000)
#define READY_WAIT_MS 10000

struct run_link {
    int fd;
    uint32_t number;
    bool is_ready, wants_write;
    uint64_t sent, answered; /* messages */
    uint64_t owed;           /* open loop: due and not sent */
    struct bytes head;       /* HTTP: of every request */
    struct bytes out;        /* what the socket did not take */
    struct bytes in;         /* the beginning of an answer */
    int64_t *began_ns;       /* of message i, at i modulo RUN_IN_FLIGHT_MAX */
};

struct run {
    const struct run_options *o;
    struct run_bodies *bodies;
    struct run_link *links;
    struct run_latency latency;
    int poll_fd;
    uint32_t ready;
    bool is_sending;
    int64_t now_ns, began_ns, last_answer_ns;
    int64_t interval_ns; /* open loop; 0: closed */
    uint64_t due;        /* messages of the open loop made due so far */
    uint64_t sent, answered, refused, quarantined;
    unsigned first_refusal;
    uint8_t read_buffer[READ_SIZE];
};

static int64_t
now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- sending ------------------------------------------------------------------------------------ */

static void
watch(struct run *r, struct run_link *l, bool wants_write)
{
    struct epoll_event e = {.events = EPOLLIN | (wants_write ? EPOLLOUT : 0), .data.ptr = l};

    if (l->wants_write == wants_write)
        return;
    l->wants_write = wants_write;
    if (epoll_ctl(r->poll_fd, EPOLL_CTL_MOD, l->fd, &e) != 0)
        tool_die(EX_OSERR, "epoll_ctl: %s", strerror(errno));
}

/* What the socket does not take stays in out. */
static void
send_parts(struct run *r, struct run_link *l, struct span head, struct span body)
{
    /* sendmsg reads only. */
    struct iovec parts[2] = {{(void *)(uintptr_t)head.at, head.size},
                             {(void *)(uintptr_t)body.at, body.size}};
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t n = l->out.size > 0 ? 0 : sendmsg(l->fd, &m, MSG_NOSIGNAL);
    size_t taken = n > 0 ? (size_t)n : 0;

    if (n < 0 && errno != EAGAIN)
        tool_die(EX_UNAVAILABLE, "connection %u is lost: %s", l->number, strerror(errno));
    if (taken < head.size)
        bytes_add(&l->out, head.at + taken, head.size - taken);
    taken = taken < head.size ? 0 : taken - head.size;
    bytes_add(&l->out, body.at + taken, body.size - taken);
    watch(r, l, l->out.size > 0);
}

static void
send_rest(struct run *r, struct run_link *l)
{
    ssize_t n = send(l->fd, l->out.at, l->out.size, MSG_NOSIGNAL);

    if (n < 0 && errno != EAGAIN)
        tool_die(EX_UNAVAILABLE, "connection %u is lost: %s", l->number, strerror(errno));
    if (n > 0)
        bytes_consume(&l->out, (size_t)n);
    watch(r, l, l->out.size > 0);
}

static void
send_message(struct run *r, struct run_link *l)
{
    uint32_t share = l->number / r->o->gateways;
    struct span body = run_body(r->bodies, share, l->sent);
    int64_t due_ns = r->began_ns +
                     (int64_t)(l->sent * r->o->connections + l->number) * r->interval_ns;

    l->began_ns[l->sent % RUN_IN_FLIGHT_MAX] = r->interval_ns > 0 ? due_ns : r->now_ns;
    send_parts(r, l, bytes_span(&l->head), body);
    l->sent++;
    r->sent++;
}

static void
send_due(struct run *r, struct run_link *l)
{
    while (l->sent - l->answered < r->o->in_flight && l->out.size == 0 &&
           (r->interval_ns > 0 ? l->owed > 0 : r->is_sending)) {
        if (r->interval_ns > 0)
            l->owed--;
        send_message(r, l);
    }
}

/* Open loop: hands out what has become due. */
static void
make_due(struct run *r)
{
    while (r->is_sending && r->began_ns + (int64_t)r->due * r->interval_ns <= r->now_ns) {
        struct run_link *l = &r->links[r->due++ % r->o->connections];

        l->owed++;
        send_due(r, l);
    }
}

/* --- answers ------------------------------------------------------------------------------------ */

static void
take_message_answer(struct run *r, struct run_link *l, const struct answer *a)
{
    assert(l->answered < l->sent);
    if (a->kind == ANSWER_STORED) {
        run_latency_add(&r->latency, r->now_ns - l->began_ns[l->answered % RUN_IN_FLIGHT_MAX]);
        r->quarantined += a->quarantined;
    } else if (r->refused++ == 0) {
        r->first_refusal = a->code;
    }
    l->answered++;
    r->answered++;
    r->last_answer_ns = r->now_ns;
}

/* A PUBACK without reading its properties; 0: the general way must look. */
static ptrdiff_t
read_puback(const struct run_link *l, struct span in, struct answer *a)
{
    uint16_t id = (uint16_t)(l->answered % UINT16_MAX + 1);

    if (in.size < 4 || in.at[0] != 0x40 || in.at[1] >= 128 || in.size < in.at[1] + 2u)
        return 0;
    a->kind = in.at[1] < 3 || in.at[4] < 0x80 ? ANSWER_STORED : ANSWER_REFUSED;
    a->code = in.at[1] < 3 ? 0 : in.at[4];
    a->quarantined = 0;
    a->is_last = false;
    if ((in.at[2] << 8 | in.at[3]) != id)
        tool_die(EX_PROTOCOL, "connection %u: answers out of order", l->number);
    return in.at[1] + 2;
}

/* Returns the bytes used. */
static size_t
take_answers(struct run *r, struct run_link *l, struct span in)
{
    struct answer a;
    size_t at = 0;

    for (;;) {
        struct span left = span_of(in.at + at, in.size - at);
        ptrdiff_t used = r->o->door == DOOR_MQTT ? read_puback(l, left, &a) : 0;

        if (used == 0)
            used = r->o->door == DOOR_MQTT ? mqtt_read_answer(left, &a)
                                           : http_read_answer(left, &a);
        if (used < 0 || (used > 0 && a.is_last))
            tool_die(EX_UNAVAILABLE, "connection %u is closed: %s", l->number, a.why);
        if (used == 0)
            return at;
        at += (size_t)used;
        if (a.kind == ANSWER_READY) {
            l->is_ready = true;
            r->ready++;
        } else if (a.kind != ANSWER_NONE) {
            take_message_answer(r, l, &a);
        }
    }
}

static void
read_answers(struct run *r, struct run_link *l)
{
    ssize_t n = recv(l->fd, r->read_buffer, sizeof r->read_buffer, 0);
    size_t used;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0)
        tool_die(EX_UNAVAILABLE, "connection %u is closed by the peer", l->number);
    if (l->in.size > 0) {
        bytes_add(&l->in, r->read_buffer, (size_t)n);
        bytes_consume(&l->in, take_answers(r, l, bytes_span(&l->in)));
    } else {
        used = take_answers(r, l, span_of(r->read_buffer, (size_t)n));
        bytes_add(&l->in, r->read_buffer + used, (size_t)n - used);
    }
    send_due(r, l);
}

/* --- the run ------------------------------------------------------------------------------------ */

static void
open_link(struct run *r, uint32_t number, const struct address *address)
{
    struct run_link *l = &r->links[number];
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = l};
    char gateway[32], token[32], client[32];
    int one = 1;

    *l = (struct run_link){.number = number};
    l->began_ns = tool_grow(NULL, RUN_IN_FLIGHT_MAX, sizeof *l->began_ns);
    snprintf(gateway, sizeof gateway, "load-%05u", number % r->o->gateways);
    snprintf(token, sizeof token, "load-token-%05u", number % r->o->gateways);
    snprintf(client, sizeof client, "c%u", number);
    l->fd = socket(address->sock.ss_family, SOCK_STREAM, 0);
    if (l->fd < 0 ||
        connect(l->fd, (const struct sockaddr *)&address->sock, address->sock_size) != 0)
        tool_die(EX_UNAVAILABLE, "connection %u to %s: %s", number, r->o->address, strerror(errno));
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (epoll_ctl(r->poll_fd, EPOLL_CTL_ADD, l->fd, &e) != 0)
        tool_die(EX_OSERR, "epoll_ctl: %s", strerror(errno));
    if (r->o->door == DOOR_MQTT) {
        mqtt_write_connect(&l->out, client, gateway, token);
        send_rest(r, l);
        return;
    }
    bytes_add_format(&l->head,
                     "POST /v1/readings HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"
                     "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                     r->o->address, token, run_body_size(r->bodies));
    l->is_ready = true;
    r->ready++;
}

static void
turn(struct run *r, int wait_ms)
{
    struct epoll_event events[EVENTS_A_TURN];
    int n = epoll_wait(r->poll_fd, events, EVENTS_A_TURN, wait_ms);

    r->now_ns = now_ns();
    for (int i = 0; i < n; i++) {
        struct run_link *l = events[i].data.ptr;

        if ((events[i].events & EPOLLOUT) != 0)
            send_rest(r, l);
        if ((events[i].events & ~(uint32_t)EPOLLOUT) != 0)
            read_answers(r, l);
    }
    if (r->interval_ns > 0)
        make_due(r);
}

static void
connect_all(struct run *r)
{
    struct address address;
    struct timespec hold = {r->o->hold_ms / 1000, r->o->hold_ms % 1000 * 1000000};
    int64_t began;

    if (address_parse(r->o->address, &address) != ST_OK || !address.is_on)
        tool_die(EX_USAGE, "%s: write a numeric address and a port", r->o->address);
    began = now_ns();
    for (uint32_t i = 0; i < r->o->connections; i++)
        open_link(r, i, &address);
    r->interval_ns = 0;
    while (r->ready < r->o->connections) {
        turn(r, 100);
        if (r->now_ns - began > PATIENCE_NS)
            tool_die(EX_UNAVAILABLE, "only %u connections were accepted", r->ready);
    }
    printf("connected %u\n", r->ready);
    fflush(stdout);
    nanosleep(&hold, NULL);
}

static void
send_for(struct run *r, int64_t duration_ns)
{
    r->began_ns = r->now_ns = r->last_answer_ns = now_ns();
    if (r->o->rate > 0)
        r->interval_ns = (int64_t)((__int128)1000000000 * r->o->batch / r->o->rate);
    r->is_sending = true;
    if (r->interval_ns == 0)
        for (uint32_t i = 0; i < r->o->connections; i++)
            send_due(r, &r->links[i]);
    while (r->now_ns - r->began_ns < duration_ns)
        turn(r, r->interval_ns > 0 ? 1 : 100);
    r->is_sending = false;
    while (r->answered < r->sent && r->now_ns - r->last_answer_ns < PATIENCE_NS)
        turn(r, 100);
}

static void
print_result(const struct run *r)
{
    double seconds = (double)(r->last_answer_ns - r->began_ns) / 1e9;
    double readings = (double)(r->answered - r->refused) * r->o->batch;
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    printf("messages %" PRIu64 "\nreadings %.0f\nbody_bytes %zu\nseconds %.3f\n"
           "readings_a_second %.0f\nrefused %" PRIu64 "\nunanswered %" PRIu64
           "\nquarantined %" PRIu64 "\n",
           r->answered - r->refused, readings, run_body_size(r->bodies), seconds,
           readings / seconds, r->refused, r->sent - r->answered, r->quarantined);
    printf("latency_us p50 %.1f p90 %.1f p99 %.1f p99.9 %.1f max %.1f\n",
           (double)run_latency_at(&r->latency, 0.5) / 1e3,
           (double)run_latency_at(&r->latency, 0.9) / 1e3,
           (double)run_latency_at(&r->latency, 0.99) / 1e3,
           (double)run_latency_at(&r->latency, 0.999) / 1e3, (double)r->latency.max_ns / 1e3);
    printf("load_cpu_seconds %.3f\n",
           (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
    if (r->refused > 0)
        printf("first_refusal %u\n", r->first_refusal);
    fflush(stdout);
}

int
run_load(const struct run_options *o)
{
    struct run *r = tool_grow(NULL, 1, sizeof *r);
    int code;

    assert(o->connections % o->gateways == 0 && o->in_flight <= RUN_IN_FLIGHT_MAX);
    memset(r, 0, sizeof *r);
    r->o = o;
    r->bodies = run_bodies_new(o, o->connections / o->gateways);
    r->links = tool_grow(NULL, o->connections, sizeof *r->links);
    r->poll_fd = epoll_create1(0);
    connect_all(r);
    send_for(r, (int64_t)o->duration_s * 1000000000);
    print_result(r);
    code = r->answered < r->sent ? EX_UNAVAILABLE : r->refused + r->quarantined > 0 ? 1 : EX_OK;
    for (uint32_t i = 0; i < o->connections; i++) {
        close(r->links[i].fd);
        free(r->links[i].head.at);
        free(r->links[i].out.at);
        free(r->links[i].in.at);
        free(r->links[i].began_ns);
    }
    close(r->poll_fd);
    free(r->links);
    run_bodies_free(r->bodies);
    free(r);
    return code;
}
