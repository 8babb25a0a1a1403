/* Columns to bytes: a column is one memcpy. The size is computed first, so that the caller can
 * decide which record takes the block; the writer then needs no bounds. */
#include "proto/block.h"

#include <assert.h>

#include "proto/block_fields.h"

#define HEAD_SIZE (5 + 5 + 9 + 9) /* the four single fields, always written */

/* Where a text is cut: never inside a character. */
static size_t
text_size(struct span s)
{
    size_t size = s.size;

    if (size <= BLOCK_TEXT_SIZE_MAX)
        return size;
    size = BLOCK_TEXT_SIZE_MAX;
    while (size > BLOCK_TEXT_SIZE_MAX - 3 && (s.at[size] & 0xC0) == 0x80)
        size--;
    return size;
}

static size_t
text_field_size(struct span s)
{
    return s.size == 0 ? 0 : wire_bytes_size(text_size(s));
}

/* Gateways send anything; a record holds text. Control characters go first, because the rest is
 * often good UTF-8 then. */
static void
make_plain(uint8_t *at, size_t size)
{
    if (span_is_plain_utf8(span_of(at, size)))
        return;
    for (size_t i = 0; i < size; i++)
        if (at[i] < 0x20 || at[i] == 0x7F)
            at[i] = '?';
    if (span_is_plain_utf8(span_of(at, size)))
        return;
    for (size_t i = 0; i < size; i++)
        if (at[i] >= 0x80)
            at[i] = '?';
}

static uint8_t *
put_text(uint8_t *at, unsigned number, struct span s)
{
    size_t size = text_size(s);

    if (size == 0)
        return at;
    at = wire_put_bytes(at, number, s.at, size);
    make_plain(at - size, size);
    return at;
}

static size_t
number_size(uint32_t v)
{
    return v == 0 ? 0 : 1 + wire_varint_size(v);
}

static uint8_t *
put_number(uint8_t *at, unsigned number, uint32_t v)
{
    return v == 0 ? at : wire_put_varint(wire_put_tag(at, number, WIRE_VARINT), v);
}

static size_t
named_size(const struct named_reading *n)
{
    return wire_bytes_size(n->name.size) + 9 + 9 + number_size(n->quality)
           + number_size(n->index);
}

static uint8_t *
put_named(uint8_t *at, const struct named_reading *n)
{
    assert(n->name.size >= 1 && n->name.size <= BLOCK_NAME_SIZE_MAX);
    assert(n->quality <= BLOCK_QUALITY_MAX);
    at = wire_put_tag(at, BLOCK_F_NAMED, WIRE_BYTES);
    at = wire_put_varint(at, named_size(n));
    at = wire_put_bytes(at, NAMED_NAME, n->name.at, n->name.size);
    at = wire_put_fixed64(at, NAMED_TIME, (uint64_t)n->t_ms);
    at = wire_put_fixed64(at, NAMED_VALUE, (uint64_t)n->value);
    at = put_number(at, NAMED_QUALITY, n->quality);
    return put_number(at, NAMED_INDEX, n->index);
}

static size_t
refused_size(const struct refused_reading *r)
{
    return text_field_size(r->point) + text_field_size(r->t_text)
           + text_field_size(r->value_text) + text_field_size(r->code)
           + text_field_size(r->detail) + number_size(r->index);
}

static uint8_t *
put_refused(uint8_t *at, const struct refused_reading *r)
{
    const struct span texts[] = {r->point, r->t_text, r->value_text, r->code, r->detail};

    at = wire_put_tag(at, BLOCK_F_REFUSED, WIRE_BYTES);
    at = wire_put_varint(at, refused_size(r));
    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++)
        at = put_text(at, REFUSED_POINT + i, texts[i]);
    return put_number(at, REFUSED_INDEX, r->index);
}

static size_t
columns_size(const struct block_columns *b)
{
    if (b->count == 0)
        return 0;
    return wire_bytes_size((size_t)b->point_count * 4)
           + wire_bytes_size((size_t)b->offset_count * 4) + wire_bytes_size((size_t)b->count * 8)
           + (b->quality == NULL ? 0 : wire_bytes_size(b->count));
}

static uint8_t *
put_columns(uint8_t *at, const struct block_columns *b)
{
    if (b->count == 0)
        return at;
    assert(b->point_count == 1 || b->point_count == b->count);
    assert(b->offset_count == 1 || b->offset_count == b->count);
    at = wire_put_bytes(at, BLOCK_F_POINT, b->point, (size_t)b->point_count * 4);
    at = wire_put_bytes(at, BLOCK_F_OFFSET, b->offset_ms, (size_t)b->offset_count * 4);
    at = wire_put_bytes(at, BLOCK_F_VALUE, b->value, (size_t)b->count * 8);
    assert(b->quality == NULL || block_quality_is_valid(b->quality, b->count));
    if (b->quality != NULL)
        at = wire_put_bytes(at, BLOCK_F_QUALITY, b->quality, b->count);
    return at;
}

size_t
block_encoded_size(const struct block_columns *b)
{
    size_t size = HEAD_SIZE + columns_size(b);

    for (uint32_t i = 0; i < b->named_count; i++)
        size += wire_bytes_size(named_size(&b->named[i]));
    for (uint32_t i = 0; i < b->refused_count; i++)
        size += wire_bytes_size(refused_size(&b->refused[i]));
    return size;
}

size_t
block_encode(const struct block_columns *b, uint8_t *out)
{
    uint8_t *at = out;

    assert(b->received_at_ms > 0 && b->received_at_ms <= BLOCK_TIME_MS_MAX);
    assert(b->base_time_ms >= -BLOCK_TIME_MS_MAX && b->base_time_ms <= BLOCK_TIME_MS_MAX);
    at = wire_put_fixed32(at, BLOCK_F_ENTERPRISE, b->enterprise);
    at = wire_put_fixed32(at, BLOCK_F_GATEWAY, b->gateway);
    at = wire_put_fixed64(at, BLOCK_F_RECEIVED_AT, (uint64_t)b->received_at_ms);
    at = wire_put_fixed64(at, BLOCK_F_BASE_TIME, (uint64_t)b->base_time_ms);
    at = put_columns(at, b);
    for (uint32_t i = 0; i < b->named_count; i++)
        at = put_named(at, &b->named[i]);
    for (uint32_t i = 0; i < b->refused_count; i++)
        at = put_refused(at, &b->refused[i]);
    return (size_t)(at - out);
}
