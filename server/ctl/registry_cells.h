/* One cell of a registry file -> a value, as contract 5 writes them. Pure; any thread. Units: ms,
 * ms UTC, micro-units. */
#ifndef METERD_CTL_REGISTRY_CELLS_H
#define METERD_CTL_REGISTRY_CELLS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/span.h"
#include "proto/status.h"

#define REGISTRY_SENTINELS_MAX 32
#define REGISTRY_DURATION_MS_MAX (400 * INT64_C(86400000))

enum registry_cell {
    CELL_CODE,        /* text of 1 to 64 bytes that does not begin with '-' */
    CELL_POINT,       /* text of 1 to 128 bytes */
    CELL_TEXT,        /* text of at most 256 bytes */
    CELL_SINCE,       /* time; blank: INT64_MIN */
    CELL_UNTIL,       /* time; blank: INT64_MAX */
    CELL_SINCE_DAY,   /* the same, a civil midnight */
    CELL_UNTIL_DAY,
    CELL_MOMENT,      /* time */
    CELL_KIND,        /* register, interval, rate: the text */
    CELL_PERIOD,      /* number: ms, or months: 1 or 12; blank: neither */
    CELL_STAMP,       /* start, end; number 1 for end; blank: start */
    CELL_DURATION,    /* ms > 0 */
    CELL_POSITIVE,    /* decimal > 0 */
    CELL_MAX_RATE,    /* decimal > 0, or none: -1 */
    CELL_DECIMAL,
    CELL_COEFFICIENT, /* decimal of any precision: the text */
    CELL_YES,         /* yes, no; blank: yes */
    CELL_NO,          /* yes, no; blank: no */
    CELL_FACTOR,      /* 1 .. 2^31 - 1; blank: 1 */
    CELL_SIGN,        /* 1, -1; blank: 1 */
    CELL_SENTINELS,   /* decimals separated by ';' */
    CELL_HASH,        /* 64 lower-case hex digits */
};

struct registry_value {
    bool blank;
    bool is_text; /* the value is text, else number */
    struct span text;
    int64_t number;
    int32_t months;
    uint32_t sentinel_count;
    int64_t sentinels[REGISTRY_SENTINELS_MAX];
};

/* ST_OK, or ST_BAD_VALUE and *right: what would be right (static). A blank cell is always read:
 * whether it may be blank is the column's affair. */
enum status registry_cell_read(enum registry_cell cell, struct span text, int64_t utc_offset_ms,
                               struct registry_value *out, const char **right) MUST_USE;

/* A count and a unit, "15min": ms s min h d, or ms alone. ST_BAD_VALUE: anything else, 0, or more
 * than max_ms. */
enum status registry_duration_read(struct span text, int64_t max_ms, int64_t *ms) MUST_USE;

#endif
