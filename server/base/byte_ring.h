/* A bounded lock-free ring of entries of different sizes between exactly two threads: how whole
 * records travel from one thread to the next with one copy.
 *
 * The producer reserves, fills in place and commits; the consumer peeks, works in place and
 * releases. An entry is contiguous and 8-byte aligned. Nothing here blocks, allocates or makes a
 * system call after byte_ring_new. */
#ifndef METERD_BASE_BYTE_RING_H
#define METERD_BASE_BYTE_RING_H

#include <stddef.h>
#include <stdint.h>

#include "proto/status.h"

struct byte_ring;

/* capacity >= 64 bytes. An entry of up to capacity / 2 bytes always fits into an empty ring; each
 * entry takes its size rounded up to 8, and 8 more. NULL when there is no memory. */
struct byte_ring *byte_ring_new(size_t capacity) MUST_USE;
/* Both threads are done with the ring. NULL is allowed. */
void byte_ring_free(struct byte_ring *r);

/* Producer. Room for size bytes (at most capacity / 2), or NULL: full, slow the source. It is the
 * producer's until byte_ring_commit; reserving again before that forgets it. */
void *byte_ring_reserve(struct byte_ring *r, size_t size) MUST_USE;
/* Producer, after a successful reserve: the consumer may see the entry. */
void byte_ring_commit(struct byte_ring *r);

/* Consumer. The oldest entry and its size, or NULL: empty. It stays the consumer's, at the same
 * address, until byte_ring_release; peeking again gives the same entry. */
void *byte_ring_peek(struct byte_ring *r, size_t *size) MUST_USE;
/* Consumer, after a successful peek: the producer may have the room back. */
void byte_ring_release(struct byte_ring *r);

/* Any thread. Bytes taken by entries and their overhead; a moment old about the other side. */
size_t byte_ring_used(const struct byte_ring *r);
/* The capacity asked for. The largest entry is half of it. */
size_t byte_ring_capacity(const struct byte_ring *r);

#endif
