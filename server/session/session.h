/* Conversations with gateways: fed bytes, they fill output buffers; they know no sockets.
 *
 * `struct sessions` is everything the conversations of one ingest loop share. All functions run on
 * that loop's thread unless they say otherwise. Times are parameters: monotonic ms for deadlines,
 * wall-clock ms for the time of arrival, both set once per turn of the loop. */
#ifndef METERD_SESSION_SESSION_H
#define METERD_SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/span.h"
#include "proto/status.h"
#include "server/base/buffer.h"

struct config;
struct directory;
struct log;
struct session;
struct sessions;
struct session_shared;
struct waker;

enum door { DOOR_HTTP, DOOR_MQTT };
#define DOOR_COUNT 2

/* What the sessions of all loops share: made by main before the first loop, freed after
 * the last. */
struct session_shared *session_shared_new(uint32_t loops) MUST_USE; /* NULL: no memory */
void session_shared_free(struct session_shared *shared);

struct session_options {
    const struct config *config;
    struct session_shared *shared;
    uint32_t loop;       /* 0 .. loops - 1 */
    struct waker *waker; /* the loop's: woken when another loop has something to say */
    /* The connection's output, or what it wants, has changed outside session_feed. */
    void (*changed)(void *connection);
};

/* Main thread, before the loop runs. NULL: no memory. */
struct sessions *sessions_new(const struct session_options *o) MUST_USE;
/* Every session is closed and sessions_is_idle(). Main thread, after the loop. */
void sessions_free(struct sessions *all);

/* Until there is a log and a directory, gateways are told to come back later. The log comes first
 * and only once; ST_WORLD_DOWN: no memory for its records. */
enum status sessions_set_log(struct sessions *all, struct log *log) MUST_USE;
/* Readable: call sessions_take_answers. -1 before there is a log. */
int sessions_log_fd(const struct sessions *all);
/* The old directory is not used any more when this returns. Credentials are checked again. */
void sessions_set_directory(struct sessions *all, const struct directory *d);

/* At the start of each turn. */
void sessions_set_now(struct sessions *all, int64_t mono_ms, int64_t wall_ms);
void sessions_take_answers(struct sessions *all);
/* The waker has fired. */
void sessions_take_mail(struct sessions *all);
/* At the end of each turn: lets sessions go on that had to wait, sends records off. */
void sessions_end_turn(struct sessions *all);
/* When sessions_end_turn has to be called at the latest; INT64_MAX: no need. */
int64_t sessions_due_ms(const struct sessions *all);
/* Once every 250 ms or so: what failed for lack of something is tried again. */
void sessions_tick(struct sessions *all);
/* No new conversations, and each of the others ends when what is under way is answered. */
void sessions_drain(struct sessions *all);
/* Where buffers come from. */
struct buffer_pool *sessions_memory(struct sessions *all);
/* Nothing waits for the log. */
bool sessions_is_idle(const struct sessions *all);

/* NULL: no memory; close the connection. */
struct session *session_open(struct sessions *all, enum door door, void *connection) MUST_USE;
/* The connection is gone. Messages under way are finished without it. */
void session_close(struct session *s);

/* Bytes from the peer; borrowed. Only while session_may_read. */
void session_feed(struct session *s, struct span bytes);
bool session_may_read(const struct session *s);
/* No more will come, but answers may still be read. */
void session_end_of_input(struct session *s);

/* What is to be sent. The connection takes the buffer (and zeroes it), sends it, gives it back to
 * sessions_memory. */
struct buffer *session_output(struct session *s);
/* How much of what was taken is not sent yet. */
void session_set_unsent(struct session *s, size_t bytes);

/* Close the connection once the output is sent; with is_reset, at once. */
bool session_is_over(const struct session *s, bool *is_reset);
/* When session_deadline is to be called; INT64_MAX: never. */
int64_t session_due_ms(const struct session *s);
void session_deadline(struct session *s);

#endif
