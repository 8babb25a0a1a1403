#ifndef METERD_REFERENCE_NAIVE_H
#define METERD_REFERENCE_NAIVE_H

/*
 * The rollup by definition: a whole log in, all rows out, nothing kept in between.
 *
 * This is what the fast fold is held to, so it shares no code with it, and it prefers the words
 * of the definition of a rollup ("semantics" below) to speed: sort, walk, one loop over the slots.
 * Times are int64 ms UTC, values int64 micro-units, sums __int128. No global state: any thread.
 * Memory that cannot be had, and input that breaks a "must" below, end the process.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define NAIVE_NONE          INT64_MIN /* no modulus, no max_rate */
#define NAIVE_DEFAULT       (-1)      /* spread_max and hold_max: as semantics 2 says */
#define NAIVE_SINCE_EVER    INT64_MIN
#define NAIVE_FOR_EVER      INT64_MAX
#define NAIVE_NO_PARK       0
#define NAIVE_SENTINELS_MAX 4

enum naive_kind { NAIVE_REGISTER, NAIVE_INTERVAL, NAIVE_RATE };

/* The first three are usable (semantics 1). */
enum naive_quality {
    NAIVE_GOOD,
    NAIVE_ESTIMATED,
    NAIVE_MANUAL,
    NAIVE_STOPPED,
    NAIVE_MAINTENANCE,
    NAIVE_CALIBRATING,
    NAIVE_FAULT,
    NAIVE_OVER_RANGE,
    NAIVE_STALE,
    NAIVE_UNKNOWN,
    NAIVE_QUALITY_COUNT
};

struct naive_deployment {
    int64_t slot_ms;       /* a divisor of a day */
    int64_t utc_offset_ms; /* civil time = UTC + this */
    int64_t late_after_ms;
    int64_t future_max_ms; /* used by naive_is_refused only */
    int64_t past_max_ms;   /* likewise */
};

/* One dated row of a point's attributes; the rows of a point are ordered by valid_from, all
 * different. It holds until the next row; from valid_to on with counted = no. A row with
 * valid_to <= valid_from is withdrawn: as if it were not there. */
struct naive_attributes {
    int64_t valid_from; /* NAIVE_SINCE_EVER, or a time */
    int64_t valid_to;   /* NAIVE_FOR_EVER, or a time */
    int item;
    int64_t nominal_ms; /* > 0 */
    int64_t modulus;    /* micro-units > 0, or NAIVE_NONE */
    int64_t max_rate;   /* micro-units per hour >= 0, before the factor, or NAIVE_NONE */
    bool reverse;
    int64_t num; /* 1 .. 2^31 - 1 */
    int64_t den; /* 1 .. 2^31 - 1 */
    int sign;    /* 1 or -1 */
    bool counted;
    int sentinel_count;
    int64_t sentinels[NAIVE_SENTINELS_MAX];
    int64_t spread_max_ms; /* or NAIVE_DEFAULT */
    int64_t hold_max_ms;   /* or NAIVE_DEFAULT */
};

struct naive_exchange {
    int64_t t;
    int64_t end;   /* last value of the old register */
    int64_t start; /* first value of the new one */
};

struct naive_point {
    int enterprise; /* index into naive_input.enterprises */
    enum naive_kind kind;
    int64_t period_ms; /* interval points: > 0, or 0 when period_months says it */
    int period_months; /* 1, 12, or 0 */
    bool stamp_end;    /* interval points: t is sent as the end of the period */
    bool registered;   /* before the first entry of the log; else NAIVE_REGISTERS does it, or
                          nothing: then its readings are in the set and in no row */
    const struct naive_attributes *rows; /* at least one */
    size_t row_count;
    const struct naive_exchange *exchanges; /* register points only; any order, t all different */
    size_t exchange_count;
};

/* Where an enterprise belongs from a civil day on; ordered by valid_from. The first one holds
 * before its valid_from too. */
struct naive_area {
    int64_t valid_from;
    int prefecture; /* > 0 */
    int park;       /* > 0, or NAIVE_NO_PARK */
};

