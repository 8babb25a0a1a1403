/* Doors: bind, accept, stop when full. With several loops each has a socket of its own on the same
 * address (SO_REUSEPORT) and the kernel shares connections out.
 *
 * A full door simply does not take the connection libuv offers: libuv then stops watching the
 * listening socket, and later ones wait in the kernel's queue. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/base/config.h"
#include "server/base/counter.h"
#include "server/base/log_line.h"
#include "server/net/loop_parts.h"

#define BACKLOG 4096
#define FD_RESERVE 256 /* for the log, the database, admin */

static const char *const door_names[DOOR_COUNT] = {[DOOR_HTTP] = "http", [DOOR_MQTT] = "mqtt"};

static void
on_connection(uv_stream_t *server, int status)
{
    struct listener *n = server->data;

    if (status < 0)
        return;
    loop_look_at_clock(n->loop);
    if (n->open_count >= n->open_max) {
        n->is_waiting = true;
        counter_add(n->door == DOOR_HTTP ? COUNT_http_connections_refused
                                         : COUNT_mqtt_connections_refused,
                    1);
        log_line(LOG_WARN, "event=door_full door=%s connections=%u", door_names[n->door],
                 n->open_count);
        return;
    }
    conn_accept(n);
}

void
listener_conn_closed(struct listener *n)
{
    assert(n->open_count > 0);
    n->open_count--;
    if (n->is_waiting && n->is_on && n->open_count <= n->open_max - n->open_max / 20) {
        n->is_waiting = false;
        conn_accept(n);
    }
}

/* A bound socket, or -1. */
static int
bind_socket(const struct address *at, bool is_shared)
{
    int one = 1;
    int fd = socket(at->sock.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        (is_shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0) ||
        bind(fd, (const struct sockaddr *)&at->sock, at->sock_size) != 0) {
        int saved = errno;

        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static enum status
start_listening(struct listener *n, int fd)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    int e;

    if (getsockname(fd, (struct sockaddr *)&bound, &size) != 0) {
        close(fd);
        return ST_WORLD_DOWN;
    }
    n->address = address_of((const struct sockaddr *)&bound);
    e = uv_tcp_init(&n->loop->uv, &n->tcp);
    assert(e == 0);
    n->tcp.data = n;
    e = uv_tcp_open(&n->tcp, fd);
    assert(e == 0);
    n->is_on = true;
    e = uv_listen((uv_stream_t *)&n->tcp, BACKLOG, on_connection);
    errno = -e;
    return e == 0 ? ST_OK : ST_WORLD_DOWN;
}

enum status
listener_open(struct listener *n, struct net_loop *l, enum door door, const struct address *at,
              char why[WHY_SIZE])
{
    const struct config *c = l->o.config;
    uint64_t open_max =
        door == DOOR_HTTP ? c->http.max_connections : c->mqtt.max_connections;
    char text[ADDRESS_TEXT_SIZE];
    int fd;

    n->loop = l;
    n->door = door;
    n->open_max = (uint32_t)((open_max + c->ingest.loops - 1) / c->ingest.loops);
    if (!at->is_on)
        return ST_OK;
    fd = bind_socket(at, c->ingest.loops > 1);
    if (fd < 0 || start_listening(n, fd) != ST_OK) {
        snprintf(why, WHY_SIZE, "%s door: %s: %s", door_names[door], address_text(at, text),
                 strerror(errno));
        return ST_WORLD_DOWN;
    }
    if (l->o.index == 0)
        log_line(LOG_INFO, "event=listening door=%s address=%s", door_names[door],
                 address_text(&n->address, text));
    return ST_OK;
}

void
listener_close(struct listener *n)
{
    if (!n->is_on)
        return;
    n->is_on = false;
    uv_close((uv_handle_t *)&n->tcp, NULL);
}

void
listener_raise_limits(const struct config *c)
{
    struct rlimit limit;
    uint64_t need = c->http.max_connections + c->mqtt.max_connections + FD_RESERVE;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= need)
        return;
    limit.rlim_cur = need < limit.rlim_max ? need : limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < need)
        log_line(LOG_WARN, "event=few_descriptors have=%llu need=%llu",
                 (unsigned long long)limit.rlim_cur, (unsigned long long)need);
}

void
listener_bound_doors(struct net_loop *l)
{
    struct rlimit limit;
    uint64_t have;
    uint64_t want = 0;

    for (unsigned i = 0; i < DOOR_COUNT; i++)
        want += l->listeners[i].open_max;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= FD_RESERVE)
        return;
    have = (limit.rlim_cur - FD_RESERVE) / l->o.config->ingest.loops;
    for (unsigned i = 0; want > have && i < DOOR_COUNT; i++) {
        uint64_t share = l->listeners[i].open_max * have / want;

        l->listeners[i].open_max = share > 0 ? (uint32_t)share : 1;
    }
}
