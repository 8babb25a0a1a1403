/* The database as tables in memory: takes transactions and answers questions exactly as writer,
 * pager and PostgreSQL together do, and checks what the real tables cannot (segments of a point do
 * not overlap). For the simulator: one thread, everything happens when it is called. */
#ifndef METERD_SIM_MEMORY_STORE_H
#define METERD_SIM_MEMORY_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "server/store/pager.h"
#include "server/store/transaction.h"

struct memory_store;

struct memory_store *memory_store_new(void);
void memory_store_free(struct memory_store *m);

/* One transaction: all or nothing. False: fenced, a part's row is not at (seq, epoch). */
bool memory_store_commit(struct memory_store *m, const struct transaction *tx);
/* Fills in the answer. revision: the newest there is. */
void memory_store_answer(struct memory_store *m, struct page_request *r, int64_t revision);
/* The number of a name, given once; the import and the pager use it. */
uint32_t memory_store_intern(struct memory_store *m, uint32_t enterprise, struct span name);
/* The same without giving one: 0 when it has none. */
uint32_t memory_store_number(const struct memory_store *m, uint32_t enterprise, struct span name);
/* The partition's row, without claiming. */
struct page_claim memory_store_partition(const struct memory_store *m, uint32_t partition);

/* Sums as stored; all-zero rows left out; sorted by (owner, item, slot). */
enum store_table { STORE_ENTERPRISE_SLOT, STORE_ENTERPRISE_DAY, STORE_AREA_SLOT, STORE_AREA_DAY };
uint32_t memory_store_rows(const struct memory_store *m, enum store_table table,
                           const struct tx_rollup **rows);
uint32_t memory_store_segments(const struct memory_store *m, const struct tx_segment **rows);
uint32_t memory_store_superseded(const struct memory_store *m, const struct tx_superseded **rows);
uint32_t memory_store_arrivals(const struct memory_store *m, const struct tx_arrivals **rows);
uint32_t memory_store_inbox(const struct memory_store *m, const struct tx_inbox **rows);
uint32_t memory_store_points(const struct memory_store *m, const struct tx_point **rows);
uint32_t memory_store_quarantine_count(const struct memory_store *m);

#endif
