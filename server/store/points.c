/* Rows of points. A statement takes many segments at once, though each has arrays of its own
 * length: the readings of all go as one long array a column, and SQL cuts each row's piece out of
 * it by where it begins and how many there are. A cut costs what it copies, wherever it is. */
#include "server/store/points.h"

#include <assert.h>
#include <string.h>

#include "server/store/result.h"

#define ROWS_MAX     10000
#define SEGMENTS_MAX 500 /* a statement: 32,000 readings, about 1.3 MB */

static uint32_t
chunk_of(uint32_t count, uint32_t max)
{
    return count < max ? count : max;
}

/* --- Out. ----------------------------------------------------------------------------------------
 */

/* Four parameters: has a, its time and value are 0 when there is none; then, for all rows, how many
 * are held, and the held times and values at HELD_MAX places a row. */
#define STATE_COLUMNS(p, n, state)                                                                 \
    do {                                                                                           \
        COLUMN_I16(p, n, rows[i].state.has_a);                                                     \
        COLUMN_I64(p, n, rows[i].state.a_t_ms);                                                    \
        COLUMN_I64(p, n, rows[i].state.a_value);                                                   \
        COLUMN_I16(p, n, rows[i].state.held_count);                                                \
        COLUMN_I64(p, (n)*HELD_MAX, rows[i / HELD_MAX].state.held_t_ms[i % HELD_MAX]);             \
        COLUMN_I64(p, (n)*HELD_MAX, rows[i / HELD_MAX].state.held_value[i % HELD_MAX]);            \
    } while (0)
/* What SQL makes of them: u.nr counts the rows from 1. */
#define STATE_A "case when u.has_a = 1 then u.a_t end, case when u.has_a = 1 then u.a_v end"
#define STATE_HELD(times, values)                                                                  \
    "(" times "::int8[])[u.nr * 3 - 2 : u.nr * 3 - 3 + u.held], "                                  \
    "(" values "::int8[])[u.nr * 3 - 2 : u.nr * 3 - 3 + u.held]"
_Static_assert(HELD_MAX == 3, "the statements know how many are held at most");

enum db_class
points_send_states(struct db *db, struct params *p, const struct tx_point *rows, uint32_t count)
{
    while (count > 0) {
        uint32_t n = chunk_of(count, ROWS_MAX);
        enum db_class c;

        params_clear(p);
        COLUMN_I32(p, n, rows[i].point);
        COLUMN_I32(p, n, rows[i].partition);
        COLUMN_I64(p, n, rows[i].applied_offset);
        COLUMN_I64(p, n, rows[i].revision);
        COLUMN_I32(p, n, rows[i].fold_version);
        COLUMN_I16(p, n, rows[i].has_last_t);
        COLUMN_I64(p, n, rows[i].last_t_ms);
        STATE_COLUMNS(p, n, state);
        c = db_send(
            db,
            "insert into meterd.point_state (" POINTS_STATE_COLUMNS ")"
            " select u.point, u.part, u.applied, u.revision, u.fold_version,"
            " case when u.has_last = 1 then u.last_t end, " STATE_A ", " STATE_HELD(
                "$12",
                "$13") " from unnest($1::int4[], $2::int4[], $3::int8[], $4::int8[], $5::int4[],"
                       " $6::int2[], $7::int8[], $8::int2[], $9::int8[], $10::int8[], $11::int2[])"
                       " with ordinality as u (point, part, applied, revision, fold_version, "
                       "has_last,"
                       " last_t, has_a, a_t, a_v, held, nr)"
                       " on conflict (point) do update set part = excluded.part,"
                       " applied_offset = excluded.applied_offset, revision = excluded.revision,"
                       " fold_version = excluded.fold_version, last_t = excluded.last_t,"
                       " a_t = excluded.a_t, a_v = excluded.a_v, held_t = excluded.held_t,"
                       " held_v = excluded.held_v",
            p);
        if (c != DB_OK)
            return c;
        rows += n;
        count -= n;
    }
    return DB_OK;
}

enum db_class
points_send_segment_deletes(struct db *db, struct params *p, const struct tx_segment_key *rows,
                            uint32_t count)
{
    while (count > 0) {
        uint32_t n = chunk_of(count, ROWS_MAX);
        enum db_class c;

        params_clear(p);
        COLUMN_I32(p, n, rows[i].point);
        COLUMN_I64(p, n, rows[i].first_t_ms);
        c = db_send(db,
                    "delete from meterd.reading_segment s"
                    " using unnest($1::int4[], $2::int8[]) as u (point, first_t)"
                    " where s.point = u.point and s.first_t = u.first_t",
                    p);
        if (c != DB_OK)
            return c;
        rows += n;
        count -= n;
    }
    return DB_OK;
}

/* One long array of the readings of n segments. */
#define READINGS_COLUMN(type, put, value)                                                          \
    do {                                                                                           \
        params_array(p, type);                                                                     \
        for (uint32_t s = 0; s < n; s++)                                                           \
            for (int32_t r = 0; r < rows[s].count; r++)                                            \
                put(p, value);                                                                     \
        params_array_end(p);                                                                       \
    } while (0)

