/* The aggregator: a thread that drives a rollup (rollup.h) with what comes from the router, the
 * writer, the pager and the main thread. Made in two steps because each of them must know the
 * other's mailboxes: aggregator_new, then writer, pager and router, then aggregator_start. */
#ifndef METERD_ROLLUP_AGGREGATOR_H
#define METERD_ROLLUP_AGGREGATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "server/base/mailbox.h"
#include "server/log/log.h"
#include "server/rollup/rollup.h"
#include "server/rollup/router.h"
#include "server/store/pager.h"
#include "server/store/writer.h"

struct aggregator;

struct aggregator_options {
    struct rollup_options rollup;
    struct log *log;
    /* Directories that are no longer used go back here (const struct directory *). */
    struct mailbox *used_directories;
    /* A partition was lost to another owner; called on the aggregator's thread. */
    void (*lost)(void *ctx, uint32_t partition);
    void *ctx;
};

/* dir: the first directory; given back like all others. */
struct aggregator *aggregator_new(const struct aggregator_options *o, const struct directory *dir);
/* Where writer and pager put what they have done. */
struct mailbox *aggregator_writer_done(struct aggregator *a);
struct mailbox *aggregator_pager_done(struct aggregator *a);
struct router_target aggregator_target(struct aggregator *a);
void aggregator_start(struct aggregator *a, struct writer *w, struct pager *p, struct router *r);

/* The main thread. False: the one before has not been taken yet; try again later. */
bool aggregator_post_directory(struct aggregator *a, const struct directory *dir) MUST_USE;
/* The partitions as of a moment ago. Any thread. */
uint32_t aggregator_view(struct aggregator *a, struct rollup_partition_view *out, uint32_t max);
/* Folds what is in its ring, writes everything, at most grace_ms, then ends. */
void aggregator_stop(struct aggregator *a, int64_t grace_ms);
void aggregator_free(struct aggregator *a);

#endif
