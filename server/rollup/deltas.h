/* Deltas: what the slots of enterprises have gained since the last hand-over, and how arrivals were
 * classed. Never totals: the database holds those. Thread: the aggregator's.
 *
 * An open-addressing table of (enterprise, item, slot). Readings of a gateway come point by point
 * for the same few slots, so the last row found is tried first. */
#ifndef METERD_ROLLUP_DELTAS_H
#define METERD_ROLLUP_DELTAS_H

#include "server/rollup/fold.h"
#include "server/store/transaction.h"

struct deltas {
    TX_ARRAY(tx_rollup) rows;
    uint32_t *index; /* 0: empty, else row + 1 */
    uint32_t index_size;
    uint32_t last_row;
    TX_ARRAY(tx_arrivals) arrivals; /* few: linear from the last one found */
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
