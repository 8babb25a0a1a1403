/* The rollup of one aggregator: the partitions it owns, their points, what is due to be written.
 *
 * Without threads, sockets or clocks: records, answers and the time are handed in, questions and
 * transactions go out through ports. The aggregator thread drives it against the real log and
 * database, the simulator against tables in memory, with the same rows as the result.
 *
 * Thread: its aggregator's. It holds readings until they are written and deltas until they are
 * handed over, within options.memory_bytes: when rollup_wants_rest says so, feed it no records. */
#ifndef METERD_ROLLUP_ROLLUP_H
#define METERD_ROLLUP_ROLLUP_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/span.h"
#include "proto/status.h"
#include "server/base/directory.h"
#include "server/store/pager.h"
#include "server/store/transaction.h"

struct rollup;

struct rollup_ports {
    void *ctx;
    /* Takes the question, which comes back through rollup_answer. False: ask again later. */
    bool (*ask)(void *ctx, struct page_request *r);
    /* Takes the transaction, which comes back through rollup_committed. */
    void (*submit)(void *ctx, struct transaction *tx);
    /* The partition is claimed: read it from this offset on. */
    void (*seek)(void *ctx, uint32_t partition, int64_t offset);
    /* The partition was lost to another owner and forgotten. */
    void (*lost)(void *ctx, uint32_t partition);
    /* First offset not yet in the log. */
    int64_t (*log_end)(void *ctx, uint32_t partition);
};

struct rollup_options {
    uint32_t aggregator;
    uint64_t memory_bytes;
    int64_t commit_interval_ms;
    int64_t flush_age_ms;
};

struct rollup *rollup_new(const struct rollup_options *o, const struct rollup_ports *ports,
                          const struct directory *dir);
/* Nothing may be under way. */
void rollup_free(struct rollup *r);

/* Claims the partition: asks for its rows, then seeks. */
void rollup_assign(struct rollup *r, uint32_t partition);
/* Forgets it with all memory of it. */
void rollup_revoke(struct rollup *r, uint32_t partition);

/* The next record of a partition. ST_OK: folded. ST_AGAIN: it waits for an answer or a directory in
 * the middle of the record; call again with the same record later (rollup_is_stalled). */
enum status rollup_record(struct rollup *r, uint32_t partition, int64_t offset,
                          struct span bytes) MUST_USE;
bool rollup_is_stalled(const struct rollup *r);
/* Memory is short: no records until a commit has made room. */
bool rollup_wants_rest(const struct rollup *r);

void rollup_answer(struct rollup *r, struct page_request *answer);
void rollup_committed(struct rollup *r, struct transaction *tx);
/* From now on this directory; the one before is no longer used when this returns. */
void rollup_take_directory(struct rollup *r, const struct directory *dir);

/* Commits what is due, asks for late work. mono_ms: a monotonic clock, for what is due only.
 * wall_ms: when a partition has nothing more to read, everything received before is complete. */
void rollup_tick(struct rollup *r, int64_t mono_ms, int64_t wall_ms);
/* Hands over everything folded, and writes all points, as soon as nothing is under way. Call until
 * rollup_is_flushed. */
void rollup_flush(struct rollup *r, int64_t mono_ms, int64_t wall_ms);
bool rollup_is_flushed(const struct rollup *r);
/* ms until the next tick is due. */
int64_t rollup_next_due_ms(const struct rollup *r, int64_t mono_ms);

/* For status and metrics. */
struct rollup_partition_view {
    uint32_t partition;
    bool live;
    int64_t next_offset, replay_offset, owner_epoch, commit_seq, complete_until_ms;
    uint64_t inbox;
};
uint32_t rollup_view(const struct rollup *r, struct rollup_partition_view *out, uint32_t max);
uint64_t rollup_memory(const struct rollup *r);

#endif
