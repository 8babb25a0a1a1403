/* What a commit sends, and how its fate is read afterwards: every transaction has an identity, the
 * (commit_seq, owner_epoch) of each of its partitions. */
#include "server/store/commit_sql.h"

#include <inttypes.h>

#include "server/base/log_line.h"
#include "server/store/points.h"
#include "server/store/result.h"
#include "server/store/upsert.h"

static enum db_class
send_advance(struct db *db, struct params *p, const char *topic, const struct transaction *tx)
{
    const struct tx_part *rows = tx->parts.at;
    uint32_t n = tx->parts.count;

    params_clear(p);
    params_text(p, span_text(topic));
    COLUMN_I32(p, n, rows[i].partition);
    COLUMN_I64(p, n, rows[i].commit_seq);
    COLUMN_I64(p, n, rows[i].next_offset);
    COLUMN_I64(p, n, rows[i].replay_offset);
    COLUMN_I64(p, n, rows[i].complete_until_ms);
    COLUMN_I64(p, n, rows[i].revision);
    COLUMN_I64(p, n, rows[i].owner_epoch);
    return db_send(db,
                   "select meterd.advance($1, u.part, u.seq, u.next, u.replay,"
                   " meterd.at_ms(u.complete), u.revision, u.epoch)"
                   " from unnest($2::int4[], $3::int8[], $4::int8[], $5::int8[], $6::int8[],"
                   " $7::int8[], $8::int8[])"
                   " as u (part, seq, next, replay, complete, revision, epoch)",
                   p);
}

static enum db_class
send_points(struct db *db, struct params *p, const struct transaction *tx)
{
    enum db_class c;

    if ((c = points_send_inbox_deletes(db, p, tx->inbox_deletes.at, tx->inbox_deletes.count)) !=
            DB_OK ||
        (c = points_send_segment_deletes(db, p, tx->segment_deletes.at,
                                         tx->segment_deletes.count)) != DB_OK ||
        (c = points_send_segments(db, p, tx->segments.at, tx->segments.count)) != DB_OK ||
        (c = points_send_states(db, p, tx->points.at, tx->points.count)) != DB_OK ||
        (c = points_send_inbox(db, p, tx->inbox_inserts.at, tx->inbox_inserts.count)) != DB_OK ||
        (c = points_send_superseded(db, p, tx->superseded.at, tx->superseded.count)) != DB_OK)
        return c;
    return points_send_quarantine(db, p, tx->quarantine.at, tx->quarantine.count);
}

static enum db_class
send_rollups(struct db *db, struct params *p, const struct transaction *tx)
{
    enum db_class c;

    if ((c = upsert_arrivals(db, p, tx->arrivals.at, tx->arrivals.count)) != DB_OK ||
        (c = upsert_rollups(db, p, UPSERT_ENTERPRISE_SLOT, tx->enterprise_slots.at,
                            tx->enterprise_slots.count)) != DB_OK ||
        (c = upsert_rollups(db, p, UPSERT_ENTERPRISE_DAY, tx->enterprise_days.at,
                            tx->enterprise_days.count)) != DB_OK ||
        (c = upsert_rollups(db, p, UPSERT_AREA_SLOT, tx->area_slots.at, tx->area_slots.count)) !=
            DB_OK)
        return c;
    return upsert_rollups(db, p, UPSERT_AREA_DAY, tx->area_days.at, tx->area_days.count);
}

enum db_class
commit_send(struct db *db, struct params *p, const char *topic, const struct transaction *tx)
{
    enum db_class c;

    /* The fence first: a zombie must fail before it adds anything. */
    if ((c = db_send(db, "begin", NULL)) != DB_OK ||
        (c = send_advance(db, p, topic, tx)) != DB_OK || (c = send_points(db, p, tx)) != DB_OK ||
        (c = send_rollups(db, p, tx)) != DB_OK)
        return c;
    return db_send(db, "commit", NULL);
}

enum commit_fate
commit_fate_of(const struct tx_part *part, int64_t seq, int64_t epoch)
{
    if (epoch != part->owner_epoch)
        return COMMIT_FENCED;
    if (seq == part->commit_seq + 1)
        return COMMIT_HAPPENED;
    return seq == part->commit_seq ? COMMIT_NOT_HAPPENED : COMMIT_FENCED;
}

static enum commit_fate
read_part(const struct tx_part *part, const PGresult *rows)
{
    int64_t seq = -1, epoch = -1;
    enum commit_fate fate;

    for (int row = 0; row < PQntuples(rows); row++)
        if ((uint32_t)result_i32(rows, row, 0) == part->partition) {
            seq = result_i64(rows, row, 1, -1);
            epoch = result_i64(rows, row, 2, -1);
        }
    fate = commit_fate_of(part, seq, epoch);
    if (fate == COMMIT_FENCED)
        log_line(LOG_ERROR,
                 "event=partition_fenced partition=%u commit_seq=%" PRId64 " found_seq=%" PRId64
                 " owner_epoch=%" PRId64 " found_epoch=%" PRId64,
                 part->partition, part->commit_seq, seq, part->owner_epoch, epoch);
    return fate;
}

enum db_class
commit_read_fate(struct db *db, struct params *p, const char *topic, const struct transaction *tx,
                 enum commit_fate *fate)
{
    const struct tx_part *rows = tx->parts.at;
    uint32_t n = tx->parts.count;
    enum db_class c;

    params_clear(p);
    params_text(p, span_text(topic));
    COLUMN_I32(p, n, rows[i].partition);
    c = db_query(db,
                 "select part, commit_seq, owner_epoch from meterd.log_partition"
                 " where topic = $1 and part = any($2)",
                 p);
    if (c != DB_OK)
        return c;
    *fate = COMMIT_FENCED;
    for (uint32_t i = 0; i < n; i++) {
        enum commit_fate one = read_part(&rows[i], db_result(db, 0));

        *fate = i == 0 || one == *fate ? one : COMMIT_FENCED;
        if (*fate == COMMIT_FENCED)
            return DB_OK;
    }
    return DB_OK;
}
