/* A course: how a cumulative value runs through time between two moments, and how its amounts fall
 * into slots (semantics 2.2, 2.3). Registers, intervals and rates all end here. Pure. */
#ifndef METERD_ROLLUP_COURSE_H
#define METERD_ROLLUP_COURSE_H

#include "server/rollup/fold.h"

/* v(x) = start_value + floor(rise * (x - from_ms) / span_ms) for from_ms <= x <= to_ms. */
struct course {
    int64_t from_ms;
    int64_t to_ms;
    int64_t span_ms; /* > 0; register: to - from; interval: the period; rate: one hour */
    __int128 start_value;
    __int128 rise;
    int64_t modulus; /* > 0: a rollover; F(v) above it is F(M) + F(v - M) */
    bool estimated;
    bool whole;      /* not spread: everything to the slot of to_ms - 1 */
};

/* F(v) = floor(v * num / den). */
__int128 factor_apply(const struct attr_span *a, __int128 value);

/* Emits the course's amounts, cut where the point's attributes change. */
void course_emit(const struct fold *f, const struct course *c);

#endif
