/* One conversation's life, whatever it speaks: input kept until it can be used, output, stalls, the
 * end. Sessions that had to stop go on at the end of a turn, never inside an answer's callback, so
 * that nothing here is entered twice. */
#include "server/session/session_parts.h"

#include <assert.h>
#include <stdlib.h>

#include "server/base/bounds.h"
#include "server/base/config.h"
#include "server/base/counter.h"
#include "server/base/directory.h"
#include "server/base/pool.h"

#define LONG_ANSWER_BYTES 16384

static const uint8_t may_move_to[SESSION_STATE_COUNT] = {
#define TO(name) (1u << SESSION_##name)
#define STATE(name, targets) [SESSION_##name] = (targets),
#include "server/session/session_states.def"
#undef STATE
#undef TO
};

void
session_move(struct session *s, enum session_state next)
{
    assert(may_move_to[s->state] & (1u << next));
    s->state = next;
}

/* --- queues ----------------------------------------------------------------------------------- */

static struct session_list *
list_of(struct sessions *all, enum session_queue queue)
{
    assert(queue == QUEUE_READY || queue == QUEUE_STALLED);
    return queue == QUEUE_READY ? &all->ready : &all->stalled;
}

static void
dequeue(struct session *s)
{
    struct session_list *l;

    if (s->queue == QUEUE_NONE)
        return;
    l = list_of(s->all, s->queue);
    if (s->queue_previous != NULL)
        s->queue_previous->queue_next = s->queue_next;
    else
        l->first = s->queue_next;
    if (s->queue_next != NULL)
        s->queue_next->queue_previous = s->queue_previous;
    else
        l->last = s->queue_previous;
    s->queue = QUEUE_NONE;
}

static void
enqueue(struct session *s, enum session_queue queue)
{
    struct session_list *l = list_of(s->all, queue);

    dequeue(s);
    s->queue = (uint8_t)queue;
    s->queue_next = NULL;
    s->queue_previous = l->last;
    if (l->last != NULL)
        l->last->queue_next = s;
    else
        l->first = s;
    l->last = s;
}

static void
enqueue_first(struct session *s, enum session_queue queue)
{
    struct session_list *l = list_of(s->all, queue);

    dequeue(s);
    s->queue = (uint8_t)queue;
    s->queue_previous = NULL;
    s->queue_next = l->first;
    if (l->first != NULL)
        l->first->queue_previous = s;
    else
        l->last = s;
    l->first = s;
}

void
session_stall(struct session *s, enum stall why)
{
    if (!session_is_taking(s))
        return;
    session_move(s, SESSION_PAUSED);
    s->stall = (uint8_t)why;
    s->stalled_at_ms = s->all->now_ms;
    counter_add(COUNT_reads_paused, 1);
    if (why == STALL_LOG)
        enqueue(s, QUEUE_STALLED);
}

/* --- open, close ------------------------------------------------------------------------------ */

struct session *
session_open(struct sessions *all, enum door door, void *connection)
{
    struct session *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s->all = all;
    s->connection = connection;
    s->door = (uint8_t)door;
    s->since_ms = all->now_ms;
    s->next = all->first;
    if (all->first != NULL)
        all->first->previous = s;
    all->first = s;
    if (door == DOOR_HTTP) {
        s->state = SESSION_OPEN;
        http_open(s);
    } else {
        s->state = SESSION_GREETING;
        mqtt_open(s);
    }
    return s;
}

void
session_close(struct session *s)
{
    struct sessions *all = s->all;

    dequeue(s);
    reply_orphan_all(s);
    if (s->door == DOOR_HTTP)
        http_close(s);
    else
        mqtt_close(s);
    buffer_release(&s->in, all->memory);
    buffer_release(&s->out, all->memory);
    if (s->previous != NULL)
        s->previous->next = s->next;
    else
        all->first = s->next;
    if (s->next != NULL)
        s->next->previous = s->previous;
    free(s);
}

void
session_end(struct session *s)
{
    if (s->state == SESSION_ENDING || s->state == SESSION_CLOSED)
        return;
    dequeue(s);
    session_move(s, SESSION_ENDING);
    s->since_ms = s->all->now_ms;
}

void
session_abandon(struct session *s)
{
    session_end(s);
    reply_orphan_all(s);
}

void
session_reset(struct session *s)
{
    session_abandon(s);
    s->is_reset = true;
}

/* --- input ------------------------------------------------------------------------------------ */

/* Bytes in s->in that are dealt with go, unless a half taken message still points into it. */
static void
forget_done(struct session *s)
{
    if (s->taking != NULL && intake_unfinished(s->all->intake) == &s->taking->waiter)
        return;
    buffer_consume(&s->in, s->all->memory, s->in_done);
    s->in_done = 0;
}

static size_t
take(struct session *s, struct span bytes, bool is_stable)
{
    if (s->door == DOOR_HTTP)
        return http_take(s, bytes, is_stable);
    return mqtt_take(s, bytes, is_stable);
}

static void
take_kept(struct session *s)
{
    struct span rest = span_of(s->in.at + s->in_done, s->in.size - s->in_done);

    s->in_done += (uint32_t)take(s, rest, true);
    forget_done(s);
}

