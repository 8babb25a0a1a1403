/* Bookkeeping of a replay: every change of a message's fate passes here on its way to the ledger. */
#include "benchmarks/meterload/load.h"

#include <assert.h>
#include <stdio.h>

uint32_t
load_take_gateway(struct load *l)
{
    while (l->pool_next < l->plan->fleet.gateway_count) {
        uint32_t gateway = l->pool[l->pool_next++];
        const struct plan_gateway *g = &l->plan->gateways[gateway];

        for (uint32_t m = g->first; m < g->first + g->count; m++)
            if (!l->is_done[m])
                return gateway;
    }
    return FLEET_NONE;
}

bool
load_may_send(const struct load *l)
{
    return l->rate == 0 ||
           l->sent <= l->rate * (uint64_t)(l->now_ms - l->began_ms) / 1000;
}

void
load_note_sent(struct load *l, uint32_t message)
{
    assert(!l->is_done[message]);
    if (l->ledger != NULL)
        ledger_add_sent(l->ledger, message);
    if (l->was_sent[message])
        l->totals.resent++;
    else
        l->sent += l->plan->messages[message].count;
    l->was_sent[message] = true;
}

void
load_note_stored(struct load *l, uint32_t message, const struct answer *a)
{
    assert(!l->is_done[message]);
    if (l->ledger != NULL)
        ledger_add_stored(l->ledger, message, a->receipts, a->quarantined);
    l->is_done[message] = true;
    l->last_answer_ms = l->now_ms;
    l->totals.messages++;
    l->totals.readings += l->plan->messages[message].count;
    l->totals.quarantined += a->quarantined;
}

void
load_note_refused(struct load *l, uint32_t message, const struct answer *a)
{
    assert(!l->is_done[message]);
    if (l->ledger != NULL)
        ledger_add_refused(l->ledger, message, a->code);
    l->is_done[message] = true;
    l->last_answer_ms = l->now_ms;
    if (l->totals.refused++ == 0)
        snprintf(l->totals.first_refusal, sizeof l->totals.first_refusal, "%s", a->why);
}
