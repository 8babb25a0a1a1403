/* An open-addressing table whose slots are claimed by compare-and-swap and never given back within
 * a day. A slot holds gateway, day and count in one word, so that an old day's slot turns into the
 * new day's in one step. When more gateways misbehave than there are slots, the rest keep nothing:
 * the bound on rows comes first. */
#include "server/ingest/quota.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "server/base/bounds.h"
#include "server/base/table.h"

#define PROBES_MAX 64
#define COUNT_BITS 16
#define DAY_BITS 16
#define COUNT_MASK ((UINT64_C(1) << COUNT_BITS) - 1)
#define DAY_MASK ((UINT64_C(1) << DAY_BITS) - 1)

_Static_assert(QUARANTINE_ROWS_PER_GATEWAY_DAY_MAX < (1 << COUNT_BITS), "count fits");
_Static_assert((QUARANTINE_GATEWAYS_MAX & (QUARANTINE_GATEWAYS_MAX - 1)) == 0, "power of two");

struct quota {
    _Atomic uint64_t slots[QUARANTINE_GATEWAYS_MAX];
};

struct quota *
quota_new(void)
{
    return calloc(1, sizeof(struct quota));
}

void
quota_free(struct quota *q)
{
    free(q);
}

static uint64_t
slot_of(uint32_t gateway, uint64_t day, uint64_t count)
{
    return (uint64_t)gateway << (COUNT_BITS + DAY_BITS) | day << COUNT_BITS | count;
}

/* Relaxed throughout: the word is all there is, nothing else is published through it. */
static bool
take_from(_Atomic uint64_t *slot, uint32_t gateway, uint64_t day, bool *is_ours)
{
    uint64_t seen = atomic_load_explicit(slot, memory_order_relaxed);

    for (;;) {
        uint64_t seen_day = seen >> COUNT_BITS & DAY_MASK;
        uint64_t count = seen & COUNT_MASK;
        bool is_free = seen == 0 || seen_day != day;

        *is_ours = is_free || seen >> (COUNT_BITS + DAY_BITS) == gateway;
        if (!*is_ours)
            return false;
        if (is_free)
            count = 0;
        if (count >= QUARANTINE_ROWS_PER_GATEWAY_DAY_MAX)
            return false;
        if (atomic_compare_exchange_weak_explicit(slot, &seen, slot_of(gateway, day, count + 1),
                                                  memory_order_relaxed, memory_order_relaxed))
            return true;
    }
}

bool
quota_take(struct quota *q, uint32_t gateway, int64_t wall_ms)
{
    uint64_t day = (uint64_t)(wall_ms / 86400000) & DAY_MASK;
    uint64_t at = table_hash_number(gateway);

    assert(gateway != 0);
    for (unsigned i = 0; i < PROBES_MAX; i++, at++) {
        bool is_ours;
        bool kept = take_from(&q->slots[at & (QUARANTINE_GATEWAYS_MAX - 1)], gateway, day,
                              &is_ours);

        if (is_ours)
            return kept;
    }
    return false;
}
