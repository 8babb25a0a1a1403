/* Two free-running byte positions, as in ring.c, over one buffer. An entry is a header of 8 bytes
 * with its size, then the bytes. An entry never wraps: when it does not fit before the buffer's
 * end, a skip marker fills the rest and the entry starts at the front.
 *
 * Everything is a multiple of 8, so the rest before the end always has room for a marker. The
 * buffer is two headers longer than asked for: then an entry of half the capacity fits into an
 * empty ring wherever the positions stand, either before the end or after skipping to the front. */
#include "server/base/byte_ring.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64
#define HEADER_SIZE 8u
#define SKIP UINT64_MAX

struct byte_ring {
    size_t capacity;    /* As asked for. */
    size_t buffer_size; /* A multiple of 8. */
    uint8_t *buffer;

    _Alignas(CACHE_LINE) _Atomic uint64_t tail; /* Written by the producer. */
    uint64_t head_seen;                         /* The producer's copy of head. */
    uint64_t tail_reserved; /* Tail after the commit; equal to tail when nothing is reserved. */

    _Alignas(CACHE_LINE) _Atomic uint64_t head; /* Written by the consumer. */
    uint64_t tail_seen;                         /* The consumer's copy of tail. */
    uint64_t head_peeked; /* Head after the release; equal to head when nothing is peeked. */
};

static size_t
round_up_to_8(size_t n)
{
    return (n + 7u) & ~(size_t)7u;
}

struct byte_ring *
byte_ring_new(size_t capacity)
{
    struct byte_ring *r;

    assert(capacity >= 64);
    r = aligned_alloc(CACHE_LINE, sizeof(*r));
    if (r == NULL)
        return NULL;
    memset(r, 0, sizeof(*r));
    r->capacity = capacity;
    r->buffer_size = 2 * (round_up_to_8((capacity + 1) / 2) + HEADER_SIZE);
    r->buffer = aligned_alloc(8, r->buffer_size);
    if (r->buffer == NULL) {
        free(r);
        return NULL;
    }
    return r;
}

void
byte_ring_free(struct byte_ring *r)
{
    if (r == NULL)
        return;
    free(r->buffer);
    free(r);
}

static void
header_write(struct byte_ring *r, uint64_t position, uint64_t value)
{
    memcpy(r->buffer + position % r->buffer_size, &value, HEADER_SIZE);
}

static uint64_t
header_read(const struct byte_ring *r, uint64_t position)
{
    uint64_t value;

    memcpy(&value, r->buffer + position % r->buffer_size, HEADER_SIZE);
    return value;
}

static bool
has_room(struct byte_ring *r, uint64_t tail_after)
{
    if (tail_after - r->head_seen <= r->buffer_size)
        return true;
    /* Acquire: the consumer is done with every byte before head. */
    r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
    return tail_after - r->head_seen <= r->buffer_size;
}

void *
byte_ring_reserve(struct byte_ring *r, size_t size)
{
    uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    size_t needed, before_end;
    uint64_t skipped = 0;

    assert(size <= r->capacity / 2);
    needed = HEADER_SIZE + round_up_to_8(size);
    before_end = r->buffer_size - tail % r->buffer_size;
    assert(before_end >= HEADER_SIZE);
    if (needed > before_end)
        skipped = before_end;
    if (!has_room(r, tail + skipped + needed)) {
        r->tail_reserved = tail;
        return NULL;
    }
    if (skipped > 0)
        header_write(r, tail, SKIP);
    header_write(r, tail + skipped, size);
    r->tail_reserved = tail + skipped + needed;
    return r->buffer + (tail + skipped) % r->buffer_size + HEADER_SIZE;
}

void
byte_ring_commit(struct byte_ring *r)
{
    assert(r->tail_reserved != atomic_load_explicit(&r->tail, memory_order_relaxed));
    /* Release: marker, header and bytes are complete before the consumer can see them. */
    atomic_store_explicit(&r->tail, r->tail_reserved, memory_order_release);
}

void *
byte_ring_peek(struct byte_ring *r, size_t *size)
{
    uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    uint64_t value;

    if (head == r->tail_seen) {
        /* Acquire: everything before tail was completed by the producer. */
        r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
        if (head == r->tail_seen)
            return NULL;
    }
    value = header_read(r, head);
    if (value == SKIP) {
        head += r->buffer_size - head % r->buffer_size;
        value = header_read(r, head);
    }
    assert(value <= r->capacity / 2);
    r->head_peeked = head + HEADER_SIZE + round_up_to_8(value);
    /* A marker and its entry are committed together. */
    assert(r->tail_seen - r->head_peeked <= r->buffer_size);
    *size = value;
    return r->buffer + head % r->buffer_size + HEADER_SIZE;
}

void
byte_ring_release(struct byte_ring *r)
{
    assert(r->head_peeked != atomic_load_explicit(&r->head, memory_order_relaxed));
    /* Release: the consumer's reads are finished before the producer may overwrite the bytes. */
    atomic_store_explicit(&r->head, r->head_peeked, memory_order_release);
}

size_t
byte_ring_used(const struct byte_ring *r)
{
    /* Head first: the tail read after it is never behind it. */
    uint64_t head = atomic_load_explicit(&r->head, memory_order_acquire);
    uint64_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);
    uint64_t used = tail - head;

    return used < r->buffer_size ? (size_t)used : r->buffer_size;
}

size_t
byte_ring_capacity(const struct byte_ring *r)
{
    return r->capacity;
}
