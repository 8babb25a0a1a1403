/* A socket and its session: bytes in, bytes out, pause, close. What a session wants is looked at
 * once at the end of a turn, however much has happened to it: one write, one decision. */
#include "server/net/loop_parts.h"

#include <assert.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include "server/base/counter.h"
#include "server/base/pool.h"

#define USER_TIMEOUT_MS 30000
#define WRITE_MS_MAX 10000  /* without the peer taking a byte */
#define LINGER_MS_MAX 2000
#define LINGER_BYTES_MAX (1024 * 1024)

static bool
is_http(const struct conn *c)
{
    return c->listener->door == DOOR_HTTP;
}

void
conn_changed(void *connection)
{
    struct conn *c = connection;

    if (c->is_dirty || c->is_closing)
        return;
    c->is_dirty = true;
    c->next_dirty = c->loop->dirty;
    c->loop->dirty = c;
}

/* --- close ------------------------------------------------------------------------------------ */

static void
on_closed(uv_handle_t *handle)
{
    struct conn *c = handle->data;
    struct net_loop *l = c->loop;
    struct listener *n = c->listener;

    assert(!c->is_dirty);
    if (c->previous != NULL)
        c->previous->next = c->next;
    else
        l->conns = c->next;
    if (c->next != NULL)
        c->next->previous = c->previous;
    counter_add(is_http(c) ? COUNT_http_connections_closed : COUNT_mqtt_connections_closed, 1);
    gauge_add(is_http(c) ? GAUGE_http_connections : GAUGE_mqtt_connections, -1);
    free(c);
    listener_conn_closed(n);
}

static void
let_session_go(struct conn *c)
{
    if (c->is_starved)
        c->loop->starved_count--;
    c->is_starved = false;
    deadline_cancel(&c->deadline);
    c->is_closing = true;
    if (c->session == NULL)
        return;
    if (!c->is_writing)
        buffer_release(&c->writing, c->loop->memory);
    session_close(c->session);
    c->session = NULL;
}

void
conn_close(struct conn *c)
{
    if (c->is_closing)
        return;
    let_session_go(c);
    uv_close((uv_handle_t *)&c->tcp, on_closed);
}

/* The peer does not take what it is sent: nothing more is worth keeping for it. */
static void
reset(struct conn *c)
{
    if (c->is_closing)
        return;
    let_session_go(c);
    if (c->is_lingering || uv_tcp_close_reset(&c->tcp, on_closed) != 0)
        uv_close((uv_handle_t *)&c->tcp, on_closed);
}

/* --- bytes in --------------------------------------------------------------------------------- */

static void
on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct conn *c = handle->data;

    (void)suggested;
    *out = uv_buf_init(c->loop->read_buffer, READ_SIZE_MAX);
}

static void
stop_reading(struct conn *c)
{
    if (!c->is_reading)
        return;
    c->is_reading = false;
    uv_read_stop((uv_stream_t *)&c->tcp);
}

static void
throw_away(struct conn *c, ssize_t size)
{
    c->lingered += size > 0 ? (uint32_t)size : 0;
    if (size < 0 || c->lingered > LINGER_BYTES_MAX)
        conn_close(c);
}

static void
on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buf)
{
    struct conn *c = stream->data;

    if (size == 0 || c->is_closing)
        return;
    loop_look_at_clock(c->loop);
    if (c->is_lingering) {
        throw_away(c, size);
        return;
    }
    if (size == UV_EOF) {
        c->is_input_ended = true;
        session_end_of_input(c->session);
    } else if (size < 0) {
        conn_close(c);
        return;
    } else {
        counter_add(COUNT_bytes_received, (uint64_t)size);
        session_feed(c->session, span_of(buf->base, (size_t)size));
    }
    /* At once: libuv would go on reading within this turn. */
    if (!session_may_read(c->session))
        stop_reading(c);
    conn_changed(c);
}

/* --- bytes out -------------------------------------------------------------------------------- */

static void
on_written(uv_write_t *request, int status)
{
    struct conn *c = request->data;

    c->is_writing = false;
    if (c->is_closing) {
        buffer_release(&c->writing, c->loop->memory);
        return;
    }
    if (status < 0) {
        conn_close(c);
        return;
    }
    counter_add(COUNT_bytes_sent, c->writing.size - c->written);
    buffer_release(&c->writing, c->loop->memory);
    session_set_unsent(c->session, 0);
    conn_changed(c);
}

static void
write_rest(struct conn *c)
{
    uv_buf_t buf = uv_buf_init((char *)c->writing.at + c->written,
                               c->writing.size - c->written);

    c->request.write.data = c;
    c->is_writing = true;
    c->queue_seen = (uint32_t)buf.len;
    c->progress_ms = c->loop->now_ms;
    session_set_unsent(c->session, buf.len);
    if (uv_write(&c->request.write, (uv_stream_t *)&c->tcp, &buf, 1, on_written) != 0) {
        c->is_writing = false;
        conn_close(c);
    }
}

