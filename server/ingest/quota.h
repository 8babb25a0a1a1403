/* Rows of quarantine a gateway may fill on one day (contract 1): bad data must not fill the disk.
 * One object of the process, shared by all loops without locks. Days are UTC. */
#ifndef METERD_INGEST_QUOTA_H
#define METERD_INGEST_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/status.h"

struct quota;

struct quota *quota_new(void) MUST_USE; /* NULL: no memory */
void quota_free(struct quota *q);
/* Any thread. One more refused reading of that gateway (not 0); false: do not keep it. */
bool quota_take(struct quota *q, uint32_t gateway, int64_t wall_ms);

#endif
