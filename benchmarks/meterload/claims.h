/* What ledgers claim about each (point, time): the values that were sent, whether they were
 * acknowledged, and where in the log. Sorted, so that a stored row finds its claims. */
#ifndef METERD_BENCHMARKS_METERLOAD_CLAIMS_H
#define METERD_BENCHMARKS_METERLOAD_CLAIMS_H

#include "benchmarks/meterload/ledger.h"

enum claim_place { CLAIM_CURRENT = 1, CLAIM_SUPERSEDED = 2, CLAIM_QUARANTINED = 4 };

struct claim {
    uint32_t point;
    bool is_estimated;
    bool is_acknowledged;
    bool may_be_later; /* a copy of it was sent and never acknowledged: it may stand anywhere */
    uint8_t found;     /* claim_place bits */
    int64_t t_ms;      /* as meterd moves it */
    int64_t micro;
    int64_t offset;    /* greatest in the log that was acknowledged; -1: not known */
};

struct claims {
    struct plan_options options; /* of the first ledger */
    struct fleet fleet;
    int64_t utc_offset_ms;
    struct claim *at;
    uint64_t count;
    uint64_t sent_readings;
};

/* Ends the program when ledgers are damaged, or are of different registries. */
void claims_load(struct claims *c, const char *const *ledgers, unsigned count,
                 int64_t utc_offset_ms);
void claims_free(struct claims *c);
void claims_forget_found(struct claims *c);

/* The claims of a point and time: [*first, *first + result). */
uint64_t claims_of(const struct claims *c, uint32_t point, int64_t t_ms, uint64_t *first);
/* The claim of that value, or NULL. */
struct claim *claims_find(const struct claims *c, uint32_t point, int64_t t_ms, int64_t micro);

#endif
