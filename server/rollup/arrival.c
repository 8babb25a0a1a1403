/* One reading enters its point's set: found to be new, a repeat or a replacement; folded at the end,
 * inside what memory holds, or set aside in the inbox (design 4). Below the partition's live offset
 * everything it means is in the database already: it is folded and nothing is emitted. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/decimal.h"
#include "proto/timestamp.h"
#include "server/base/counter.h"
#include "server/rollup/calendar.h"
#include "server/rollup/rollup_state.h"

enum arrival_class { CLASS_COUNTED, CLASS_SUPERSEDING, CLASS_REPEATED };

static bool
is_live(const struct arrival *a)
{
    return a->offset >= a->partition->live_offset;
}

static bool
is_suspect(const struct point *facts, const struct reading *r)
{
    if (facts == NULL)
        return (r->quality & QUALITY_WORD_MASK) > QUALITY_MANUAL;
    return !reading_is_usable(facts, r);
}

static void
count_arrival(struct rollup *r, const struct point_memory *p, const struct reading *reading,
              enum arrival_class class)
{
    const struct point *facts = point_facts(r, p);
    int32_t day = civil_day(r->dep, reading->received_at_ms);
    struct tx_arrivals *n = deltas_arrivals(&r->deltas, p->enterprise, day);

    n->received++;
    n->counted += class == CLASS_COUNTED;
    n->superseding += class == CLASS_SUPERSEDING;
    n->repeated += class == CLASS_REPEATED;
    n->late += reading_is_late(facts, r->dep, reading);
    n->suspect += is_suspect(facts, reading);
    n->unregistered += facts == NULL;
    if (class == CLASS_REPEATED)
        counter_add(COUNT_readings_repeated, 1);
    else if (class == CLASS_SUPERSEDING)
        counter_add(COUNT_readings_superseded, 1);
}

void
arrival_quarantine(struct rollup *r, const struct arrival *a, const struct refused_reading *q)
{
    if (!is_live(a))
        return;
    struct transaction *tx = r->open;
    struct tx_quarantine row = {
        .enterprise = a->enterprise,
        .gateway = a->gateway,
        .received_at_ms = a->reading.received_at_ms,
        .point_name = transaction_text(tx, q->point),
        .t_text = transaction_text(tx, q->t_text),
        .value_text = transaction_text(tx, q->value_text),
        .code = transaction_text(tx, q->code),
        .detail = transaction_text(tx, q->detail),
    };
    *TX_APPEND(&tx->quarantine) = row;

    int32_t day = civil_day(r->dep, a->reading.received_at_ms);
    struct tx_arrivals *n = deltas_arrivals(&r->deltas, a->enterprise, day);
    n->received++;
    n->quarantined++;
    a->partition->touched = true;
    counter_add(COUNT_readings_quarantined, 1);
}

/* Where the fold refuses a reading, its texts are made from its numbers. */
static void
quarantine_reading(struct rollup *r, const struct arrival *a, enum status why, const char *detail)
{
    char t_text[40], value_text[32];
    size_t t_size = timestamp_format_rfc3339(a->reading.t_ms, 0, t_text);
    size_t value_size = decimal_format(a->reading.value, value_text);
    struct refused_reading q = {
        .point = a->name,
        .t_text = span_of(t_text, t_size),
        .value_text = span_of(value_text, value_size),
        .code = span_text(status_code(why)),
        .detail = span_text(detail),
    };
    arrival_quarantine(r, a, &q);
}

static void
add_superseded(struct rollup *r, const struct point_memory *p, const struct reading *was,
               int64_t replaced_at_ms)
{
    *TX_APPEND(&r->open->superseded) = (struct tx_superseded){
        .point = p->number,
        .t_ms = was->t_ms,
        .value = was->value,
        .received_at_ms = was->received_at_ms,
        .replaced_at_ms = replaced_at_ms,
        .quality = was->quality,
    };
}

static bool
is_repeat(const struct reading *a, const struct reading *b)
{
    return a->value == b->value &&
           (a->quality & QUALITY_WORD_MASK) == (b->quality & QUALITY_WORD_MASK);
}

