/* Refold: what changes in a point's amounts when readings are added or replaced inside what was
 * folded already. The stretch is folded twice, as it was and as it will be; the old amounts are
 * taken back, the new ones given, on to where the fold states meet (design 3).
 *
 * One function for late, corrected and backfilled readings. Thread: the aggregator's. */
#ifndef METERD_ROLLUP_REFOLD_H
#define METERD_ROLLUP_REFOLD_H

#include "server/rollup/tail.h"

/* One reading to put into the set. */
struct change {
    struct reading now;
    struct reading was; /* when replaces */
    bool replaces;
};

struct refold {
    const struct fold *before; /* its emit takes amounts back */
    const struct fold *after;  /* its emit gives them */
    struct tail *tail;         /* covers all changes; not yet containing them */
    struct segment_pool *pool;
    struct fold_state *state;  /* the point's state after all its readings; updated */
    /* Called before the amounts of a change are emitted: the row's changed_at follows it. */
    void (*at_change)(void *ctx, const struct change *c);
    void *ctx;
};

/* changes: sorted by time, one for a time. Emits the difference and puts them into the tail. */
void refold_changes(struct refold *rf, const struct change *changes, uint32_t count);

/* The state before the first reading of a point, after all exchanges before t_ms; emits what the
 * exchanges among themselves amount to when f->emit is set. */
void refold_start(const struct fold *f, struct fold_state *s, int64_t before_t_ms);

/* Folds the whole tail from nothing (it is whole), emitting everything and setting the states before
 * each segment; *state is the state after all. For a name that becomes registered. */
void refold_from_nothing(const struct fold *f, struct tail *tail, struct fold_state *state);

#endif
