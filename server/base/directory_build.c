/* Building the directory: copies what the registry's loader reads, compiles dated rows into spans
 * that cover all time, and at the end makes the hash tables and each enterprise's list of points.
 * Memory is taken from chunks that directory_free gives back together; when there is none the
 * process aborts, since a node without its registry can do nothing. */
#include "server/base/directory.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

#include "server/base/directory_parts.h"

#define CHUNK_SIZE ((size_t)256 * 1024)
#define SPREAD_MAX_DEFAULT_MS (48 * INT64_C(3600000))

struct directory_builder {
    struct directory *d;
};

static struct directory_chunk *
chunk_for(size_t size)
{
    size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
    struct directory_chunk *c = malloc(sizeof *c + room);

    if (c == NULL)
        abort();
    *c = (struct directory_chunk){.size = room};
    return c;
}

static size_t
round_up(size_t size)
{
    return (size + 15) & ~(size_t)15;
}

static void *
take(struct directory *d, size_t size)
{
    struct directory_chunk *c = d->chunks;
    void *at;

    size = round_up(size);
    if (c->size - c->used < size) {
        c = chunk_for(size);
        c->next = d->chunks;
        d->chunks = c;
    }
    at = c->bytes + c->used;
    c->used += size;
    return at;
}

/* Of what was taken only so much is used: the rest goes back, when nothing was taken since. */
static void
give_back(struct directory *d, const void *at, size_t taken, size_t used)
{
    struct directory_chunk *c = d->chunks;

    if ((const uint8_t *)at + round_up(taken) == c->bytes + c->used)
        c->used -= round_up(taken) - round_up(used);
}

static void *
take_zeroed(struct directory *d, size_t count, size_t item_size)
{
    void *at = take(d, count * item_size);

    memset(at, 0, count * item_size);
    return at;
}

static const void *
keep(struct directory *d, const void *from, size_t size)
{
    void *at;

    if (size == 0)
        return NULL;
    at = take(d, size);
    memcpy(at, from, size);
    return at;
}

static struct span
keep_span(struct directory *d, struct span s)
{
    return span_of(keep(d, s.at, s.size), s.size);
}

/* Doors compare the names of a gateway's points one after the other: they lie side by side. */
static struct span
keep_point_name(struct directory *d, struct span name)
{
    struct directory_chunk *c = d->name_chunk;
    uint8_t *at;

    if (c == NULL || c->size - c->used < name.size) {
        c = chunk_for(name.size);
        c->next = d->chunks->next; /* Behind the first, which others go on filling. */
        d->chunks->next = c;
        d->name_chunk = c;
    }
    at = c->bytes + c->used;
    if (name.size > 0)
        memcpy(at, name.at, name.size);
    c->used += name.size;
    return span_of(at, name.size);
}

/* Makes room for entry `number` of an array indexed by number; new entries are zero. The size asked
 * for doubles so that numbers given in order cost one copy each. */
static void *
room_for(void *array, uint32_t *size, uint32_t number, size_t item_size)
{
    uint32_t wanted = number + 1;
    uint32_t capacity = 64, had = 0;

    assert(number > 0);
    assert(number < UINT32_MAX / 2);
    if (wanted <= *size)
        return array;
    while (had < *size)
        had = had == 0 ? 64 : had * 2;
    while (capacity < wanted)
        capacity *= 2;
    if (capacity > had) {
        array = realloc(array, capacity * item_size);
        if (array == NULL)
            abort();
        memset((uint8_t *)array + had * item_size, 0, (capacity - had) * item_size);
    }
    *size = wanted;
    return array;
}

struct directory_builder *
directory_builder_new(int64_t revision, const struct deployment *dep)
{
    struct directory_builder *b = calloc(1, sizeof *b);
    struct directory *d = calloc(1, sizeof *d);

    if (b == NULL || d == NULL)
        abort();
    d->revision = revision;
    d->deployment = *dep;
    if (getrandom(&d->seed, sizeof d->seed, 0) != (ssize_t)sizeof d->seed)
        abort();
    d->chunks = chunk_for(CHUNK_SIZE);
    b->d = d;
    return b;
}

void
directory_set_imported_at(struct directory_builder *b, int64_t imported_at_ms)
{
    b->d->imported_at_ms = imported_at_ms;
}

void
directory_builder_free(struct directory_builder *b)
{
    if (b == NULL)
        return;
    directory_free(b->d);
    free(b);
}

