/* One thread, one rollup. A turn takes what has come in, folds at most a bounded number of records,
 * lets the rollup do what is due, and sleeps when there was nothing. */
#include "server/rollup/aggregator.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "server/base/now.h"
#include "server/base/thread.h"

#define RING_BYTES (8u * 1024 * 1024)
#define RECORDS_A_TURN 64
#define VIEW_EVERY_MS 500

struct aggregator {
    struct aggregator_options options;
    struct rollup *rollup;
    const struct directory *dir;
    struct byte_ring *ring;
    struct waker waker;
    struct mailbox writer_done, pager_done, directories;
    struct writer *writer;
    struct pager *pager;
    struct router *router;
    struct thread thread;
    atomic_bool stop;
    _Atomic int64_t stop_deadline_ms;
    pthread_mutex_t view_lock; /* guards view, view_count: touched twice a second */
    struct rollup_partition_view *view;
    uint32_t view_count;
    int64_t viewed_ms;
};

/* --- Ports. --------------------------------------------------------------------------------------- */

static bool
port_ask(void *ctx, struct page_request *r)
{
    struct aggregator *a = ctx;
    return pager_ask(a->pager, r);
}

static void
port_submit(void *ctx, struct transaction *tx)
{
    struct aggregator *a = ctx;
    writer_submit(a->writer, a->options.rollup.aggregator, tx);
}

static void
port_seek(void *ctx, uint32_t partition, int64_t offset)
{
    struct aggregator *a = ctx;

    /* What lies before it is in the database: the log need not keep it. */
    log_set_replay_offset(a->options.log, partition, offset);
    router_seek(a->router, a->options.rollup.aggregator, partition, offset);
}

static void
port_lost(void *ctx, uint32_t partition)
{
    struct aggregator *a = ctx;
    a->options.lost(a->options.ctx, partition);
}

static int64_t
port_log_end(void *ctx, uint32_t partition)
{
    struct aggregator *a = ctx;
    return log_end_offset(a->options.log, partition);
}

/* --- A turn. --------------------------------------------------------------------------------------- */

static bool
take_answers(struct aggregator *a)
{
    bool any = false;
    void *m;

    while ((m = mailbox_take(&a->writer_done)) != NULL) {
        rollup_committed(a->rollup, m);
        any = true;
    }
    while ((m = mailbox_take(&a->pager_done)) != NULL) {
        rollup_answer(a->rollup, m);
        any = true;
    }
    while ((m = mailbox_take(&a->directories)) != NULL) {
        const struct directory *old = a->dir;
        a->dir = m;
        rollup_take_directory(a->rollup, a->dir);
        /* One directory travels at a time, so there is room for its answer. */
        if (!mailbox_post(a->options.used_directories, (void *)(uintptr_t)old))
            abort();
        any = true;
    }
    return any;
}

/* False: it must wait in the ring. */
static bool
take_entry(struct aggregator *a, const struct router_entry *e)
{
    switch ((enum router_kind)e->kind) {
    case ROUTER_ASSIGNED:
        rollup_assign(a->rollup, e->partition);
        return true;
    case ROUTER_REVOKED:
        rollup_revoke(a->rollup, e->partition);
        return true;
    case ROUTER_RECORD:
        break;
    }
    return rollup_record(a->rollup, e->partition, e->offset, span_of(e->bytes, e->size)) == ST_OK;
}

static bool
drain_ring(struct aggregator *a)
{
    size_t size;
    uint32_t n = 0;

    for (; n < RECORDS_A_TURN && !rollup_wants_rest(a->rollup); n++) {
        const struct router_entry *e = byte_ring_peek(a->ring, &size);
        if (e == NULL || !take_entry(a, e))
            break;
        byte_ring_release(a->ring);
    }
    return n > 0;
}

static void
publish_view(struct aggregator *a, int64_t mono_ms)
{
    if (mono_ms - a->viewed_ms < VIEW_EVERY_MS)
        return;
    a->viewed_ms = mono_ms;
    pthread_mutex_lock(&a->view_lock);
    a->view_count = rollup_view(a->rollup, a->view, PARTITIONS_MAX);
    pthread_mutex_unlock(&a->view_lock);
}

static bool
has_work(struct aggregator *a)
{
    size_t size;

    if (!mailbox_is_empty(&a->writer_done) || !mailbox_is_empty(&a->pager_done) ||
        !mailbox_is_empty(&a->directories))
        return true;
    return !rollup_is_stalled(a->rollup) && !rollup_wants_rest(a->rollup) &&
           byte_ring_peek(a->ring, &size) != NULL;
}

