/* One counter of pushes (tail) and one of pops (head), each written by one side only.
 *
 * Reading the other side's counter costs a cache miss, so each side keeps the value it last saw
 * and looks again only when that value says full (or empty). Counters run freely and wrap at 2^32;
 * a slot is the counter's low bits, which is why the capacity is a power of two. */
#include "server/base/ring.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64
#define CAPACITY_MAX (1u << 30)

struct ring {
    uint32_t capacity;
    uint32_t item_size;
    uint8_t *slots;

    _Alignas(CACHE_LINE) _Atomic uint32_t tail; /* Written by the producer. */
    uint32_t head_seen;                         /* The producer's copy of head. */

    _Alignas(CACHE_LINE) _Atomic uint32_t head; /* Written by the consumer. */
    uint32_t tail_seen;                         /* The consumer's copy of tail. */
};

static uint32_t
round_up_to_power_of_two(uint32_t n)
{
    uint32_t power = 1;

    while (power < n)
        power <<= 1;
    return power;
}

struct ring *
ring_new(uint32_t capacity, uint32_t item_size)
{
    struct ring *r;

    assert(capacity >= 1 && capacity <= CAPACITY_MAX);
    assert(item_size >= 1);
    r = aligned_alloc(CACHE_LINE, sizeof(*r));
    if (r == NULL)
        return NULL;
    memset(r, 0, sizeof(*r));
    r->capacity = round_up_to_power_of_two(capacity);
    r->item_size = item_size;
    r->slots = calloc(r->capacity, item_size);
    if (r->slots == NULL) {
        free(r);
        return NULL;
    }
    return r;
}

void
ring_free(struct ring *r)
{
    if (r == NULL)
        return;
    free(r->slots);
    free(r);
}

static uint32_t
smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Copies count items between the slots from position on and a plain array: at most two pieces,
 * because the slots wrap once. */
static void
copy_in(struct ring *r, uint32_t position, const uint8_t *items, uint32_t count)
{
    uint32_t first = position & (r->capacity - 1);
    uint32_t before_wrap = smaller(count, r->capacity - first);
    size_t size = r->item_size;

    memcpy(r->slots + first * size, items, before_wrap * size);
    if (count > before_wrap)
        memcpy(r->slots, items + before_wrap * size, (count - before_wrap) * size);
}

static void
copy_out(const struct ring *r, uint32_t position, uint8_t *items, uint32_t count)
{
    uint32_t first = position & (r->capacity - 1);
    uint32_t before_wrap = smaller(count, r->capacity - first);
    size_t size = r->item_size;

    memcpy(items, r->slots + first * size, before_wrap * size);
    if (count > before_wrap)
        memcpy(items + before_wrap * size, r->slots, (count - before_wrap) * size);
}

uint32_t
ring_push_many(struct ring *r, const void *items, uint32_t count)
{
    uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    uint32_t room = r->capacity - (tail - r->head_seen);

    assert(room <= r->capacity);
    if (room < count) {
        /* Acquire: the consumer is done with every slot before head. */
        r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
        room = r->capacity - (tail - r->head_seen);
        assert(room <= r->capacity);
    }
    count = smaller(count, room);
    if (count == 0)
        return 0;
    copy_in(r, tail, items, count);
    /* Release: the slots are complete before the consumer can see them. */
    atomic_store_explicit(&r->tail, tail + count, memory_order_release);
    return count;
}

uint32_t
ring_pop_many(struct ring *r, void *items, uint32_t count)
{
    uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    uint32_t ready = r->tail_seen - head;

    assert(ready <= r->capacity);
    if (ready < count) {
        /* Acquire: the slots before tail were completed by the producer. */
        r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
        ready = r->tail_seen - head;
        assert(ready <= r->capacity);
    }
    count = smaller(count, ready);
    if (count == 0)
        return 0;
    copy_out(r, head, items, count);
    /* Release: our copies are finished before the producer may overwrite the slots. */
    atomic_store_explicit(&r->head, head + count, memory_order_release);
    return count;
}

bool
ring_push(struct ring *r, const void *item)
{
    return ring_push_many(r, item, 1) == 1;
}

bool
ring_pop(struct ring *r, void *item)
{
    return ring_pop_many(r, item, 1) == 1;
}

uint32_t
ring_count(const struct ring *r)
{
    /* Head first: the tail read after it is never behind it. */
    uint32_t head = atomic_load_explicit(&r->head, memory_order_acquire);
    uint32_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);

    return smaller(tail - head, r->capacity);
}

uint32_t
ring_capacity(const struct ring *r)
{
    return r->capacity;
}
