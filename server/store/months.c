/* Month partitions. A bit a month for each partitioned table says that its partition is known to
 * be there; only the others cost a round trip, nearly always none. */
#include "server/store/months.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS_UTC   86400000LL
#define MONTHS_COUNT (12 * 10000) /* years 0 to 9999 */
#define ASKED_MAX    24           /* partitions made in one transaction */

enum table { ENTERPRISE_SLOT, AREA_SLOT, SEGMENT, TABLE_COUNT };

static const char *const table_names[TABLE_COUNT] = {
    [ENTERPRISE_SLOT] = "rollup_enterprise_slot",
    [AREA_SLOT] = "rollup_area_slot",
    [SEGMENT] = "reading_segment",
};

struct wanted {
    enum table table;
    int32_t month;
};

struct months {
    bool known[TABLE_COUNT][MONTHS_COUNT];
    uint32_t wanted_count;
    struct wanted wanted[ASKED_MAX];
};

struct months *
months_new(void)
{
    struct months *m = calloc(1, sizeof *m);

    if (m == NULL)
        abort();
    return m;
}

void
months_free(struct months *m)
{
    free(m);
}

void
months_forget(struct months *m)
{
    memset(m->known, 0, sizeof m->known);
}

/* The proleptic Gregorian calendar, counting years from March so that the leap day is the last. */
int32_t
month_of(int64_t t_ms)
{
    int64_t day = t_ms / DAY_MS_UTC - (t_ms % DAY_MS_UTC < 0);
    int64_t since = day + 719468; /* days since 0000-03-01 */
    int64_t era = (since >= 0 ? since : since - 146096) / 146097;
    int64_t of_era = since - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* 0: March */

    return (int32_t)((year + era * 400) * 12 + month + 2);
}

static enum db_class
ask(struct months *m, struct db *db, struct params *p)
{
    enum db_class c;

    if (m->wanted_count == 0)
        return DB_OK;
    for (uint32_t i = 0; i < m->wanted_count; i++) {
        const struct wanted *w = &m->wanted[i];

        params_clear(p);
        params_text(p, span_text(table_names[w->table]));
        params_i32(p, w->month / 12);
        params_i32(p, w->month % 12 + 1);
        c = db_send(db, "select meterd.ensure_month($1, make_date($2, $3, 1))", p);
        if (c != DB_OK)
            return c;
    }
    if ((c = db_run(db)) != DB_OK)
        return c;
    for (uint32_t i = 0; i < m->wanted_count; i++)
        m->known[m->wanted[i].table][m->wanted[i].month] = true;
    m->wanted_count = 0;
    return DB_OK;
}

static enum db_class
want(struct months *m, struct db *db, struct params *p, struct wanted w)
{
    assert(w.month >= 12);
    assert(w.month < MONTHS_COUNT);
    if (m->known[w.table][w.month])
        return DB_OK;
    for (uint32_t i = 0; i < m->wanted_count; i++)
        if (m->wanted[i].table == w.table && m->wanted[i].month == w.month)
            return DB_OK;
    m->wanted[m->wanted_count++] = w;
    return m->wanted_count == ASKED_MAX ? ask(m, db, p) : DB_OK;
}

enum db_class
months_ensure(struct months *m, struct db *db, struct params *p, const struct transaction *tx)
{
    enum db_class c = DB_OK;

    m->wanted_count = 0;
    for (uint32_t i = 0; i < tx->enterprise_slots.count && c == DB_OK; i++)
        c = want(m, db, p,
                 (struct wanted){ENTERPRISE_SLOT, month_of(tx->enterprise_slots.at[i].slot_ms)});
    for (uint32_t i = 0; i < tx->area_slots.count && c == DB_OK; i++)
        c = want(m, db, p, (struct wanted){AREA_SLOT, month_of(tx->area_slots.at[i].slot_ms)});
    for (uint32_t i = 0; i < tx->segments.count && c == DB_OK; i++)
        c = want(m, db, p, (struct wanted){SEGMENT, month_of(tx->segments.at[i].first_t_ms)});
    return c == DB_OK ? ask(m, db, p) : c;
}
