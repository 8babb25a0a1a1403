/* From a message to blocks: every reading is judged by itself, names become point numbers, what
 * cannot be counted goes along with its reason. Thread: the ingest loop.
 *
 * A message is understood as a whole before anything of it is stored. One that fits a block is
 * read once; a larger one is read through first and then emitted block by block. */
#ifndef METERD_INGEST_INTAKE_H
#define METERD_INGEST_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/span.h"
#include "proto/status.h"
#include "server/ingest/ack.h"

struct intake;
struct batcher;
struct buffer_pool;
struct directory;
struct quota;

struct intake_options {
    struct batcher *batcher;    /* all borrowed */
    struct buffer_pool *memory; /* for what answers list */
    struct quota *quota;
};

struct message {
    uint32_t enterprise;
    uint32_t gateway;
    int64_t received_at_ms; /* wall clock */
    int64_t now_ms;         /* monotonic, for the age of records */
    struct span payload;
    bool is_stable; /* the payload stays where it is until the message is taken or dropped */
    struct waiter *waiter;
};

/* NULL: no memory. */
struct intake *intake_new(const struct intake_options *o) MUST_USE;
void intake_free(struct intake *in);
/* From now on this one; NULL is not allowed. */
void intake_set_directory(struct intake *in, const struct directory *d);

/* Takes a JSON message.
 * ST_OK: it is in records; the waiter is answered when they are, or is done already. Its status is
 *   ST_UNAVAILABLE when memory for the answer ran out: then not all of it is stored.
 * ST_MALFORMED: nothing is stored; intake_error says why.
 * ST_BUSY: no room. Call again with the same message when there is; a stable message may be stored
 *   in part by then, and no other message is taken before it is finished or dropped. */
enum status intake_take_json(struct intake *in, const struct message *m) MUST_USE;
/* The connection is gone while its message is half taken: forget the rest. */
void intake_drop(struct intake *in, const struct waiter *w);
/* The one whose message is half taken; NULL: none. */
const struct waiter *intake_unfinished(const struct intake *in);

struct intake_error {
    const char *text; /* static */
    size_t offset;    /* in the payload */
};
struct intake_error intake_error(const struct intake *in);

/* Keeps the head of a message that is refused as a whole: MQTT cannot say no in every version.
 * ST_OK as above, or ST_BUSY. */
enum status intake_refuse(struct intake *in, const struct message *m, enum status why,
                          const char *detail) MUST_USE;

#endif
