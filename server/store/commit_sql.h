/* A transaction as statements, in the order they must stand in: the fence first, area rows, which
 * other nodes write too, last. Owner: the writer's thread. */
#ifndef METERD_STORE_COMMIT_SQL_H
#define METERD_STORE_COMMIT_SQL_H

#include "server/store/db.h"
#include "server/store/params.h"
#include "server/store/transaction.h"

/* Queues begin ... commit. */
enum db_class commit_send(struct db *db, struct params *p, const char *topic,
                          const struct transaction *tx) MUST_USE;

enum commit_fate {
    COMMIT_HAPPENED,     /* all partitions stand right behind it */
    COMMIT_NOT_HAPPENED, /* all stand right before it: send it again */
    COMMIT_FENCED,       /* anything else */
};

/* Reads the rows of its partitions; each that stands elsewhere is logged. */
enum db_class commit_read_fate(struct db *db, struct params *p, const char *topic,
                               const struct transaction *tx, enum commit_fate *fate) MUST_USE;
/* That of one partition whose row stands at (seq, epoch). */
enum commit_fate commit_fate_of(const struct tx_part *part, int64_t seq, int64_t epoch);

#endif
