/* The consumer of the local log. It copies up to a MiB of records in one short read transaction
 * (a long one would keep LMDB from using removed pages again) and hands them out from the copy.
 * A record in the copy counts only while its offset is the next one its partition asks for: so
 * pausing and seeking need no clearing, what became stale is stepped over and read again later. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/counter.h"
#include "server/base/now.h"
#include "server/log/log_local_parts.h"

#define COPIES_MAX 4096 /* records in one copy */

struct reader {
    int64_t next; /* the offset to hand out next */
    int64_t end;  /* of the log when the copy was begun */
    bool positioned;
    bool paused;
};

struct copy {
    uint32_t partition;
    uint32_t size;
    int64_t offset;
    const uint8_t *at;
};

struct local_consumer {
    struct log_consumer base;
    uint32_t announced;      /* partitions below were given out as LOG_ASSIGNED */
    uint32_t next_partition; /* where the next look round begins */
    uint8_t *buffer;         /* LOG_READ_SIZE_MAX */
    uint32_t used;
    struct copy copies[COPIES_MAX];
    uint32_t copy_count;
    uint32_t copy_next;
    bool fill_failed; /* no read transaction could be had */
    bool failed; /* the last fill could not read failed_partition */
    uint32_t failed_partition;
    char why[128];
    struct reader readers[]; /* by partition */
};

static struct local_consumer *
consumer_of(struct log_consumer *c)
{
    return (struct local_consumer *)c;
}

struct log_consumer *
local_consumer_new(struct log *log)
{
    struct log_local *l = local_of(log);
    struct local_consumer *c = calloc(1, sizeof *c + l->partition_count * sizeof c->readers[0]);

    assert(!l->has_consumer);
    _Static_assert(LOG_READ_SIZE_MAX >= RECORD_SIZE_MAX, "any record fits");
    if (c == NULL || (c->buffer = malloc(LOG_READ_SIZE_MAX)) == NULL)
        abort();
    c->base.log = log;
    l->has_consumer = true;
    return &c->base;
}

void
local_consumer_free(struct log_consumer *base)
{
    struct local_consumer *c = consumer_of(base);

    local_of(base->log)->has_consumer = false;
    free(c->buffer);
    free(c);
}

/* --- Filling the copy. --- */

static bool
is_wanted(const struct local_consumer *c, uint32_t partition)
{
    const struct reader *r = &c->readers[partition];

    return r->positioned && !r->paused &&
           r->next < log_end_offset(c->base.log, partition);
}

static bool
anything_wanted(const struct local_consumer *c)
{
    for (uint32_t p = 0; p < local_of(c->base.log)->partition_count; p++) {
        if (is_wanted(c, p))
            return true;
    }
    return false;
}

static void
fail(struct local_consumer *c, uint32_t partition, int64_t offset, const char *why)
{
    c->failed = true;
    c->failed_partition = partition;
    c->readers[partition].positioned = false;
    snprintf(c->why, sizeof c->why, "offset %lld: %s", (long long)offset, why);
}

/* Copies the record at the offset. False: no room, or it cannot be read. */
static bool
copy_record(struct local_consumer *c, MDB_txn *txn, uint32_t partition, int64_t offset)
{
    struct log_local *l = local_of(c->base.log);
    struct local_key k = local_record_key(offset);
    MDB_val key = local_key_val(&k), value;
    int rc = mdb_get(txn, l->env.records[partition], &key, &value);

    if (rc != 0) {
        fail(c, partition, offset, mdb_strerror(rc));
        return false;
    }
    if (value.mv_size > RECORD_SIZE_MAX) {
        fail(c, partition, offset, "larger than any record");
        return false;
    }
    if (c->copy_count == COPIES_MAX || value.mv_size > LOG_READ_SIZE_MAX - c->used)
        return false;
    memcpy(c->buffer + c->used, value.mv_data, value.mv_size);
    c->copies[c->copy_count++] = (struct copy){
        .partition = partition,
        .size = (uint32_t)value.mv_size,
        .offset = offset,
        .at = c->buffer + c->used,
    };
    c->used += (uint32_t)value.mv_size;
    return true;
}

/* One record of each partition in turn, so that a long backlog of one holds up no other. */
static void
copy_round_robin(struct local_consumer *c, MDB_txn *txn)
{
    uint32_t count = local_of(c->base.log)->partition_count;
    int64_t ahead = 0; /* rounds done: each wanted partition has given that many */
    bool more = true;

    for (; more && ahead < COPIES_MAX; ahead++) {
        more = false;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t p = (c->next_partition + i) % count;
            int64_t offset = c->readers[p].next + ahead;

            if (!is_wanted(c, p) || offset >= c->readers[p].end)
                continue;
            if (!copy_record(c, txn, p, offset)) {
                c->next_partition = p; /* It comes first the next time. */
                return;
            }
            more = true;
        }
    }
}

