/* The writer: a thread with one PostgreSQL connection that writes one transaction at a time, again
 * and again unchanged until its fate is known (design 4, "Its fate"). Aggregators hand transactions
 * over and take them back through rings; they never wait. */
#ifndef METERD_STORE_WRITER_H
#define METERD_STORE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "server/base/mailbox.h"
#include "server/store/transaction.h"

struct writer;

struct writer_options {
    const char *conninfo;
    const char *topic;     /* log_partition.topic */
    uint32_t aggregators;
    struct mailbox **done; /* per aggregator: transactions come back here with their fate */
    /* Called on the writer's thread after a commit: this partition's replay offset is durable. */
    void (*replay_offset_durable)(void *ctx, uint32_t partition, int64_t offset);
    void *ctx;
};

struct writer *writer_start(const struct writer_options *o);
/* Thread: that aggregator's. At most one transaction of an aggregator is under way. */
void writer_submit(struct writer *w, uint32_t aggregator, struct transaction *tx);
/* True when the database answered last time it was asked. Any thread. */
bool writer_database_ok(const struct writer *w);
/* Ends after the transaction under way has its fate, or after grace_ms when the database is away.
 * A transaction whose fate is not known by then comes back with TX_PENDING. */
void writer_stop(struct writer *w, int64_t grace_ms);

#endif
