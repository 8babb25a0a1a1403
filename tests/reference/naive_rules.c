/*
 * Single sentences of the definition of a rollup, each a function: the civil clock, the moved t
 * of interval readings, dated attributes, the factor, and which readings are usable.
 */

#include "tests/reference/naive_parts.h"

#include <assert.h>

__int128
naive_floor_div(__int128 a, __int128 b)
{
    assert(b > 0);
    __int128 q = a / b;

    return a % b < 0 ? q - 1 : q;
}

/* The multiple of `length` civil milliseconds since 1970 at or before t, as UTC. */
static int64_t
civil_floor(const struct naive_deployment *d, int64_t t, int64_t length)
{
    return (int64_t)naive_floor_div(t + d->utc_offset_ms, length) * length - d->utc_offset_ms;
}

int64_t
naive_slot_start(const struct naive_deployment *d, int64_t t)
{
    assert(d->slot_ms > 0 && DAY_MS % d->slot_ms == 0);
    return civil_floor(d, t, d->slot_ms);
}

int64_t
naive_day_start(const struct naive_deployment *d, int64_t t)
{
    return civil_floor(d, t, DAY_MS);
}

static bool
is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t
days_of_month(int64_t month_number)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t month = month_number % 12;

    return days[month] + (month == 1 && is_leap(1970 + month_number / 12) ? 1 : 0);
}

/* Months are counted from January 1970, one by one; times before that do not occur. */
static void
civil_months(const struct naive_deployment *d, int months, int64_t t, int64_t *start, int64_t *end)
{
    int64_t day = (int64_t)naive_floor_div(t + d->utc_offset_ms, DAY_MS);
    int64_t first = 0;

    assert(months == 1 || months == 12);
    assert(day >= 0);
    for (int64_t month = 0;; month += months) {
        int64_t next = first;

        for (int i = 0; i < months; i++)
            next += days_of_month(month + i);
        if (day < next) {
            *start = first * DAY_MS - d->utc_offset_ms;
            *end = next * DAY_MS - d->utc_offset_ms;
            return;
        }
        first = next;
    }
}

void
naive_civil_period(const struct naive_deployment *d, const struct naive_point *p, int64_t t,
                   int64_t *start, int64_t *end)
{
    assert(p->kind == NAIVE_INTERVAL);
    if (p->period_months != 0) {
        civil_months(d, p->period_months, t, start, end);
        return;
    }
    assert(p->period_ms > 0);
    *start = civil_floor(d, t, p->period_ms);
    *end = *start + p->period_ms;
}

int64_t
naive_moved(const struct naive_deployment *d, const struct naive_point *p, int64_t t)
{
    int64_t start, end;

    naive_civil_period(d, p, t, &start, &end);
    if (end - t < 60000 && (end - t) * 10 < end - start)
        start = end; /* A clock a little early, a day stamped 23:59:59. */
    if (p->stamp_end)
        naive_civil_period(d, p, start - 1, &start, &end);
    return start;
}

static bool
is_withdrawn(const struct naive_attributes *row)
{
    return row->valid_to <= row->valid_from;
}

struct naive_attributes
naive_attributes_at(const struct naive_point *p, int64_t t)
{
    const struct naive_attributes *first = NULL, *valid = NULL;
    struct naive_attributes found;

    assert(p->row_count > 0);
    for (size_t i = 0; i < p->row_count; i++) {
        if (is_withdrawn(&p->rows[i]))
            continue;
        if (first == NULL)
            first = &p->rows[i];
        if (p->rows[i].valid_from <= t)
            valid = &p->rows[i];
    }
    if (valid != NULL)
        found = *valid;
    else
        found = first != NULL ? *first : p->rows[0];
    if (valid == NULL || t >= valid->valid_to)
        found.counted = false;
    return found;
}

int64_t
naive_next_change(const struct naive_point *p, int64_t t)
{
    int64_t next = NAIVE_FOR_EVER;

    for (size_t i = 0; i < p->row_count; i++) {
        const struct naive_attributes *row = &p->rows[i];

        if (is_withdrawn(row))
            continue;
        if (row->valid_from > t && row->valid_from < next)
            next = row->valid_from;
        if (row->valid_to > t && row->valid_to < next)
            next = row->valid_to;
    }
    return next;
}

__int128
naive_factored(const struct naive_attributes *a, __int128 v)
{
    assert(a->num > 0 && a->den > 0);
    return naive_floor_div(v * a->num, a->den);
}

bool
naive_is_usable(const struct naive_point *p, int64_t t, const struct naive_entry *e)
{
    const __int128 too_much = (__int128)1 << 63;
    struct naive_attributes a = naive_attributes_at(p, t);
    __int128 factored = naive_factored(&a, e->value);

    if (e->quality > NAIVE_MANUAL)
        return false;
    for (int i = 0; i < a.sentinel_count; i++) {
        if (e->value == a.sentinels[i])
            return false;
    }
    if (a.modulus != NAIVE_NONE && e->value >= a.modulus)
        return false;
    return factored < too_much && factored > -too_much;
}

const struct naive_area *
naive_area_at(const struct naive_enterprise *e, int64_t t)
{
    const struct naive_area *found = &e->areas[0];

    assert(e->area_count > 0);
    for (size_t i = 0; i < e->area_count; i++) {
        if (e->areas[i].valid_from <= t)
            found = &e->areas[i];
    }
    return found;
}

bool
naive_is_refused(const struct naive_deployment *d, const struct naive_entry *e)
{
    const int64_t value_end = INT64_C(4600000000000) * 1000000;

    return e->t > e->received_at + d->future_max_ms || e->t < e->received_at - d->past_max_ms ||
           e->value >= value_end || e->value <= -value_end;
}
