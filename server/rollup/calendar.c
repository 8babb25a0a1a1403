/* Civil time with a fixed offset: every function shifts to the civil clock, floors, shifts back. */
#include "server/rollup/calendar.h"

#include <assert.h>

#include "proto/timestamp.h"

int64_t
floor_div(int64_t a, int64_t b)
{
    assert(b > 0);
    int64_t q = a / b;
    return q - (a % b < 0);
}

__int128
floor_div128(__int128 a, __int128 b)
{
    assert(b > 0);
    /* Nearly all operands fit 64 bits, where division is several times cheaper. */
    if (a == (int64_t)a && b == (int64_t)b)
        return floor_div((int64_t)a, (int64_t)b);
    __int128 q = a / b;
    return q - (a % b < 0);
}

int64_t
slot_start(const struct deployment *dep, int64_t t_ms)
{
    int64_t civil = t_ms + dep->utc_offset_ms;
    return floor_div(civil, dep->slot_ms) * dep->slot_ms - dep->utc_offset_ms;
}

int32_t
civil_day(const struct deployment *dep, int64_t t_ms)
{
    return (int32_t)floor_div(t_ms + dep->utc_offset_ms, DAY_MS);
}

int64_t
civil_day_start(const struct deployment *dep, int32_t day)
{
    return day * DAY_MS - dep->utc_offset_ms;
}

/* Months are numbered from year 0, so that a period of 12 begins in January. */
static int64_t
month_number(const struct deployment *dep, int64_t t_ms)
{
    struct civil_date d = civil_from_days(civil_day(dep, t_ms));
    return (int64_t)d.year * 12 + d.month - 1;
}

static int64_t
month_start(const struct deployment *dep, int64_t number)
{
    int64_t year = floor_div(number, 12);
    unsigned month = (unsigned)(number - year * 12) + 1;
    return timestamp_from_civil((int32_t)year, month, 1) - dep->utc_offset_ms;
}

int64_t
period_start(const struct deployment *dep, struct period p, int64_t t_ms)
{
    if (p.months > 0)
        return month_start(dep, floor_div(month_number(dep, t_ms), p.months) * p.months);
    assert(p.ms > 0);
    return floor_div(t_ms + dep->utc_offset_ms, p.ms) * p.ms - dep->utc_offset_ms;
}

int64_t
period_add(const struct deployment *dep, struct period p, int64_t boundary_ms, int n)
{
    if (p.months > 0)
        return month_start(dep, month_number(dep, boundary_ms) + (int64_t)n * p.months);
    return boundary_ms + n * p.ms;
}