static void
sleep_until_due(struct aggregator *a, int64_t mono_ms, bool stopping)
{
    int64_t wait_ms = stopping ? 10 : rollup_next_due_ms(a->rollup, mono_ms);

    waker_prepare(&a->waker);
    if (has_work(a)) {
        waker_cancel(&a->waker);
        return;
    }
    waker_wait(&a->waker, (int)wait_ms);
}

/* True when there is nothing left to do before the end, or no time left. */
static bool
wind_up(struct aggregator *a, int64_t mono_ms)
{
    size_t size;

    rollup_flush(a->rollup, mono_ms, now_wall_ms());
    if (mono_ms >= atomic_load(&a->stop_deadline_ms))
        return true;
    return rollup_is_flushed(a->rollup) && byte_ring_peek(a->ring, &size) == NULL;
}

static enum status
aggregator_run(void *context)
{
    struct aggregator *a = context;

    for (;;) {
        bool stopping = atomic_load(&a->stop);
        bool any = take_answers(a);
        any |= drain_ring(a);
        int64_t mono_ms = now_mono_ms();
        publish_view(a, mono_ms);
        if (stopping) {
            if (wind_up(a, mono_ms))
                return ST_OK;
        } else {
            rollup_tick(a->rollup, mono_ms, now_wall_ms());
        }
        if (!any)
            sleep_until_due(a, mono_ms, stopping);
    }
}

/* --- Life. ----------------------------------------------------------------------------------------- */

struct aggregator *
aggregator_new(const struct aggregator_options *o, const struct directory *dir)
{
    struct aggregator *a = calloc(1, sizeof *a);
    struct rollup_ports ports = {a, port_ask, port_submit, port_seek, port_lost, port_log_end};

    if (a == NULL)
        abort();
    a->options = *o;
    a->dir = dir;
    a->ring = byte_ring_new(RING_BYTES);
    a->view = calloc(PARTITIONS_MAX, sizeof *a->view);
    if (a->ring == NULL || a->view == NULL || waker_init(&a->waker) != ST_OK ||
        mailbox_init(&a->writer_done, 4, &a->waker) != ST_OK ||
        mailbox_init(&a->pager_done, 256, &a->waker) != ST_OK ||
        mailbox_init(&a->directories, 4, &a->waker) != ST_OK)
        abort();
    pthread_mutex_init(&a->view_lock, NULL);
    a->rollup = rollup_new(&o->rollup, &ports, dir);
    return a;
}

struct mailbox *
aggregator_writer_done(struct aggregator *a)
{
    return &a->writer_done;
}

struct mailbox *
aggregator_pager_done(struct aggregator *a)
{
    return &a->pager_done;
}

struct router_target
aggregator_target(struct aggregator *a)
{
    return (struct router_target){a->ring, &a->waker};
}

void
aggregator_start(struct aggregator *a, struct writer *w, struct pager *p, struct router *r)
{
    a->writer = w;
    a->pager = p;
    a->router = r;
    if (thread_start(&a->thread, "aggregator", aggregator_run, a) != ST_OK)
        abort();
}

bool
aggregator_post_directory(struct aggregator *a, const struct directory *dir)
{
    return mailbox_post(&a->directories, (void *)(uintptr_t)dir);
}

uint32_t
aggregator_view(struct aggregator *a, struct rollup_partition_view *out, uint32_t max)
{
    pthread_mutex_lock(&a->view_lock);
    uint32_t count = a->view_count < max ? a->view_count : max;
    for (uint32_t i = 0; i < count; i++)
        out[i] = a->view[i];
    pthread_mutex_unlock(&a->view_lock);
    return count;
}

void
aggregator_stop(struct aggregator *a, int64_t grace_ms)
{
    atomic_store(&a->stop_deadline_ms, now_mono_ms() + grace_ms);
    atomic_store(&a->stop, true);
    waker_wake(&a->waker);
    thread_join(&a->thread);
}

void
aggregator_free(struct aggregator *a)
{
    rollup_free(a->rollup);
    byte_ring_free(a->ring);
    mailbox_fini(&a->writer_done);
    mailbox_fini(&a->pager_done);
    mailbox_fini(&a->directories);
    waker_fini(&a->waker);
    pthread_mutex_destroy(&a->view_lock);
    free(a->view);
    free(a);
}
