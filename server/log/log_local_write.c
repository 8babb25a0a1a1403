/* The log thread: takes what waits from all ingest loops, writes it in one transaction, syncs,
 * and only then answers each record. While it syncs, the next batch gathers: that is the group
 * commit, and there is no timer in it.
 * When a commit fails nothing of it is acknowledged. A full log or disk keeps its batch and tries
 * again, slower and slower, until retention has made room; any other error gives the batch back as
 * not durable and opens the environment anew. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/counter.h"
#include "server/base/log_line.h"
#include "server/base/now.h"
#include "server/log/log_local_parts.h"

#define BACKOFF_MS_MIN 10
#define BACKOFF_MS_MAX 1000
#define ALLOCATE_BYTES (16 * 1024 * 1024) /* of the disk at a time */
#define TIDY_EVERY_MS 10000  /* retention by age, and measuring, without need */
#define MEASURE_EVERY_MS 1000

/* --- What the environment says. --- */

int
local_load_offsets(struct log_local *l)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(l->env.env, NULL, MDB_RDONLY, &txn);

    if (rc != 0)
        return rc;
    for (uint32_t i = 0; rc == 0 && i < l->partition_count; i++) {
        struct local_partition *p = &l->partitions[i];
        int64_t first, end;

        rc = local_env_offsets(&l->env, txn, i, &first, &end);
        if (rc != 0)
            break;
        p->next = end;
        atomic_store_explicit(&p->first, first, memory_order_release);
        atomic_store_explicit(&p->end, end, memory_order_release);
    }
    mdb_txn_abort(txn);
    return rc;
}

static void
publish_used(struct log_local *l)
{
    atomic_store_explicit(&l->used_seen, l->used, memory_order_relaxed);
    atomic_store(&l->wants_room, l->used > l->tidy_above || l->squeeze);
}

int
local_measure(struct log_local *l)
{
    int rc = local_env_used_bytes(&l->env, &l->used);

    publish_used(l);
    return rc;
}

/* --- After a commit. --- */

/* Durable: everybody may know. */
static void
publish_ends(struct log_local *l)
{
    for (uint32_t i = 0; i < l->partition_count; i++) {
        struct local_partition *p = &l->partitions[i];

        atomic_store_explicit(&p->end, p->next, memory_order_release);
    }
    waker_wake(&l->consumer_waker);
}

static bool
is_full(int rc)
{
    return rc == MDB_MAP_FULL || rc == MDB_TXN_FULL || rc == ENOSPC || rc == EDQUOT ||
           rc == EFBIG;
}

static void
set_writable(struct log_local *l, bool writable, const char *why)
{
    if (atomic_load(&l->writable) == writable)
        return;
    atomic_store(&l->writable, writable);
    log_line(writable ? LOG_INFO : LOG_ERROR, "event=log_%s used=%lld size=%lld why=\"%s\"",
             writable ? "writable" : "not_writable", (long long)l->used, (long long)l->size, why);
}

static void
back_off(struct log_local *l, const char *why)
{
    l->failing = true;
    l->backoff_ms = l->backoff_ms == 0 ? BACKOFF_MS_MIN : l->backoff_ms * 2;
    if (l->backoff_ms > BACKOFF_MS_MAX)
        l->backoff_ms = BACKOFF_MS_MAX;
    l->retry_ms = now_mono_ms() + l->backoff_ms;
    set_writable(l, false, why);
}

/* The environment is left in the hands of the file on disk: what it says is true. */
static bool
open_again(struct log_local *l)
{
    uint8_t uuid[16];
    char why[256] = "another log is in its place";
    enum status st;
    int rc = 0;

    pthread_mutex_lock(&l->env_lock);
    local_env_close(&l->env);
    st = local_env_open(&l->env, l->path, (size_t)l->size, l->partition_count, why);
    if (st == ST_OK)
        st = local_env_identify(&l->env, l->deployment_uuid, l->partition_count, uuid, why);
    if (st == ST_OK && memcmp(uuid, l->uuid, 16) != 0)
        st = ST_MISMATCH;
    if (st == ST_OK)
        rc = local_load_offsets(l);
    if (st == ST_OK && rc == 0)
        rc = local_measure(l);
    if (st != ST_OK || rc != 0)
        local_env_close(&l->env);
    pthread_mutex_unlock(&l->env_lock);
    log_line(LOG_WARN, "event=log_opened_again ok=%d why=\"%s\"", l->env.env != NULL,
             l->env.env != NULL ? "" : rc != 0 ? mdb_strerror(rc) : why);
    return l->env.env != NULL;
}

static void
after_failure(struct log_local *l, uint32_t count, int rc)
{
    for (uint32_t i = 0; i < l->partition_count; i++)
        l->partitions[i].next = l->partitions[i].end;
    if (is_full(rc)) {
        if (rc == MDB_MAP_FULL || rc == MDB_TXN_FULL) {
            l->batch_max = count > 1 ? count / 2 : 1;
            l->squeeze = true;
        }
        l->tidy_ms = 0;
        back_off(l, mdb_strerror(rc));
        return;
    }
    back_off(l, mdb_strerror(rc));
    local_answer(l, l->batch.count, ST_WORLD_DOWN);
    open_again(l);
}

static void
after_success(struct log_local *l, uint32_t count, int64_t cost_bytes)
{
    l->failing = false;
    l->squeeze = false;
    l->backoff_ms = 0;
    if (l->used <= l->tidy_above && l->used + cost_bytes > l->tidy_above)
        l->tidy_ms = 0;
    l->used += cost_bytes;
    l->batch_max = l->batch_max * 2 < LOG_BATCH_RECORDS_MAX ? l->batch_max * 2
                                                            : LOG_BATCH_RECORDS_MAX;
    publish_ends(l);
    local_answer(l, count, ST_OK);
    counter_add(COUNT_log_syncs, 1);
}

