/* Civil time of the deployment: slots, days, periods. Fixed offset, no time zones (semantics 3).
 * Pure; floors toward minus infinity everywhere. */
#ifndef METERD_ROLLUP_CALENDAR_H
#define METERD_ROLLUP_CALENDAR_H

#include <stdint.h>

#include "server/base/directory.h"

#define DAY_MS 86400000LL

/* floor(a / b), b > 0. */
int64_t floor_div(int64_t a, int64_t b);
__int128 floor_div128(__int128 a, __int128 b);

int64_t slot_start(const struct deployment *dep, int64_t t_ms);
/* The civil day as days since 1970-01-01 (civil). */
int32_t civil_day(const struct deployment *dep, int64_t t_ms);
int64_t civil_day_start(const struct deployment *dep, int32_t day);

/* The boundary of the period at or before t_ms, and the boundary n periods later. Periods in ms
 * are multiples counted from civil 1970-01-01 00:00; months and years are civil. */
int64_t period_start(const struct deployment *dep, struct period p, int64_t t_ms);
int64_t period_add(const struct deployment *dep, struct period p, int64_t boundary_ms, int n);

#endif
