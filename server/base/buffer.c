/* Growth by doubling: a body of n bytes is copied at most n times in all, and never more than twice
 * what has arrived is taken. */
#include "server/base/buffer.h"

#include <assert.h>
#include <string.h>

#include "server/base/pool.h"

bool
buffer_reserve(struct buffer *b, struct buffer_pool *pool, size_t size)
{
    size_t want = b->size + size;
    size_t capacity;
    uint8_t *at;

    if (want <= b->capacity)
        return true;
    if (want > BUFFER_SIZE_MAX)
        return false;
    if (want < 2 * (size_t)b->capacity)
        want = 2 * (size_t)b->capacity;
    if (want > BUFFER_SIZE_MAX)
        want = BUFFER_SIZE_MAX;
    at = buffer_pool_get(pool, want, &capacity);
    if (at == NULL)
        return false;
    if (b->size > 0)
        memcpy(at, b->at, b->size);
    buffer_pool_put(pool, b->at, b->capacity);
    b->at = at;
    b->capacity = (uint32_t)capacity;
    return true;
}

bool
buffer_append(struct buffer *b, struct buffer_pool *pool, struct span bytes)
{
    if (!buffer_reserve(b, pool, bytes.size))
        return false;
    if (bytes.size > 0)
        memcpy(b->at + b->size, bytes.at, bytes.size);
    b->size += (uint32_t)bytes.size;
    return true;
}

void
buffer_consume(struct buffer *b, struct buffer_pool *pool, size_t size)
{
    assert(size <= b->size);
    b->size -= (uint32_t)size;
    if (b->size == 0)
        buffer_release(b, pool);
    else if (size > 0)
        memmove(b->at, b->at + size, b->size);
}

void
buffer_release(struct buffer *b, struct buffer_pool *pool)
{
    buffer_pool_put(pool, b->at, b->capacity);
    *b = (struct buffer){0};
}
