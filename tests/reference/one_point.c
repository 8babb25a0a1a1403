/* One point and what it sent; computed anew from its whole log whenever a test asks. */

#include "tests/reference/one_point.h"

#include <assert.h>

struct naive_attributes row;
struct naive_exchange exchange;
struct naive_point point;
struct naive_entry entries[LOG_MAX];
size_t entry_count;
struct naive_result result;

static const struct naive_area area = {NAIVE_SINCE_EVER, 530100, NAIVE_NO_PARK};
static const struct naive_enterprise enterprise = {&area, 1};

int64_t
at(int hour, int minute)
{
    return MIDNIGHT + (hour * 60 + minute) * MINUTE_MS;
}

void
one_point_start(void)
{
    row = (struct naive_attributes){
        .valid_from = NAIVE_SINCE_EVER,
        .valid_to = NAIVE_FOR_EVER,
        .item = ITEM,
        .nominal_ms = 15 * MINUTE_MS,
        .modulus = NAIVE_NONE,
        .max_rate = NAIVE_NONE,
        .num = 1,
        .den = 1,
        .sign = 1,
        .counted = true,
        .spread_max_ms = NAIVE_DEFAULT,
        .hold_max_ms = NAIVE_DEFAULT,
    };
    point = (struct naive_point){.kind = NAIVE_REGISTER,
                                 .period_ms = 15 * MINUTE_MS,
                                 .registered = true,
                                 .rows = &row,
                                 .row_count = 1};
    entry_count = 0;
}

void
one_point_finish(void)
{
    naive_result_fini(&result);
}

void
give_micro(int64_t t, int64_t value, enum naive_quality quality)
{
    assert(entry_count < LOG_MAX);
    entries[entry_count++] = (struct naive_entry){
        .kind = NAIVE_ARRIVES, .t = t, .value = value, .quality = quality, .received_at = t};
}

void
give(int64_t t, int64_t units)
{
    give_micro(t, units * UNIT, NAIVE_GOOD);
}

void
compute(void)
{
    struct naive_input in = {
        .deployment = {15 * MINUTE_MS, 8 * HOUR_MS, HOUR_MS, 10 * MINUTE_MS, 400 * DAY_MS},
        .enterprises = &enterprise,
        .enterprise_count = 1,
        .points = &point,
        .point_count = 1,
        .log = entries,
        .log_count = entry_count,
    };

    naive_result_fini(&result);
    naive_compute(&in, &result, NULL);
}

struct naive_counts
counts_at(int64_t slot)
{
    const struct naive_row *r = naive_rows_find(&result.slots[NAIVE_BY_ENTERPRISE], 0, ITEM, slot);

    return r != NULL ? r->counts : (struct naive_counts){0};
}

int64_t
quantity_at(int64_t slot)
{
    return (int64_t)counts_at(slot).quantity;
}

struct naive_counts
total(void)
{
    struct naive_counts sum = {0};

    for (size_t i = 0; i < result.slots[NAIVE_BY_ENTERPRISE].count; i++) {
        const struct naive_counts *c = &result.slots[NAIVE_BY_ENTERPRISE].row[i].counts;

        sum.quantity += c->quantity;
        sum.estimated += c->estimated;
        sum.readings += c->readings;
        sum.late += c->late;
        sum.suspect += c->suspect;
    }
    return sum;
}
