/* Who waits for which record. A message waits for every record that holds a block of it; when the
 * last of them is answered, the message is. Thread: the ingest loop.
 *
 * A message's blocks go to one partition, one after the other, never interleaved with another
 * message's: so of the messages in a record at most one, the newest, has blocks in a later record
 * too. Each message therefore needs one link only, for the record of its last block. */
#ifndef METERD_INGEST_ACK_H
#define METERD_INGEST_ACK_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/status.h"
#include "server/base/buffer.h"

#define WAITER_OFFSETS_MAX 4 /* receipts kept: the first three and the last */

/* Embedded in whatever the session keeps for the answer; all zero before the message is taken. */
struct waiter {
    struct waiter *next_in_record;
    int64_t offsets[WAITER_OFFSETS_MAX];
    uint32_t offset_count;
    uint32_t partition;
    uint32_t records_left; /* not yet answered */
    uint32_t reading_count;
    uint32_t refused_count;
    uint32_t unlisted_count;    /* refused readings for which the answer has no room */
    enum status status;         /* ST_OK, or what became of a record */
    bool is_open;               /* more blocks may follow */
    bool wants_detail;          /* the answer lists names and refusals (HTTP) */
    struct buffer unregistered; /* JSON array elements, separated by commas */
    struct buffer quarantined;  /* likewise */
};

/* The messages in one record. All zero: none. */
struct waiter_list {
    struct waiter *newest;
    struct waiter *continuing; /* has blocks in the next record too */
};

/* Called when nothing is left to wait for. May put the waiter's memory to another use. */
typedef void (*waiter_answered)(void *context, struct waiter *w);

/* w has a block in this record; the same message may be added again and again. */
void waiter_list_add(struct waiter_list *l, struct waiter *w);
/* The record takes no more blocks. */
void waiter_list_seal(struct waiter_list *l);
/* The log's verdict on the record. */
void waiter_list_answer(struct waiter_list *l, enum status result, uint32_t partition,
                        int64_t offset, waiter_answered answered, void *context);

static inline bool
waiter_is_done(const struct waiter *w)
{
    return w->records_left == 0 && !w->is_open;
}

#endif
