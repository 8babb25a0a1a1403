/* Deltas: what the slots of enterprises have gained since the last hand-over, and how arrivals were
 * classed. Never totals: the database holds those. Thread: the aggregator's.
 *
 * Open-addressing tables of (enterprise, item, slot) and (enterprise, day). Readings of a gateway
 * come point by point for the same few slots, and a reading of a register counts in its own slot
 * and adds to the one before: so the last two rows found are tried first. */
#ifndef METERD_ROLLUP_DELTAS_H
#define METERD_ROLLUP_DELTAS_H

#include "server/rollup/fold.h"
#include "server/store/transaction.h"

struct delta_index {
    uint32_t *at; /* 0: empty, else the element + 1 */
    uint32_t size;
};

struct deltas {
    TX_ARRAY(tx_rollup) rows;
    struct delta_index row_index;
    uint32_t last_row, row_before; /* found last, and before that */
    TX_ARRAY(tx_arrivals) arrivals;
    struct delta_index arrivals_index;
    uint32_t last_arrivals;
};

void deltas_init(struct deltas *d);
void deltas_fini(struct deltas *d);
void deltas_clear(struct deltas *d);

void deltas_add(struct deltas *d, uint32_t enterprise, uint32_t item, int64_t slot_ms,
                const struct slot_delta *delta, int sign, int64_t changed_at_ms);

/* The counters of an enterprise's civil day; the pointer is valid until the next call. */
struct tx_arrivals *deltas_arrivals(struct deltas *d, uint32_t enterprise, int32_t day);

#endif