void
directory_add_item(struct directory_builder *b, uint32_t number, struct span name,
                   struct span unit)
{
    struct directory *d = b->d;

    d->items = room_for(d->items, &d->item_size, number, sizeof *d->items);
    d->items[number].name = keep_span(d, name);
    d->items[number].unit = keep_span(d, unit);
}

void
directory_add_area(struct directory_builder *b, uint32_t number, struct span code)
{
    struct directory *d = b->d;

    d->areas = room_for(d->areas, &d->area_size, number, sizeof *d->areas);
    d->areas[number] = keep_span(d, code);
}

void
directory_add_enterprise(struct directory_builder *b, const struct enterprise *e,
                         const struct area_row *areas, uint32_t area_count)
{
    struct directory *d = b->d;
    struct area_span *spans = take(d, area_count * sizeof *spans);
    struct enterprise *to;

    assert(area_count > 0);
    for (uint32_t i = 0; i < area_count; i++) {
        assert(i == 0 || areas[i - 1].valid_from_ms < areas[i].valid_from_ms);
        spans[i].from_ms = i == 0 ? TIME_MIN : areas[i].valid_from_ms;
        spans[i].park_area = areas[i].park_area;
        spans[i].prefecture_area = areas[i].prefecture_area;
    }
    d->enterprises =
        room_for(d->enterprises, &d->enterprise_size, e->number, sizeof *d->enterprises);
    to = &d->enterprises[e->number];
    assert(to->number == 0);
    *to = *e;
    to->name = keep_span(d, e->name);
    to->areas = spans;
    to->area_count = area_count;
    to->unregistered_count = 0;
}

void
directory_add_gateway(struct directory_builder *b, const struct gateway *g)
{
    struct directory *d = b->d;

    d->gateways = room_for(d->gateways, &d->gateway_size, g->number, sizeof *d->gateways);
    assert(d->gateways[g->number].number == 0);
    d->gateways[g->number] = *g;
    d->gateways[g->number].name = keep_span(d, g->name);
}

static int64_t
twice(int64_t ms)
{
    return ms > TIME_MAX / 2 ? TIME_MAX : 2 * ms;
}

/* A row's attributes as a span: sentinels copied, defaults filled in. */
static struct attr_span
span_of_row(struct directory *d, const struct attr_row *row)
{
    struct attr_span s = row->attrs;
    int64_t two = twice(s.nominal_ms);

    assert(s.factor_num > 0);
    assert(s.factor_den > 0);
    assert(s.sign == 1 || s.sign == -1);
    s.sentinels = keep(d, s.sentinels, s.sentinel_count * sizeof *s.sentinels);
    if (s.spread_max_ms == 0)
        s.spread_max_ms = two > SPREAD_MAX_DEFAULT_MS ? two : SPREAD_MAX_DEFAULT_MS;
    if (s.hold_max_ms == 0)
        s.hold_max_ms = two;
    return s;
}

static bool
is_withdrawn(const struct attr_row *row)
{
    return row->valid_to_ms <= row->valid_from_ms;
}

static struct attr_span
uncounted_from(struct attr_span s, int64_t from_ms)
{
    s.from_ms = from_ms;
    s.counted = false;
    return s;
}

/* Rows become at most 2 * rows + 1 spans that cover all time: the time before the first row and the
 * gaps after a valid_to are not counted, with the attributes of the row beside them. A withdrawn
 * row is passed over, so the one before it goes on; when every row is withdrawn the first one's
 * attributes hold, never counted. */
static uint32_t
compile_spans(struct directory *d, const struct attr_row *rows, uint32_t row_count,
              struct attr_span *out)
{
    uint32_t count = 0;
    int64_t ended_ms = TIME_MAX; /* valid_to of the row before */

    for (uint32_t i = 0; i < row_count; i++) {
        struct attr_span s;

        assert(i == 0 || rows[i - 1].valid_from_ms < rows[i].valid_from_ms);
        if (is_withdrawn(&rows[i]))
            continue;
        s = span_of_row(d, &rows[i]);
        if (count == 0 && rows[i].valid_from_ms > TIME_MIN)
            out[count++] = uncounted_from(s, TIME_MIN);
        if (ended_ms < rows[i].valid_from_ms)
            out[count] = uncounted_from(out[count - 1], ended_ms), count++;
        s.from_ms = rows[i].valid_from_ms;
        out[count++] = s;
        ended_ms = rows[i].valid_to_ms;
    }
    if (count == 0)
        out[count++] = uncounted_from(span_of_row(d, &rows[0]), TIME_MIN);
    else if (ended_ms < TIME_MAX)
        out[count] = uncounted_from(out[count - 1], ended_ms), count++;
    return count;
}

