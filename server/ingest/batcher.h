/* Open records, one a partition: many small messages become one append. Thread: the ingest loop.
 *
 * When a record leaves: at once when it is full; at the end of a turn of the loop when nothing of
 * its partition is under way; otherwise when record_age has passed or what was under way is
 * answered. So at a low rate nobody waits for company, and under load batches grow
 * by themselves. */
#ifndef METERD_INGEST_BATCHER_H
#define METERD_INGEST_BATCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/block.h"
#include "proto/status.h"
#include "server/ingest/ack.h"

struct batcher;
struct log;

struct batcher_options {
    struct log *log; /* borrowed; the batcher has a producer of its own */
    uint32_t partitions;
    size_t record_size;    /* bytes at which a record is full */
    int64_t record_age_ms;
    size_t memory;         /* bytes for records, open and under way */
    waiter_answered answered;
    void *context;
};

/* NULL: no memory. */
struct batcher *batcher_new(const struct batcher_options *o) MUST_USE;
/* Nothing may be under way. */
void batcher_free(struct batcher *b);

/* Copies the block into the partition's open record, for which w then waits. ST_BUSY: no memory for
 * another record until answers come. */
enum status batcher_add(struct batcher *b, uint32_t partition, const struct block_columns *block,
                        struct waiter *w, int64_t now_ms) MUST_USE;
/* Bytes of records that can still be opened. */
size_t batcher_room(const struct batcher *b);
/* The log is behind: records wait to be appended. Take no new messages. */
bool batcher_is_behind(const struct batcher *b);
/* How long the oldest of them has waited; 0 when none does. */
int64_t batcher_behind_ms(const struct batcher *b, int64_t now_ms);
/* Gives those records up: the messages in them are answered ST_UNAVAILABLE. */
void batcher_give_up(struct batcher *b);

/* At the end of each turn of the loop. */
void batcher_end_turn(struct batcher *b, int64_t now_ms);
/* When an open record is to be sealed by its age; INT64_MAX: none is open. */
int64_t batcher_due_ms(const struct batcher *b);
/* Readable when the log has answered something: then batcher_take_answers. */
int batcher_fd(const struct batcher *b);
/* False while the log takes nothing: answer 503. */
bool batcher_is_writable(const struct batcher *b);
void batcher_take_answers(struct batcher *b);
/* Nothing open, waiting or under way. */
bool batcher_is_idle(const struct batcher *b);

#endif
