/* What is common to all kinds: usability, lateness, counts (semantics 1 and 4). The kinds are in
 * register_fold, interval_fold and rate_fold; amounts leave through course_emit. */
#include "server/rollup/fold.h"

#include <assert.h>
#include <string.h>

#include "server/rollup/calendar.h"
#include "server/rollup/course.h"
#include "server/rollup/fold_kinds.h"

_Static_assert(sizeof(struct fold_state) == 16 + HELD_MAX * 16 + 8, "equal states are equal bytes");

void
fold_state_clear(struct fold_state *s)
{
    memset(s, 0, sizeof *s);
}

bool
fold_state_equal(const struct fold_state *a, const struct fold_state *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static bool
quality_is_usable(uint8_t quality)
{
    return (quality & QUALITY_WORD_MASK) <= QUALITY_MANUAL;
}

static bool
value_is_usable(const struct attr_span *a, int64_t value)
{
    for (uint32_t i = 0; i < a->sentinel_count; i++)
        if (a->sentinels[i] == value)
            return false;
    if (a->modulus > 0 && value >= a->modulus)
        return false;
    __int128 scaled = factor_apply(a, value);
    __int128 limit = (__int128)1 << 63;
    return scaled < limit && scaled > -limit;
}

bool
reading_is_usable(const struct point *p, const struct reading *r)
{
    return quality_is_usable(r->quality) && value_is_usable(point_attrs_at(p, r->t_ms), r->value);
}

bool
reading_is_late(const struct point *p, const struct deployment *dep, const struct reading *r)
{
    int64_t due_ms = r->t_ms;

    if (p != NULL && p->kind == POINT_INTERVAL)
        due_ms = period_add(dep, p->period, r->t_ms, 1);
    return r->received_at_ms - due_ms > dep->late_after_ms;
}

void
fold_emit_suspect(const struct fold *f, int64_t t_ms, int32_t count)
{
    if (f->emit == NULL)
        return;
    const struct attr_span *a = point_attrs_at(f->point, t_ms);
    if (!a->counted)
        return;
    struct slot_delta d = {.suspect = count};
    f->emit(f->ctx, a->item, slot_start(f->deployment, t_ms), &d);
}

uint32_t
fold_slots_of(const struct fold *f, int64_t length_ms)
{
    int64_t slots = length_ms / f->deployment->slot_ms + 2;
    return slots > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)slots;
}

static void
emit_counts(const struct fold *f, const struct attr_span *a, const struct reading *r, bool usable,
            bool displaced)
{
    if (f->emit == NULL || !a->counted)
        return;
    struct slot_delta d = {
        .readings = usable,
        .late = usable && reading_is_late(f->point, f->deployment, r),
        .suspect = !usable || displaced,
    };
    f->emit(f->ctx, a->item, slot_start(f->deployment, r->t_ms), &d);
}

void
fold_reading(const struct fold *f, struct fold_state *s, const struct reading *r, bool displaced)
{
    const struct attr_span *a = point_attrs_at(f->point, r->t_ms);
    bool usable = quality_is_usable(r->quality) && value_is_usable(a, r->value);

    emit_counts(f, a, r, usable, displaced);
    if (!usable || displaced)
        return;
    switch (f->point->kind) {
    case POINT_REGISTER:
        register_fold(f, s, r);
        return;
    case POINT_INTERVAL:
        interval_fold(f, r);
        return;
    case POINT_RATE:
        rate_fold(f, s, r);
        return;
    case POINT_UNREGISTERED:
        break;
    }
    assert(!"an unregistered point is stored, not folded");
}

void
fold_exchange(const struct fold *f, struct fold_state *s, const struct exchange *e)
{
    assert(f->point->kind == POINT_REGISTER);
    register_exchange(f, s, e);
}

uint32_t
fold_slots_touched(const struct fold *f, const struct fold_state *s, const struct reading *r)
{
    switch (f->point->kind) {
    case POINT_REGISTER:
        return register_slots_touched(f, s, r);
    case POINT_INTERVAL:
        return interval_slots_touched(f);
    case POINT_RATE:
        return rate_slots_touched(f, s, r);
    case POINT_UNREGISTERED:
        break;
    }
    return 0;
}