void
session_feed(struct session *s, struct span bytes)
{
    size_t used;

    assert(s->in_done == 0);
    if (s->state == SESSION_ENDING)
        return;
    if (s->in.size == 0) {
        used = take(s, bytes, false);
        bytes = span_of(bytes.at + used, bytes.size - used);
    }
    if (bytes.size > 0 && s->state != SESSION_ENDING) {
        bool is_first = s->in.size == 0;

        if (!buffer_append(&s->in, s->all->memory, bytes)) {
            counter_add(COUNT_memory_refused, 1);
            session_abandon(s); /* session_may_read keeps enough back: this is the last resort. */
            return;
        }
        if (!is_first)
            take_kept(s);
    }
}

bool
session_may_read(const struct session *s)
{
    size_t left = buffer_pool_left(s->all->memory);

    if (!session_is_taking(s) || s->is_input_ended)
        return false;
    /* HTTP can say 503; MQTT waits, and so must never be left with bytes it cannot keep. */
    return s->door == DOOR_HTTP || left >= 4 * READ_SIZE_MAX + 2 * (size_t)s->in.capacity;
}

void
session_end_of_input(struct session *s)
{
    s->is_input_ended = true;
    /* A half request or packet will never be whole; what is under way is answered. */
    if (session_is_taking(s))
        session_end(s);
}

/* --- output ----------------------------------------------------------------------------------- */

void
session_put(struct session *s, struct span bytes)
{
    size_t backlog = s->unsent + s->out.size;

    if (s->is_reset)
        return;
    /* An answer may be long; what counts against a peer is many that it does not take. */
    if (bytes.size > LONG_ANSWER_BYTES)
        s->long_unsent += (uint32_t)bytes.size;
    else if (backlog > UNSENT_RESET_BYTES + (size_t)s->long_unsent)
        session_reset(s);
    if (!s->is_reset && !buffer_append(&s->out, s->all->memory, bytes))
        session_reset(s);
}

struct buffer *
session_output(struct session *s)
{
    return &s->out;
}

void
session_set_unsent(struct session *s, size_t bytes)
{
    s->unsent = (uint32_t)bytes;
    if (bytes == 0 && s->out.size == 0)
        s->long_unsent = 0;
    if (s->stall == STALL_UNSENT && s->state == SESSION_PAUSED &&
        s->unsent + s->out.size <= UNSENT_PAUSE_BYTES / 2) {
        enqueue(s, QUEUE_READY);
        s->all->o.changed(s->connection);
    }
}

bool
session_is_over(const struct session *s, bool *is_reset)
{
    *is_reset = s->is_reset;
    return s->is_reset || (s->state == SESSION_ENDING && s->first == NULL);
}

int64_t
session_due_ms(const struct session *s)
{
    if (s->state == SESSION_ENDING)
        return s->first == NULL ? s->since_ms + 10000 : INT64_MAX;
    if (s->state == SESSION_PAUSED)
        return s->door == DOOR_HTTP && s->stall == STALL_LOG ? s->stalled_at_ms + 10000
                                                             : INT64_MAX;
    return s->door == DOOR_HTTP ? http_due_ms(s) : mqtt_due_ms(s);
}

void
session_deadline(struct session *s)
{
    counter_add(COUNT_deadlines_passed, 1);
    if (s->state == SESSION_ENDING)
        session_reset(s);
    else if (s->door == DOOR_HTTP)
        http_deadline(s);
    else
        mqtt_deadline(s);
}

void
session_answers_left(struct session *s)
{
    if (s->state == SESSION_PAUSED && s->stall == STALL_ANSWER)
        enqueue(s, QUEUE_READY);
    if (s->is_leaving)
        session_leave(s);
    s->all->o.changed(s->connection);
}

void
session_leave(struct session *s)
{
    s->is_leaving = true;
    if (s->first != NULL || s->taking != NULL || s->state == SESSION_ENDING)
        return;
    if (s->door == DOOR_MQTT)
        mqtt_disconnect(s, ST_SHUTDOWN);
    else if (http_is_idle(s))
        session_end(s);
    s->all->o.changed(s->connection);
}

/* --- going on --------------------------------------------------------------------------------- */

static void
resume(struct session *s)
{
    dequeue(s);
    if (s->state == SESSION_PAUSED) {
        /* The time it had to wait is not the peer's. */
        s->since_ms += s->all->now_ms - s->stalled_at_ms;
        session_move(s, SESSION_OPEN);
        s->stall = STALL_NONE;
    }
    if (session_is_taking(s))
        take_kept(s);
    if (s->is_input_ended && session_is_taking(s))
        session_end(s);
    s->all->o.changed(s->connection);
}

void
sessions_end_turn(struct sessions *all)
{
    struct session *s;

    for (uint32_t n = 0; n < 2 * REPLIES_MAX && (s = all->ready.first) != NULL; n++)
        resume(s);
    if (all->batcher == NULL)
        return;
    /* In order of arrival, until one has to wait again: the others would too. */
    for (uint32_t n = 0; n < 2 * REPLIES_MAX && (s = all->stalled.first) != NULL; n++) {
        int64_t stalled_at_ms = s->stalled_at_ms;

        if (batcher_is_behind(all->batcher) || !sessions_can_store(all))
            break;
        resume(s);
        if (s->queue == QUEUE_STALLED) {
            s->stalled_at_ms = stalled_at_ms;
            enqueue_first(s, QUEUE_STALLED);
            break;
        }
    }
    batcher_end_turn(all->batcher, all->now_ms);
}
