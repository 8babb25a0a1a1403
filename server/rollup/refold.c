/* The same fold, run twice over the same stretch (refold.h).
 *
 * A walk meets three sequences in order of time: the readings in the tail, the changes, the
 * exchanges. While the old and the new state agree and nothing differs, one fold without amounts is
 * enough; and when the next change lies in a later segment, the walk jumps to the state stored
 * before that segment. Afterwards the changes are put into the tail, and the states stored before
 * the segments behind them are set right, on to where they already are. */
#include "server/rollup/refold.h"

#include <assert.h>

#define NEVER TIME_MAX

struct walk {
    const struct refold *rf;
    const struct change *changes;
    uint32_t count, next; /* next change */
    uint32_t segment, reading;
    uint32_t exchange;
    struct fold_state old, new;
};

static uint32_t
first_exchange_from(const struct point *p, int64_t t_ms)
{
    uint32_t i = 0;
    while (i < p->exchange_count && p->exchanges[i].t_ms < t_ms)
        i++;
    return i;
}

static const struct reading *
reading_at(const struct walk *w)
{
    const struct tail *t = w->rf->tail;
    return w->segment < t->count ? &t->at[w->segment]->r[w->reading] : NULL;
}

static void
pass_reading(struct walk *w)
{
    if (++w->reading == w->rf->tail->at[w->segment]->count) {
        w->segment++;
        w->reading = 0;
    }
}

static int64_t
change_time(const struct walk *w)
{
    return w->next < w->count ? w->changes[w->next].now.t_ms : NEVER;
}

/* To the start of the segment where the next change belongs. */
static void
walk_jump(struct walk *w)
{
    const struct tail *t = w->rf->tail;
    const struct point *p = w->rf->after->point;
    struct tail_place place = tail_find(t, change_time(w));

    w->segment = place.segment;
    w->reading = 0;
    if (place.before_first) {
        fold_state_clear(&w->old);
        w->exchange = 0;
    } else {
        w->old = t->at[place.segment]->before;
        w->exchange = first_exchange_from(p, segment_first_t(t->at[place.segment]));
    }
    w->new = w->old;
}

static bool
walk_agrees(const struct walk *w)
{
    return fold_state_equal(&w->old, &w->new);
}

static void
walk_exchange(struct walk *w)
{
    const struct exchange *e = &w->rf->after->point->exchanges[w->exchange++];

    if (walk_agrees(w)) {
        struct fold quiet = *w->rf->after;
        quiet.emit = NULL;
        fold_exchange(&quiet, &w->new, e);
        w->old = w->new;
        return;
    }
    fold_exchange(w->rf->before, &w->old, e);
    fold_exchange(w->rf->after, &w->new, e);
}

/* A reading both folds see. */
static void
walk_common(struct walk *w, const struct reading *r, bool displaced)
{
    if (walk_agrees(w)) {
        struct fold quiet = *w->rf->after;
        quiet.emit = NULL;
        fold_reading(&quiet, &w->new, r, displaced);
        w->old = w->new;
        return;
    }
    fold_reading(w->rf->before, &w->old, r, displaced);
    fold_reading(w->rf->after, &w->new, r, displaced);
}

static void
walk_change(struct walk *w, bool displaced)
{
    const struct change *c = &w->changes[w->next++];
    const struct reading *r = reading_at(w);
    bool there = r != NULL && r->t_ms == c->now.t_ms;

    assert(there == c->replaces);
    w->rf->at_change(w->rf->ctx, c);
    if (there) {
        fold_reading(w->rf->before, &w->old, r, displaced);
        pass_reading(w);
    }
    fold_reading(w->rf->after, &w->new, &c->now, displaced);
}

static int64_t
exchange_time(const struct walk *w)
{
    const struct point *p = w->rf->after->point;
    return w->exchange < p->exchange_count ? p->exchanges[w->exchange].t_ms : NEVER;
}

static int64_t
least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The next moment; false when there is none. */
static bool
walk_step(struct walk *w)
{
    const struct reading *r = reading_at(w);
    int64_t change_ms = change_time(w), exchange_ms = exchange_time(w);
    int64_t reading_ms = r != NULL ? r->t_ms : NEVER;
    int64_t t_ms = least(least(change_ms, reading_ms), exchange_ms);
    bool displaced = t_ms == exchange_ms;

    if (t_ms == NEVER)
        return false;
    if (displaced)
        walk_exchange(w);
    if (t_ms == change_ms)
        walk_change(w, displaced);
    else if (t_ms == reading_ms) {
        walk_common(w, r, displaced);
        pass_reading(w);
    }
    return true;
}

static bool
walk_may_jump(const struct walk *w)
{
    const struct tail *t = w->rf->tail;
    /* Only from the start of a segment to a later one: inside, walking on is the shorter way. */
    return w->reading == 0 && w->segment + 1 < t->count && walk_agrees(w) &&
           change_time(w) >= segment_first_t(t->at[w->segment + 1]);
}