static void
fill_segments(struct params *p, const struct tx_segment *rows, uint32_t n)
{
    int32_t begin = 1; /* SQL counts from 1 */

    params_clear(p);
    COLUMN_I32(p, n, rows[i].point);
    COLUMN_I64(p, n, rows[i].first_t_ms);
    COLUMN_I64(p, n, rows[i].last_t_ms);
    params_array(p, PARAM_I32);
    for (uint32_t i = 0; i < n; i++) {
        assert(rows[i].count >= 1);
        assert(rows[i].count <= SEGMENT_READINGS_MAX);
        params_put_i32(p, begin);
        begin += rows[i].count;
    }
    params_array_end(p);
    COLUMN_I32(p, n, rows[i].count);
    COLUMN_I16(p, n, rows[i].all_good);
    STATE_COLUMNS(p, n, before);
    READINGS_COLUMN(PARAM_I32, params_put_i32, rows[s].offset_ms[r]);
    READINGS_COLUMN(PARAM_I64, params_put_i64, rows[s].value[r]);
    READINGS_COLUMN(PARAM_I64, params_put_i64, rows[s].received_at_ms[r]);
    READINGS_COLUMN(PARAM_I16, params_put_i16, rows[s].quality[r]);
}

enum db_class
points_send_segments(struct db *db, struct params *p, const struct tx_segment *rows, uint32_t count)
{
    while (count > 0) {
        uint32_t n = chunk_of(count, SEGMENTS_MAX);
        enum db_class c;

        fill_segments(p, rows, n);
        c = db_send(
            db,
            "insert into meterd.reading_segment (" POINTS_SEGMENT_COLUMNS ")"
            " select u.point, u.first_t, u.last_t,"
            " ($13::int4[])[u.b : u.b + u.n - 1], ($14::int8[])[u.b : u.b + u.n - 1],"
            " ($15::int8[])[u.b : u.b + u.n - 1],"
            " case when u.good = 0 then ($16::int2[])[u.b : u.b + u.n - 1] end,"
            " " STATE_A ", " STATE_HELD(
                "$11",
                "$12") " from unnest($1::int4[], $2::int8[], $3::int8[], $4::int4[], $5::int4[],"
                       " $6::int2[], $7::int2[], $8::int8[], $9::int8[], $10::int2[])"
                       " with ordinality as u (point, first_t, last_t, b, n, good, has_a, a_t, a_v,"
                       " held, nr)"
                       " on conflict (point, first_t) do update set last_t = excluded.last_t,"
                       " offset_ms = excluded.offset_ms, value = excluded.value,"
                       " received = excluded.received, quality = excluded.quality,"
                       " a_t = excluded.a_t, a_v = excluded.a_v, held_t = excluded.held_t,"
                       " held_v = excluded.held_v",
            p);
        if (c != DB_OK)
            return c;
        rows += n;
        count -= n;
    }
    return DB_OK;
}

/* --- In. -----------------------------------------------------------------------------------------
 */

/* Columns a_t, a_v, held_t, held_v from column on. */
static void
read_fold_state(const PGresult *res, int row, int column, struct tx_state *out)
{
    uint32_t values;

    memset(out, 0, sizeof *out);
    out->has_a = !result_is_null(res, row, column);
    out->a_t_ms = result_i64(res, row, column, 0);
    out->a_value = result_i64(res, row, column + 1, 0);
    out->held_count = (uint8_t)result_i64_array(res, row, column + 2, out->held_t_ms, HELD_MAX);
    values = result_i64_array(res, row, column + 3, out->held_value, HELD_MAX);
    assert(values == out->held_count);
}

void
points_read_state(const PGresult *res, int row, struct tx_point *out)
{
    out->point = (uint32_t)result_i32(res, row, 0);
    out->partition = (uint32_t)result_i32(res, row, 1);
    out->applied_offset = result_i64(res, row, 2, 0);
    out->revision = result_i64(res, row, 3, 0);
    out->fold_version = result_i32(res, row, 4);
    out->has_last_t = !result_is_null(res, row, 5);
    out->last_t_ms = result_i64(res, row, 5, 0);
    read_fold_state(res, row, 6, &out->state);
}

void
points_read_segment(const PGresult *res, int row, struct tx_segment *out)
{
    int16_t quality[SEGMENT_READINGS_MAX];
    uint32_t count, values, received, qualities;

    out->point = (uint32_t)result_i32(res, row, 0);
    out->first_t_ms = result_i64(res, row, 1, 0);
    out->last_t_ms = result_i64(res, row, 2, 0);
    count = result_i32_array(res, row, 3, out->offset_ms, SEGMENT_READINGS_MAX);
    values = result_i64_array(res, row, 4, out->value, SEGMENT_READINGS_MAX);
    received = result_i64_array(res, row, 5, out->received_at_ms, SEGMENT_READINGS_MAX);
    assert(count >= 1);
    assert(values == count);
    assert(received == count);
    out->count = (int32_t)count;
    out->all_good = result_is_null(res, row, 6);
    qualities = result_i16_array(res, row, 6, quality, SEGMENT_READINGS_MAX);
    assert(out->all_good || qualities == count);
    for (uint32_t i = 0; i < count; i++)
        out->quality[i] = out->all_good ? 0 : (uint8_t)quality[i];
    read_fold_state(res, row, 7, &out->before);
}

void
points_read_inbox(const PGresult *res, int row, struct tx_inbox *out)
{
    out->partition = (uint32_t)result_i32(res, row, 0);
    out->point = (uint32_t)result_i32(res, row, 1);
    out->log_offset = result_i64(res, row, 2, 0);
    out->idx = result_i32(res, row, 3);
    out->t_ms = result_i64(res, row, 4, 0);
    out->value = result_i64(res, row, 5, 0);
    out->quality = (uint8_t)result_i16(res, row, 6);
    out->received_at_ms = result_i64(res, row, 7, 0);
}
