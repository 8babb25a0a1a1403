/* What the connections of one replay share: the plan, how far each message is, the ledger, the
 * pace, and what is printed at the end. */
#ifndef METERD_BENCHMARKS_METERLOAD_LOAD_H
#define METERD_BENCHMARKS_METERLOAD_LOAD_H

#include <sys/socket.h>

#include "benchmarks/meterload/ledger.h"
#include "benchmarks/meterload/plan.h"
#include "benchmarks/meterload/wire.h"

#define IN_FLIGHT_MAX 1024

struct load_door {
    const char *text; /* HOST:PORT; NULL: not used */
    struct sockaddr_storage address;
    socklen_t address_size;
};

struct load_totals {
    uint64_t readings, messages; /* acknowledged */
    uint64_t resent, refused, quarantined; /* messages, messages, readings */
    uint64_t lost_connections;
    char first_refusal[WHY_SIZE];
};

struct load {
    const struct plan *plan;
    struct ledger *ledger; /* NULL: none */
    struct load_door doors[2];
    unsigned in_flight;
    uint64_t rate;  /* readings a second; 0: as fast as they are accepted */
    uint32_t *pool; /* gateways, those with most messages first */
    uint32_t pool_next;
    bool *is_done;    /* of each message: acknowledged or refused */
    bool *was_sent;   /* of each message: sent in this run */
    uint64_t sent;    /* readings, for the pace */
    int64_t began_ms, now_ms, last_answer_ms; /* monotonic */
    uint64_t done_at_start; /* readings acknowledged in an earlier run with this ledger */
    struct load_totals totals;
};

/* The next gateway that nobody sends for, or FLEET_NONE. */
uint32_t load_take_gateway(struct load *l);
/* The pace allows another message now. */
bool load_may_send(const struct load *l);
void load_note_sent(struct load *l, uint32_t message);
void load_note_stored(struct load *l, uint32_t message, const struct answer *a);
void load_note_refused(struct load *l, uint32_t message, const struct answer *a);

#endif
