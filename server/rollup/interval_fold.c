/* Intervals: the value is the amount of its own period (semantics 2.3); nothing is remembered. Also
 * where a stamp is moved to before it enters the set (semantics 1). */
#include "server/rollup/calendar.h"
#include "server/rollup/course.h"
#include "server/rollup/fold_kinds.h"

#define STAMP_EARLY_MS_MAX 60000

void
interval_fold(const struct fold *f, const struct reading *r)
{
    int64_t end_ms = period_add(f->deployment, f->point->period, r->t_ms, 1);
    struct course c = {
        .from_ms = r->t_ms,
        .to_ms = end_ms,
        .span_ms = end_ms - r->t_ms,
        .rise = r->value,
        .estimated = end_ms - r->t_ms > f->deployment->slot_ms,
    };

    course_emit(f, &c);
}

uint32_t
interval_slots_touched(const struct fold *f)
{
    int64_t period_ms = f->point->period.months > 0 ? f->point->period.months * 31 * DAY_MS
                                                    : f->point->period.ms;
    return fold_slots_of(f, period_ms);
}

int64_t
interval_time_moved(const struct point *p, const struct deployment *dep, int64_t t_ms)
{
    int64_t start_ms = period_start(dep, p->period, t_ms);
    int64_t next_ms = period_add(dep, p->period, start_ms, 1);
    int64_t early_ms = next_ms - t_ms;

    if (early_ms < STAMP_EARLY_MS_MAX && early_ms * 10 < next_ms - start_ms)
        start_ms = next_ms;
    return p->stamp_end ? period_add(dep, p->period, start_ms, -1) : start_ms;
}
