#ifndef METERD_REFERENCE_CASE_GEN_H
#define METERD_REFERENCE_CASE_GEN_H

/*
 * Random small cases for the rollup: a registry, and a log of some 10 to 80 arrivals in an order
 * between in-order and fully shuffled, with repeats, corrections, withdrawals and points that are
 * registered half-way. The same seed gives the same case on every machine.
 *
 * Every case is one a real meterd could have received: readings that the door would refuse are
 * not in it (naive_is_refused is false of each), received_at mostly rises along the log (small
 * steps back occur). Exchanges are known from the registration of their point on, even those at
 * times later than what has arrived by then.
 */

#include "tests/reference/naive.h"

#include <stdint.h>
#include <stdio.h>

#define CASE_ENTERPRISES_MAX 2
#define CASE_POINTS_MAX      4
#define CASE_AREAS_MAX       4 /* dated rows of one enterprise */
#define CASE_ROWS_MAX        4 /* dated attribute rows of one point */
#define CASE_EXCHANGES_MAX   3 /* of one point */
#define CASE_LOG_MAX         256
#define CASE_ITEMS           3 /* items are 1 .. CASE_ITEMS */

/* `input` points into the arrays that follow it: a case must not be copied or moved. The log may
 * be shortened in place to shrink a failing case (keep each NAIVE_REGISTERS). */
struct case_data {
    uint64_t seed;
    struct naive_input input;
    struct naive_enterprise enterprises[CASE_ENTERPRISES_MAX];
    struct naive_area areas[CASE_ENTERPRISES_MAX][CASE_AREAS_MAX];
    struct naive_point points[CASE_POINTS_MAX];
    struct naive_attributes rows[CASE_POINTS_MAX][CASE_ROWS_MAX];
    struct naive_exchange exchanges[CASE_POINTS_MAX][CASE_EXCHANGES_MAX];
    struct naive_entry log[CASE_LOG_MAX];
};

/* Fills *out from nothing but the seed. */
void case_generate(uint64_t seed, struct case_data *out);

/* The whole case in words, for a failure report. */
void case_print(const struct case_data *c, FILE *out);

#endif