/* Sends what the session has put out. The usual answer fits the socket's buffer at once. */
static void
write_output(struct conn *c)
{
    struct buffer *out = session_output(c->session);
    uv_buf_t buf;
    int sent;

    if (c->is_writing || out->size == 0)
        return;
    c->writing = *out;
    *out = (struct buffer){0};
    buf = uv_buf_init((char *)c->writing.at, c->writing.size);
    sent = uv_try_write((uv_stream_t *)&c->tcp, &buf, 1);
    if (sent < 0 && sent != UV_EAGAIN) {
        conn_close(c);
        return;
    }
    c->written = sent > 0 ? (uint32_t)sent : 0;
    counter_add(COUNT_bytes_sent, c->written);
    if (c->written < c->writing.size) {
        write_rest(c);
        return;
    }
    buffer_release(&c->writing, c->loop->memory);
    session_set_unsent(c->session, 0);
}

/* --- what next -------------------------------------------------------------------------------- */

/* The last answer is out. Closing with unread input would reset the connection and could take the
 * answer with it (RFC 9112, 9.6): say that we are done and read the rest away. */
static void
linger(struct conn *c)
{
    if (c->is_input_ended) {
        conn_close(c);
        return;
    }
    c->is_lingering = true;
    if (uv_shutdown(&c->request.shutdown, (uv_stream_t *)&c->tcp, NULL) != 0) {
        conn_close(c);
        return;
    }
    session_close(c->session);
    c->session = NULL;
    deadline_set(&c->loop->wheel, &c->deadline, c->loop->now_ms + LINGER_MS_MAX);
    if (!c->is_reading)
        c->is_reading = uv_read_start((uv_stream_t *)&c->tcp, on_allocate, on_read) == 0;
}

static void
set_reading(struct conn *c)
{
    bool may_read = session_may_read(c->session);
    bool is_starved = !may_read && !c->is_input_ended;

    if (is_starved != c->is_starved)
        c->loop->starved_count += is_starved ? 1 : UINT32_MAX;
    c->is_starved = is_starved;
    if (!may_read)
        stop_reading(c);
    else if (!c->is_reading)
        c->is_reading = uv_read_start((uv_stream_t *)&c->tcp, on_allocate, on_read) == 0;
}

static void
set_deadline(struct conn *c)
{
    int64_t due_ms = session_due_ms(c->session);

    if (c->is_writing && c->progress_ms + WRITE_MS_MAX < due_ms)
        due_ms = c->progress_ms + WRITE_MS_MAX;
    deadline_set(&c->loop->wheel, &c->deadline, due_ms);
}

void
conn_flush(struct conn *c)
{
    bool is_over;
    bool is_reset;

    if (c->is_closing || c->is_lingering)
        return;
    is_over = session_is_over(c->session, &is_reset);
    if (is_reset) {
        reset(c);
        return;
    }
    write_output(c);
    if (c->is_closing)
        return;
    if (is_over && !c->is_writing) {
        linger(c);
        return;
    }
    set_reading(c);
    set_deadline(c);
}

void
conn_deadline(struct conn *c)
{
    size_t queue = uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp);

    if (c->is_lingering) {
        conn_close(c);
        return;
    }
    if (c->is_writing && queue < c->queue_seen) {
        c->queue_seen = (uint32_t)queue;
        c->progress_ms = c->loop->now_ms;
    } else if (c->is_writing && c->loop->now_ms - c->progress_ms >= WRITE_MS_MAX) {
        counter_add(COUNT_deadlines_passed, 1);
        reset(c);
        return;
    }
    if (session_due_ms(c->session) <= c->loop->now_ms)
        session_deadline(c->session);
    conn_changed(c);
}

/* --- accept ----------------------------------------------------------------------------------- */

static void
set_options(struct conn *c)
{
    int timeout_ms = USER_TIMEOUT_MS;
    uv_os_fd_t fd;

    (void)uv_tcp_nodelay(&c->tcp, 1);
    if (uv_fileno((uv_handle_t *)&c->tcp, &fd) == 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
}

void
conn_accept(struct listener *n)
{
    struct net_loop *l = n->loop;
    struct conn *c = calloc(1, sizeof *c);

    if (c == NULL) {
        n->is_waiting = true; /* Tried again when another one closes. */
        return;
    }
    c->loop = l;
    c->listener = n;
    uv_tcp_init(&l->uv, &c->tcp);
    c->tcp.data = c;
    n->open_count++;
    c->next = l->conns;
    if (l->conns != NULL)
        l->conns->previous = c;
    l->conns = c;
    counter_add(is_http(c) ? COUNT_http_connections_accepted : COUNT_mqtt_connections_accepted, 1);
    gauge_add(is_http(c) ? GAUGE_http_connections : GAUGE_mqtt_connections, 1);
    if (uv_accept((uv_stream_t *)&n->tcp, (uv_stream_t *)&c->tcp) != 0 ||
        (c->session = session_open(l->sessions, n->door, c)) == NULL) {
        conn_close(c);
        return;
    }
    set_options(c);
    conn_changed(c);
}