struct naive_enterprise {
    const struct naive_area *areas; /* at least one */
    size_t area_count;
};

enum naive_entry_kind {
    NAIVE_ARRIVES,  /* a reading */
    NAIVE_REGISTERS /* `point`, unregistered so far, is registered now with all its rows and
                       exchanges; the other fields are 0 except received_at = the import's time */
};

/* One entry of the log, in log order. Readings refused at the door are not in it. */
struct naive_entry {
    enum naive_entry_kind kind;
    int point; /* index into naive_input.points */
    int64_t t; /* as sent */
    int64_t value;
    enum naive_quality quality;
    bool rounded;
    bool time_of_arrival; /* t is received_at for want of its own; never of interval points */
    int64_t received_at;
};

struct naive_input {
    struct naive_deployment deployment;
    const struct naive_enterprise *enterprises;
    size_t enterprise_count;
    const struct naive_point *points;
    size_t point_count;
    const struct naive_entry *log;
    size_t log_count;
};

enum naive_verdict {
    NAIVE_NOT_JUDGED, /* of a point not registered, and superseded ones */
    NAIVE_NOT_USABLE,
    NAIVE_ACCEPTED, /* all usable readings of interval and rate points */
    NAIVE_HELD,
    NAIVE_REJECTED,
    NAIVE_DISPLACED /* at the time of an exchange, usable or not */
};

struct naive_reading {
    int point;
    int64_t t;                /* as moved for interval points that are registered, else as sent */
    struct naive_entry entry; /* as it arrived */
    size_t position;          /* of entry in the log */
    size_t rank; /* rises in the order in which the readings of a point entered the set */
    bool usable; /* false in superseded readings and unregistered points: not judged */
    enum naive_verdict verdict;
};

struct naive_counts {
    __int128 quantity;  /* micro-units */
    __int128 estimated; /* micro-units */
    int64_t readings;
    int64_t late;
    int64_t suspect;
};

/* An enterprise's or an area's row of a slot or a day; `start` is the slot's or day's start. */
struct naive_row {
    int area; /* enterprise: its index; park: its number; no park and prefecture: the prefecture;
                 province: 0 */
    int item;
    int64_t start;
    struct naive_counts counts;
};

/* Ordered by area, item, start; no two of one key; never all zero. */
struct naive_rows {
    struct naive_row *row;
    size_t count;
    size_t capacity;
};

enum naive_level {
    NAIVE_BY_ENTERPRISE,
    NAIVE_BY_PARK,
    NAIVE_BY_NO_PARK, /* what is in no park, by prefecture */
    NAIVE_BY_PREFECTURE,
    NAIVE_BY_PROVINCE,
    NAIVE_LEVEL_COUNT
};

struct naive_result {
    struct naive_reading *readings; /* the set, ordered by point, t */
    size_t reading_count;
    struct naive_reading *superseded; /* ordered by point, t, when it came to be replaced */
    size_t superseded_count;
    struct naive_rows slots[NAIVE_LEVEL_COUNT];
    struct naive_rows days[NAIVE_LEVEL_COUNT];
};

/* Fills *out, which needs no initialisation; free with naive_result_fini. A trace, when not NULL,
 * is told the verdict on each reading, each step and each amount. */
void naive_compute(const struct naive_input *in, struct naive_result *out, FILE *trace);
void naive_result_fini(struct naive_result *r);

/* naive_compute with the rows printed after the trace, for a mismatch that needs an explanation. */
void naive_explain(const struct naive_input *in, FILE *trace);

/* Whether the door refuses it for its time or the size of its value (semantics 1). */
bool naive_is_refused(const struct naive_deployment *d, const struct naive_entry *e);

/* One row, or NULL. Linear search: for tests. */
const struct naive_row *naive_rows_find(const struct naive_rows *rows, int area, int item,
                                        int64_t start);

/* Decimal digits of a 128-bit number; `text` holds at least 41 bytes. Returns text. */
char *naive_int128_text(__int128 value, char *text);

#endif
