/* The one list of a connection: answers leave in the order of its messages. A reply is got before
 * its message is taken, so that taking cannot fail for want of it afterwards. */
#include "server/session/session_parts.h"

#include <assert.h>
#include <string.h>

#include "server/base/bounds.h"
#include "server/base/pool.h"

struct reply *
reply_begin(struct session *s)
{
    struct sessions *all = s->all;

    if (s->taking != NULL)
        return s->taking;
    if (s->in_flight >= MESSAGES_IN_FLIGHT_MAX) {
        session_stall(s, STALL_ANSWER);
        return NULL;
    }
    if (s->unsent + s->out.size > UNSENT_PAUSE_BYTES) {
        session_stall(s, STALL_UNSENT);
        return NULL;
    }
    s->taking = pool_get(all->replies);
    if (s->taking == NULL) {
        session_stall(s, STALL_LOG);
        return NULL;
    }
    memset(s->taking, 0, sizeof *s->taking);
    s->taking->session = s;
    all->replies_used++;
    return s->taking;
}

void
reply_free(struct sessions *all, struct reply *r)
{
    buffer_release(&r->waiter.unregistered, all->memory);
    buffer_release(&r->waiter.quarantined, all->memory);
    pool_put(all->replies, r);
    assert(all->replies_used > 0);
    all->replies_used--;
}

/* Belongs to nobody from now on; records that hold a part of the message may be under way. */
static void
orphan(struct sessions *all, struct reply *r)
{
    r->session = NULL;
    if (waiter_is_done(&r->waiter))
        reply_free(all, r);
}

void
reply_cancel(struct session *s)
{
    struct reply *r = s->taking;

    if (r == NULL)
        return;
    s->taking = NULL;
    intake_drop(s->all->intake, &r->waiter);
    r->waiter.is_open = false;
    orphan(s->all, r);
}

/* Writes the answers at the head of the list that are done. */
static void
answer_done(struct session *s)
{
    struct reply *r;

    while ((r = s->first) != NULL && waiter_is_done(&r->waiter)) {
        s->first = r->next;
        if (s->first == NULL)
            s->last = NULL;
        s->in_flight--;
        if (s->door == DOOR_HTTP)
            http_answer(s, r);
        else
            mqtt_answer(s, r);
        reply_free(s->all, r);
    }
}

void
reply_commit(struct session *s)
{
    struct reply *r = s->taking;

    assert(r != NULL && r->session == s);
    s->taking = NULL;
    r->next = NULL;
    if (s->last != NULL)
        s->last->next = r;
    else
        s->first = r;
    s->last = r;
    s->in_flight++;
    answer_done(s);
}

void
reply_answered(void *context, struct waiter *w)
{
    struct sessions *all = context;
    struct reply *r = (struct reply *)w;
    struct session *s = r->session;

    if (s == NULL) {
        reply_free(all, r);
        return;
    }
    answer_done(s);
    session_answers_left(s);
}

void
reply_orphan_all(struct session *s)
{
    struct reply *r = s->first;

    s->first = s->last = NULL;
    s->in_flight = 0;
    while (r != NULL) {
        struct reply *next = r->next;

        orphan(s->all, r);
        r = next;
    }
    reply_cancel(s);
}
