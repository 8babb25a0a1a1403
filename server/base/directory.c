/* Reading the directory: arrays indexed by number, open-addressing tables for names and tokens, and
 * binary search over dated spans whose newest is tried first. Nothing here writes, so any number of
 * threads may read at once. directory_build.c fills it. */
#include "server/base/directory.h"

#include <assert.h>

#include <xxhash.h>

#include "server/base/directory_parts.h"

uint32_t
directory_hash_name(const struct directory *d, uint32_t enterprise, struct span name)
{
    uint64_t seed = d->seed + enterprise * UINT64_C(0x9E3779B97F4A7C15);

    return (uint32_t)XXH3_64bits_withSeed(name.at, name.size, seed);
}

uint32_t
directory_hash_token(const struct directory *d, const uint8_t sha256[32])
{
    return (uint32_t)XXH3_64bits_withSeed(sha256, 32, d->seed);
}

int64_t
directory_revision(const struct directory *d)
{
    return d->revision;
}

int64_t
directory_imported_at_ms(const struct directory *d)
{
    return d->imported_at_ms;
}

const struct deployment *
directory_deployment(const struct directory *d)
{
    return &d->deployment;
}

const struct point *
directory_point(const struct directory *d, uint32_t number)
{
    if (number >= d->point_size || d->points[number].number == 0)
        return NULL;
    return &d->points[number];
}

const struct enterprise *
directory_enterprise(const struct directory *d, uint32_t number)
{
    if (number >= d->enterprise_size || d->enterprises[number].number == 0)
        return NULL;
    return &d->enterprises[number];
}

const struct gateway *
directory_gateway(const struct directory *d, uint32_t number)
{
    if (number >= d->gateway_size || d->gateways[number].number == 0)
        return NULL;
    return &d->gateways[number];
}

uint32_t
directory_point_number_max(const struct directory *d)
{
    return d->point_size == 0 ? 0 : d->point_size - 1;
}

uint32_t
directory_enterprise_number_max(const struct directory *d)
{
    return d->enterprise_size == 0 ? 0 : d->enterprise_size - 1;
}

const struct point *
directory_find_point(const struct directory *d, uint32_t enterprise, struct span name)
{
    uint32_t hash = directory_hash_name(d, enterprise, name);

    /* Ends at a free cell: the table is at most half full. */
    for (uint32_t i = hash & d->names.mask; d->names.cells[i].number != 0;
         i = (i + 1) & d->names.mask) {
        const struct point *p = &d->points[d->names.cells[i].number];

        if (d->names.cells[i].hash == hash && p->enterprise == enterprise &&
            span_equal(p->name, name))
            return p;
    }
    return NULL;
}

static bool
point_is(const struct directory *d, uint32_t number, uint32_t enterprise, struct span name)
{
    const struct point *p = directory_point(d, number);

    return p != NULL && p->enterprise == enterprise && span_equal(p->name, name);
}

const struct point *
directory_find_point_after(const struct directory *d, uint32_t enterprise, struct span name,
                           uint32_t previous)
{
    /* Neighbours lie side by side in memory, where a table's cells are anywhere. */
    if (previous > 0 && previous < d->point_size) {
        if (point_is(d, previous + 1, enterprise, name))
            return &d->points[previous + 1];
        if (point_is(d, previous, enterprise, name))
            return &d->points[previous];
    }
    return directory_find_point(d, enterprise, name);
}

const struct gateway *
directory_find_gateway(const struct directory *d, struct span name)
{
    const struct directory_table *t = &d->gateway_names;
    uint32_t hash = directory_hash_name(d, 0, name);

    for (uint32_t i = hash & t->mask; t->cells[i].number != 0; i = (i + 1) & t->mask) {
        const struct gateway *g = &d->gateways[t->cells[i].number];

        if (t->cells[i].hash == hash && span_equal(g->name, name))
            return g;
    }
    return NULL;
}

static bool
gateway_has_token(const struct gateway *g, const uint8_t sha256[32])
{
    return (g->has_token[0] && memcmp(g->token_sha256[0], sha256, 32) == 0) ||
           (g->has_token[1] && memcmp(g->token_sha256[1], sha256, 32) == 0);
}

const struct gateway *
directory_find_token(const struct directory *d, const uint8_t sha256[32])
{
    const struct directory_table *t = &d->tokens;
    uint32_t hash = directory_hash_token(d, sha256);

    for (uint32_t i = hash & t->mask; t->cells[i].number != 0; i = (i + 1) & t->mask) {
        const struct gateway *g = &d->gateways[t->cells[i].number];

        if (t->cells[i].hash == hash && gateway_has_token(g, sha256))
            return g;
    }
    return NULL;
}

const struct point *
directory_next_point(const struct directory *d, uint32_t enterprise, uint32_t *position)
{
    uint32_t at;

    if (enterprise >= d->enterprise_size)
        return NULL;
    at = d->point_first[enterprise] + *position;
    if (at >= d->point_first[enterprise + 1])
        return NULL;
    *position += 1;
    return &d->points[d->point_order[at]];
}

struct span
directory_item_name(const struct directory *d, uint32_t item)
{
    return item < d->item_size ? d->items[item].name : span_of(NULL, 0);
}

struct span
directory_item_unit(const struct directory *d, uint32_t item)
{
    return item < d->item_size ? d->items[item].unit : span_of(NULL, 0);
}

struct span
directory_area_code(const struct directory *d, uint32_t area)
{
    return area < d->area_size ? d->areas[area] : span_of(NULL, 0);
}

const struct attr_span *
point_attrs_at(const struct point *p, int64_t t_ms)
{
    uint32_t low = 0, high = p->attr_count; /* the answer is in [low, high) */

    assert(p->attr_count > 0);
    assert(p->attrs[0].from_ms == TIME_MIN);
    if (t_ms >= p->attrs[high - 1].from_ms)
        return &p->attrs[high - 1];
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (p->attrs[middle].from_ms <= t_ms)
            low = middle;
        else
            high = middle;
    }
    return &p->attrs[low];
}

const struct area_span *
enterprise_areas_at(const struct enterprise *e, int64_t t_ms)
{
    uint32_t i = e->area_count;

    /* An enterprise moves seldom: from the newest back. */
    assert(e->area_count > 0);
    assert(e->areas[0].from_ms == TIME_MIN);
    while (e->areas[i - 1].from_ms > t_ms)
        i--;
    return &e->areas[i - 1];
}
