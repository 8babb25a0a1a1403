/* A record on the log: blocks one after the other (meterd.proto, Record). Pure; the builder
 * borrows its buffer, a view the record's bytes. */
#ifndef METERD_PROTO_RECORD_H
#define METERD_PROTO_RECORD_H

#include "proto/block.h"

struct record_builder {
    uint8_t *at;
    size_t capacity;
    size_t size; /* bytes of the record so far */
    uint32_t block_count;
};

void record_begin(struct record_builder *r, uint8_t *buffer, size_t capacity);

/* ST_FULL when it does not fit: nothing was written, seal this record and open another. */
enum status record_add_block(struct record_builder *r, const struct block_columns *b) MUST_USE;

/* Bytes that record_add_block() takes for b. */
size_t record_block_size(const struct block_columns *b) MUST_USE;

static inline struct span
record_bytes(const struct record_builder *r)
{
    return span_of(r->at, r->size);
}

/* From cursor_over(record): ST_OK and the next block, ST_END after the last, or ST_CORRUPT. After
 * ST_CORRUPT the cursor is still good (cursor_ok) when only that block was damaged and the blocks
 * behind it can be read. An empty record has no blocks. */
enum status record_next_block(struct cursor *c, struct block_view *out) MUST_USE;

/* ST_OK when every block can be read, else ST_CORRUPT. */
enum status record_check(struct span record) MUST_USE;

#endif
