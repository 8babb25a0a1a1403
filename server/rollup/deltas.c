/* See deltas.h. The table doubles when half full; how many rows it may hold before a commit is due
 * is the caller's rule. */
#include "server/rollup/deltas.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_SIZE_FIRST 4096

static uint32_t
hash_of(uint32_t enterprise, uint32_t item, int64_t slot_ms)
{
    /* Keys are numbers of ours, not chosen by peers: a multiplicative mix is enough. */
    uint64_t h = (uint64_t)slot_ms * 0x9E3779B97F4A7C15u;
    h ^= ((uint64_t)enterprise << 32 | item) * 0xC2B2AE3D27D4EB4Fu;
    h ^= h >> 29;
    return (uint32_t)(h * 0x165667B19E3779F9u >> 32);
}

static void
index_new(struct deltas *d, uint32_t size)
{
    free(d->index);
    d->index = calloc(size, sizeof *d->index);
    if (d->index == NULL)
        abort();
    d->index_size = size;
}

void
deltas_init(struct deltas *d)
{
    memset(d, 0, sizeof *d);
    index_new(d, INDEX_SIZE_FIRST);
}

void
deltas_fini(struct deltas *d)
{
    free(d->rows.at);
    free(d->arrivals.at);
    free(d->index);
}

void
deltas_clear(struct deltas *d)
{
    d->rows.count = d->arrivals.count = 0;
    d->last_row = d->last_arrivals = 0;
    memset(d->index, 0, d->index_size * sizeof *d->index);
}

static bool
row_is(const struct tx_rollup *r, uint32_t enterprise, uint32_t item, int64_t slot_ms)
{
    return r->slot_ms == slot_ms && r->owner == enterprise && r->item == item;
}

static void
index_grow(struct deltas *d)
{
    index_new(d, d->index_size * 2);
    for (uint32_t i = 0; i < d->rows.count; i++) {
        const struct tx_rollup *r = &d->rows.at[i];
        uint32_t place = hash_of(r->owner, r->item, r->slot_ms) & (d->index_size - 1);
        while (d->index[place] != 0)
            place = (place + 1) & (d->index_size - 1);
        d->index[place] = i + 1;
    }
}

static struct tx_rollup *
find_row(struct deltas *d, uint32_t enterprise, uint32_t item, int64_t slot_ms)
{
    if (d->last_row < d->rows.count && row_is(&d->rows.at[d->last_row], enterprise, item, slot_ms))
        return &d->rows.at[d->last_row];
    if (d->rows.count * 2 >= d->index_size)
        index_grow(d);

    uint32_t place = hash_of(enterprise, item, slot_ms) & (d->index_size - 1);
    for (; d->index[place] != 0; place = (place + 1) & (d->index_size - 1)) {
        uint32_t row = d->index[place] - 1;
        if (row_is(&d->rows.at[row], enterprise, item, slot_ms)) {
            d->last_row = row;
            return &d->rows.at[row];
        }
    }
    struct tx_rollup *r = TX_APPEND(&d->rows);
    r->owner = enterprise;
    r->item = item;
    r->slot_ms = slot_ms;
    d->last_row = d->rows.count - 1;
    d->index[place] = d->rows.count;
    return r;
}

void
deltas_add(struct deltas *d, uint32_t enterprise, uint32_t item, int64_t slot_ms,
           const struct slot_delta *delta, int sign, int64_t changed_at_ms)
{
    struct tx_rollup *r = find_row(d, enterprise, item, slot_ms);

    r->quantity += sign * delta->quantity;
    r->estimated += sign * delta->estimated;
    r->readings += sign * delta->readings;
    r->late += sign * delta->late;
    r->suspect += sign * delta->suspect;
    if (r->changed_at_ms < changed_at_ms)
        r->changed_at_ms = changed_at_ms;
}

struct tx_arrivals *
deltas_arrivals(struct deltas *d, uint32_t enterprise, int32_t day)
{
    if (d->last_arrivals < d->arrivals.count) {
        struct tx_arrivals *last = &d->arrivals.at[d->last_arrivals];
        if (last->enterprise == enterprise && last->day == day)
            return last;
    }
    for (uint32_t i = 0; i < d->arrivals.count; i++) {
        struct tx_arrivals *a = &d->arrivals.at[i];
        if (a->enterprise == enterprise && a->day == day) {
            d->last_arrivals = i;
            return a;
        }
    }
    struct tx_arrivals *a = TX_APPEND(&d->arrivals);
    a->enterprise = enterprise;
    a->day = day;
    d->last_arrivals = d->arrivals.count - 1;
    return a;
}
