/* A record is folded reading by reading: the columns of each block, then its named readings, then
 * what the door refused. The walk can stop before any reading when something must be asked first,
 * and goes on at the same place. */
#include "server/rollup/record_walk.h"

#include <assert.h>

#include "server/base/counter.h"
#include "server/rollup/rollup_state.h"

static void
walk_begin(struct record_walk *w, uint32_t partition, int64_t offset, struct span bytes)
{
    *w = (struct record_walk){
        .active = true, .partition = partition, .offset = offset, .records = cursor_over(bytes)};
}

static struct arrival
arrival_of(struct rollup *r, const struct record_walk *w)
{
    return (struct arrival){
        .partition = r->partitions[w->partition],
        .enterprise = w->block.enterprise,
        .gateway = w->block.gateway,
        .reading = {.received_at_ms = w->block.received_at_ms},
        .offset = w->offset,
        .idx = w->idx,
    };
}

static const struct point_memory *
point_ahead(const struct rollup *r, const struct record_walk *w, uint32_t ahead)
{
    uint32_t i = w->reading + ahead;

    return i < w->block.count ? point_find(r, block_point(&w->block, i)) : NULL;
}

/* Points lie anywhere, and a point's last reading is three steps away from its number: each step is
 * asked of memory some readings before it is needed. */
static void
prefetch_ahead(const struct rollup *r, const struct record_walk *w)
{
    const struct point_memory *p;

    if ((p = point_ahead(r, w, 12)) != NULL) {
        __builtin_prefetch(p);
        __builtin_prefetch((const char *)p + 64);
        __builtin_prefetch((const char *)p + 128);
        __builtin_prefetch((const char *)p + 192);
    }
    if ((p = point_ahead(r, w, 8)) != NULL && p->tail.count > 0)
        __builtin_prefetch(&p->tail.at[p->tail.count - 1]);
    if ((p = point_ahead(r, w, 5)) != NULL && p->tail.count > 0) {
        const struct segment *s = p->tail.at[p->tail.count - 1];
        __builtin_prefetch(&s->count);
        __builtin_prefetch(&s->r[0]);
    }
    if ((p = point_ahead(r, w, 2)) != NULL && p->tail.count > 0) {
        const struct segment *s = p->tail.at[p->tail.count - 1];
        __builtin_prefetch(&s->r[s->count], 1);
    }
}

static enum status
walk_columns(struct rollup *r, struct record_walk *w)
{
    struct arrival a = arrival_of(r, w);

    for (; w->reading < w->block.count; w->reading++) {
        if (w->block.point_step > 0)
            prefetch_ahead(r, w);
        a.point = block_point(&w->block, w->reading);
        a.name = span_of(NULL, 0);
        a.idx = w->idx;
        a.reading.t_ms = block_time(&w->block, w->reading);
        a.reading.value = block_value(&w->block, w->reading);
        a.reading.quality = block_quality(&w->block, w->reading);
        a.reading.received_at_ms = w->block.received_at_ms;
        enum status st = arrival_fold(r, &a);
        if (st != ST_OK)
            return st;
        w->idx++;
    }
    return ST_OK;
}

static uint32_t
number_of_name(const struct rollup *r, uint32_t enterprise, struct span name)
{
    const struct point *p = directory_find_point(r->dir, enterprise, name);
    uint64_t number = 0;

    if (p != NULL)
        return p->number;
    return name_table_get(r->names, enterprise, name, &number) ? (uint32_t)number : 0;
}

/* All names of the block that have no number yet, in one question. */
static enum status
ask_for_names(struct rollup *r, const struct record_walk *w)
{
    if (r->stalled_on != NULL)
        return ST_AGAIN;
    struct page_request *q = page_request_new(PAGE_INTERN);
    struct cursor c = block_cursor(&w->block);
    struct named_reading n;

    q->aggregator = r->options.aggregator;
    q->enterprise = w->block.enterprise;
    while (block_next_named(&w->block, &c, &n))
        if (number_of_name(r, q->enterprise, n.name) == 0)
            page_request_add_name(q, n.name);
    if (r->ports.ask(r->ports.ctx, q))
        r->stalled_on = q;
    else
        page_request_free(q);
    return ST_AGAIN;
}