void
directory_add_point(struct directory_builder *b, const struct point *p,
                    const struct attr_row *rows, uint32_t row_count)
{
    struct directory *d = b->d;
    struct point *to;

    assert((p->kind == POINT_UNREGISTERED) == (row_count == 0));
    d->points = room_for(d->points, &d->point_size, p->number, sizeof *d->points);
    to = &d->points[p->number];
    assert(to->number == 0);
    *to = *p;
    to->name = keep_point_name(d, p->name);
    to->unit = keep_span(d, p->unit);
    to->exchanges = keep(d, p->exchanges, p->exchange_count * sizeof *p->exchanges);
    to->attrs = NULL;
    to->attr_count = 0;
    if (row_count > 0) {
        uint32_t most = 2 * row_count + 1;
        struct attr_span *spans = take(d, most * sizeof *spans);

        to->attr_count = compile_spans(d, rows, row_count, spans);
        to->attrs = spans;
        give_back(d, spans, most * sizeof *spans, to->attr_count * sizeof *spans);
    }
}

static struct directory_table
table_for(struct directory *d, uint32_t count)
{
    uint32_t size = 16;

    while (size < 2 * count)
        size *= 2;
    return (struct directory_table){take_zeroed(d, size, sizeof(struct directory_cell)), size - 1};
}

static void
table_put(struct directory_table *t, uint32_t hash, uint32_t number)
{
    uint32_t i = hash & t->mask;

    while (t->cells[i].number != 0)
        i = (i + 1) & t->mask;
    t->cells[i] = (struct directory_cell){hash, number};
}

static void
index_points(struct directory *d)
{
    d->names = table_for(d, d->point_size);
    for (uint32_t n = 0; n < d->point_size; n++) {
        const struct point *p = &d->points[n];

        if (p->number == 0)
            continue;
        assert(directory_enterprise(d, p->enterprise) != NULL);
        table_put(&d->names, directory_hash_name(d, p->enterprise, p->name), n);
        if (p->kind == POINT_UNREGISTERED)
            d->enterprises[p->enterprise].unregistered_count++;
    }
}

/* A counting sort: enterprises in order, each one's points by number. */
static void
order_points(struct directory *d)
{
    uint32_t *first = take_zeroed(d, (size_t)d->enterprise_size + 2, sizeof *first);
    uint32_t *next = take_zeroed(d, (size_t)d->enterprise_size + 1, sizeof *next);

    for (uint32_t n = 0; n < d->point_size; n++)
        if (d->points[n].number != 0)
            first[d->points[n].enterprise + 1]++;
    for (uint32_t e = 0; e < d->enterprise_size; e++) {
        first[e + 1] += first[e];
        next[e] = first[e];
    }
    d->point_order = take_zeroed(d, (size_t)d->point_size + 1, sizeof *d->point_order);
    for (uint32_t n = 0; n < d->point_size; n++)
        if (d->points[n].number != 0)
            d->point_order[next[d->points[n].enterprise]++] = n;
    d->point_first = first;
}

static void
index_gateways(struct directory *d)
{
    d->gateway_names = table_for(d, d->gateway_size);
    d->tokens = table_for(d, 2 * d->gateway_size);
    for (uint32_t n = 0; n < d->gateway_size; n++) {
        const struct gateway *g = &d->gateways[n];

        if (g->number == 0)
            continue;
        table_put(&d->gateway_names, directory_hash_name(d, 0, g->name), n);
        for (int k = 0; k < 2; k++)
            if (g->has_token[k])
                table_put(&d->tokens, directory_hash_token(d, g->token_sha256[k]), n);
    }
}

struct directory *
directory_build(struct directory_builder *b)
{
    struct directory *d = b->d;

    index_points(d);
    order_points(d);
    index_gateways(d);
    free(b);
    return d;
}

void
directory_free(struct directory *d)
{
    if (d == NULL)
        return;
    for (struct directory_chunk *c = d->chunks, *next; c != NULL; c = next) {
        next = c->next;
        free(c);
    }
    free(d->points);
    free(d->enterprises);
    free(d->gateways);
    free(d->items);
    free(d->areas);
    free(d);
}
