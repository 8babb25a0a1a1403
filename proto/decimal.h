/* Decimal text <-> micro-units, exact: the one reading of numbers for JSON, line protocol and SQL
 * text. Pure; any thread. Contract section 1 (grammar), semantics section 1 (rounding, limit). */
#ifndef METERD_PROTO_DECIMAL_H
#define METERD_PROTO_DECIMAL_H

#include "proto/span.h"
#include "proto/status.h"

#define DECIMAL_TEXT_MAX 64
/* A value of this many micro-units or more, either sign, is refused: 4.6e12 units. */
#define DECIMAL_MICRO_LIMIT INT64_C(4600000000000000000)

/* -?digits[.digits][(e|E)[+-]digits], at most DECIMAL_TEXT_MAX characters, the whole of text.
 * More than 6 decimals are rounded half to even; *rounded says that this changed the value.
 * ST_BAD_VALUE: not of the grammar, or at the limit after rounding; *micro is then 0. */
enum status decimal_parse(struct span text, int64_t *micro, bool *rounded) MUST_USE;

/* The shortest exact text of any int64, ended by NUL; returns its length without the NUL. */
size_t decimal_format(int64_t micro, char out[32]);

#endif
