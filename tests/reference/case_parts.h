#ifndef METERD_REFERENCE_CASE_PARTS_H
#define METERD_REFERENCE_CASE_PARTS_H

/* What the files of the case generator share; users include case_gen.h only. */

#include "tests/reference/case_gen.h"

#define CASE_MINUTE_MS ((int64_t)60000)
#define CASE_HOUR_MS   ((int64_t)3600000)
#define CASE_DAY_MS    ((int64_t)86400000)
#define CASE_UNIT      ((int64_t)1000000)

/* A reading with its place in the order of arrival. */
struct case_pending {
    struct naive_entry entry;
    int64_t place;
};

struct case_maker {
    uint64_t state; /* of the random numbers */
    struct case_data *c;
    int64_t base; /* a civil midnight near which all happens */
    struct case_pending pending[CASE_LOG_MAX];
    int pending_count;
};

/* 0 .. end - 1; end > 0. */
int64_t case_below(struct case_maker *m, int64_t end);
bool case_chance(struct case_maker *m, int percent);
int64_t case_one_of(struct case_maker *m, const int64_t *choices, int count);

#define CASE_ONE_OF(m, ...)                                                                        \
    case_one_of((m), (const int64_t[]){__VA_ARGS__},                                               \
                (int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)))

/* case_registry.c: deployment, enterprises, points with their dated rows; no exchanges yet. */
void case_make_registry(struct case_maker *m, int point_count);

/* The nearest value that the door lets in. */
int64_t case_clamped(__int128 value);

/* case_readings.c: `count` readings of a point, in the order of time, and its exchanges. */
void case_make_readings(struct case_maker *m, int point, int count);

#endif
