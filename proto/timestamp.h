/* Times as people write them <-> ms UTC since 1970, and the proleptic Gregorian calendar behind
 * both. Pure; any thread. RFC 3339; contract section 1. */
#ifndef METERD_PROTO_TIMESTAMP_H
#define METERD_PROTO_TIMESTAMP_H

#include "proto/span.h"
#include "proto/status.h"

#define TIMESTAMP_MS_PER_DAY INT64_C(86400000)

struct civil_date {
    int32_t year;
    uint8_t month; /* 1..12 */
    uint8_t day;   /* 1..31 */
};

/* date "T" time, "Z" or offset; a space may stand for T, letters in either case. Digits beyond ms
 * are cut off; second 60 is the next second. Years 0001..9999, days as the month has them, offsets
 * to 23:59. ST_BAD_TIME: anything else; *ms is then 0. */
enum status timestamp_parse_rfc3339(struct span text, int64_t *ms) MUST_USE;

/* "2026-03-01T00:15:00+08:00", with ".250" when ms is not whole seconds, "Z" for offset 0; whole
 * minutes of the offset, which lies within a day. Ended by NUL; returns the length without it. */
size_t timestamp_format_rfc3339(int64_t ms, int32_t offset_ms, char out[40]);

/* Days since 1970-01-01; month 1..12 and day 1..31 are the caller's duty. */
int64_t days_from_civil(int32_t year, unsigned month, unsigned day);
/* For the days of any int64 ms. */
struct civil_date civil_from_days(int64_t days);
/* The ms at which that day begins in UTC. */
int64_t timestamp_from_civil(int32_t year, unsigned month, unsigned day);
unsigned days_in_month(int32_t year, unsigned month);

#endif
