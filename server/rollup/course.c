/* From a course to amounts in slots. All amounts are differences of F at two moments, so whatever
 * the cuts, they add up to F(end) - F(start): nothing is lost to rounding. */
#include "server/rollup/course.h"

#include <assert.h>

#include "server/rollup/calendar.h"

__int128
factor_apply(const struct attr_span *a, __int128 value)
{
    if (a->factor_num == 1 && a->factor_den == 1)
        return value;
    return floor_div128(value * a->factor_num, a->factor_den);
}

static __int128
course_at(const struct course *c, int64_t x_ms)
{
    assert(x_ms >= c->from_ms && x_ms <= c->to_ms);
    if (x_ms - c->from_ms == c->span_ms)
        return c->start_value + c->rise;
    return c->start_value + floor_div128(c->rise * (x_ms - c->from_ms), c->span_ms);
}

static __int128
total_at(const struct course *c, const struct attr_span *a, int64_t x_ms)
{
    __int128 v = course_at(c, x_ms);

    if (c->modulus > 0 && v > c->modulus)
        return factor_apply(a, c->modulus) + factor_apply(a, v - c->modulus);
    return factor_apply(a, v);
}

static void
emit_amount(const struct fold *f, const struct course *c, const struct attr_span *a, int64_t slot_ms,
            __int128 amount)
{
    if (amount == 0)
        return;
    struct slot_delta d = {.quantity = amount * a->sign};
    if (c->estimated)
        d.estimated = d.quantity;
    f->emit(f->ctx, a->item, slot_ms, &d);
}

/* [from, to) lies inside one attribute span. */
static void
emit_stretch(const struct fold *f, const struct course *c, const struct attr_span *a,
             int64_t from_ms, int64_t to_ms)
{
    __int128 before = total_at(c, a, from_ms);

    if (c->whole) {
        emit_amount(f, c, a, slot_start(f->deployment, c->to_ms - 1), total_at(c, a, to_ms) - before);
        return;
    }
    int64_t slot_ms = slot_start(f->deployment, from_ms);
    while (from_ms < to_ms) {
        int64_t next_ms = slot_ms + f->deployment->slot_ms;
        int64_t cut_ms = next_ms < to_ms ? next_ms : to_ms;
        __int128 after = total_at(c, a, cut_ms);

        emit_amount(f, c, a, slot_ms, after - before);
        before = after;
        from_ms = cut_ms;
        slot_ms = next_ms;
    }
}

void
course_emit(const struct fold *f, const struct course *c)
{
    assert(c->span_ms > 0);
    assert(c->from_ms <= c->to_ms);
    if (f->emit == NULL || c->rise == 0)
        return;

    const struct point *p = f->point;
    const struct attr_span *last = p->attrs + p->attr_count - 1;
    int64_t from_ms = c->from_ms;

    for (const struct attr_span *a = point_attrs_at(p, from_ms); from_ms < c->to_ms; a++) {
        int64_t to_ms = a < last && a[1].from_ms < c->to_ms ? a[1].from_ms : c->to_ms;

        if (a->counted)
            emit_stretch(f, c, a, from_ms, to_ms);
        from_ms = to_ms;
    }
}
