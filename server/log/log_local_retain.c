/* Retention: records below a partition's replay offset go when older than `keep`, or the oldest
 * first while more than 90 % of the size is used (design 4).
 * The age of a record is not in it: `times` notes, every so often, which offset was the next one
 * at what wall time. Everything before that offset is at least that old. */
#include <assert.h>

#include "server/base/counter.h"
#include "server/log/log_local_parts.h"

#define MARK_EVERY_MS_MAX (10 * 60 * 1000)
#define MARKS_READ_MAX 4096 /* of one partition in one go */
#define SLICE_RECORDS 32    /* of one partition before the ages are compared again */

int
local_mark_time(struct log_local *l, MDB_txn *txn, uint32_t partition, int64_t wall_ms)
{
    struct local_partition *p = &l->partitions[partition];
    int64_t every_ms = l->keep_ms / 256;
    struct local_key k = local_time_key(partition, p->next);
    struct local_key v = local_record_key(wall_ms);
    MDB_val key = local_key_val(&k), value = local_key_val(&v);

    if (every_ms > MARK_EVERY_MS_MAX)
        every_ms = MARK_EVERY_MS_MAX;
    if (p->marked_ms != 0 && wall_ms - p->marked_ms < every_ms)
        return 0;
    p->marked_ms = wall_ms; /* A commit that fails loses one note of many: nothing to undo. */
    return mdb_put(txn, l->env.times, &key, &value, 0);
}

static bool
is_mark_of(const MDB_val *key, uint32_t partition)
{
    return key->mv_size == 12 && local_load32(key->mv_data) == partition;
}

static int64_t
mark_offset(const MDB_val *key)
{
    return local_load64((const uint8_t *)key->mv_data + 4);
}