/* Blocks of the disk for a commit of that many bytes: many at once, or just enough. */
static int
allocate(struct log_local *l, int64_t cost_bytes)
{
    int64_t need = l->used + cost_bytes + l->copied, file = local_env_file_bytes(&l->env);
    int64_t chunk = l->size / 16 < ALLOCATE_BYTES ? l->size / 16 : ALLOCATE_BYTES;
    int rc;

    if (need < file)
        need = file; /* The rest of the file is free pages. */
    if (need > l->size)
        need = l->size;
    if (need <= l->allocated)
        return 0;
    rc = local_env_allocate(&l->env, need + chunk < l->size ? need + chunk : l->size,
                            &l->allocated);
    return rc == 0 ? 0 : local_env_allocate(&l->env, need, &l->allocated);
}

/* Writes what fits of the batch; without one, tries whether writing works again. */
static void
write_batch(struct log_local *l)
{
    int64_t cost_bytes = 0;
    uint32_t count;
    int rc;

    if (l->env.env == NULL && !open_again(l)) {
        back_off(l, "the environment cannot be opened");
        local_answer(l, l->batch.count, ST_WORLD_DOWN);
        return;
    }
    count = local_count_fitting(l, &cost_bytes);
    if (count == 0 && (l->batch.count > 0 || l->used + RECORD_SIZE_MAX > l->limit)) {
        back_off(l, "full up to the size, and nothing may be removed yet");
        l->tidy_ms = 0;
        return;
    }
    rc = allocate(l, cost_bytes);
    if (rc == 0)
        rc = local_commit(l, count);
    if (rc != 0)
        after_failure(l, count, rc);
    else
        after_success(l, count, cost_bytes);
}

/* --- Keeping house, and the loop. --- */

static void
tidy(struct log_local *l, int64_t now_ms)
{
    uint32_t removed = 0;
    bool over = l->squeeze || l->used > l->tidy_above;
    int rc;

    if (l->env.env == NULL || now_ms < l->tidy_ms)
        return;
    if (over || now_ms >= l->measure_ms) {
        rc = local_measure(l);
        l->measure_ms = now_ms + MEASURE_EVERY_MS;
        if (rc != 0)
            return;
    }
    rc = local_retain(l, now_wall_ms(), &removed);
    if (rc != 0) {
        log_line(LOG_WARN, "event=log_retention_failed why=\"%s\"", mdb_strerror(rc));
        l->tidy_ms = now_ms + BACKOFF_MS_MAX;
        if (!is_full(rc))
            back_off(l, mdb_strerror(rc)); /* The next commit finds out more. */
        return;
    }
    publish_used(l);
    gauge_set(GAUGE_log_bytes, l->used); /* Here only: each thread has a share of a gauge. */
    /* Soon again when it was cut short; else when there is news, or at leisure. */
    l->tidy_ms = removed > 0 ? now_ms : now_ms + (over ? BACKOFF_MS_MAX : TIDY_EVERY_MS);
    if (removed > 0 && l->failing)
        l->retry_ms = 0;
}

static void
judge_room(struct log_local *l)
{
    if (!l->failing && l->used + RECORD_SIZE_MAX > l->limit)
        set_writable(l, false, "full up to the size, and nothing may be removed yet");
    else if (!l->failing)
        set_writable(l, true, "");
}

static void
sleep_until_needed(struct log_local *l)
{
    int64_t now_ms = now_mono_ms();
    int64_t wake_ms = l->failing ? l->retry_ms : INT64_MAX;

    if (wake_ms > l->tidy_ms && l->env.env != NULL)
        wake_ms = l->tidy_ms;
    if (wake_ms <= now_ms)
        return;
    waker_prepare(&l->waker);
    /* While failing, what waits has to wait. */
    if ((!l->failing && !local_nothing_waits(l)) || atomic_load(&l->kicked) ||
        atomic_load(&l->stopping)) {
        waker_cancel(&l->waker);
        return;
    }
    waker_wait(&l->waker, wake_ms - now_ms > TIDY_EVERY_MS ? TIDY_EVERY_MS
                                                           : (int)(wake_ms - now_ms));
}

static enum status
run(void *context)
{
    struct log_local *l = context;

    for (;;) {
        bool stopping = atomic_load(&l->stopping);

        if (atomic_exchange(&l->kicked, false)) {
            l->tidy_ms = 0;
            l->retry_ms = 0;
        }
        local_collect(l);
        tidy(l, now_mono_ms());
        if ((l->batch.count > 0 || l->failing) && now_mono_ms() >= l->retry_ms)
            write_batch(l);
        judge_room(l);
        /* Records that wait for room would hold the end up for ever. */
        if (stopping && l->failing)
            local_answer(l, l->batch.count, ST_WORLD_DOWN);
        if (stopping && local_nothing_waits(l))
            return ST_OK;
        if (!stopping)
            sleep_until_needed(l);
    }
}

void
local_start(struct log *log)
{
    struct log_local *l = local_of(log);

    atomic_store(&l->stopping, false);
    if (thread_start(&l->thread, "log", run, l) != ST_OK)
        abort();
}

void
local_stop(struct log *log)
{
    struct log_local *l = local_of(log);

    atomic_store(&l->stopping, true);
    waker_wake(&l->waker);
    thread_join(&l->thread);
}
