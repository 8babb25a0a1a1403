/* The admin door: a fixed array of connections, each reading one request, writing one answer, and
 * waiting for the peer's end before it closes (closing with bytes unread would reset the
 * connection, and the peer might lose the answer). */
#include "server/ops/admin.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/base/counter.h"
#include "server/ops/admin_request.h"

enum conn_phase { CONN_READING, CONN_WRITING, CONN_ENDING };

struct admin_conn {
    int fd; /* -1: free */
    enum conn_phase phase;
    int64_t deadline_ms;
    uint32_t request_size;
    char *answer; /* head and body, of malloc */
    size_t answer_size;
    size_t answer_sent;
    uint8_t request[ADMIN_REQUEST_SIZE_MAX];
};

struct admin {
    int listener; /* -1: the door is off */
    struct address address;
    const struct admin_page *pages;
    uint32_t page_count;
    uint32_t open_count;
    bool accept_later; /* the system had no descriptor left */
    struct admin_conn conns[ADMIN_CONNECTIONS_MAX];
};

/* --- Opening. --- */

static int
listen_on(const struct address *address)
{
    int one = 1;
    int fd = socket(address->sock.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, (const struct sockaddr *)&address->sock, address->sock_size) != 0 ||
        listen(fd, ADMIN_CONNECTIONS_MAX) != 0) {
        int why = errno;

        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

enum status
admin_open(const struct address *address, const struct admin_page *pages, uint32_t page_count,
           struct admin **out, char why[WHY_SIZE])
{
    struct admin *a = calloc(1, sizeof *a);
    struct sockaddr_storage sock;
    socklen_t size = sizeof sock;
    char text[ADDRESS_TEXT_SIZE];

    if (a == NULL)
        abort();
    a->listener = -1;
    a->pages = pages;
    a->page_count = page_count;
    for (uint32_t i = 0; i < ADMIN_CONNECTIONS_MAX; i++)
        a->conns[i].fd = -1;
    *out = a;
    if (!address->is_on)
        return ST_OK;
    a->listener = listen_on(address);
    if (a->listener >= 0 && getsockname(a->listener, (struct sockaddr *)&sock, &size) == 0) {
        a->address = address_of((const struct sockaddr *)&sock);
        return ST_OK;
    }
    snprintf(why, WHY_SIZE, "cannot listen on %s: %s", address_text(address, text),
             strerror(errno));
    admin_close(a);
    *out = NULL;
    return ST_WORLD_DOWN;
}

struct address
admin_address(const struct admin *a)
{
    return a->address;
}

static void
conn_close(struct admin *a, struct admin_conn *c)
{
    assert(a->open_count > 0);
    close(c->fd);
    c->fd = -1;
    free(c->answer);
    c->answer = NULL;
    a->open_count--;
    counter_add(COUNT_admin_connections_closed, 1);
}

void
admin_close(struct admin *a)
{
    for (uint32_t i = 0; i < ADMIN_CONNECTIONS_MAX; i++) {
        if (a->conns[i].fd >= 0)
            conn_close(a, &a->conns[i]);
    }
    if (a->listener >= 0)
        close(a->listener);
    free(a);
}

/* --- Answering. --- */

static const char *
reason_of(unsigned code)
{
    switch (code) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 431:
        return "Request Header Fields Too Large";
    case 503:
        return "Service Unavailable";
    default:
        return "Internal Server Error";
    }
}

/* The whole answer in one piece of memory: the body's length stands before the body. */
static void
conn_answer(struct admin_conn *c, unsigned code, const char *content_type, struct span body)
{
    FILE *out = open_memstream(&c->answer, &c->answer_size);

    if (out == NULL)
        abort();
    fprintf(out,
            "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
            "Cache-Control: no-store\r\n%sConnection: close\r\n\r\n",
            code, reason_of(code), content_type, body.size, code == 405 ? "Allow: GET\r\n" : "");
    fwrite(body.at, 1, body.size, out);
    if (fclose(out) != 0)
        abort();
    c->answer_sent = 0;
    c->phase = CONN_WRITING;
}

static void
conn_refuse(struct admin_conn *c, unsigned code)
{
    char body[64];

    snprintf(body, sizeof body, "%u %s\n", code, reason_of(code));
    conn_answer(c, code, "text/plain; charset=utf-8", span_text(body));
}

static void
conn_answer_page(struct admin_conn *c, const struct admin_page *page)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    unsigned code;

    if (out == NULL)
        abort();
    code = page->write(page->ctx, out);
    if (fclose(out) != 0)
        abort();
    conn_answer(c, code, page->content_type, span_of(text, size));
    free(text);
}