/* Where the records older than cutoff_ms end: the offset of the last note at or before it. */
static int
find_aged(MDB_cursor *marks, uint32_t partition, int64_t cutoff_ms, int64_t *upto)
{
    struct local_key k = local_time_key(partition, 0);
    MDB_val key = local_key_val(&k), value;
    int rc = mdb_cursor_get(marks, &key, &value, MDB_SET_RANGE);

    *upto = 0;
    for (uint32_t n = 0; rc == 0 && n < MARKS_READ_MAX; n++) {
        if (!is_mark_of(&key, partition) || local_load64(value.mv_data) > cutoff_ms)
            return 0;
        *upto = mark_offset(&key);
        rc = mdb_cursor_get(marks, &key, &value, MDB_NEXT);
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* About when the record at offset was written; 0 when there is no note. */
static int
find_age(MDB_cursor *marks, uint32_t partition, int64_t offset, int64_t *ms)
{
    struct local_key k = local_time_key(partition, offset + 1);
    MDB_val key = local_key_val(&k), value;
    int rc = mdb_cursor_get(marks, &key, &value, MDB_SET_RANGE);

    *ms = 0;
    rc = mdb_cursor_get(marks, &key, &value, rc == MDB_NOTFOUND ? MDB_LAST : MDB_PREV);
    if (rc == 0 && is_mark_of(&key, partition))
        *ms = local_load64(value.mv_data);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Notes below the first record are of no use, but for the last of them: it dates that record. */
static int
remove_marks(MDB_cursor *marks, uint32_t partition, int64_t first)
{
    int rc;

    for (uint32_t n = 0; n < MARKS_READ_MAX; n++) {
        struct local_key k = local_time_key(partition, 0);
        MDB_val key = local_key_val(&k), value;

        rc = mdb_cursor_get(marks, &key, &value, MDB_SET_RANGE);
        if (rc == 0)
            rc = mdb_cursor_get(marks, &key, &value, MDB_NEXT);
        if (rc == MDB_NOTFOUND)
            return 0;
        if (rc != 0)
            return rc;
        if (!is_mark_of(&key, partition) || mark_offset(&key) > first)
            return 0;
        rc = mdb_cursor_get(marks, &key, &value, MDB_PREV);
        if (rc == 0)
            rc = mdb_cursor_del(marks, 0);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* One transaction of removing. first[] becomes true only when it commits. */
struct tidying {
    struct log_local *l;
    MDB_txn *txn;
    MDB_cursor *marks;
    uint32_t removed;
    int64_t freed_bytes;
    int64_t first[PARTITIONS_MAX];
};

/* Removes records of the partition below upto, at most count. */
static int
remove_records(struct tidying *t, uint32_t partition, int64_t upto, uint32_t count)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int64_t first = t->first[partition];
    int rc = mdb_cursor_open(t->txn, t->l->env.records[partition], &cursor);

    if (rc != 0)
        return rc;
    for (; count > 0 && first < upto; count--) {
        rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
        if (rc != 0)
            break;
        first = local_load64(key.mv_data) + 1;
        t->freed_bytes += local_record_cost_bytes((uint32_t)value.mv_size);
        rc = mdb_cursor_del(cursor, 0);
        if (rc != 0)
            break;
        t->removed++;
    }
    mdb_cursor_close(cursor);
    t->first[partition] = first;
    return rc != 0 ? rc : remove_marks(t->marks, partition, first);
}

static int64_t
removable_upto(const struct log_local *l, uint32_t partition)
{
    int64_t replay = atomic_load(&l->partitions[partition].replay);
    int64_t end = atomic_load(&l->partitions[partition].end);

    return replay < end ? replay : end;
}

static int
remove_aged(struct tidying *t, int64_t cutoff_ms)
{
    int rc = 0;

    for (uint32_t p = 0; rc == 0 && p < t->l->partition_count; p++) {
        int64_t upto, most = removable_upto(t->l, p);

        if (t->removed >= LOG_RETENTION_RECORDS_MAX)
            return 0;
        if (t->first[p] >= most)
            continue;
        rc = find_aged(t->marks, p, cutoff_ms, &upto);
        if (rc == 0 && upto > t->first[p])
            rc = remove_records(t, p, upto < most ? upto : most,
                                LOG_RETENTION_RECORDS_MAX - t->removed);
    }
    return rc;
}

/* The partition whose first record is the oldest of those that may go; partition_count: none. */
static int
find_oldest(struct tidying *t, uint32_t *oldest)
{
    int64_t best = INT64_MAX;
    int rc = 0;

    *oldest = t->l->partition_count;
    for (uint32_t p = 0; rc == 0 && p < t->l->partition_count; p++) {
        int64_t ms;

        if (t->first[p] >= removable_upto(t->l, p))
            continue;
        rc = find_age(t->marks, p, t->first[p], &ms);
        if (rc == 0 && ms < best) {
            best = ms;
            *oldest = p;
        }
    }
    return rc;
}

static int
remove_oldest(struct tidying *t, int64_t bytes)
{
    while (t->removed < LOG_RETENTION_RECORDS_MAX && t->freed_bytes < bytes) {
        uint32_t p;
        int rc = find_oldest(t, &p);

        if (rc != 0 || p == t->l->partition_count)
            return rc;
        rc = remove_records(t, p, removable_upto(t->l, p), SLICE_RECORDS);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int
finish(struct tidying *t)
{
    struct log_local *l = t->l;
    int rc = mdb_txn_commit(t->txn);

    if (rc != 0)
        return rc;
    l->used -= t->freed_bytes;
    for (uint32_t p = 0; p < l->partition_count; p++)
        atomic_store_explicit(&l->partitions[p].first, t->first[p], memory_order_release);
    counter_add(COUNT_log_records_dropped, t->removed);
    return 0;
}

int
local_retain(struct log_local *l, int64_t wall_ms, uint32_t *removed)
{
    struct tidying t;
    int rc;

    *removed = 0;
    t.l = l;
    t.removed = 0;
    t.freed_bytes = 0;
    for (uint32_t p = 0; p < l->partition_count; p++)
        t.first[p] = atomic_load(&l->partitions[p].first);
    rc = mdb_txn_begin(l->env.env, NULL, 0, &t.txn);
    if (rc != 0)
        return rc;
    rc = mdb_cursor_open(t.txn, l->env.times, &t.marks);
    if (rc == 0) {
        rc = remove_aged(&t, wall_ms - l->keep_ms);
        if (rc == 0 && (l->squeeze || l->used - t.freed_bytes > l->tidy_above))
            rc = remove_oldest(&t, l->squeeze ? INT64_MAX
                                              : l->used - l->tidy_above + l->size / 50);
        mdb_cursor_close(t.marks);
    }
    *removed = t.removed;
    if (rc == 0 && t.removed > 0)
        return finish(&t);
    mdb_txn_abort(t.txn);
    return rc;
}
