/* Rows of readings outside the segments: late ones that wait, ones that were replaced, ones that
 * were refused. The second half of points.h. */
#include "server/store/points.h"

#define ROWS_MAX 10000

static uint32_t
chunk_of(uint32_t count)
{
    return count < ROWS_MAX ? count : ROWS_MAX;
}

enum db_class
points_send_inbox_deletes(struct db *db, struct params *p, const struct tx_inbox_key *rows,
                          uint32_t count)
{
    while (count > 0) {
        uint32_t n = chunk_of(count);
        enum db_class c;

        params_clear(p);
        COLUMN_I32(p, n, rows[i].partition);
        COLUMN_I32(p, n, rows[i].point);
        COLUMN_I64(p, n, rows[i].log_offset);
        COLUMN_I32(p, n, rows[i].idx);
        c = db_send(db,
                    "delete from meterd.reading_inbox r"
                    " using unnest($1::int4[], $2::int4[], $3::int8[], $4::int4[])"
                    " as u (part, point, log_offset, idx)"
                    " where r.part = u.part and r.point = u.point"
                    " and r.log_offset = u.log_offset and r.idx = u.idx",
                    p);
        if (c != DB_OK)
            return c;
        rows += n;
        count -= n;
    }
    return DB_OK;
}

enum db_class
points_send_inbox(struct db *db, struct params *p, const struct tx_inbox *rows, uint32_t count)
{
    while (count > 0) {
        uint32_t n = chunk_of(count);
        enum db_class c;

        params_clear(p);
        COLUMN_I32(p, n, rows[i].partition);
        COLUMN_I32(p, n, rows[i].point);
        COLUMN_I64(p, n, rows[i].log_offset);
        COLUMN_I32(p, n, rows[i].idx);
        COLUMN_I64(p, n, rows[i].t_ms);
        COLUMN_I64(p, n, rows[i].value);
        COLUMN_I16(p, n, rows[i].quality);
        COLUMN_I64(p, n, rows[i].received_at_ms);
        c = db_send(db,
                    "insert into meterd.reading_inbox (" POINTS_INBOX_COLUMNS ")"
                    " select * from unnest($1::int4[], $2::int4[], $3::int8[], $4::int4[],"
                    " $5::int8[], $6::int8[], $7::int2[], $8::int8[])",
                    p);
        if (c != DB_OK)
            return c;
        rows += n;
        count -= n;
    }
    return DB_OK;
}

enum db_class
points_send_superseded(struct db *db, struct params *p, const struct tx_superseded *rows,
                       uint32_t count)
{
    while (count > 0) {
        uint32_t n = chunk_of(count);
        enum db_class c;

        params_clear(p);
        COLUMN_I32(p, n, rows[i].point);
        COLUMN_I64(p, n, rows[i].t_ms);
        COLUMN_I64(p, n, rows[i].value);
        COLUMN_I16(p, n, rows[i].quality);
        COLUMN_I64(p, n, rows[i].received_at_ms);
        COLUMN_I64(p, n, rows[i].replaced_at_ms);
        c = db_send(db,
                    "insert into meterd.reading_superseded"
                    " (point, t, value, quality, received, replaced)"
                    " select * from unnest($1::int4[], $2::int8[], $3::int8[], $4::int2[],"
                    " $5::int8[], $6::int8[])",
                    p);
        if (c != DB_OK)
            return c;
        rows += n;
        count -= n;
    }
    return DB_OK;
}

enum db_class
points_send_quarantine(struct db *db, struct params *p, const struct tx_quarantine *rows,
                       uint32_t count)
{
    while (count > 0) {
        uint32_t n = chunk_of(count);
        enum db_class c;

        params_clear(p);
        COLUMN_I32(p, n, rows[i].enterprise);
        COLUMN_I32(p, n, rows[i].gateway);
        COLUMN_I64(p, n, rows[i].received_at_ms);
        COLUMN_TEXT(p, n, rows[i].point_name);
        COLUMN_TEXT(p, n, rows[i].t_text);
        COLUMN_TEXT(p, n, rows[i].value_text);
        COLUMN_TEXT(p, n, rows[i].code);
        COLUMN_TEXT(p, n, rows[i].detail);
        c = db_send(db,
                    "insert into meterd.quarantine (enterprise, gateway, received_at, point,"
                    " t_text, value_text, code, detail)"
                    " select u.e, nullif(u.g, 0), meterd.at_ms(u.r), u.p, u.t, u.v, u.c, u.d"
                    " from unnest($1::int4[], $2::int4[], $3::int8[], $4::text[], $5::text[],"
                    " $6::text[], $7::text[], $8::text[]) as u (e, g, r, p, t, v, c, d)",
                    p);
        if (c != DB_OK)
            return c;
        rows += n;
        count -= n;
    }
    return DB_OK;
}