static void
set_aside(struct rollup *r, struct point_memory *p, const struct arrival *a)
{
    *TX_APPEND(&r->open->inbox_inserts) = (struct tx_inbox){
        .partition = p->partition->number,
        .point = p->number,
        .log_offset = a->offset,
        .idx = a->idx,
        .t_ms = a->reading.t_ms,
        .value = a->reading.value,
        .received_at_ms = a->reading.received_at_ms,
        .quality = a->reading.quality,
    };
    if (p->inbox_count == 0 || p->inbox_t_max_ms < a->reading.t_ms)
        p->inbox_t_max_ms = a->reading.t_ms;
    p->inbox_count++;
    point_must_write(r, p);
    counter_add(COUNT_readings_to_inbox, 1);
}

static void
at_change(void *ctx, const struct change *c)
{
    struct sink *s = ctx;
    if (s->changed_at_ms < c->now.received_at_ms)
        s->changed_at_ms = c->now.received_at_ms;
}

/* Puts sorted changes into the tail; emits when live. */
static void
fold_changes(struct rollup *r, struct point_memory *p, const struct change *changes,
             uint32_t count, bool live)
{
    const struct point *facts = point_facts(r, p);

    if (facts == NULL) {
        for (uint32_t i = 0; i < count; i++)
            tail_put(&p->tail, &r->pool, &changes[i].now);
    } else {
        struct sink sink = {.rollup = r, .enterprise = p->enterprise, .changed_at_ms = TIME_MIN};
        struct fold before = point_fold(r, facts, live ? sink_take_back : NULL, &sink);
        struct fold after = point_fold(r, facts, live ? sink_give : NULL, &sink);
        struct refold rf = {
            .before = &before,
            .after = &after,
            .tail = &p->tail,
            .pool = &r->pool,
            .state = &p->state,
            .at_change = at_change,
            .ctx = &sink,
        };
        refold_changes(&rf, changes, count);
        counter_add(COUNT_refolds, 1);
    }
    int64_t last_ms = changes[count - 1].now.t_ms;
    if (!p->has_last || p->last_t_ms < last_ms) {
        p->has_last = true;
        p->last_t_ms = last_ms;
    }
}

static void
fold_inside(struct rollup *r, struct point_memory *p, const struct arrival *a)
{
    struct tail_place place = tail_find(&p->tail, a->reading.t_ms);
    struct change c = {.now = a->reading, .replaces = place.found};
    bool live = is_live(a);

    if (place.found) {
        c.was = p->tail.at[place.segment]->r[place.reading];
        if (is_repeat(&c.was, &c.now)) {
            if (live)
                count_arrival(r, p, &a->reading, CLASS_REPEATED);
            return;
        }
        if (live)
            add_superseded(r, p, &c.was, a->reading.received_at_ms);
    }
    if (live)
        count_arrival(r, p, &a->reading, place.found ? CLASS_SUPERSEDING : CLASS_COUNTED);
    fold_changes(r, p, &c, 1, live);
    point_mark_dirty(r, p, a->offset);
    counter_add(COUNT_readings_folded_late, 1);
}

static void
fold_at_end(struct rollup *r, struct point_memory *p, const struct point *facts,
            const struct arrival *a)
{
    bool live = is_live(a);

    /* The state before it is what a new segment begins with. */
    tail_append(&p->tail, &r->pool, &a->reading, &p->state);
    if (facts != NULL) {
        struct sink sink = {r, p->enterprise, a->reading.received_at_ms};
        struct fold f = point_fold(r, facts, live ? sink_give : NULL, &sink);
        fold_reading(&f, &p->state, &a->reading, false);
    }
    if (live)
        count_arrival(r, p, &a->reading, CLASS_COUNTED);
    p->has_last = true;
    p->last_t_ms = a->reading.t_ms;
    point_mark_dirty(r, p, a->offset);
    counter_add(COUNT_readings_folded_in_order, 1);
}

