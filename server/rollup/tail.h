/* A tail: what memory holds of one point's readings, always a suffix of them in order of time, in
 * segments. New readings are appended or inserted here and become dirty; a commit writes dirty
 * segments; clean ones may be dropped from the front.
 *
 * Thread: the aggregator's. Segments belong to the tail, their memory to the pool. */
#ifndef METERD_ROLLUP_TAIL_H
#define METERD_ROLLUP_TAIL_H

#include "server/rollup/segment.h"

struct tail {
    struct segment **at; /* sorted by time, disjoint */
    uint32_t count, capacity;
    bool whole; /* these are all the readings the point has */
    int64_t *gone; /* keys of rows to delete with the next write */
    uint32_t gone_count, gone_capacity;
};

/* Where a time is, or would be: before_first when it is earlier than everything in the tail. */
struct tail_place {
    uint32_t segment;
    uint32_t reading;
    bool before_first;
    bool found;
};

void tail_free(struct tail *t, struct segment_pool *pool);

struct tail_place tail_find(const struct tail *t, int64_t t_ms);
/* True when memory can answer for t_ms: a reading with this time would be in the tail. */
bool tail_covers(const struct tail *t, int64_t t_ms);

/* Later than all others; before is the fold's state before it. */
void tail_append(struct tail *t, struct segment_pool *pool, const struct reading *r,
                 const struct fold_state *before);
/* Inserts r, or replaces the reading with its time. The `before` of segments that were split or
 * begin with it are marked stale. Returns the index of the segment it is in. */
uint32_t tail_put(struct tail *t, struct segment_pool *pool, const struct reading *r);
/* Puts older segments, as loaded from the database in order, in front. Takes them. */
void tail_prepend(struct tail *t, struct segment **segments, uint32_t count);
/* All segments leave the tail; their rows, if any, are deleted with the next write. */
void tail_clear(struct tail *t, struct segment_pool *pool);
/* Drops clean segments from the front, keeping the newest keep. Returns how many. */
uint32_t tail_drop_clean(struct tail *t, struct segment_pool *pool, uint32_t keep);

#endif
