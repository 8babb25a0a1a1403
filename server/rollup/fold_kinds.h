/* The three kinds' parts of the fold, for fold.c only. r is usable; the state is the point's. */
#ifndef METERD_ROLLUP_FOLD_KINDS_H
#define METERD_ROLLUP_FOLD_KINDS_H

#include "server/rollup/fold.h"

void register_fold(const struct fold *f, struct fold_state *s, const struct reading *r);
void register_exchange(const struct fold *f, struct fold_state *s, const struct exchange *e);
uint32_t register_slots_touched(const struct fold *f, const struct fold_state *s,
                                const struct reading *r);

void interval_fold(const struct fold *f, const struct reading *r);
uint32_t interval_slots_touched(const struct fold *f);

void rate_fold(const struct fold *f, struct fold_state *s, const struct reading *r);
uint32_t rate_slots_touched(const struct fold *f, const struct fold_state *s,
                            const struct reading *r);

/* One more (or less) suspect reading in the slot of t_ms, when the point is counted there. */
void fold_emit_suspect(const struct fold *f, int64_t t_ms, int32_t count);
/* Slots that a stretch of this length lies in, at most. */
uint32_t fold_slots_of(const struct fold *f, int64_t length_ms);

#endif
