#ifndef METERD_REFERENCE_NAIVE_PARTS_H
#define METERD_REFERENCE_NAIVE_PARTS_H

/* What the files of the reference share among themselves; users include naive.h only. */

#include "tests/reference/naive.h"

#define HOUR_MS ((int64_t)3600000)
#define DAY_MS  ((int64_t)86400000)

/* naive_rules.c: single sentences of the definition. */
__int128 naive_floor_div(__int128 a, __int128 b);
int64_t naive_slot_start(const struct naive_deployment *d, int64_t t);
int64_t naive_day_start(const struct naive_deployment *d, int64_t t);
/* The civil period of an interval point that holds t: [*start, *end). */
void naive_civil_period(const struct naive_deployment *d, const struct naive_point *p, int64_t t,
                        int64_t *start, int64_t *end);
int64_t naive_moved(const struct naive_deployment *d, const struct naive_point *p, int64_t t);
/* The attributes valid at t; counted is false where the row does not count at t. */
struct naive_attributes naive_attributes_at(const struct naive_point *p, int64_t t);
/* The first moment after t at which an attribute may change; NAIVE_FOR_EVER when there is none. */
int64_t naive_next_change(const struct naive_point *p, int64_t t);
__int128 naive_factored(const struct naive_attributes *a, __int128 v);
bool naive_is_usable(const struct naive_point *p, int64_t t, const struct naive_entry *e);
const struct naive_area *naive_area_at(const struct naive_enterprise *e, int64_t t);

/* naive_set.c: the log -> current readings and superseded ones. */
void naive_make_set(const struct naive_input *in, struct naive_result *out);

/* The point being folded, and where its amounts go. */
struct naive_work {
    const struct naive_input *in;
    const struct naive_point *point;
    struct naive_reading *readings; /* of the point, in order of t */
    size_t reading_count;
    struct naive_rows *rows;
    FILE *trace;
};

/* naive_walk.c: verdicts and amounts of one register point. */
void naive_walk_register(struct naive_work *w);

/* naive_amounts.c */
struct naive_mark {
    int64_t t;
    int64_t value;
};

/* Rule 2 of semantics 2.1, by the attributes a. */
bool naive_is_rollover(const struct naive_attributes *a, struct naive_mark from,
                       struct naive_mark to);
/* floor(max_rate x (span + 60 000) / 3 600 000); max_rate must be known. */
__int128 naive_limit(const struct naive_attributes *a, int64_t span_ms);
/* The amount of an accepted step, judged by the attributes valid at judged_at. */
void naive_add_step(struct naive_work *w, struct naive_mark from, struct naive_mark to,
                    int64_t judged_at);
void naive_add_intervals(struct naive_work *w);
void naive_add_rates(struct naive_work *w);
/* readings, late and suspect of every reading, by its verdict. */
void naive_add_counts(struct naive_work *w);

/* naive_rows.c */
void naive_rows_add(struct naive_rows *rows, int area, int item, int64_t start,
                    const struct naive_counts *counts);
/* Sorts, adds up equal keys, drops rows that are all zero. */
void naive_rows_settle(struct naive_rows *rows);
/* The rows of areas and of days out of the rows of enterprises by slot. */
void naive_make_areas(const struct naive_input *in, struct naive_result *out);

/* naive.c */
void *naive_grown(void *array, size_t count, size_t *capacity, size_t size);
void naive_trace(const struct naive_work *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
