/* The ledger: what was sent and what was acknowledged, on disk before it is sent, and before it
 * counts as acknowledged. Lines of text:
 *
 *   meterload-ledger 1          then lines "name value" that say how the plan was made
 *   plan MESSAGES READINGS      the plan's size, then
 *   S MS MESSAGE                sent, at that wall-clock time; one line for each time it is sent
 *   A MS MESSAGE RECEIPTS N     acknowledged; N of its readings quarantined; "-": no receipts
 *   R MS MESSAGE CODE           refused for good
 *
 * A file that ends in half a line is as good as one without it. */
#ifndef METERD_BENCHMARKS_METERLOAD_LEDGER_H
#define METERD_BENCHMARKS_METERLOAD_LEDGER_H

#include "benchmarks/meterload/plan.h"

struct ledger;

/* What a ledger says about one message. */
struct ledger_fate {
    uint32_t sent, acknowledged, refused; /* times */
    uint32_t quarantined;                 /* readings of it */
    int32_t partition;                    /* of the receipt with the greatest offset; -1: none */
    int64_t offset;
};

/* Opens or continues the ledger at path. Ends the program when it belongs to another plan. fates:
 * one for each message, all zero but for partition -1; filled from what is there. */
struct ledger *ledger_open(const char *path, const struct plan *p, const struct plan_options *o,
                           struct ledger_fate *fates);
void ledger_close(struct ledger *l); /* writes everything */

void ledger_add_sent(struct ledger *l, uint32_t message);
void ledger_add_stored(struct ledger *l, uint32_t message, const char *receipts,
                       unsigned quarantined);
void ledger_add_refused(struct ledger *l, uint32_t message, unsigned code);
/* What was added is on disk when this returns. */
void ledger_sync(struct ledger *l);

/* The options a ledger was made with; its texts are freed by ledger_free_options. */
void ledger_read_options(const char *path, struct plan_options *o);
void ledger_free_options(struct plan_options *o);
/* Ends the program when the ledger is not one of this plan. */
void ledger_read_fates(const char *path, const struct plan *p, const struct plan_options *o,
                       struct ledger_fate *fates);

#endif
