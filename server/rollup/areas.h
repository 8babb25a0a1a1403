/* From enterprises' slots to everything a commit says about sums: days, parks, "no park",
 * prefectures, the province (semantics 3). Areas are sums of enterprises as of the slot's start.
 * Pure but for the arrays it fills. Thread: the aggregator's. */
#ifndef METERD_ROLLUP_AREAS_H
#define METERD_ROLLUP_AREAS_H

#include "server/base/directory.h"
#include "server/store/transaction.h"

/* Sorts tx->enterprise_slots, drops rows that say nothing, and derives enterprise_days, area_slots
 * and area_days from them, sorted by key. */
void areas_derive(struct transaction *tx, const struct directory *dir);

#endif
