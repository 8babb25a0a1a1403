/* The local log: opening and closing, and the producers' side of appending.
 * A record goes from an ingest loop through a ring to the log thread (log_local_write.c) and comes
 * back through another once it is durable; the loop's waker tells it. */
#include "server/log/log_local.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/counter.h"
#include "server/log/log_local_parts.h"

#define RESERVE_MIN_BYTES (256 * 1024)
#define RESERVE_MAX_BYTES (64 * 1024 * 1024)

/* --- Producers. --- */

static struct local_producer *
producer_of(const struct log_producer *p)
{
    return (struct local_producer *)(uintptr_t)p;
}

static struct local_producer *
producer_make(struct log_local *l)
{
    struct local_producer *p = calloc(1, sizeof *p);

    /* Start-up: without memory or descriptors there is nothing to go on with. */
    if (p == NULL || waker_init(&p->waker) != ST_OK ||
        mailbox_init(&p->appends, LOG_IN_FLIGHT_MAX, &l->waker) != ST_OK ||
        mailbox_init(&p->answers, LOG_IN_FLIGHT_MAX, &p->waker) != ST_OK)
        abort();
    p->base.log = &l->base;
    return p;
}

/* Producers that are freed stay in the table for the next one: the log thread may be looking. */
static struct log_producer *
producer_new(struct log *log)
{
    struct log_local *l = local_of(log);

    for (uint32_t i = 0; i < LOOPS_MAX; i++) {
        struct local_producer *p = atomic_load(&l->producers[i]);

        if (p != NULL && p->in_use)
            continue;
        if (p == NULL)
            p = producer_make(l);
        p->in_use = true;
        waker_prepare(&p->waker);
        /* Release: the log thread sees a whole producer. */
        atomic_store_explicit(&l->producers[i], p, memory_order_release);
        return &p->base;
    }
    assert(!"more producers than loops");
    return NULL;
}

static void
producer_free(struct log_producer *base)
{
    struct local_producer *p = producer_of(base);

    assert(p->in_use);
    assert(p->in_flight == 0);
    p->in_use = false;
}

static enum status
producer_append(struct log_producer *base, struct log_record *r)
{
    struct local_producer *p = producer_of(base);

    assert(r->partition < local_of(base->log)->partition_count);
    assert(r->size > 0 && r->size <= RECORD_SIZE_MAX);
    if (p->in_flight == LOG_IN_FLIGHT_MAX) {
        counter_add(COUNT_log_ring_full, 1);
        return ST_BUSY;
    }
    r->result = ST_WORLD_DOWN;
    r->offset = -1;
    p->in_flight++;
    bool posted = mailbox_post(&p->appends, r);
    assert(posted); /* in_flight never exceeds the ring */
    return ST_OK;
}

static int
producer_fd(const struct log_producer *base)
{
    return waker_fd(&producer_of(base)->waker);
}

static void
producer_drain(struct log_producer *base)
{
    waker_drain(&producer_of(base)->waker);
}

static struct log_record *
producer_take(struct log_producer *base)
{
    struct local_producer *p = producer_of(base);
    struct log_record *r = mailbox_take(&p->answers);

    if (r == NULL) {
        /* The loop will sleep: arm the waker, and look once more for what came before that. */
        waker_prepare(&p->waker);
        r = mailbox_take(&p->answers);
        if (r == NULL)
            return NULL;
        waker_cancel(&p->waker);
    }
    assert(p->in_flight > 0);
    p->in_flight--;
    return r;
}

/* --- Facts. --- */

static void
get_uuid(const struct log *l, uint8_t uuid[16])
{
    memcpy(uuid, local_of(l)->uuid, 16);
}

static const char *
get_topic(const struct log *l)
{
    (void)l;
    return "local";
}

static bool
is_writable(const struct log *l)
{
    return atomic_load_explicit(&local_of(l)->writable, memory_order_relaxed);
}

static int64_t
first_offset(const struct log *log, uint32_t partition)
{
    const struct log_local *l = local_of(log);

    assert(partition < l->partition_count);
    return atomic_load_explicit(&l->partitions[partition].first, memory_order_acquire);
}

static int64_t
end_offset(const struct log *log, uint32_t partition)
{
    const struct log_local *l = local_of(log);

    assert(partition < l->partition_count);
    return atomic_load_explicit(&l->partitions[partition].end, memory_order_acquire);
}

static void
set_replay_offset(struct log *log, uint32_t partition, int64_t offset)
{
    struct log_local *l = local_of(log);

    assert(partition < l->partition_count);
    assert(offset >= 0);
    atomic_store(&l->partitions[partition].replay, offset);
    if (atomic_load(&l->wants_room)) {
        atomic_store(&l->kicked, true);
        waker_wake(&l->waker);
    }
}

static void
get_facts(const struct log *log, struct log_facts *out)
{
    const struct log_local *l = local_of(log);

    out->writable = is_writable(log);
    out->used_bytes = atomic_load_explicit(&l->used_seen, memory_order_relaxed);
    out->size_bytes = l->size;
}

/* --- Opening and closing. --- */

/* flock, not LMDB's own locks: those let a second process in. Held until the descriptor closes,
 * so also by a process that died only as long as it lived. */
