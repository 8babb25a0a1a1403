/* Binary results to values: fixed-size integers in network order, and arrays of them (header as in
 * params.c, then each element with its length before it). */
#include "server/store/result.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#define ARRAY_HEADER_SIZE 20

static uint32_t
load32(const uint8_t *from)
{
    uint32_t v;

    memcpy(&v, from, sizeof v);
    return be32toh(v);
}

static uint64_t
load64(const uint8_t *from)
{
    uint64_t v;

    memcpy(&v, from, sizeof v);
    return be64toh(v);
}

static const uint8_t *
value_of(const PGresult *res, int row, int column, int size)
{
    assert(!PQgetisnull(res, row, column));
    assert(PQfformat(res, column) == 1);
    assert(PQgetlength(res, row, column) == size);
    return (const uint8_t *)PQgetvalue(res, row, column);
}

bool
result_is_null(const PGresult *res, int row, int column)
{
    return PQgetisnull(res, row, column) != 0;
}

int16_t
result_i16(const PGresult *res, int row, int column)
{
    const uint8_t *v = value_of(res, row, column, 2);

    return (int16_t)(v[0] << 8 | v[1]);
}

int32_t
result_i32(const PGresult *res, int row, int column)
{
    return (int32_t)load32(value_of(res, row, column, 4));
}

int64_t
result_i64(const PGresult *res, int row, int column, int64_t if_null)
{
    if (result_is_null(res, row, column))
        return if_null;
    return (int64_t)load64(value_of(res, row, column, 8));
}

bool
result_bool(const PGresult *res, int row, int column)
{
    return *value_of(res, row, column, 1) != 0;
}

struct span
result_bytes(const PGresult *res, int row, int column)
{
    if (result_is_null(res, row, column))
        return span_of(NULL, 0);
    return span_of(PQgetvalue(res, row, column), (size_t)PQgetlength(res, row, column));
}

/* The first element's length field, and how many elements of size bytes there are. */
static const uint8_t *
array_of(const PGresult *res, int row, int column, uint32_t size, uint32_t *count)
{
    struct span s = result_bytes(res, row, column);

    *count = 0;
    if (s.size == 0)
        return NULL;
    assert(PQfformat(res, column) == 1);
    assert(s.size >= 12);
    if (load32(s.at) == 0)
        return NULL;
    assert(load32(s.at) == 1);
    assert(load32(s.at + 4) == 0);
    *count = load32(s.at + 12);
    assert(s.size == ARRAY_HEADER_SIZE + (size_t)*count * (4 + size));
    return s.at + ARRAY_HEADER_SIZE;
}

uint32_t
result_i16_array(const PGresult *res, int row, int column, int16_t *out, uint32_t max)
{
    uint32_t count;
    const uint8_t *v = array_of(res, row, column, 2, &count);

    assert(count <= max);
    for (uint32_t i = 0; i < count; i++, v += 6)
        out[i] = (int16_t)(v[4] << 8 | v[5]);
    return count;
}

uint32_t
result_i32_array(const PGresult *res, int row, int column, int32_t *out, uint32_t max)
{
    uint32_t count;
    const uint8_t *v = array_of(res, row, column, 4, &count);

    assert(count <= max);
    for (uint32_t i = 0; i < count; i++, v += 8)
        out[i] = (int32_t)load32(v + 4);
    return count;
}

uint32_t
result_i64_array(const PGresult *res, int row, int column, int64_t *out, uint32_t max)
{
    uint32_t count;
    const uint8_t *v = array_of(res, row, column, 8, &count);

    assert(count <= max);
    for (uint32_t i = 0; i < count; i++, v += 12)
        out[i] = (int64_t)load64(v + 4);
    return count;
}
