/* A lost connection, an answer "later" or silence puts messages back in line; a connection that
 * cannot be made is tried again after a growing wait. */
#include "benchmarks/meterload/link_parts.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_MS_MAX 5000
#define SILENCE_MS_MAX 60000
#define PING_AFTER_MS 20000
#define BACKOFF_MS_MAX 2000

struct link *
link_new(struct load *load, enum door door, uint32_t number)
{
    struct link *l = tool_grow(NULL, 1, sizeof *l);

    memset(l, 0, sizeof *l);
    l->load = load;
    l->door = door;
    l->number = number;
    l->fd = -1;
    l->gateway = FLEET_NONE;
    l->backoff_ms = BACKOFF_MS_MIN;
    return l;
}

static void
close_socket(struct link *l)
{
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
    l->state = LINK_DOWN;
    l->in.size = 0;
    l->out.size = 0;
}

void
link_free(struct link *l)
{
    close_socket(l);
    free(l->in.at);
    free(l->out.at);
    free(l->body.at);
    free(l);
}

void
link_put_again(struct link *l, uint32_t message)
{
    unsigned at = l->again_count++;

    assert(at < IN_FLIGHT_MAX);
    for (; at > 0 && l->again[at - 1] > message; at--)
        l->again[at] = l->again[at - 1];
    l->again[at] = message;
}

void
link_lose(struct link *l)
{
    close_socket(l);
    for (unsigned i = 0; i < l->window_count; i++)
        link_put_again(l, l->window[i].message);
    l->window_count = 0;
    l->wait_until_ms = l->load->now_ms + l->backoff_ms;
    l->backoff_ms = l->backoff_ms * 2 < BACKOFF_MS_MAX ? l->backoff_ms * 2 : BACKOFF_MS_MAX;
    l->load->totals.lost_connections++;
}

static void
start_connecting(struct link *l)
{
    const struct load_door *d = &l->load->doors[l->door];
    int one = 1;

    l->fd = socket(d->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->fd < 0) {
        link_lose(l);
        return;
    }
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    l->state = LINK_CONNECTING;
    l->heard_ms = l->load->now_ms;
    if (connect(l->fd, (const struct sockaddr *)&d->address, d->address_size) != 0 &&
        errno != EINPROGRESS)
        link_lose(l);
}

static void
greet(struct link *l)
{
    const struct fleet_gateway *g = &l->load->plan->fleet.gateways[l->gateway];
    char client_id[64];

    l->window_max = l->load->in_flight;
    l->state = l->door == DOOR_MQTT ? LINK_GREETING : LINK_OPEN;
    if (l->door != DOOR_MQTT)
        return;
    snprintf(client_id, sizeof client_id, "meterload-%d-%u", (int)getpid(), l->number);
    mqtt_write_connect(&l->out, client_id, g->name, g->token);
}

static void
finish_connecting(struct link *l)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
        link_lose(l);
    else
        greet(l);
}

/* The next message the gateway may send now. */
static bool
take_message(struct link *l, uint32_t *message)
{
    const struct plan_gateway *g = &l->load->plan->gateways[l->gateway];

    if (l->again_count > 0) {
        *message = l->again[0];
        l->again_count--;
        memmove(l->again, l->again + 1, l->again_count * sizeof l->again[0]);
        return true;
    }
    while (l->next < g->first + g->count && l->load->is_done[l->next])
        l->next++;
    if (l->next == g->first + g->count || !load_may_send(l->load))
        return false;
    /* The second round corrects the first: not before all of that is acknowledged. */
    if (l->next >= g->first + g->second && l->window_count > 0 &&
        l->window[0].message < g->first + g->second)
        return false;
    *message = l->next++;
    return true;
}

static void
write_message(struct link *l, uint32_t message)
{
    const struct load_door *d = &l->load->doors[l->door];

    l->packet_id = l->packet_id == UINT16_MAX ? 1 : (uint16_t)(l->packet_id + 1);
    l->body.size = 0;
    plan_write_message(l->load->plan, message, &l->body);
    if (l->door == DOOR_MQTT)
        mqtt_write_publish(&l->out, l->packet_id, bytes_span(&l->body));
    else
        http_write_request(&l->out, d->text, l->load->plan->fleet.gateways[l->gateway].token,
                           bytes_span(&l->body));
    if (l->window_count == 0)
        l->heard_ms = l->load->now_ms;
    l->window[l->window_count++] = (struct under_way){message, l->packet_id};
    load_note_sent(l->load, message);
}

static bool
is_gateway_done(const struct link *l)
{
    const struct plan_gateway *g = &l->load->plan->gateways[l->gateway];

    if (l->window_count > 0 || l->again_count > 0)
        return false;
    for (uint32_t m = l->next; m < g->first + g->count; m++)
        if (!l->load->is_done[m])
            return false;
    return true;
}

/* An MQTT connection belongs to one gateway, an HTTP request to one: only the former must go. */
static void
change_gateway(struct link *l)
{
    if (l->gateway != FLEET_NONE && l->door == DOOR_MQTT && l->state == LINK_OPEN) {
        mqtt_write_disconnect(&l->out);
        link_flush(l);
        close_socket(l);
    }
    l->gateway = load_take_gateway(l->load);
    if (l->gateway != FLEET_NONE)
        l->next = l->load->plan->gateways[l->gateway].first;
    else
        close_socket(l);
}

static void
look_at_clock(struct link *l)
{
    int64_t silence = l->load->now_ms - l->heard_ms;

    if (l->state == LINK_OPEN && l->window_count == 0)
        silence = 0;
    if (silence > (l->state == LINK_OPEN ? SILENCE_MS_MAX : CONNECT_MS_MAX))
        link_lose(l);
    else if (l->state == LINK_OPEN && l->door == DOOR_MQTT &&
             l->load->now_ms - l->sent_ms > PING_AFTER_MS && l->out.size == 0)
        mqtt_write_ping(&l->out);
}

void
link_prepare(struct link *l)
{
    uint32_t message;

    if (l->gateway == FLEET_NONE || is_gateway_done(l))
        change_gateway(l);
    if (l->gateway == FLEET_NONE)
        return;
    if (l->state != LINK_DOWN)
        look_at_clock(l);
    if (l->load->now_ms < l->wait_until_ms)
        return;
    if (l->state == LINK_DOWN)
        start_connecting(l);
    while (l->state == LINK_OPEN && l->window_count < l->window_max && take_message(l, &message))
        write_message(l, message);
}

void
link_flush(struct link *l)
{
    while (l->fd >= 0 && l->state != LINK_CONNECTING && l->out.size > 0) {
        ssize_t n = send(l->fd, l->out.at, l->out.size, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n < 0) {
            link_lose(l);
            return;
        }
        l->sent_ms = l->load->now_ms;
        bytes_consume(&l->out, (size_t)n);
    }
}

struct pollfd
link_poll(const struct link *l)
{
    short events = POLLIN;

    if (l->state == LINK_CONNECTING || l->out.size > 0)
        events |= POLLOUT;
    return (struct pollfd){.fd = l->fd, .events = events};
}

void
link_ready(struct link *l, short revents)
{
    if (l->fd < 0 || revents == 0)
        return;
    if (l->state == LINK_CONNECTING) {
        if ((revents & (POLLOUT | POLLERR | POLLHUP)) != 0)
            finish_connecting(l);
        return;
    }
    if ((revents & (POLLIN | POLLERR | POLLHUP)) != 0)
        link_read_answers(l);
}

bool
link_is_done(const struct link *l)
{
    return l->gateway == FLEET_NONE && l->load->pool_next >= l->load->plan->fleet.gateway_count;
}
