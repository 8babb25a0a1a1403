/* The durable log: partitioned, ordered, asynchronous. What is behind it (the local log, later
 * Kafka) is decided when it is opened.
 *
 * Append side: one producer per ingest loop, used by that loop's thread only. A record handed over
 * comes back exactly once through log_producer_take, with the verdict: ST_OK means durable.
 * Read side: one consumer of the process, used by the consumer thread only. It is told which
 * partitions it has, positions each, and receives their records in offset order.
 * Records of one producer to one partition keep their order. */
#ifndef METERD_LOG_LOG_H
#define METERD_LOG_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/span.h"
#include "proto/status.h"

struct config;
struct log;
struct log_producer;
struct log_consumer;

/* A sealed record. The owner of the memory is whoever appended it (ingest/batcher); the log
 * neither copies nor changes bytes before it is answered. */
struct log_record {
    uint32_t partition;
    uint32_t size;
    uint8_t *bytes;
    enum status result; /* set by the log: ST_OK durable, else not known to be durable */
    int64_t offset;     /* set by the log when ST_OK */
    void *owner;        /* the appender's own; the log does not touch it */
};

/* Opens (local: creates when missing) the log. partitions and deployment_uuid are the database's.
 * why: a sentence for the operator. ST_BUSY: another process has it (exit 75). ST_MISMATCH: it
 * belongs to another deployment, or the configuration does not fit it (exit 78). ST_WORLD_DOWN:
 * the system refused. */
enum status log_open(const struct config *cfg, uint32_t partitions,
                     const uint8_t deployment_uuid[16], struct log **out, char why[256]) MUST_USE;
/* The log's own identity, for deployment.log_id. */
void log_uuid(const struct log *l, uint8_t uuid[16]);
/* The name of what it holds, for log_partition.topic ("local" for the local log). */
const char *log_topic(const struct log *l);
/* Starts the log's own threads; stops them after everything appended has been answered. */
void log_start(struct log *l);
void log_stop(struct log *l);
void log_close(struct log *l);

/* --- Append: an ingest loop's thread. --------------------------------------------------------- */

struct log_producer *log_producer_new(struct log *l);
void log_producer_free(struct log_producer *p); /* nothing may be under way */
/* ST_OK: taken until it comes back. ST_BUSY: not taken; stop reading sockets until
 * log_producer_take has given something back. */
enum status log_append(struct log_producer *p, struct log_record *r) MUST_USE;
/* Readable when answers wait; then log_producer_drain, and take until NULL. */
int log_producer_fd(const struct log_producer *p);
void log_producer_drain(struct log_producer *p);
struct log_record *log_producer_take(struct log_producer *p);
/* False while nothing can be appended (log full, disk full, broken): answer 503. Any thread. */
bool log_is_writable(const struct log *l);

/* --- Read: the consumer thread. ---------------------------------------------------------------- */

enum log_event_kind {
    LOG_NOTHING,  /* the time was up */
    LOG_RECORD,   /* bytes is valid until the next poll */
    LOG_ASSIGNED, /* this partition is ours: position it with log_consumer_seek */
    LOG_REVOKED,  /* it no longer is */
    LOG_FAILED,   /* this partition cannot be read on; why says it */
};

struct log_event {
    enum log_event_kind kind;
    uint32_t partition;
    int64_t offset;
    struct span bytes;
    const char *why;
};

struct log_consumer *log_consumer_new(struct log *l);
void log_consumer_free(struct log_consumer *c);
/* Waits at most timeout_ms for the next event. A partition assigned but not yet positioned, or
 * paused, yields no records. */
void log_consumer_poll(struct log_consumer *c, int timeout_ms, struct log_event *out);
/* From this offset on. ST_NOT_FOUND: the offset is no longer, or not yet, in the log. */
enum status log_consumer_seek(struct log_consumer *c, uint32_t partition, int64_t offset) MUST_USE;
void log_consumer_pause(struct log_consumer *c, uint32_t partition);
void log_consumer_resume(struct log_consumer *c, uint32_t partition);
/* Wakes a poll that waits. Any thread. */
void log_consumer_wake(struct log_consumer *c);

/* --- Any thread. -------------------------------------------------------------------------------- */

/* First offset still in the log (the end when it is empty), as last seen. */
int64_t log_first_offset(const struct log *l, uint32_t partition);
/* First offset not yet in the log, as last seen. */
int64_t log_end_offset(const struct log *l, uint32_t partition);
/* Records below are no longer needed by the rollup: retention may remove them. */
void log_set_replay_offset(struct log *l, uint32_t partition, int64_t offset);

/* For /status. Sizes are 0 when the log does not know them. */
struct log_facts {
    bool writable;
    int64_t used_bytes; /* as last measured */
    int64_t size_bytes; /* at most */
};

void log_get_facts(const struct log *l, struct log_facts *out);

#endif
