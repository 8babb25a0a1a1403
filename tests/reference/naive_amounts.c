/*
 * Where the amounts go (semantics 2.2 and 2.3). All three kinds of point give the same shape: a
 * straight course between two moments, whose value at x, taken through the factor valid there, is
 * cut at slots and at changes of attributes. What lies between two cuts is the amount.
 */

#include "tests/reference/naive_parts.h"

#include <assert.h>

/* At x the value is base + floor(rise x (x - from) / length). */
struct course {
    int64_t from;
    int64_t to;
    int64_t base;
    __int128 rise;
    int64_t length;
    int64_t modulus; /* of a rollover: values above it begin again; else NAIVE_NONE */
    bool estimated;
    bool in_one_slot; /* not spread: all of it in the slot that holds to - 1 ms */
};

static __int128
value_at(const struct course *c, int64_t x)
{
    return c->base + naive_floor_div(c->rise * (x - c->from), c->length);
}

static __int128
factored_at(const struct course *c, const struct naive_attributes *a, int64_t x)
{
    __int128 v = value_at(c, x);

    if (c->modulus != NAIVE_NONE && v > c->modulus)
        return naive_factored(a, c->modulus) + naive_factored(a, v - c->modulus);
    return naive_factored(a, v);
}

static void
add_part(struct naive_work *w, const struct course *c, int64_t x, int64_t y)
{
    struct naive_attributes a = naive_attributes_at(w->point, x);
    int64_t slot = naive_slot_start(&w->in->deployment, c->in_one_slot ? c->to - 1 : x);
    __int128 amount = a.sign * (factored_at(c, &a, y) - factored_at(c, &a, x));
    struct naive_counts counts = {.quantity = amount, .estimated = c->estimated ? amount : 0};
    char text[48];

    if (w->trace != NULL)
        naive_trace(w, "    [%lld, %lld) item %d slot %lld: %s%s%s\n", (long long)x, (long long)y,
                    a.item, (long long)slot, naive_int128_text(amount, text),
                    c->estimated ? " estimated" : "", a.counted ? "" : " (not counted)");
    if (a.counted && amount != 0)
        naive_rows_add(w->rows, w->point->enterprise, a.item, slot, &counts);
}

static void
add_course(struct naive_work *w, const struct course *c)
{
    int64_t y;

    for (int64_t x = c->from; x < c->to; x = y) {
        int64_t slot_end = naive_slot_start(&w->in->deployment, x) + w->in->deployment.slot_ms;
        int64_t change = naive_next_change(w->point, x);

        y = c->to;
        if (change < y)
            y = change;
        if (!c->in_one_slot && slot_end < y)
            y = slot_end;
        add_part(w, c, x, y);
    }
}

__int128
naive_limit(const struct naive_attributes *a, int64_t span_ms)
{
    assert(a->max_rate != NAIVE_NONE);
    return naive_floor_div((__int128)a->max_rate * ((__int128)span_ms + 60000), HOUR_MS);
}

bool
naive_is_rollover(const struct naive_attributes *a, struct naive_mark from, struct naive_mark to)
{
    __int128 d = (__int128)to.value - from.value;

    if (d >= 0 || a->modulus == NAIVE_NONE)
        return false;
    if (a->max_rate != NAIVE_NONE) {
        __int128 limit = naive_limit(a, to.t - from.t);

        if (limit < a->modulus)
            return d + a->modulus <= limit;
    }
    return (__int128)from.value * 10 >= (__int128)a->modulus * 9 &&
           (__int128)to.value * 10 <= a->modulus;
}

static int64_t
spread_max(const struct naive_attributes *a)
{
    if (a->spread_max_ms != NAIVE_DEFAULT)
        return a->spread_max_ms;
    return 2 * a->nominal_ms > 2 * DAY_MS ? 2 * a->nominal_ms : 2 * DAY_MS;
}

void
naive_add_step(struct naive_work *w, struct naive_mark from, struct naive_mark to,
               int64_t judged_at)
{
    struct naive_attributes a = naive_attributes_at(w->point, judged_at);
    bool rollover = naive_is_rollover(&a, from, to);
    int64_t span_ms = to.t - from.t;
    struct course c = {
        .from = from.t,
        .to = to.t,
        .base = from.value,
        .rise = (__int128)to.value - from.value,
        .length = span_ms,
        .modulus = NAIVE_NONE,
        .estimated = span_ms > 2 * a.nominal_ms,
        .in_one_slot = span_ms > spread_max(&a),
    };

    assert(span_ms > 0);
    if (rollover) {
        c.rise += a.modulus;
        c.modulus = a.modulus;
    }
    naive_trace(w, "  step %lld at %lld -> %lld at %lld%s%s%s\n", (long long)from.value,
                (long long)from.t, (long long)to.value, (long long)to.t,
                rollover ? " rollover" : "", c.estimated ? " estimated" : "",
                c.in_one_slot ? " not spread" : "");
    add_course(w, &c);
}

void
naive_add_intervals(struct naive_work *w)
{
    for (size_t i = 0; i < w->reading_count; i++) {
        const struct naive_reading *r = &w->readings[i];
        struct course c = {.rise = r->entry.value, .modulus = NAIVE_NONE};

        if (!r->usable)
            continue;
        naive_civil_period(&w->in->deployment, w->point, r->t, &c.from, &c.to);
        assert(c.from == r->t);
        c.length = c.to - c.from;
        c.estimated = c.length > w->in->deployment.slot_ms;
        naive_trace(w, "  interval %lld from %lld to %lld\n", (long long)r->entry.value,
                    (long long)c.from, (long long)c.to);
        add_course(w, &c);
    }
}

static void
add_rate(struct naive_work *w, const struct naive_reading *r, int64_t next_t)
{
    struct naive_attributes a = naive_attributes_at(w->point, r->t);
    int64_t hold = a.hold_max_ms != NAIVE_DEFAULT ? a.hold_max_ms : 2 * a.nominal_ms;
    struct course c = {
        .from = r->t,
        .to = next_t < r->t + hold ? next_t : r->t + hold,
        .rise = r->entry.value,
        .length = HOUR_MS,
        .modulus = NAIVE_NONE,
        .estimated = true,
    };

    naive_trace(w, "  rate %lld from %lld to %lld\n", (long long)r->entry.value, (long long)c.from,
                (long long)c.to);
    add_course(w, &c);
}

void
naive_add_rates(struct naive_work *w)
{
    const struct naive_reading *last = NULL;

    for (size_t i = 0; i < w->reading_count; i++) {
        if (!w->readings[i].usable)
            continue;
        if (last != NULL)
            add_rate(w, last, w->readings[i].t);
        last = &w->readings[i];
    }
}

static bool
is_late(const struct naive_work *w, const struct naive_reading *r)
{
    int64_t due = r->t, start;

    if (w->point->kind == NAIVE_INTERVAL)
        naive_civil_period(&w->in->deployment, w->point, r->t, &start, &due);
    return r->entry.received_at - due > w->in->deployment.late_after_ms;
}

void
naive_add_counts(struct naive_work *w)
{
    for (size_t i = 0; i < w->reading_count; i++) {
        const struct naive_reading *r = &w->readings[i];
        struct naive_attributes a = naive_attributes_at(w->point, r->t);
        struct naive_counts counts = {
            .readings = r->usable,
            .late = r->usable && is_late(w, r),
            .suspect = r->verdict != NAIVE_ACCEPTED,
        };

        if (a.counted)
            naive_rows_add(w->rows, w->point->enterprise, a.item,
                           naive_slot_start(&w->in->deployment, r->t), &counts);
    }
}