/* Later than all its readings and all its exchanges. */
static bool
is_at_end(const struct point_memory *p, const struct point *facts, int64_t t_ms)
{
    if (p->has_last && t_ms <= p->last_t_ms)
        return false;
    return facts == NULL || facts->exchange_count == 0 ||
           t_ms > facts->exchanges[facts->exchange_count - 1].t_ms;
}

static enum status
ask_for_readings(struct rollup *r, const struct point_memory *p, int64_t t_ms)
{
    if (r->stalled_on == NULL) {
        struct page_request *q = page_request_new(PAGE_READINGS);
        q->aggregator = r->options.aggregator;
        q->partition = p->partition->number;
        q->point = p->number;
        q->from_t_ms = t_ms;
        if (r->ports.ask(r->ports.ctx, q))
            r->stalled_on = q;
        else
            page_request_free(q);
    }
    return ST_AGAIN;
}

/* Segments before the place of a late reading count as touched too: half a step each way. */
static bool
touches_too_much(const struct rollup *r, const struct point_memory *p, const struct point *facts,
                 const struct arrival *a)
{
    if (facts == NULL)
        return false;
    struct fold f = point_fold(r, facts, NULL, NULL);
    return fold_slots_touched(&f, &p->state, &a->reading) > SLOTS_IN_MEMORY_MAX;
}

/* Inside, a month or a year corrected again and again would be folded each time; from the inbox
 * all corrections of one time are one change. */
static bool
is_long_interval(const struct rollup *r, const struct point_memory *p, const struct point *facts,
                 const struct arrival *a)
{
    return facts != NULL && facts->kind == POINT_INTERVAL && touches_too_much(r, p, facts, a);
}

static enum status
fold_into(struct rollup *r, struct point_memory *p, struct arrival *a)
{
    const struct point *facts = point_facts(r, p);
    int64_t t_ms = a->reading.t_ms;
    bool live = is_live(a);

    /* The inbox keeps its place in the queue: what it may hold a reading for goes behind it. */
    if (live && p->inbox_count > 0 && t_ms <= p->inbox_t_max_ms) {
        set_aside(r, p, a);
        return ST_OK;
    }
    if (is_at_end(p, facts, t_ms)) {
        if (live && touches_too_much(r, p, facts, a))
            set_aside(r, p, a);
        else
            fold_at_end(r, p, facts, a);
        return ST_OK;
    }
    if (tail_covers(&p->tail, t_ms) && !(live && is_long_interval(r, p, facts, a))) {
        fold_inside(r, p, a);
        return ST_OK;
    }
    if (!live)
        return ask_for_readings(r, p, t_ms);
    set_aside(r, p, a);
    return ST_OK;
}

/* The first reading of a point that has no row: it starts at the directory's revision. */
static struct point_memory *
point_begin(struct rollup *r, const struct arrival *a, const struct point *facts)
{
    struct point_memory *p = point_create(r, a->partition, a->point, a->enterprise);

    p->tail.whole = true;
    p->registered = facts != NULL;
    if (facts != NULL) {
        struct sink sink = {r, p->enterprise, a->reading.received_at_ms};
        struct fold f = point_fold(r, facts, sink_give, &sink);
        refold_start(&f, &p->state, TIME_MAX);
    }
    point_must_write(r, p);
    return p;
}

enum status
rollup_ask_revision(struct rollup *r)
{
    if (r->stalled_on == NULL && r->revision_wanted == 0) {
        struct page_request *q = page_request_new(PAGE_REVISION);
        q->aggregator = r->options.aggregator;
        r->revision_asked = r->ports.ask(r->ports.ctx, q);
        if (r->revision_asked)
            r->stalled_on = q;
        else
            page_request_free(q);
    }
    return ST_AGAIN;
}

void
rollup_settle_revision(struct rollup *r)
{
    r->revision_asked = r->revision_known = false;
    r->revision_wanted = 0;
}

