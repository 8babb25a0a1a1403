/* Memory taken at start, or within a budget, so that a reading's path never asks the system.
 *
 * A pool gives blocks of one size; a buffer pool gives buffers of 4 KiB to 8 MiB within one budget
 * of bytes. Each belongs to the thread that first gets from it, until it is freed. */
#ifndef METERD_BASE_POOL_H
#define METERD_BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "proto/status.h"

struct pool;

/* count blocks of block_size bytes, each aligned to 16. NULL: no memory. */
struct pool *pool_new(size_t block_size, uint32_t count) MUST_USE;
/* Every block is back. NULL is allowed. */
void pool_free(struct pool *p);
/* A block with undefined bytes, or NULL: all are in use. */
void *pool_get(struct pool *p) MUST_USE;
/* A block of this pool; NULL is allowed. */
void pool_put(struct pool *p, void *block);
uint32_t pool_free_count(const struct pool *p);
/* The most blocks that were ever in use at once. */
uint32_t pool_used_max(const struct pool *p);

#define BUFFER_SIZE_MIN 4096u
#define BUFFER_SIZE_MAX (8u * 1024 * 1024)

struct buffer_pool;

/* Nothing is taken yet; buffers in use and kept for reuse never exceed budget_bytes together. */
struct buffer_pool *buffer_pool_new(size_t budget_bytes) MUST_USE;
/* Every buffer is back. NULL is allowed. */
void buffer_pool_free(struct buffer_pool *p);
/* At least size bytes (at most BUFFER_SIZE_MAX), undefined; *capacity is how many. NULL: over
 * budget, or the system has none; refuse or pause what asked. */
void *buffer_pool_get(struct buffer_pool *p, size_t size, size_t *capacity) MUST_USE;
/* With the capacity that buffer_pool_get gave. NULL is allowed. */
void buffer_pool_put(struct buffer_pool *p, void *buffer, size_t capacity);
/* Bytes of the buffers in use now, and the most there ever were. */
size_t buffer_pool_used(const struct buffer_pool *p);
size_t buffer_pool_used_max(const struct buffer_pool *p);
/* What is still to be had: budget - used. */
size_t buffer_pool_left(const struct buffer_pool *p);

#endif
