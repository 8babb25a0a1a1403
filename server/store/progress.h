/* How far the partitions are (view v_progress), for meterctl. Blocking. */
#ifndef METERD_STORE_PROGRESS_H
#define METERD_STORE_PROGRESS_H

#include <stdint.h>

#include "proto/status.h"
#include "server/base/bounds.h"

struct progress {
    uint32_t partition;
    int64_t next_offset;
    char complete_until[40]; /* RFC 3339, UTC; empty: not known */
    int64_t inbox;
    int64_t refold_work;
    int64_t registry_revision;
};

/* Sorted by partition, at most PARTITIONS_MAX; *count of them. newest_revision: of the registry. */
enum status progress_read(const char *conninfo, struct progress out[PARTITIONS_MAX],
                          uint32_t *count, int64_t *newest_revision, char why[WHY_SIZE]) MUST_USE;

#endif
