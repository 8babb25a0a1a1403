/* See deltas.h. A table doubles when half full; how many rows it may hold before a commit is due
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
index_new(struct delta_index *x, uint32_t size)
{
    free(x->at);
    x->at = calloc(size, sizeof *x->at);
    if (x->at == NULL)
        abort();
    x->size = size;
}

static void
index_clear(struct delta_index *x)
{
    memset(x->at, 0, x->size * sizeof *x->at);
}

/* Puts an element that is not there yet. */
static void
index_put(struct delta_index *x, uint32_t hash, uint32_t element)
{
    uint32_t place = hash & (x->size - 1);

    while (x->at[place] != 0)
        place = (place + 1) & (x->size - 1);
    x->at[place] = element + 1;
}

void
deltas_init(struct deltas *d)
{
    memset(d, 0, sizeof *d);
    index_new(&d->row_index, INDEX_SIZE_FIRST);
    index_new(&d->arrivals_index, INDEX_SIZE_FIRST);
}

void
deltas_fini(struct deltas *d)
{
    free(d->rows.at);
    free(d->arrivals.at);
    free(d->row_index.at);
    free(d->arrivals_index.at);
}

void
deltas_clear(struct deltas *d)
{
    d->rows.count = d->arrivals.count = 0;
    d->last_row = d->row_before = d->last_arrivals = 0;
    index_clear(&d->row_index);
    index_clear(&d->arrivals_index);
}

static bool
row_is(const struct deltas *d, uint32_t row, uint32_t enterprise, uint32_t item, int64_t slot_ms)
{
    const struct tx_rollup *r = &d->rows.at[row];

    return row < d->rows.count && r->slot_ms == slot_ms && r->owner == enterprise &&
           r->item == item;
}

static void
row_index_grow(struct deltas *d)
{
    index_new(&d->row_index, d->row_index.size * 2);
    for (uint32_t i = 0; i < d->rows.count; i++) {
        const struct tx_rollup *r = &d->rows.at[i];
        index_put(&d->row_index, hash_of(r->owner, r->item, r->slot_ms), i);
    }
}

static struct tx_rollup *
found_row(struct deltas *d, uint32_t row)
{
    if (row != d->last_row) {
        d->row_before = d->last_row;
        d->last_row = row;
    }
    return &d->rows.at[row];
}

static struct tx_rollup *
find_row(struct deltas *d, uint32_t enterprise, uint32_t item, int64_t slot_ms)
{
    const struct delta_index *x = &d->row_index;

    if (row_is(d, d->last_row, enterprise, item, slot_ms))
        return &d->rows.at[d->last_row];
    if (row_is(d, d->row_before, enterprise, item, slot_ms))
        return found_row(d, d->row_before);
    if (d->rows.count * 2 >= x->size)
        row_index_grow(d);

    uint32_t hash = hash_of(enterprise, item, slot_ms);
    for (uint32_t i = hash & (x->size - 1); x->at[i] != 0; i = (i + 1) & (x->size - 1))
        if (row_is(d, x->at[i] - 1, enterprise, item, slot_ms))
            return found_row(d, x->at[i] - 1);
    struct tx_rollup *r = TX_APPEND(&d->rows);
    r->owner = enterprise;
    r->item = item;
    r->slot_ms = slot_ms;
    index_put(&d->row_index, hash, d->rows.count - 1);
    return found_row(d, d->rows.count - 1);
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

static bool
arrivals_are(const struct deltas *d, uint32_t element, uint32_t enterprise, int32_t day)
{
    const struct tx_arrivals *a = &d->arrivals.at[element];

    return element < d->arrivals.count && a->enterprise == enterprise && a->day == day;
}

static void
arrivals_index_grow(struct deltas *d)
{
    index_new(&d->arrivals_index, d->arrivals_index.size * 2);
    for (uint32_t i = 0; i < d->arrivals.count; i++) {
        const struct tx_arrivals *a = &d->arrivals.at[i];
        index_put(&d->arrivals_index, hash_of(a->enterprise, 0, a->day), i);
    }
}

struct tx_arrivals *
deltas_arrivals(struct deltas *d, uint32_t enterprise, int32_t day)
{
    const struct delta_index *x = &d->arrivals_index;

    if (arrivals_are(d, d->last_arrivals, enterprise, day))
        return &d->arrivals.at[d->last_arrivals];
    if (d->arrivals.count * 2 >= x->size)
        arrivals_index_grow(d);

    uint32_t hash = hash_of(enterprise, 0, day);
    for (uint32_t i = hash & (x->size - 1); x->at[i] != 0; i = (i + 1) & (x->size - 1))
        if (arrivals_are(d, x->at[i] - 1, enterprise, day)) {
            d->last_arrivals = x->at[i] - 1;
            return &d->arrivals.at[d->last_arrivals];
        }
    struct tx_arrivals *a = TX_APPEND(&d->arrivals);
    a->enterprise = enterprise;
    a->day = day;
    d->last_arrivals = d->arrivals.count - 1;
    index_put(&d->arrivals_index, hash, d->last_arrivals);
    return a;
}
