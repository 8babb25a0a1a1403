/* Derived rows are made by writing one row per contribution, sorting, and adding neighbours up:
 * simple, and the order is the one the database's locks need anyway. */
#include "server/rollup/areas.h"

#include <assert.h>
#include <stdlib.h>

#include "server/rollup/calendar.h"

static int
compare_rows(const void *left, const void *right)
{
    const struct tx_rollup *a = left, *b = right;

    if (a->owner != b->owner)
        return a->owner < b->owner ? -1 : 1;
    if (a->item != b->item)
        return a->item < b->item ? -1 : 1;
    return (a->slot_ms > b->slot_ms) - (a->slot_ms < b->slot_ms);
}

static bool
says_nothing(const struct tx_rollup *r)
{
    return r->quantity == 0 && r->estimated == 0 && r->readings == 0 && r->late == 0 &&
           r->suspect == 0;
}

static void
add_row(struct tx_rollup *to, const struct tx_rollup *r)
{
    to->quantity += r->quantity;
    to->estimated += r->estimated;
    to->readings += r->readings;
    to->late += r->late;
    to->suspect += r->suspect;
    if (to->changed_at_ms < r->changed_at_ms)
        to->changed_at_ms = r->changed_at_ms;
}

/* Returns how many rows are left. */
static uint32_t
sort_and_add(struct tx_rollup *rows, uint32_t count)
{
    uint32_t kept = 0;

    if (count > 1)
        qsort(rows, count, sizeof *rows, compare_rows);
    for (uint32_t i = 0; i < count;) {
        struct tx_rollup sum = rows[i++];
        while (i < count && compare_rows(&sum, &rows[i]) == 0)
            add_row(&sum, &rows[i++]);
        if (!says_nothing(&sum))
            rows[kept++] = sum;
    }
    return kept;
}

static void
derive_days(struct transaction *tx, const struct deployment *dep)
{
    for (uint32_t i = 0; i < tx->enterprise_slots.count; i++) {
        struct tx_rollup *day = TX_APPEND(&tx->enterprise_days);
        *day = tx->enterprise_slots.at[i];
        day->slot_ms = civil_day_start(dep, civil_day(dep, day->slot_ms));
    }
    tx->enterprise_days.count = sort_and_add(tx->enterprise_days.at, tx->enterprise_days.count);
}

static void
add_to_area(struct transaction *tx, const struct tx_rollup *slot, uint32_t area,
            const struct deployment *dep)
{
    struct tx_rollup *row = TX_APPEND(&tx->area_slots);
    *row = *slot;
    row->owner = area;

    row = TX_APPEND(&tx->area_days);
    *row = *slot;
    row->owner = area;
    row->slot_ms = civil_day_start(dep, civil_day(dep, slot->slot_ms));
}

void
areas_derive(struct transaction *tx, const struct directory *dir)
{
    const struct deployment *dep = directory_deployment(dir);

    tx->enterprise_slots.count = sort_and_add(tx->enterprise_slots.at, tx->enterprise_slots.count);
    derive_days(tx, dep);
    for (uint32_t i = 0; i < tx->enterprise_slots.count; i++) {
        const struct tx_rollup *slot = &tx->enterprise_slots.at[i];
        const struct enterprise *e = directory_enterprise(dir, slot->owner);
        assert(e != NULL);
        const struct area_span *a = enterprise_areas_at(e, slot->slot_ms);

        add_to_area(tx, slot, a->park_area, dep);
        add_to_area(tx, slot, a->prefecture_area, dep);
        add_to_area(tx, slot, dep->province_area, dep);
    }
    tx->area_slots.count = sort_and_add(tx->area_slots.at, tx->area_slots.count);
    tx->area_days.count = sort_and_add(tx->area_days.at, tx->area_days.count);
}
