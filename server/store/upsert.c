/* Rollup differences to INSERT ... SELECT unnest(...) ON CONFLICT DO UPDATE: one array a column, in
 * binary; sums go as decimal text because they may need more than 64 bits. */
#include "server/store/upsert.h"

#define ROLLUP_UPSERT(table, owner, column, value)                                                 \
    "insert into meterd." table " as t (" owner ", item, " column ", quantity, estimated,"         \
    " readings, late, suspect, revision, changed_at)"                                              \
    " select u.owner, u.item, " value ", u.quantity::numeric, u.estimated::numeric,"               \
    " u.readings, u.late, u.suspect, 1, meterd.at_ms(u.changed)"                                   \
    " from unnest($1::int4[], $2::int4[], $3::int8[], $4::text[], $5::text[], $6::int8[],"         \
    " $7::int8[], $8::int8[], $9::int8[])"                                                         \
    " as u (owner, item, slot, quantity, estimated, readings, late, suspect, changed)"             \
    " on conflict (" owner ", item, " column ") do update set"                                     \
    " quantity = t.quantity + excluded.quantity, estimated = t.estimated + excluded.estimated,"    \
    " readings = t.readings + excluded.readings, late = t.late + excluded.late,"                   \
    " suspect = t.suspect + excluded.suspect, revision = t.revision + 1,"                          \
    " changed_at = greatest(t.changed_at, excluded.changed_at)"

/* The start of a civil day, in ms UTC, is a whole number of days after civil 1970-01-01. */
#define DAY_OF_START                                                                               \
    "date '1970-01-01'"                                                                            \
    " + ((u.slot + (select utc_offset_ms from meterd.deployment)) / 86400000)::int4"
#define SLOT_OF_START "meterd.at_ms(u.slot)"

static const char *const rollup_sql[] = {
    [UPSERT_ENTERPRISE_SLOT] =
        ROLLUP_UPSERT("rollup_enterprise_slot", "enterprise", "slot", SLOT_OF_START),
    [UPSERT_ENTERPRISE_DAY] =
        ROLLUP_UPSERT("rollup_enterprise_day", "enterprise", "day", DAY_OF_START),
    [UPSERT_AREA_SLOT] = ROLLUP_UPSERT("rollup_area_slot", "area", "slot", SLOT_OF_START),
    [UPSERT_AREA_DAY] = ROLLUP_UPSERT("rollup_area_day", "area", "day", DAY_OF_START),
};

static uint32_t
chunk_of(uint32_t count)
{
    return count < UPSERT_ROWS_MAX ? count : UPSERT_ROWS_MAX;
}

enum db_class
upsert_rollups(struct db *db, struct params *p, enum upsert_table table,
               const struct tx_rollup *rows, uint32_t count)
{
    while (count > 0) {
        uint32_t n = chunk_of(count);
        enum db_class c;

        params_clear(p);
        COLUMN_I32(p, n, rows[i].owner);
        COLUMN_I32(p, n, rows[i].item);
        COLUMN_I64(p, n, rows[i].slot_ms);
        COLUMN_I128(p, n, rows[i].quantity);
        COLUMN_I128(p, n, rows[i].estimated);
        COLUMN_I64(p, n, rows[i].readings);
        COLUMN_I64(p, n, rows[i].late);
        COLUMN_I64(p, n, rows[i].suspect);
        COLUMN_I64(p, n, rows[i].changed_at_ms);
        if ((c = db_send(db, rollup_sql[table], p)) != DB_OK)
            return c;
        rows += n;
        count -= n;
    }
    return DB_OK;
}

enum db_class
upsert_arrivals(struct db *db, struct params *p, const struct tx_arrivals *rows, uint32_t count)
{
    while (count > 0) {
        uint32_t n = chunk_of(count);
        enum db_class c;

        params_clear(p);
        COLUMN_I32(p, n, rows[i].enterprise);
        COLUMN_I32(p, n, rows[i].day);
        COLUMN_I64(p, n, rows[i].received);
        COLUMN_I64(p, n, rows[i].counted);
        COLUMN_I64(p, n, rows[i].superseding);
        COLUMN_I64(p, n, rows[i].repeated);
        COLUMN_I64(p, n, rows[i].quarantined);
        COLUMN_I64(p, n, rows[i].late);
        COLUMN_I64(p, n, rows[i].suspect);
        COLUMN_I64(p, n, rows[i].unregistered);
        c = db_send(db,
                    "insert into meterd.enterprise_day as t (enterprise, day, received, counted,"
                    " superseding, repeated, quarantined, late, suspect, unregistered)"
                    " select u.e, date '1970-01-01' + u.d, u.a, u.b, u.c, u.f, u.g, u.h, u.i, u.j"
                    " from unnest($1::int4[], $2::int4[], $3::int8[], $4::int8[], $5::int8[],"
                    " $6::int8[], $7::int8[], $8::int8[], $9::int8[], $10::int8[])"
                    " as u (e, d, a, b, c, f, g, h, i, j)"
                    " on conflict (enterprise, day) do update set"
                    " received = t.received + excluded.received,"
                    " counted = t.counted + excluded.counted,"
                    " superseding = t.superseding + excluded.superseding,"
                    " repeated = t.repeated + excluded.repeated,"
                    " quarantined = t.quarantined + excluded.quarantined,"
                    " late = t.late + excluded.late, suspect = t.suspect + excluded.suspect,"
                    " unregistered = t.unregistered + excluded.unregistered",
                    p);
        if (c != DB_OK)
            return c;
        rows += n;
        count -= n;
    }
    return DB_OK;
}
