/* Statement parameters in binary. An array is a header (dimensions, has-null flag, element type,
 * count, lower bound) and its elements, each with its length before it; the count is not known
 * before the last element, so the header is filled in at the end. All in network order. */
#include "server/store/params.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

/* PostgreSQL's type numbers (pg_type.dat); they never change. */
#define OID_INT8       20u
#define OID_INT2       21u
#define OID_INT4       23u
#define OID_TEXT       25u
#define OID_INT2_ARRAY 1005u
#define OID_INT4_ARRAY 1007u
#define OID_TEXT_ARRAY 1009u
#define OID_INT8_ARRAY 1016u

#define ARRAY_HEADER_SIZE 20
#define NULL_LENGTH       0xffffffffu

static const struct {
    uint32_t element, array;
} oids[] = {
    [PARAM_I16] = {OID_INT2, OID_INT2_ARRAY},
    [PARAM_I32] = {OID_INT4, OID_INT4_ARRAY},
    [PARAM_I64] = {OID_INT8, OID_INT8_ARRAY},
    [PARAM_TEXT] = {OID_TEXT, OID_TEXT_ARRAY},
};

void
params_init(struct params *p)
{
    memset(p, 0, sizeof *p);
}

void
params_fini(struct params *p)
{
    free(p->at);
    params_init(p);
}

void
params_clear(struct params *p)
{
    p->size = 0;
    p->count = 0;
}

static uint8_t *
reserve(struct params *p, size_t size)
{
    uint8_t *place;

    if (p->capacity - p->size < size) {
        size_t capacity = p->capacity < 4096 ? 4096 : p->capacity;

        while (capacity - p->size < size)
            capacity *= 2;
        p->at = realloc(p->at, capacity);
        if (p->at == NULL)
            abort();
        p->capacity = capacity;
    }
    place = p->at + p->size;
    p->size += size;
    return place;
}

static void
store32(uint8_t *to, uint32_t v)
{
    v = htobe32(v);
    memcpy(to, &v, sizeof v);
}

static void
store64(uint8_t *to, uint64_t v)
{
    v = htobe64(v);
    memcpy(to, &v, sizeof v);
}

static void
begin(struct params *p, uint32_t oid)
{
    assert(p->count < PARAMS_MAX);
    p->start[p->count] = p->size;
    p->oid[p->count] = oid;
}

static void
end(struct params *p)
{
    p->length[p->count] = p->size - p->start[p->count];
    p->count++;
}

void
params_i32(struct params *p, int32_t v)
{
    begin(p, OID_INT4);
    store32(reserve(p, 4), (uint32_t)v);
    end(p);
}

void
params_i64(struct params *p, int64_t v)
{
    begin(p, OID_INT8);
    store64(reserve(p, 8), (uint64_t)v);
    end(p);
}

void
params_text(struct params *p, struct span text)
{
    begin(p, OID_TEXT);
    if (text.size > 0)
        memcpy(reserve(p, text.size), text.at, text.size);
    end(p);
}

void
params_array(struct params *p, enum param_type type)
{
    uint8_t *header;

    begin(p, oids[type].array);
    header = reserve(p, ARRAY_HEADER_SIZE);
    store32(header + 8, oids[type].element);
    p->elements = 0;
    p->nulls = 0;
}

void
params_put_i16(struct params *p, int16_t v)
{
    uint8_t *to = reserve(p, 6);

    store32(to, 2);
    to[4] = (uint8_t)((uint16_t)v >> 8);
    to[5] = (uint8_t)v;
    p->elements++;
}

void
params_put_i32(struct params *p, int32_t v)
{
    uint8_t *to = reserve(p, 8);

    store32(to, 4);
    store32(to + 4, (uint32_t)v);
    p->elements++;
}

void
params_put_i64(struct params *p, int64_t v)
{
    uint8_t *to = reserve(p, 12);

    store32(to, 8);
    store64(to + 4, (uint64_t)v);
    p->elements++;
}

void
params_put_text(struct params *p, struct span text)
{
    uint8_t *to = reserve(p, 4 + text.size);

    store32(to, (uint32_t)text.size);
    if (text.size > 0)
        memcpy(to + 4, text.at, text.size);
    p->elements++;
}

void
params_put_i128(struct params *p, __int128 v)
{
    uint8_t text[40];
    size_t at = sizeof text;
    unsigned __int128 rest = v < 0 ? -(unsigned __int128)v : (unsigned __int128)v;

    do {
        text[--at] = (uint8_t)('0' + (unsigned)(rest % 10));
        rest /= 10;
    } while (rest > 0);
    if (v < 0)
        text[--at] = '-';
    params_put_text(p, span_of(text + at, sizeof text - at));
}

void
params_put_null(struct params *p)
{
    store32(reserve(p, 4), NULL_LENGTH);
    p->elements++;
    p->nulls++;
}

void
params_array_end(struct params *p)
{
    uint8_t *header = p->at + p->start[p->count];

    if (p->elements == 0) { /* An empty array has no dimensions. */
        store32(header, 0);
        store32(header + 4, 0);
        p->size -= ARRAY_HEADER_SIZE - 12;
    } else {
        store32(header, 1);
        store32(header + 4, p->nulls > 0);
        store32(header + 12, p->elements);
        store32(header + 16, 1);
    }
    end(p);
}
