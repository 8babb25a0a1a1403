#ifndef METERD_REFERENCE_ONE_POINT_H
#define METERD_REFERENCE_ONE_POINT_H

/* A fixture for tests of the definition: one enterprise with one counted register of 15 minutes,
 * in a deployment of 15-minute slots at UTC+8; a test changes what it is about. */

#include "tests/reference/naive_parts.h"

#define MINUTE_MS ((int64_t)60000)
#define UNIT      ((int64_t)1000000)
#define MIDNIGHT  INT64_C(1772294400000) /* 2026-03-01T00:00:00+08:00 */
#define ITEM      1
#define LOG_MAX   32

extern struct naive_attributes row; /* the point's only one, unless a test gives others */
extern struct naive_exchange exchange;
extern struct naive_point point;
extern struct naive_entry entries[LOG_MAX];
extern size_t entry_count;
extern struct naive_result result;

/* Check's fixture functions. */
void one_point_start(void);
void one_point_finish(void);

/* Minutes and hours after MIDNIGHT, also beyond 24. */
int64_t at(int hour, int minute);
void give_micro(int64_t t, int64_t value, enum naive_quality quality);
void give(int64_t t, int64_t units);
void compute(void);

/* Of the last compute. */
struct naive_counts counts_at(int64_t slot);
int64_t quantity_at(int64_t slot);
struct naive_counts total(void);

#endif