static void
emit_difference(struct refold *rf, const struct change *changes, uint32_t count)
{
    struct walk w = {.rf = rf, .changes = changes, .count = count};

    walk_jump(&w);
    while (!(w.next == w.count && walk_agrees(&w))) {
        if (walk_may_jump(&w))
            walk_jump(&w);
        if (!walk_step(&w)) {
            *rf->state = w.new;
            return;
        }
    }
    /* They met: what follows is as it was. At the very end that is the point's state too. */
    if (reading_at(&w) == NULL && exchange_time(&w) == NEVER)
        *rf->state = w.new;
}

/* Folds one segment without amounts; exchanges up to its last reading. */
static void
pass_segment(const struct fold *quiet, const struct segment *s, struct fold_state *state)
{
    const struct point *p = quiet->point;
    uint32_t e = first_exchange_from(p, segment_first_t(s));

    for (uint32_t i = 0; i < s->count; i++) {
        bool displaced = false;
        for (; e < p->exchange_count && p->exchanges[e].t_ms <= s->r[i].t_ms; e++) {
            fold_exchange(quiet, state, &p->exchanges[e]);
            displaced = p->exchanges[e].t_ms == s->r[i].t_ms;
        }
        fold_reading(quiet, state, &s->r[i], displaced);
    }
}

static void
pass_exchanges(const struct fold *f, struct fold_state *state, int64_t from_ms, int64_t to_ms)
{
    const struct point *p = f->point;
    for (uint32_t e = first_exchange_from(p, from_ms); e < p->exchange_count; e++) {
        if (p->exchanges[e].t_ms >= to_ms)
            return;
        fold_exchange(f, state, &p->exchanges[e]);
    }
}

void
refold_start(const struct fold *f, struct fold_state *s, int64_t before_t_ms)
{
    fold_state_clear(s);
    if (f->point->exchange_count > 0)
        pass_exchanges(f, s, TIME_MIN, before_t_ms);
}

/* Sets `before` of the segments from place on, until one is right already and nothing behind it was
 * touched. Segments the changes went into have stale set on their successors by mark_touched. */
static void
set_states(const struct refold *rf, uint32_t from, uint32_t to)
{
    struct fold quiet = *rf->after;
    struct tail *t = rf->tail;
    struct fold_state s;

    quiet.emit = NULL;
    if (from == 0 && t->whole) {
        refold_start(&quiet, &s, segment_first_t(t->at[0]));
        if (!fold_state_equal(&s, &t->at[0]->before)) {
            t->at[0]->before = s;
            t->at[0]->dirty = true;
        }
    }
    t->at[from]->stale = false;
    s = t->at[from]->before;
    for (uint32_t i = from; i + 1 < t->count; i++) {
        struct segment *next = t->at[i + 1];
        pass_segment(&quiet, t->at[i], &s);
        pass_exchanges(&quiet, &s, segment_last_t(t->at[i]) + 1, segment_first_t(next));
        if (!next->stale && i >= to && fold_state_equal(&s, &next->before))
            return;
        if (!fold_state_equal(&s, &next->before)) {
            next->before = s;
            next->dirty = true;
        }
        next->stale = false;
    }
}

void
refold_changes(struct refold *rf, const struct change *changes, uint32_t count)
{
    assert(count > 0);
    assert(tail_covers(rf->tail, changes[0].now.t_ms));
    emit_difference(rf, changes, count);

    /* From the last change to the first, runs of neighbours together, so that the indices of what
     * is still to be done do not move. */
    uint32_t end = count;
    while (end > 0) {
        uint32_t begin = end - 1;
        uint32_t low = tail_put(rf->tail, rf->pool, &changes[begin].now);
        uint32_t high_from_end = rf->tail->count - low;

        while (begin > 0) {
            struct tail_place p = tail_find(rf->tail, changes[begin - 1].now.t_ms);
            if (p.segment + 2 < low)
                break;
            low = tail_put(rf->tail, rf->pool, &changes[--begin].now);
        }
        uint32_t from = low > 0 ? low - 1 : 0;
        set_states(rf, from, rf->tail->count - high_from_end);
        end = begin;
    }
}

void
refold_from_nothing(const struct fold *f, struct tail *tail, struct fold_state *state)
{
    const struct point *p = f->point;
    uint32_t e = 0;

    assert(tail->whole);
    fold_state_clear(state);
    for (uint32_t i = 0; i < tail->count; i++) {
        struct segment *s = tail->at[i];
        for (uint32_t k = 0; k < s->count; k++) {
            bool displaced = false;
            for (; e < p->exchange_count && p->exchanges[e].t_ms < s->r[k].t_ms; e++)
                fold_exchange(f, state, &p->exchanges[e]);
            if (k == 0) {
                s->before = *state;
                s->stale = false;
                s->dirty = true;
            }
            if (e < p->exchange_count && p->exchanges[e].t_ms == s->r[k].t_ms) {
                fold_exchange(f, state, &p->exchanges[e++]);
                displaced = true;
            }
            fold_reading(f, state, &s->r[k], displaced);
        }
    }
    for (; e < p->exchange_count; e++)
        fold_exchange(f, state, &p->exchanges[e]);
}
