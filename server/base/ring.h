/* A bounded lock-free ring of fixed-size items between exactly two threads.
 *
 * One thread pushes (the producer), one thread pops (the consumer); which ones is agreed when the
 * threads start and never changes. Nothing here blocks, allocates or makes a system call after
 * ring_new: a full ring says so, and the producer slows its source. */
#ifndef METERD_BASE_RING_H
#define METERD_BASE_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/status.h"

struct ring;

/* Room for at least capacity items (rounded up to a power of two, 1 <= capacity <= 2^30) of
 * item_size bytes each. NULL when there is no memory. */
struct ring *ring_new(uint32_t capacity, uint32_t item_size) MUST_USE;
/* Both threads are done with the ring. NULL is allowed. Items left inside are forgotten. */
void ring_free(struct ring *r);

/* Producer. False: the ring is full and nothing was copied. */
bool ring_push(struct ring *r, const void *item) MUST_USE;
/* Producer. Copies as many of the count items as there is room for, in order; how many. */
uint32_t ring_push_many(struct ring *r, const void *items, uint32_t count) MUST_USE;

/* Consumer. False: the ring is empty and *item is unchanged. */
bool ring_pop(struct ring *r, void *item) MUST_USE;
/* Consumer. Takes at most count items, in order; how many. */
uint32_t ring_pop_many(struct ring *r, void *items, uint32_t count) MUST_USE;

/* Any thread. Exact for either side about its own work, a moment old about the other's. */
uint32_t ring_count(const struct ring *r);
/* Any thread. The capacity after rounding. */
uint32_t ring_capacity(const struct ring *r);

#endif
