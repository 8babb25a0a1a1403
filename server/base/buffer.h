/* Bytes that grow within a budget: input not yet understood, answers not yet sent. Memory is taken
 * from a buffer pool when the first byte arrives and given back with the last. One thread. */
#ifndef METERD_BASE_BUFFER_H
#define METERD_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/span.h"
#include "proto/status.h"

struct buffer_pool;

/* All zero: empty, holding nothing. */
struct buffer {
    uint8_t *at;
    uint32_t size;
    uint32_t capacity;
};

/* Room for size more bytes at at + size. False: the budget is used up, nothing has changed. */
bool buffer_reserve(struct buffer *b, struct buffer_pool *pool, size_t size) MUST_USE;
bool buffer_append(struct buffer *b, struct buffer_pool *pool, struct span bytes) MUST_USE;
/* Takes size bytes away from the front; an empty buffer holds no memory. */
void buffer_consume(struct buffer *b, struct buffer_pool *pool, size_t size);
void buffer_release(struct buffer *b, struct buffer_pool *pool);

static inline struct span
buffer_bytes(const struct buffer *b)
{
    return span_of(b->at, b->size);
}

#endif
