/* A segment: up to 64 consecutive readings of one point, and the fold's state before the first of
 * them. The unit in which readings are kept in memory and in `reading_segment`.
 *
 * Segments come from a pool of three sizes, in chunks that are never given back to the system while
 * the pool lives; its bytes are counted against the rollup's memory. Thread: the aggregator's. */
#ifndef METERD_ROLLUP_SEGMENT_H
#define METERD_ROLLUP_SEGMENT_H

#include "server/rollup/fold.h"
#include "server/store/transaction.h"

struct segment {
    struct fold_state before;
    int64_t stored_first_t_ms; /* its key in the database, when stored */
    uint8_t count;             /* >= 1 once it is part of a tail */
    uint8_t capacity;
    bool stored; /* a row with that key exists, or is on its way */
    bool dirty;  /* memory knows more than that row */
    bool stale;  /* before is to be computed anew (refold) */
    struct reading r[];
};

#define SEGMENT_CLASSES 3

struct segment_pool {
    struct segment *free[SEGMENT_CLASSES]; /* linked through the first bytes */
    char *fresh[SEGMENT_CLASSES];          /* of the newest chunk, what was never handed out ... */
    size_t fresh_size[SEGMENT_CLASSES];    /* ... and how many bytes that is */
    void *chunks;                          /* linked likewise */
    uint64_t used_bytes;                   /* of segments handed out */
};

void segment_pool_init(struct segment_pool *pool);
void segment_pool_fini(struct segment_pool *pool);

/* An empty segment with room for at least count readings. Aborts when the system has no memory. */
struct segment *segment_new(struct segment_pool *pool, uint32_t count);
void segment_free(struct segment_pool *pool, struct segment *s);
/* The same segment with room for one more reading; *s may move. */
void segment_make_room(struct segment_pool *pool, struct segment **s);

static inline int64_t
segment_first_t(const struct segment *s)
{
    return s->r[0].t_ms;
}

static inline int64_t
segment_last_t(const struct segment *s)
{
    return s->r[s->count - 1].t_ms;
}

/* Index of the first reading with t >= t_ms, or count. */
uint32_t segment_find(const struct segment *s, int64_t t_ms);

/* Between memory and the row. */
void segment_to_row(const struct segment *s, uint32_t point, struct tx_segment *row);
struct segment *segment_from_row(struct segment_pool *pool, const struct tx_segment *row);
void fold_state_to_row(const struct fold_state *s, struct tx_state *row);
void fold_state_from_row(const struct tx_state *row, struct fold_state *s);

#endif
