/* Rates: a momentary value holds until the next usable one, at most hold_max (semantics 2.3). The
 * newest reading has no amount until the next one is there; it is the state. */
#include <string.h>

#include "server/rollup/course.h"
#include "server/rollup/fold_kinds.h"

#define HOUR_MS 3600000

static int64_t
held_until(const struct fold *f, const struct fold_state *s, const struct reading *r)
{
    int64_t hold_ms = point_attrs_at(f->point, s->a_t_ms)->hold_max_ms;
    return r->t_ms - s->a_t_ms < hold_ms ? r->t_ms : s->a_t_ms + hold_ms;
}

void
rate_fold(const struct fold *f, struct fold_state *s, const struct reading *r)
{
    if (s->has_a && f->emit != NULL) {
        struct course c = {
            .from_ms = s->a_t_ms,
            .to_ms = held_until(f, s, r),
            .span_ms = HOUR_MS,
            .rise = s->a_value,
            .estimated = true,
        };
        course_emit(f, &c);
    }
    s->has_a = 1;
    s->a_t_ms = r->t_ms;
    s->a_value = r->value;
}

uint32_t
rate_slots_touched(const struct fold *f, const struct fold_state *s, const struct reading *r)
{
    return s->has_a ? 1 + fold_slots_of(f, held_until(f, s, r) - s->a_t_ms) : 1;
}
