/* Each ledger's plan is made again from the ledger's first lines; of its messages those that were
 * sent become claims. The same value sent twice is one claim. */
#include "benchmarks/meterload/claims.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

struct maker {
    struct claims *claims;
    const struct plan *plan;
    uint64_t capacity;
};

static void
add_claims(struct maker *k, const struct message *m, const struct ledger_fate *fate)
{
    struct claims *c = k->claims;

    if (c->count + m->count > k->capacity) {
        k->capacity = k->capacity * 2 + m->count;
        c->at = tool_grow(c->at, k->capacity, sizeof *c->at);
    }
    for (uint32_t i = 0; i < m->count; i++) {
        const struct reading *r = &k->plan->readings[m->first + i];

        c->at[c->count++] = (struct claim){
            .point = r->point,
            .t_ms = fleet_moved_ms(&c->fleet.points[r->point], r->t_ms, c->utc_offset_ms),
            .micro = r->micro,
            .is_estimated = r->is_estimated,
            .is_acknowledged = fate->acknowledged > 0,
            .may_be_later = fate->sent > fate->acknowledged + fate->refused,
            .offset = fate->partition < 0 ? -1 : fate->offset,
        };
    }
    c->sent_readings += m->count;
}

static void
take_ledger(struct claims *c, const char *path, uint64_t *capacity)
{
    struct plan_options o;
    struct plan plan;
    struct ledger_fate *fates;
    struct maker k = {.claims = c, .plan = &plan, .capacity = *capacity};

    ledger_read_options(path, &o);
    if (strcmp(o.registry_dir, c->options.registry_dir) != 0)
        tool_die(EX_DATAERR, "%s: its registry is %s, that of the first ledger %s", path,
                 o.registry_dir, c->options.registry_dir);
    plan_make(&plan, &o);
    fates = tool_grow(NULL, plan.message_count, sizeof *fates);
    for (uint32_t m = 0; m < plan.message_count; m++)
        fates[m] = (struct ledger_fate){.partition = -1};
    ledger_read_fates(path, &plan, &o, fates);
    for (uint32_t m = 0; m < plan.message_count; m++)
        if (fates[m].sent > 0)
            add_claims(&k, &plan.messages[m], &fates[m]);
    *capacity = k.capacity;
    free(fates);
    plan_free(&plan);
    ledger_free_options(&o);
}

static int
compare_places(const struct claim *x, uint32_t point, int64_t t_ms)
{
    if (x->point != point)
        return x->point < point ? -1 : 1;
    return (x->t_ms > t_ms) - (x->t_ms < t_ms);
}

static int
compare_claims(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;
    int order = compare_places(x, y->point, y->t_ms);

    if (order == 0)
        order = (x->micro > y->micro) - (x->micro < y->micro);
    return order != 0 ? order : x->is_estimated - y->is_estimated;
}

static void
merge_equal(struct claims *c)
{
    uint64_t kept = 0;

    qsort(c->at, c->count, sizeof *c->at, compare_claims);
    for (uint64_t i = 0; i < c->count; i++) {
        const struct claim *next = &c->at[i];
        struct claim *last = kept > 0 ? &c->at[kept - 1] : NULL;

        if (last == NULL || compare_claims(last, next) != 0) {
            c->at[kept++] = *next;
            continue;
        }
        last->is_acknowledged = last->is_acknowledged || next->is_acknowledged;
        last->may_be_later = last->may_be_later || next->may_be_later;
        last->offset = last->offset > next->offset ? last->offset : next->offset;
    }
    c->count = kept;
}

void
claims_load(struct claims *c, const char *const *ledgers, unsigned count, int64_t utc_offset_ms)
{
    uint64_t capacity = 0;

    *c = (struct claims){.utc_offset_ms = utc_offset_ms};
    ledger_read_options(ledgers[0], &c->options);
    fleet_load(&c->fleet, c->options.registry_dir, c->options.tokens_path);
    for (unsigned i = 0; i < count; i++)
        take_ledger(c, ledgers[i], &capacity);
    merge_equal(c);
}

void
claims_free(struct claims *c)
{
    fleet_free(&c->fleet);
    ledger_free_options(&c->options);
    free(c->at);
    *c = (struct claims){0};
}

void
claims_forget_found(struct claims *c)
{
    for (uint64_t i = 0; i < c->count; i++)
        c->at[i].found = 0;
}

uint64_t
claims_of(const struct claims *c, uint32_t point, int64_t t_ms, uint64_t *first)
{
    uint64_t low = 0, high = c->count, end;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (compare_places(&c->at[middle], point, t_ms) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *first = low;
    for (end = low; end < c->count && compare_places(&c->at[end], point, t_ms) == 0;)
        end++;
    return end - low;
}

struct claim *
claims_find(const struct claims *c, uint32_t point, int64_t t_ms, int64_t micro)
{
    uint64_t first, count = claims_of(c, point, t_ms, &first);

    for (uint64_t i = first; i < first + count; i++)
        if (c->at[i].micro == micro)
            return &c->at[i];
    return NULL;
}
