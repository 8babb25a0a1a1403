/* Differences become additive upserts: a row that is there grows by the difference, a missing one
 * begins with it. Each call queues statements of at most UPSERT_ROWS_MAX rows on the connection, in
 * the order given, which is the order of the keys. Owner: the writer's thread. */
#ifndef METERD_STORE_UPSERT_H
#define METERD_STORE_UPSERT_H

#include <stdint.h>

#include "server/store/db.h"
#include "server/store/params.h"
#include "server/store/transaction.h"

#define UPSERT_ROWS_MAX 10000

enum upsert_table {
    UPSERT_ENTERPRISE_SLOT,
    UPSERT_ENTERPRISE_DAY,
    UPSERT_AREA_SLOT,
    UPSERT_AREA_DAY,
};

/* p is scratch. */
enum db_class upsert_rollups(struct db *db, struct params *p, enum upsert_table table,
                             const struct tx_rollup *rows, uint32_t count) MUST_USE;
enum db_class upsert_arrivals(struct db *db, struct params *p, const struct tx_arrivals *rows,
                              uint32_t count) MUST_USE;

#endif
