/* What the files of server/net share. Not for other folders. */
#ifndef METERD_NET_LOOP_PARTS_H
#define METERD_NET_LOOP_PARTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <uv.h>

#include "server/base/mailbox.h"
#include "server/base/thread.h"
#include "server/net/deadline.h"
#include "server/net/loop.h"
#include "server/session/session.h"

/* A door of one loop. */
struct listener {
    uv_tcp_t tcp;
    struct net_loop *loop;
    enum door door;
    bool is_on;
    bool is_waiting; /* a connection waits inside libuv because the door is full */
    uint32_t open_count;
    uint32_t open_max;
    struct address address;
};

struct conn {
    uv_tcp_t tcp;
    union {
        uv_write_t write;
        uv_shutdown_t shutdown;
    } request;
    struct net_loop *loop;
    struct listener *listener;
    struct session *session; /* NULL: closing */
    struct conn *previous;   /* among the loop's */
    struct conn *next;
    struct conn *next_dirty;
    struct deadline deadline;
    struct buffer writing;   /* taken from the session, not all of it sent */
    uint32_t written;
    uint32_t lingered;       /* bytes read and thrown away after the last answer */
    uint32_t queue_seen;     /* what libuv had not sent when we last looked */
    int64_t progress_ms;     /* when that last changed */
    bool is_dirty;
    bool is_reading;
    bool is_writing;         /* request.write is under way */
    bool is_starved;         /* would read if there was memory */
    bool is_lingering;
    bool is_input_ended;
    bool is_closing;
};

struct net_loop {
    struct net_loop_options o;
    struct thread thread;
    uv_loop_t uv;
    uv_timer_t tick;  /* deadlines, retries */
    uv_timer_t age;   /* open records */
    uv_poll_t log;    /* answers of the log */
    uv_poll_t wake;   /* mail */
    uv_check_t check; /* the end of a turn */
    uv_prepare_t prepare;
    struct waker waker;
    struct mailbox directories;
    struct log *begin_log; /* written before the first directory is posted */
    _Atomic int64_t drain_ms; /* 0: not asked to */
    struct listener listeners[DOOR_COUNT];
    struct sessions *sessions;
    struct buffer_pool *memory; /* the sessions' */
    const struct directory *directory;
    struct deadline_wheel wheel;
    struct conn *conns;
    struct conn *dirty;
    uint32_t starved_count;
    int64_t now_ms;
    int64_t age_due_ms;
    int64_t drain_until_ms;
    bool is_now_known; /* in this turn */
    bool has_log;
    bool is_draining;
    bool is_stopping;
    char *read_buffer;
};

/* --- loop.c ----------------------------------------------------------------------------------- */

/* Brings the clocks up to date, once a turn. */
void loop_look_at_clock(struct net_loop *l);

/* --- listener.c ------------------------------------------------------------------------------- */

/* Main thread, before the loop runs. ST_WORLD_DOWN: why says it. */
enum status listener_open(struct listener *n, struct net_loop *l, enum door door,
                          const struct address *at, char why[WHY_SIZE]) MUST_USE;
void listener_close(struct listener *n);
/* Every connection is a descriptor: asks for enough, says so when they cannot all be had. */
void listener_raise_limits(const struct config *c);
/* The doors of a loop take no more connections than there are descriptors for. */
void listener_bound_doors(struct net_loop *l);
/* A connection of this door has closed. */
void listener_conn_closed(struct listener *n);

/* --- conn.c ----------------------------------------------------------------------------------- */

/* Takes the connection that waits at the door. */
void conn_accept(struct listener *n);
/* The session's `changed`. */
void conn_changed(void *connection);
/* Sends, reads on or stops, closes: whatever the session wants now. */
void conn_flush(struct conn *c);
void conn_deadline(struct conn *c);
void conn_close(struct conn *c);

#endif
