/* The month partitions a transaction needs, made before it in transactions of their own, and
 * remembered. Owner: the writer's thread. */
#ifndef METERD_STORE_MONTHS_H
#define METERD_STORE_MONTHS_H

#include <stdint.h>

#include "server/store/db.h"
#include "server/store/params.h"
#include "server/store/transaction.h"

struct months;

struct months *months_new(void);
void months_free(struct months *m);
/* What was remembered may be wrong (a partition was removed): ask the database again. */
void months_forget(struct months *m);
enum db_class months_ensure(struct months *m, struct db *db, struct params *p,
                            const struct transaction *tx) MUST_USE;
/* The UTC month a moment lies in, as months since 0000-01. */
int32_t month_of(int64_t t_ms);

#endif