static enum status
lock_directory(struct log_local *l, char why[256])
{
    char file[4096];

    if (snprintf(file, sizeof file, "%s/meterd.lock", l->path) >= (int)sizeof file) {
        snprintf(why, 256, "the path of the log is too long");
        return ST_WORLD_DOWN;
    }
    if (mkdir(l->path, 0750) != 0 && errno != EEXIST) {
        snprintf(why, 256, "cannot make the directory %.180s: %s", l->path, strerror(errno));
        return ST_WORLD_DOWN;
    }
    l->lock_fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (l->lock_fd < 0) {
        snprintf(why, 256, "cannot open %.180s: %s", file, strerror(errno));
        return ST_WORLD_DOWN;
    }
    if (flock(l->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return ST_OK;
    if (errno == EWOULDBLOCK) {
        snprintf(why, 256, "the log in %.180s is in use by another process", l->path);
        return ST_BUSY;
    }
    snprintf(why, 256, "cannot lock %.180s: %s", file, strerror(errno));
    return ST_WORLD_DOWN;
}

static int64_t
clamp(int64_t v, int64_t least, int64_t most)
{
    return v < least ? least : v > most ? most : v;
}

/* Each commit copies a few pages of every database it touches, and LMDB can use them again only
 * two commits later; removing records needs that room too, just when there is none. So appends
 * stop short of the map's end. */
static enum status
plan_room(struct log_local *l, int64_t size_bytes, char why[256])
{
    int64_t reserve = clamp(size_bytes / 256, RESERVE_MIN_BYTES, RESERVE_MAX_BYTES);

    l->copied = (4 * (int64_t)l->partition_count + 32) * 3 * LOCAL_PAGE_SIZE;
    reserve += l->copied;
    if (size_bytes < 4 * reserve) {
        snprintf(why, 256, "[log] size is too small: %u partitions need at least %lld KiB",
                 l->partition_count, (long long)(4 * reserve / 1024));
        return ST_MISMATCH;
    }
    l->size = size_bytes / LOCAL_PAGE_SIZE * LOCAL_PAGE_SIZE;
    l->limit = l->size - reserve;
    l->tidy_above = l->size / 10 * 9;
    /* In a small log the reserve is more than a tenth: begin before appends have to stop. */
    if (l->tidy_above > l->limit - 2 * RECORD_SIZE_MAX)
        l->tidy_above = l->limit - 2 * RECORD_SIZE_MAX;
    return ST_OK;
}

static enum status
open_files(struct log_local *l, int64_t size_bytes, char why[256])
{
    enum status st = lock_directory(l, why);
    int rc;

    if (st == ST_OK)
        st = plan_room(l, size_bytes, why);
    if (st == ST_OK)
        st = local_env_open(&l->env, l->path, (size_t)l->size, l->partition_count, why);
    if (st == ST_OK)
        st = local_env_identify(&l->env, l->deployment_uuid, l->partition_count, l->uuid, why);
    if (st != ST_OK)
        return st;
    rc = local_load_offsets(l);
    if (rc == 0)
        rc = local_measure(l);
    if (rc == 0)
        return ST_OK;
    snprintf(why, 256, "cannot read the log in %.180s: %s", l->path, mdb_strerror(rc));
    return ST_WORLD_DOWN;
}

static void
close_producer(struct local_producer *p)
{
    assert(!p->in_use);
    mailbox_fini(&p->appends);
    mailbox_fini(&p->answers);
    waker_fini(&p->waker);
    free(p);
}

static void
local_close(struct log *log)
{
    struct log_local *l = local_of(log);

    assert(!l->thread.is_started);
    assert(!l->has_consumer);
    for (uint32_t i = 0; i < LOOPS_MAX; i++) {
        if (l->producers[i] != NULL)
            close_producer(l->producers[i]);
    }
    local_env_close(&l->env);
    if (l->lock_fd >= 0)
        close(l->lock_fd); /* After LMDB's files: the next process may open them now. */
    waker_fini(&l->waker);
    waker_fini(&l->consumer_waker);
    pthread_mutex_destroy(&l->env_lock);
    free(l->path);
    free(l);
}

static const struct log_ops local_ops = {
    .uuid = get_uuid,
    .topic = get_topic,
    .start = local_start,
    .stop = local_stop,
    .close = local_close,
    .producer_new = producer_new,
    .producer_free = producer_free,
    .append = producer_append,
    .producer_fd = producer_fd,
    .producer_drain = producer_drain,
    .producer_take = producer_take,
    .is_writable = is_writable,
    .consumer_new = local_consumer_new,
    .consumer_free = local_consumer_free,
    .consumer_poll = local_consumer_poll,
    .consumer_seek = local_consumer_seek,
    .consumer_pause = local_consumer_pause,
    .consumer_resume = local_consumer_resume,
    .consumer_wake = local_consumer_wake,
    .first_offset = first_offset,
    .end_offset = end_offset,
    .set_replay_offset = set_replay_offset,
    .get_facts = get_facts,
};

enum status
log_local_open(const struct log_local_options *o, struct log **out, char why[256])
{
    struct log_local *l;
    enum status st;

    assert(o->partitions > 0 && o->partitions <= PARTITIONS_MAX);
    l = calloc(1, sizeof *l + o->partitions * sizeof l->partitions[0]);
    if (l == NULL || (l->path = strdup(o->path)) == NULL)
        abort();
    l->base.ops = &local_ops;
    l->lock_fd = -1;
    l->partition_count = o->partitions;
    l->keep_ms = o->keep_ms;
    l->batch_max = LOG_BATCH_RECORDS_MAX;
    l->writable = true;
    memcpy(l->deployment_uuid, o->deployment_uuid, 16);
    if (waker_init(&l->waker) != ST_OK || waker_init(&l->consumer_waker) != ST_OK ||
        pthread_mutex_init(&l->env_lock, NULL) != 0)
        abort();
    st = open_files(l, o->size_bytes, why);
    if (st != ST_OK) {
        local_close(&l->base);
        return st;
    }
    *out = &l->base;
    return ST_OK;
}
