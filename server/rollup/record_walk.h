/* Folding one record, resumable. Inside the rollup. Thread: the aggregator's. */
#ifndef METERD_ROLLUP_RECORD_WALK_H
#define METERD_ROLLUP_RECORD_WALK_H

#include "server/rollup/rollup.h"

/* ST_OK: the whole record is folded. ST_AGAIN: something was asked for, or a newer directory is
 * needed; the same call again goes on. bytes stay where they are until ST_OK. */
enum status record_walk_go(struct rollup *r, uint32_t partition, int64_t offset,
                           struct span bytes) MUST_USE;

#endif