static void
fill(struct local_consumer *c)
{
    struct log_local *l = local_of(c->base.log);
    MDB_txn *txn;

    c->fill_failed = true;
    c->copy_count = 0;
    c->copy_next = 0;
    c->used = 0;
    /* Before the transaction begins: what is committed later is not in it. */
    for (uint32_t p = 0; p < l->partition_count; p++)
        c->readers[p].end = log_end_offset(c->base.log, p);
    /* The lock keeps the log thread from opening the environment anew under our feet. */
    pthread_mutex_lock(&l->env_lock);
    if (l->env.env != NULL && mdb_txn_begin(l->env.env, NULL, MDB_RDONLY, &txn) == 0) {
        copy_round_robin(c, txn);
        c->fill_failed = false;
        mdb_txn_abort(txn);
    }
    pthread_mutex_unlock(&l->env_lock);
}

/* --- Polling. --- */

static bool
take_copy(struct local_consumer *c, struct log_event *out)
{
    while (c->copy_next < c->copy_count) {
        const struct copy *copy = &c->copies[c->copy_next++];
        struct reader *r = &c->readers[copy->partition];

        if (!r->positioned || r->paused || r->next != copy->offset)
            continue;
        r->next++;
        out->kind = LOG_RECORD;
        out->partition = copy->partition;
        out->offset = copy->offset;
        out->bytes = span_of(copy->at, copy->size);
        counter_add(COUNT_log_records_read, 1);
        return true;
    }
    return false;
}

/* An event that is there already. */
static bool
take_event(struct local_consumer *c, struct log_event *out)
{
    if (c->announced < local_of(c->base.log)->partition_count) {
        out->kind = LOG_ASSIGNED;
        out->partition = c->announced++;
        return true;
    }
    if (take_copy(c, out))
        return true;
    if (!c->failed && anything_wanted(c)) {
        fill(c);
        if (take_copy(c, out))
            return true;
    }
    if (!c->failed)
        return false;
    c->failed = false;
    out->kind = LOG_FAILED;
    out->partition = c->failed_partition;
    out->why = c->why;
    return true;
}

void
local_consumer_poll(struct log_consumer *base, int timeout_ms, struct log_event *out)
{
    struct local_consumer *c = consumer_of(base);
    struct log_local *l = local_of(base->log);
    int64_t until_ms = now_mono_ms() + timeout_ms;

    *out = (struct log_event){.kind = LOG_NOTHING};
    for (;;) {
        int64_t left_ms;
        bool stuck;

        if (take_event(c, out) || atomic_exchange(&l->consumer_woken, false))
            return;
        left_ms = until_ms - now_mono_ms();
        if (left_ms <= 0)
            return;
        /* Wanted and not given: the environment is away. Then look now and then. */
        stuck = anything_wanted(c) && c->fill_failed;
        waker_prepare(&l->consumer_waker);
        if ((!stuck && anything_wanted(c)) || atomic_load(&l->consumer_woken)) {
            waker_cancel(&l->consumer_waker);
            continue;
        }
        waker_wait(&l->consumer_waker, stuck && left_ms > 100 ? 100 : (int)left_ms);
    }
}

enum status
local_consumer_seek(struct log_consumer *base, uint32_t partition, int64_t offset)
{
    struct local_consumer *c = consumer_of(base);

    assert(partition < local_of(base->log)->partition_count);
    if (offset < log_first_offset(base->log, partition) ||
        offset > log_end_offset(base->log, partition))
        return ST_NOT_FOUND;
    c->readers[partition].next = offset;
    c->readers[partition].positioned = true;
    return ST_OK;
}

void
local_consumer_pause(struct log_consumer *base, uint32_t partition)
{
    assert(partition < local_of(base->log)->partition_count);
    consumer_of(base)->readers[partition].paused = true;
}

void
local_consumer_resume(struct log_consumer *base, uint32_t partition)
{
    assert(partition < local_of(base->log)->partition_count);
    consumer_of(base)->readers[partition].paused = false;
}

void
local_consumer_wake(struct log_consumer *base)
{
    struct log_local *l = local_of(base->log);

    atomic_store(&l->consumer_woken, true);
    waker_wake(&l->consumer_waker);
}