enum status
arrival_fold(struct rollup *r, struct arrival *a)
{
    const struct point *facts = directory_point(r->dir, a->point);
    bool by_number = a->name.size == 0;

    if (facts != NULL && facts->kind == POINT_UNREGISTERED)
        facts = NULL;
    struct point_memory *p = point_find(r, a->point);

    if (by_number && facts == NULL && !r->revision_known)
        return rollup_ask_revision(r); /* The door knows a newer registry than we do. */
    rollup_settle_revision(r);
    if ((by_number && facts == NULL) || (facts != NULL && facts->enterprise != a->enterprise) ||
        (p != NULL && p->enterprise != a->enterprise)) {
        quarantine_reading(r, a, ST_FOREIGN_POINT, "no point of this enterprise has this number");
        return ST_OK;
    }
    if (facts != NULL)
        a->name = facts->name;
    if (!is_live(a) && (p == NULL || a->offset < p->applied_offset))
        return ST_OK;

    bool registered = p != NULL ? p->registered : facts != NULL;
    /* By number: it is registered in the log's eyes, though p may not have adopted that yet. */
    bool needs_time = (!registered && !by_number) || facts->kind == POINT_INTERVAL;
    if ((a->reading.quality & QUALITY_TIME_OF_ARRIVAL) && needs_time) {
        quarantine_reading(r, a, ST_BAD_TIME, "a reading of this point needs a time of its own");
        return ST_OK;
    }
    if (registered && facts->kind == POINT_INTERVAL)
        a->reading.t_ms = interval_time_moved(facts, r->dep, a->reading.t_ms);
    if (p == NULL)
        p = point_begin(r, a, facts);
    a->partition->touched = true;
    return fold_into(r, p, a);
}

/* --- Many at once. ------------------------------------------------------------------------------ */

struct ordered {
    struct reading reading;
    uint32_t order;
};

static int
compare_ordered(const void *left, const void *right)
{
    const struct ordered *a = left, *b = right;

    if (a->reading.t_ms != b->reading.t_ms)
        return a->reading.t_ms < b->reading.t_ms ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* All rows of one time, in log order, against what the tail holds. False: nothing changes. */
static bool
change_of(struct rollup *r, const struct point_memory *p, const struct ordered *rows,
          uint32_t count, struct change *c)
{
    struct tail_place place = tail_find(&p->tail, rows[0].reading.t_ms);
    struct reading current = {0};
    bool there = place.found, changed = false;

    if (there)
        current = c->was = p->tail.at[place.segment]->r[place.reading];
    c->replaces = there;
    for (uint32_t i = 0; i < count; i++) {
        const struct reading *next = &rows[i].reading;
        if (there && is_repeat(&current, next)) {
            count_arrival(r, p, next, CLASS_REPEATED);
            continue;
        }
        if (there)
            add_superseded(r, p, &current, next->received_at_ms);
        count_arrival(r, p, next, there ? CLASS_SUPERSEDING : CLASS_COUNTED);
        current = *next;
        there = changed = true;
    }
    c->now = current;
    return changed;
}

void
arrival_fold_rows(struct rollup *r, struct point_memory *p, const struct tx_inbox *rows,
                  uint32_t count)
{
    struct ordered *sorted = calloc(count, sizeof *sorted);
    struct change *changes = calloc(count, sizeof *changes);
    uint32_t change_count = 0;

    if (sorted == NULL || changes == NULL)
        abort();
    for (uint32_t i = 0; i < count; i++) {
        sorted[i].reading = (struct reading){rows[i].t_ms, rows[i].value, rows[i].received_at_ms,
                                             rows[i].quality};
        sorted[i].order = i;
    }
    qsort(sorted, count, sizeof *sorted, compare_ordered);
    for (uint32_t i = 0; i < count;) {
        uint32_t end = i + 1;
        while (end < count && sorted[end].reading.t_ms == sorted[i].reading.t_ms)
            end++;
        change_count += change_of(r, p, &sorted[i], end - i, &changes[change_count]);
        i = end;
    }
    if (change_count > 0)
        fold_changes(r, p, changes, change_count, true);
    counter_add(COUNT_readings_from_inbox, count);
    free(sorted);
    free(changes);
}
