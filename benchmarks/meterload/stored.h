/* Readings as meterd's views show them (contract 6), one after the other, all of one snapshot. */
#ifndef METERD_BENCHMARKS_METERLOAD_STORED_H
#define METERD_BENCHMARKS_METERLOAD_STORED_H

#include <stdint.h>

struct stored;

struct stored_row {
    const char *enterprise;
    const char *point;
    const char *t;     /* ms UTC; of v_quarantine the text as it was sent */
    const char *value; /* decimal text */
};

/* Ends the program when the database cannot be reached. */
struct stored *stored_open(const char *conninfo);
void stored_close(struct stored *s);
int64_t stored_utc_offset_ms(struct stored *s);

/* One snapshot for the calls of stored_each in between. */
void stored_begin(struct stored *s);
void stored_end(struct stored *s);

enum stored_view { STORED_READINGS, STORED_SUPERSEDED, STORED_QUARANTINE };
typedef void (*stored_take)(void *context, const struct stored_row *row);
void stored_each(struct stored *s, enum stored_view view, stored_take take, void *context);

#endif