static enum status
walk_named(struct rollup *r, struct record_walk *w)
{
    struct arrival a = arrival_of(r, w);

    while (w->named_pending || block_next_named(&w->block, &w->named, &w->name)) {
        w->named_pending = true;
        a.name = w->name.name;
        a.point = number_of_name(r, a.enterprise, a.name);
        if (a.point == 0)
            return ask_for_names(r, w);
        a.idx = w->idx;
        a.reading = (struct reading){w->name.t_ms, w->name.value, w->block.received_at_ms,
                                     (uint8_t)w->name.quality};
        enum status st = arrival_fold(r, &a);
        if (st != ST_OK)
            return st;
        w->named_pending = false;
        w->idx++;
    }
    return ST_OK;
}

static void
walk_refused(struct rollup *r, struct record_walk *w)
{
    struct arrival a = arrival_of(r, w);
    struct refused_reading q;

    while (block_next_refused(&w->block, &w->refused, &q))
        arrival_quarantine(r, &a, &q);
}

/* Kept as evidence, once for the block, and passed over. */
static void
quarantine_block(struct rollup *r, const struct record_walk *w, enum status why, const char *detail)
{
    struct arrival a = arrival_of(r, w);
    struct refused_reading q = {
        .code = span_text(status_code(why)),
        .detail = span_text(detail),
    };

    if (a.reading.received_at_ms == 0)
        a.reading.received_at_ms = a.partition->complete_until_ms;
    arrival_quarantine(r, &a, &q);
}

static enum status
walk_block(struct rollup *r, struct record_walk *w)
{
    struct partition_state *ps = r->partitions[w->partition];
    const struct enterprise *e = directory_enterprise(r->dir, w->block.enterprise);

    if (e == NULL) {
        /* Enterprises come from the registry alone: ours may be older than the door's. */
        w->enterprise_asked = true;
        if (!r->revision_known)
            return rollup_ask_revision(r);
        rollup_settle_revision(r);
        quarantine_block(r, w, ST_FOREIGN_POINT, "the registry has no enterprise of this number");
        return ST_OK;
    }
    if (w->enterprise_asked) { /* That answer is not about the block's readings. */
        rollup_settle_revision(r);
        w->enterprise_asked = false;
    }
    if (ps->complete_until_ms < w->block.received_at_ms)
        ps->complete_until_ms = w->block.received_at_ms;
    enum status st = walk_columns(r, w);
    if (st == ST_OK)
        st = walk_named(r, w);
    if (st == ST_OK)
        walk_refused(r, w);
    return st;
}

static void
open_block(struct record_walk *w)
{
    w->block_open = true;
    w->enterprise_asked = false;
    w->reading = 0;
    w->named_pending = false;
    w->named = block_cursor(&w->block);
    w->refused = w->named;
}

/* Bytes that do not decode: not written by a meterd, or damaged. */
static void
quarantine_damage(struct rollup *r, const struct record_walk *w)
{
    struct record_walk at = *w;
    at.block = (struct block_view){0};
    counter_add(COUNT_records_corrupt, 1);
    quarantine_block(r, &at, ST_MALFORMED, "a block of this record on the log cannot be decoded");
}

enum status
record_walk_go(struct rollup *r, uint32_t partition, int64_t offset, struct span bytes)
{
    struct record_walk *w = &r->walk;

    if (!w->active)
        walk_begin(w, partition, offset, bytes);
    assert(w->partition == partition && w->offset == offset);
    for (;;) {
        enum status st = ST_OK;
        if (!w->block_open) {
            st = record_next_block(&w->records, &w->block);
            if (st == ST_END)
                break;
            if (st == ST_CORRUPT) {
                quarantine_damage(r, w);
                if (!cursor_ok(&w->records))
                    break;
                continue;
            }
            open_block(w);
        }
        if (walk_block(r, w) == ST_AGAIN)
            return ST_AGAIN;
        w->block_open = false;
    }
    w->active = false;
    return ST_OK;
}