static void
conn_judge(const struct admin *a, struct admin_conn *c)
{
    struct span path;
    enum status st = admin_parse_request(span_of(c->request, c->request_size), &path);

    if (st == ST_AGAIN && c->request_size < ADMIN_REQUEST_SIZE_MAX)
        return;
    if (st != ST_OK) {
        conn_refuse(c, st == ST_AGAIN ? 431 : st == ST_BAD_TOPIC ? 405 : 400);
        return;
    }
    for (uint32_t i = 0; i < a->page_count; i++) {
        if (span_is(path, a->pages[i].path)) {
            conn_answer_page(c, &a->pages[i]);
            return;
        }
    }
    conn_refuse(c, 404);
}

/* --- Moving bytes. Each returns false when the connection is done with. --- */

static bool
conn_read(const struct admin *a, struct admin_conn *c)
{
    ssize_t n = recv(c->fd, c->request + c->request_size,
                     ADMIN_REQUEST_SIZE_MAX - c->request_size, 0);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return false;
    c->request_size += (uint32_t)n;
    conn_judge(a, c);
    return true;
}

static bool
conn_write(struct admin_conn *c)
{
    ssize_t n = send(c->fd, c->answer + c->answer_sent, c->answer_size - c->answer_sent,
                     MSG_NOSIGNAL);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    c->answer_sent += (size_t)n;
    if (c->answer_sent == c->answer_size) {
        shutdown(c->fd, SHUT_WR);
        c->phase = CONN_ENDING;
    }
    return true;
}

/* What the peer still sends is not for us; its end is. */
static bool
conn_end(struct admin_conn *c)
{
    ssize_t n = recv(c->fd, c->request, sizeof c->request, 0);

    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool
conn_move(const struct admin *a, struct admin_conn *c)
{
    if (c->phase == CONN_READING && !conn_read(a, c))
        return false;
    if (c->phase == CONN_WRITING && !conn_write(c))
        return false;
    return c->phase != CONN_ENDING || conn_end(c);
}

static void
accept_all(struct admin *a, int64_t now_ms)
{
    for (uint32_t i = 0; i < ADMIN_CONNECTIONS_MAX; i++) {
        struct admin_conn *c = &a->conns[i];

        if (c->fd >= 0)
            continue;
        c->fd = accept4(a->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (c->fd < 0) {
            a->accept_later = errno == EMFILE || errno == ENFILE || errno == ENOMEM;
            return;
        }
        c->phase = CONN_READING;
        c->deadline_ms = now_ms + ADMIN_DEADLINE_MS;
        c->request_size = 0;
        a->open_count++;
        counter_add(COUNT_admin_connections_accepted, 1);
    }
}

/* --- The main thread's loop. --- */

int
admin_fds(struct admin *a, struct pollfd *out, int max)
{
    int count = 0;

    if (a->listener >= 0 && a->open_count < ADMIN_CONNECTIONS_MAX && !a->accept_later &&
        count < max)
        out[count++] = (struct pollfd){.fd = a->listener, .events = POLLIN};
    for (uint32_t i = 0; i < ADMIN_CONNECTIONS_MAX && count < max; i++) {
        const struct admin_conn *c = &a->conns[i];

        if (c->fd >= 0)
            out[count++] = (struct pollfd){
                .fd = c->fd,
                .events = c->phase == CONN_WRITING ? POLLOUT : POLLIN,
            };
    }
    return count;
}

int
admin_timeout_ms(const struct admin *a, int64_t now_ms)
{
    int64_t least = a->accept_later ? ADMIN_ACCEPT_AGAIN_MS : INT64_MAX;

    for (uint32_t i = 0; i < ADMIN_CONNECTIONS_MAX; i++) {
        const struct admin_conn *c = &a->conns[i];

        if (c->fd >= 0 && c->deadline_ms - now_ms < least)
            least = c->deadline_ms - now_ms;
    }
    if (least == INT64_MAX)
        return -1;
    return least > 0 ? (int)least : 0;
}

static struct admin_conn *
find_conn(struct admin *a, int fd)
{
    for (uint32_t i = 0; i < ADMIN_CONNECTIONS_MAX; i++) {
        if (a->conns[i].fd == fd)
            return &a->conns[i];
    }
    return NULL;
}

void
admin_handle(struct admin *a, const struct pollfd *fds, int count, int64_t now_ms)
{
    bool may_accept = false;

    a->accept_later = false;
    for (int i = 0; i < count; i++) {
        struct admin_conn *c = fds[i].fd >= 0 ? find_conn(a, fds[i].fd) : NULL;

        if (fds[i].revents == 0)
            continue;
        if (c != NULL && !conn_move(a, c))
            conn_close(a, c);
        may_accept = may_accept || fds[i].fd == a->listener;
    }
    for (uint32_t i = 0; i < ADMIN_CONNECTIONS_MAX; i++) {
        if (a->conns[i].fd >= 0 && now_ms >= a->conns[i].deadline_ms)
            conn_close(a, &a->conns[i]);
    }
    /* Last: a descriptor closed above may come back as a new connection. */
    if (may_accept)
        accept_all(a, now_ms);
}
