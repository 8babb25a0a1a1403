/* Protobuf's wire format, as far as records need it: fields one after the other, and the bytes
 * of each kind of value. Pure. Source: protobuf.dev, "Encoding". */
#ifndef METERD_PROTO_WIRE_H
#define METERD_PROTO_WIRE_H

#include "proto/span.h"

/* Columns are copied as they lie in memory. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are little-endian");

enum wire_kind { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

struct wire_field {
    uint32_t number;
    enum wire_kind kind;
    uint64_t value;    /* of the three kinds of numbers */
    struct span bytes; /* of WIRE_BYTES; lives as long as what the cursor reads */
};

/* The next field; false at the end and on damage, which cursor_ok() tells apart. Groups and
 * impossible field numbers count as damage. */
bool wire_next_field(struct cursor *c, struct wire_field *out);

static inline uint32_t
wire_load32(const uint8_t *at)
{
    uint32_t v;

    memcpy(&v, at, sizeof v);
    return v;
}

static inline uint64_t
wire_load64(const uint8_t *at)
{
    uint64_t v;

    memcpy(&v, at, sizeof v);
    return v;
}

static inline size_t
wire_varint_size(uint64_t v)
{
    /* 7 bits a byte; v | 1 because zero takes a byte too. */
    return ((size_t)(63 - __builtin_clzll(v | 1))) / 7 + 1;
}

static inline uint8_t *
wire_put_varint(uint8_t *at, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        *at++ = (uint8_t)(v | 0x80);
    *at++ = (uint8_t)v;
    return at;
}

/* All our field numbers are below 16: a tag is one byte. */
static inline uint8_t *
wire_put_tag(uint8_t *at, unsigned number, enum wire_kind kind)
{
    *at++ = (uint8_t)(number << 3 | (unsigned)kind);
    return at;
}

static inline uint8_t *
wire_put_fixed32(uint8_t *at, unsigned number, uint32_t v)
{
    at = wire_put_tag(at, number, WIRE_FIXED32);
    memcpy(at, &v, sizeof v);
    return at + sizeof v;
}

static inline uint8_t *
wire_put_fixed64(uint8_t *at, unsigned number, uint64_t v)
{
    at = wire_put_tag(at, number, WIRE_FIXED64);
    memcpy(at, &v, sizeof v);
    return at + sizeof v;
}

/* Tag, length, bytes. */
static inline uint8_t *
wire_put_bytes(uint8_t *at, unsigned number, const void *bytes, size_t size)
{
    at = wire_put_tag(at, number, WIRE_BYTES);
    at = wire_put_varint(at, size);
    if (size > 0)
        memcpy(at, bytes, size);
    return at + size;
}

/* What wire_put_bytes() writes for a field of that many bytes. */
static inline size_t
wire_bytes_size(size_t size)
{
    return 1 + wire_varint_size(size) + size;
}

#endif
