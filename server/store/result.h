/* Values out of a result in PostgreSQL's binary format. The column's type is the statement's duty;
 * a wrong one is a broken invariant of ours and asserted. */
#ifndef METERD_STORE_RESULT_H
#define METERD_STORE_RESULT_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/span.h"

bool result_is_null(const PGresult *res, int row, int column);
int16_t result_i16(const PGresult *res, int row, int column);
int32_t result_i32(const PGresult *res, int row, int column);
/* if_null when it is null. */
int64_t result_i64(const PGresult *res, int row, int column, int64_t if_null);
bool result_bool(const PGresult *res, int row, int column);
/* Text, bytea or uuid as bytes; empty when null. Lives as long as the result. */
struct span result_bytes(const PGresult *res, int row, int column);

/* One-dimensional arrays without nulls: at most max elements to out; how many there are. 0 when
 * null. More than max is asserted. */
uint32_t result_i16_array(const PGresult *res, int row, int column, int16_t *out, uint32_t max);
uint32_t result_i32_array(const PGresult *res, int row, int column, int32_t *out, uint32_t max);
uint32_t result_i64_array(const PGresult *res, int row, int column, int64_t *out, uint32_t max);

#endif
