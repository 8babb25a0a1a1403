/* The consumer thread (router.h). Control entries (assigned, revoked) are never dropped: the thread
 * waits a moment for room, since an aggregator that is alive always makes some. */
#include "server/rollup/router.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/bounds.h"
#include "server/base/counter.h"
#include "server/base/log_line.h"
#include "server/base/mailbox.h"
#include "server/base/thread.h"

#define POLL_MS 200
#define POLL_PAUSED_MS 2

struct seek {
    uint32_t partition;
    int64_t offset;
};

struct router {
    struct log_consumer *consumer;
    struct router_target targets[AGGREGATORS_MAX];
    struct mailbox seeks[AGGREGATORS_MAX];
    struct waker waker; /* of the mailboxes; the thread itself is woken through the consumer */
    uint32_t count;
    bool paused[PARTITIONS_MAX];
    int64_t paused_at[PARTITIONS_MAX];
    uint32_t paused_count;
    struct thread thread;
    atomic_bool stop;
};

static bool
push(struct router *r, const struct log_event *e, enum router_kind kind)
{
    const struct router_target *t = &r->targets[e->partition % r->count];
    struct router_entry *entry = byte_ring_reserve(t->ring, sizeof *entry + e->bytes.size);

    if (entry == NULL)
        return false;
    *entry = (struct router_entry){kind, e->partition, e->offset, e->bytes.size};
    if (e->bytes.size > 0)
        memcpy(entry->bytes, e->bytes.at, e->bytes.size);
    byte_ring_commit(t->ring);
    waker_wake(t->waker);
    return true;
}

static void
push_control(struct router *r, const struct log_event *e, enum router_kind kind)
{
    struct log_event bare = {.partition = e->partition};
    struct waker pause;

    if (push(r, &bare, kind))
        return;
    if (waker_init(&pause) != ST_OK)
        abort();
    while (!atomic_load(&r->stop) && !push(r, &bare, kind)) {
        waker_prepare(&pause);
        waker_wait(&pause, POLL_PAUSED_MS);
    }
    waker_fini(&pause);
}

static void
position(struct router *r, uint32_t partition, int64_t offset)
{
    if (log_consumer_seek(r->consumer, partition, offset) == ST_OK)
        return;
    /* Data between was removed, or the log is another one: never jump. */
    log_line(LOG_ERROR, "event=partition_stopped partition=%u offset=%lld why=\"offset is not in the"
             " log\"", partition, (long long)offset);
}

static void
pause_partition(struct router *r, const struct log_event *e)
{
    log_consumer_pause(r->consumer, e->partition);
    r->paused[e->partition] = true;
    r->paused_at[e->partition] = e->offset;
    r->paused_count++;
    counter_add(COUNT_aggregator_ring_full, 1);
}

static void
resume_partitions(struct router *r)
{
    for (uint32_t i = 0; i < PARTITIONS_MAX && r->paused_count > 0; i++) {
        const struct byte_ring *ring = r->targets[i % r->count].ring;
        if (!r->paused[i] || byte_ring_used(ring) > byte_ring_capacity(ring) / 4)
            continue;
        r->paused[i] = false;
        r->paused_count--;
        position(r, i, r->paused_at[i]);
        log_consumer_resume(r->consumer, i);
    }
}

static void
take_seeks(struct router *r)
{
    for (uint32_t i = 0; i < r->count; i++) {
        struct seek *s;
        while ((s = mailbox_take(&r->seeks[i])) != NULL) {
            position(r, s->partition, s->offset);
            free(s);
        }
    }
}

static void
handle(struct router *r, const struct log_event *e)
{
    switch (e->kind) {
    case LOG_NOTHING:
        return;
    case LOG_RECORD:
        if (!push(r, e, ROUTER_RECORD))
            pause_partition(r, e);
        return;
    case LOG_ASSIGNED:
        push_control(r, e, ROUTER_ASSIGNED);
        return;
    case LOG_REVOKED:
        if (r->paused[e->partition]) {
            r->paused[e->partition] = false;
            r->paused_count--;
        }
        push_control(r, e, ROUTER_REVOKED);
        return;
    case LOG_FAILED:
        log_line(LOG_ERROR, "event=partition_stopped partition=%u offset=%lld why=\"%s\"",
                 e->partition, (long long)e->offset, e->why);
        return;
    }
}

static enum status
router_run(void *context)
{
    struct router *r = context;
    struct log_event e;

    while (!atomic_load(&r->stop)) {
        take_seeks(r);
        if (r->paused_count > 0)
            resume_partitions(r);
        log_consumer_poll(r->consumer, r->paused_count > 0 ? POLL_PAUSED_MS : POLL_MS, &e);
        handle(r, &e);
    }
    return ST_OK;
}

struct router *
router_start(struct log *log, const struct router_target *targets, uint32_t count)
{
    struct router *r = calloc(1, sizeof *r);

    assert(count > 0 && count <= AGGREGATORS_MAX);
    if (r == NULL || waker_init(&r->waker) != ST_OK)
        abort();
    r->count = count;
    for (uint32_t i = 0; i < count; i++) {
        r->targets[i] = targets[i];
        if (mailbox_init(&r->seeks[i], PARTITIONS_MAX, &r->waker) != ST_OK)
            abort();
    }
    r->consumer = log_consumer_new(log);
    if (thread_start(&r->thread, "consumer", router_run, r) != ST_OK)
        abort();
    return r;
}

void
router_seek(struct router *r, uint32_t target, uint32_t partition, int64_t offset)
{
    struct seek *s = malloc(sizeof *s);

    if (s == NULL)
        abort();
    *s = (struct seek){partition, offset};
    /* One seek an assignment: the mailbox has room for all partitions. */
    if (!mailbox_post(&r->seeks[target], s))
        abort();
    log_consumer_wake(r->consumer);
}

void
router_stop(struct router *r)
{
    atomic_store(&r->stop, true);
    log_consumer_wake(r->consumer);
    thread_join(&r->thread);
    log_consumer_free(r->consumer);
    for (uint32_t i = 0; i < r->count; i++) {
        struct seek *s;
        while ((s = mailbox_take(&r->seeks[i])) != NULL)
            free(s);
        mailbox_fini(&r->seeks[i]);
    }
    waker_fini(&r->waker);
    free(r);
}
