/* The batch of the log thread: records taken from all producers in turn, put into one transaction
 * in that order, and given back with their verdict. */
#include <assert.h>
#include <string.h>

#include "server/base/counter.h"
#include "server/base/now.h"
#include "server/log/log_local_parts.h"

static bool
batch_has_room(const struct local_batch *b)
{
    return b->count < LOG_BATCH_RECORDS_MAX && b->bytes < LOG_BATCH_BYTES_MAX;
}

void
local_collect(struct log_local *l)
{
    struct local_batch *b = &l->batch;
    uint32_t idle = 0;

    while (idle < LOOPS_MAX && batch_has_room(b)) {
        uint32_t i = b->next_producer;
        struct local_producer *p =
            atomic_load_explicit(&l->producers[i], memory_order_acquire);
        struct log_record *r = p == NULL ? NULL : mailbox_take(&p->appends);

        b->next_producer = (i + 1) % LOOPS_MAX;
        if (r == NULL) {
            idle++;
            continue;
        }
        idle = 0;
        b->record[b->count] = r;
        b->from[b->count] = p;
        b->count++;
        b->bytes += r->size;
    }
}

bool
local_nothing_waits(const struct log_local *l)
{
    for (uint32_t i = 0; i < LOOPS_MAX; i++) {
        const struct local_producer *p =
            atomic_load_explicit(&l->producers[i], memory_order_acquire);

        if (p != NULL && !mailbox_is_empty(&p->appends))
            return false;
    }
    return l->batch.count == 0;
}

void
local_answer(struct log_local *l, uint32_t count, enum status result)
{
    struct local_batch *b = &l->batch;

    assert(count <= b->count);
    for (uint32_t i = 0; i < count; i++) {
        struct log_record *r = b->record[i];

        b->bytes -= r->size;
        counter_add(result == ST_OK ? COUNT_log_appends : COUNT_log_append_failures, 1);
        if (result == ST_OK)
            counter_add(COUNT_log_append_bytes, r->size);
        r->result = result;
        bool posted = mailbox_post(&b->from[i]->answers, r);
        assert(posted); /* the producer never has more under way than the ring holds */
    }
    b->count -= count;
    memmove(b->record, b->record + count, b->count * sizeof b->record[0]);
    memmove(b->from, b->from + count, b->count * sizeof b->from[0]);
}

uint32_t
local_count_fitting(const struct log_local *l, int64_t *cost_bytes)
{
    uint32_t most = l->batch.count < l->batch_max ? l->batch.count : l->batch_max;

    *cost_bytes = 0;
    for (uint32_t i = 0; i < most; i++) {
        int64_t cost = local_record_cost_bytes(l->batch.record[i]->size);

        if (l->used + *cost_bytes + cost > l->limit)
            return i;
        *cost_bytes += cost;
    }
    return most;
}

/* --- One commit. --- */

static int
put_record(struct log_local *l, MDB_txn *txn, struct log_record *r, int64_t wall_ms)
{
    struct local_partition *p = &l->partitions[r->partition];
    struct local_key k = local_record_key(p->next);
    MDB_val key = local_key_val(&k), value = {r->size, r->bytes};
    int rc = 0;

    if (p->next == atomic_load_explicit(&p->end, memory_order_relaxed))
        rc = local_mark_time(l, txn, r->partition, wall_ms);
    if (rc == 0)
        rc = mdb_put(txn, l->env.records[r->partition], &key, &value, MDB_APPEND);
    if (rc == 0)
        r->offset = p->next++;
    return rc;
}

static int
put_batch(struct log_local *l, MDB_txn *txn, uint32_t count, int64_t wall_ms)
{
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < count; i++)
        rc = put_record(l, txn, l->batch.record[i], wall_ms);
    for (uint32_t i = 0; rc == 0 && i < l->partition_count; i++) {
        const struct local_partition *p = &l->partitions[i];

        if (p->next != atomic_load_explicit(&p->end, memory_order_relaxed))
            rc = local_env_put_end(&l->env, txn, i, p->next);
    }
    return rc;
}

int
local_commit(struct log_local *l, uint32_t count)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(l->env.env, NULL, 0, &txn);

    if (rc != 0)
        return rc;
    if (count > 0)
        rc = put_batch(l, txn, count, now_wall_ms());
    else
        rc = local_env_put_end(&l->env, txn, 0, l->partitions[0].end);
    if (rc == 0)
        return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}
