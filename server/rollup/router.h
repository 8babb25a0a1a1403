/* The router: the consumer thread. It reads the log and hands every record to the aggregator that
 * owns its partition, through one byte ring each. It never waits for an aggregator: when a ring is
 * full the partition is paused, and positioned again later. */
#ifndef METERD_ROLLUP_ROUTER_H
#define METERD_ROLLUP_ROUTER_H

#include <stdint.h>

#include "proto/status.h"
#include "server/base/byte_ring.h"
#include "server/base/waker.h"
#include "server/log/log.h"

enum router_kind { ROUTER_RECORD, ROUTER_ASSIGNED, ROUTER_REVOKED };

/* What travels in the rings. */
struct router_entry {
    uint32_t kind;
    uint32_t partition;
    int64_t offset;
    uint64_t size;
    uint8_t bytes[];
};

struct router;

struct router_target {
    struct byte_ring *ring;
    struct waker *waker;
};

/* Partition p belongs to target p mod count. NULL: no memory or threads. */
struct router *router_start(struct log *log, const struct router_target *targets, uint32_t count);
/* An aggregator's thread: read the partition from this offset on. */
void router_seek(struct router *r, uint32_t target, uint32_t partition, int64_t offset);
void router_stop(struct router *r);

#endif
