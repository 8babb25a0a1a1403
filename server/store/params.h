/* Parameters of one SQL statement, in PostgreSQL's binary format, in a buffer that is used again
 * from statement to statement. Rows go as one array a column, for unnest($1::int[], ...): nothing
 * is ever put into the text of a statement. Owner: the thread that sends. Aborts when out of
 * memory. */
#ifndef METERD_STORE_PARAMS_H
#define METERD_STORE_PARAMS_H

#include <stddef.h>
#include <stdint.h>

#include "proto/span.h"

#define PARAMS_MAX 24

enum param_type { PARAM_I16, PARAM_I32, PARAM_I64, PARAM_TEXT };

struct params {
    uint8_t *at;
    size_t size, capacity;
    uint32_t count;
    size_t start[PARAMS_MAX];
    size_t length[PARAMS_MAX];
    uint32_t oid[PARAMS_MAX];
    /* Of the array being filled. */
    uint32_t elements, nulls;
};

void params_init(struct params *p);
void params_fini(struct params *p);
/* Empty again, memory kept. */
void params_clear(struct params *p);

/* One more scalar. */
void params_i32(struct params *p, int32_t v);
void params_i64(struct params *p, int64_t v);
void params_text(struct params *p, struct span text);

/* One more array: begin, its elements, end. */
void params_array(struct params *p, enum param_type type);
void params_put_i16(struct params *p, int16_t v);
void params_put_i32(struct params *p, int32_t v);
void params_put_i64(struct params *p, int64_t v);
void params_put_text(struct params *p, struct span text);
/* The decimal text of v; SQL casts it to numeric. */
void params_put_i128(struct params *p, __int128 v);
void params_put_null(struct params *p);
void params_array_end(struct params *p);

/* A column: one array, element i of n being value (an expression of i). */
#define PARAMS_COLUMN(p, type, put, n, value)                                                      \
    do {                                                                                           \
        params_array((p), (type));                                                                 \
        for (uint32_t i = 0; i < (n); i++)                                                         \
            put((p), (value));                                                                     \
        params_array_end((p));                                                                     \
    } while (0)
#define COLUMN_I16(p, n, value)  PARAMS_COLUMN(p, PARAM_I16, params_put_i16, n, (int16_t)(value))
#define COLUMN_I32(p, n, value)  PARAMS_COLUMN(p, PARAM_I32, params_put_i32, n, (int32_t)(value))
#define COLUMN_I64(p, n, value)  PARAMS_COLUMN(p, PARAM_I64, params_put_i64, n, (int64_t)(value))
#define COLUMN_TEXT(p, n, value) PARAMS_COLUMN(p, PARAM_TEXT, params_put_text, n, value)
#define COLUMN_I128(p, n, value) PARAMS_COLUMN(p, PARAM_TEXT, params_put_i128, n, value)

#endif
