#ifndef METERD_REFERENCE_REF_TEXT_H
#define METERD_REFERENCE_REF_TEXT_H

/* Text <-> numbers and times for the reference's files. All return false for anything else. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal text, with exponent or not, to micro-units, half to even. */
bool ref_parse_decimal(const char *text, int64_t *micro, bool *rounded);
/* RFC 3339 with offset or Z, or a civil date = its midnight at utc_offset_ms; ms UTC. */
bool ref_parse_time(const char *text, int64_t utc_offset_ms, int64_t *t);
/* Integer ms, or an integer with ms, s, min, h, d (to *ms), mon or y (to *months). */
bool ref_parse_duration(const char *text, int64_t *ms, int *months);
bool ref_parse_integer(const char *text, int64_t *value);
/* +08:00 to ms. */
bool ref_parse_offset(const char *text, int64_t *ms);

/* 2026-03-01T00:15:00Z, with .mmm when the ms are not 0; text holds at least 32 bytes. */
char *ref_time_text(int64_t t, char *text, size_t size);

#endif
