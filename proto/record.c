/* Puts blocks behind each other and walks over them. A record is nothing but its blocks, so any
 * number of messages makes one append. */
#include "proto/record.h"

#include <assert.h>

#define BLOCK_FIELD 1

void
record_begin(struct record_builder *r, uint8_t *buffer, size_t capacity)
{
    *r = (struct record_builder){.at = buffer, .capacity = capacity};
}

size_t
record_block_size(const struct block_columns *b)
{
    return wire_bytes_size(block_encoded_size(b));
}

enum status
record_add_block(struct record_builder *r, const struct block_columns *b)
{
    size_t size = block_encoded_size(b);
    uint8_t *at = r->at + r->size;

    assert(r->size <= r->capacity);
    if (wire_bytes_size(size) > r->capacity - r->size)
        return ST_FULL;
    at = wire_put_varint(wire_put_tag(at, BLOCK_FIELD, WIRE_BYTES), size);
    at += block_encode(b, at);
    assert((size_t)(at - r->at) == r->size + wire_bytes_size(size));
    r->size = (size_t)(at - r->at);
    r->block_count++;
    return ST_OK;
}

enum status
record_next_block(struct cursor *c, struct block_view *out)
{
    struct wire_field f;

    while (wire_next_field(c, &f)) {
        if (f.number != BLOCK_FIELD)
            continue;
        if (f.kind != WIRE_BYTES)
            return ST_CORRUPT;
        return block_decode(f.bytes, out);
    }
    return cursor_ok(c) ? ST_END : ST_CORRUPT;
}

enum status
record_check(struct span record)
{
    struct cursor c = cursor_over(record);
    struct block_view v;
    enum status st;

    do {
        st = record_next_block(&c, &v);
    } while (st == ST_OK);
    return st == ST_END ? ST_OK : st;
}
