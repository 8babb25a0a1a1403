/* The fold: readings of one point, sorted by time, become amounts per slot (semantics 1 to 4).
 *
 * Pure: no clock, no I/O, no memory of its own. The same readings and facts give the same amounts.
 * The caller walks readings and exchange events in order of time and hands each to fold_reading or
 * fold_exchange; at equal times the exchange comes first and the reading gives way to it.
 * Everything the fold must remember between two readings is in struct fold_state.
 *
 * Thread: any; all state is the caller's. Nothing can fail. */
#ifndef METERD_ROLLUP_FOLD_H
#define METERD_ROLLUP_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "server/base/bounds.h"
#include "server/base/directory.h"

/* quality: design 7, the low four bits the word, then flags. */
enum reading_quality {
    QUALITY_GOOD,
    QUALITY_ESTIMATED,
    QUALITY_MANUAL,
    QUALITY_STOPPED,
    QUALITY_MAINTENANCE,
    QUALITY_CALIBRATING,
    QUALITY_FAULT,
    QUALITY_OVER_RANGE,
    QUALITY_STALE,
    QUALITY_UNKNOWN,
};
#define QUALITY_WORD_MASK 15u
#define QUALITY_ROUNDED 16u
#define QUALITY_TIME_OF_ARRIVAL 32u

struct reading {
    int64_t t_ms; /* as moved for interval points */
    int64_t value;
    int64_t received_at_ms;
    uint8_t quality;
};

/* Between two readings of a point: register: a = last accepted, Q = held. rate: a = last usable.
 * interval: nothing. Unused parts are zero, so that equal states are equal bytes. */
struct fold_state {
    int64_t a_t_ms;
    int64_t a_value;
    int64_t held_t_ms[HELD_MAX];
    int64_t held_value[HELD_MAX];
    uint8_t has_a;
    uint8_t held_count;
    uint8_t zero[6];
};

/* What one step adds to one slot of one item. Counts may be negative (a held reading that is
 * accepted after all is suspect no longer). */
struct slot_delta {
    __int128 quantity;
    __int128 estimated;
    int32_t readings;
    int32_t late;
    int32_t suspect;
};

/* slot_ms: start of the slot. The sign of the enterprise's sum is already applied. Only counted
 * amounts and counts of counted points are emitted. */
typedef void (*fold_emit_fn)(void *ctx, uint32_t item, int64_t slot_ms,
                             const struct slot_delta *delta);

struct fold {
    const struct point *point; /* registered */
    const struct deployment *deployment;
    fold_emit_fn emit; /* NULL: only the state is wanted (replay) */
    void *ctx;
};

void fold_state_clear(struct fold_state *s);
bool fold_state_equal(const struct fold_state *a, const struct fold_state *b);

/* The next reading, later than everything folded before. displaced: an exchange at exactly its
 * time took its place (semantics 2.1): it is counted and suspect, and otherwise has no part. */
void fold_reading(const struct fold *f, struct fold_state *s, const struct reading *r,
                  bool displaced);
/* The next exchange event of a register. */
void fold_exchange(const struct fold *f, struct fold_state *s, const struct exchange *e);

/* Slots that fold_reading would touch at most with this state; cheap. */
uint32_t fold_slots_touched(const struct fold *f, const struct fold_state *s,
                            const struct reading *r);

/* Usable by quality, sentinels, modulus and overflow, with the facts that hold at its time. */
bool reading_is_usable(const struct point *p, const struct reading *r);
/* received_at - t (interval: - end of its period) > late_after. An unregistered point's p is NULL. */
bool reading_is_late(const struct point *p, const struct deployment *dep, const struct reading *r);
/* Semantics 1: where an interval reading's time is moved to. */
int64_t interval_time_moved(const struct point *p, const struct deployment *dep, int64_t t_ms);

#endif
