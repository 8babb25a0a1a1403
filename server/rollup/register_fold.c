/* Registers: which readings are accepted, and the amounts of the steps between them (semantics 2.1).
 *
 * The state is the last accepted reading a and the held readings Q. Every reading is judged as a
 * step from a; if that is not plausible, as a step from the last of Q, where a new course may be
 * proving itself. A held reading is suspect; when Q is accepted its readings no longer are. */
#include <assert.h>
#include <string.h>

#include "server/rollup/course.h"
#include "server/rollup/fold_kinds.h"

enum step_kind { STEP_IMPLAUSIBLE, STEP_FORWARD, STEP_ROLLOVER, STEP_BACKWARD };

struct step {
    int64_t from_ms, from_value;
    int64_t to_ms, to_value;
};

/* L(T): the most a register can run in T ms; one minute is allowed for clocks. */
static __int128
run_limit(const struct attr_span *a, int64_t length_ms)
{
    assert(a->max_rate >= 0 && length_ms >= 0);
    return (__int128)a->max_rate * (length_ms + 60000) / 3600000;
}

static bool
is_rollover(const struct attr_span *a, const struct step *s)
{
    __int128 d = (__int128)s->to_value - s->from_value;

    if (d >= 0 || a->modulus == 0)
        return false;
    if (a->max_rate >= 0) {
        __int128 limit = run_limit(a, s->to_ms - s->from_ms);
        if (limit < a->modulus)
            return d + a->modulus <= limit;
    }
    return (__int128)s->from_value * 10 >= (__int128)a->modulus * 9 &&
           (__int128)s->to_value * 10 <= a->modulus;
}

static bool
is_backward(const struct attr_span *a, const struct step *s)
{
    __int128 d = (__int128)s->to_value - s->from_value;

    if (d >= 0 || !a->reverse || a->max_rate < 0)
        return false;
    int64_t length_ms = s->to_ms - s->from_ms;
    if (length_ms > 2 * a->nominal_ms)
        length_ms = 2 * a->nominal_ms;
    return -d <= run_limit(a, length_ms);
}

static enum step_kind
judge(const struct attr_span *a, const struct step *s)
{
    __int128 d = (__int128)s->to_value - s->from_value;

    if (d >= 0) {
        bool within = a->max_rate < 0 || d <= run_limit(a, s->to_ms - s->from_ms);
        return within ? STEP_FORWARD : STEP_IMPLAUSIBLE;
    }
    if (is_rollover(a, s))
        return STEP_ROLLOVER;
    return is_backward(a, s) ? STEP_BACKWARD : STEP_IMPLAUSIBLE;
}

static void
emit_step(const struct fold *f, const struct attr_span *a, const struct step *s, bool rollover)
{
    int64_t length_ms = s->to_ms - s->from_ms;
    struct course c = {
        .from_ms = s->from_ms,
        .to_ms = s->to_ms,
        .span_ms = length_ms,
        .start_value = s->from_value,
        .rise = (__int128)s->to_value - s->from_value + (rollover ? a->modulus : 0),
        .modulus = rollover ? a->modulus : 0,
        .estimated = length_ms > 2 * a->nominal_ms,
        .whole = length_ms > a->spread_max_ms,
    };

    assert(length_ms > 0);
    course_emit(f, &c);
}

static void
accept(struct fold_state *s, int64_t t_ms, int64_t value)
{
    s->a_t_ms = t_ms;
    s->a_value = value;
    s->has_a = 1;
    s->held_count = 0;
    memset(s->held_t_ms, 0, sizeof s->held_t_ms);
    memset(s->held_value, 0, sizeof s->held_value);
}

static void
hold(struct fold_state *s, uint8_t place, const struct reading *r)
{
    assert(place < HELD_MAX);
    s->held_t_ms[place] = r->t_ms;
    s->held_value[place] = r->value;
    s->held_count = (uint8_t)(place + 1);
}

/* Three in Q: the register has a new course. From a to the first of Q nothing is counted (a reset
 * or a jump); the steps inside Q are. */
static void
accept_held(const struct fold *f, struct fold_state *s)
{
    for (uint8_t i = 0; i < HELD_MAX; i++)
        fold_emit_suspect(f, s->held_t_ms[i], -1);
    for (uint8_t i = 1; i < HELD_MAX && f->emit != NULL; i++) {
        struct step step = {s->held_t_ms[i - 1], s->held_value[i - 1], s->held_t_ms[i],
                            s->held_value[i]};
        const struct attr_span *a = point_attrs_at(f->point, step.to_ms);
        emit_step(f, a, &step, is_rollover(a, &step));
    }
    accept(s, s->held_t_ms[HELD_MAX - 1], s->held_value[HELD_MAX - 1]);
}

/* r does not follow from a. */
static void
hold_reading(const struct fold *f, struct fold_state *s, const struct attr_span *a,
             const struct reading *r)
{
    fold_emit_suspect(f, r->t_ms, 1);
    if (s->held_count > 0) {
        uint8_t last = (uint8_t)(s->held_count - 1);
        struct step step = {s->held_t_ms[last], s->held_value[last], r->t_ms, r->value};

        if (judge(a, &step) != STEP_IMPLAUSIBLE) {
            /* A register that stands still proves no new course. */
            hold(s, r->value == s->held_value[last] ? last : s->held_count, r);
            if (s->held_count == HELD_MAX)
                accept_held(f, s);
            return;
        }
    }
    accept(s, s->a_t_ms, s->a_value); /* Q is rejected; a stays. */
    hold(s, 0, r);
}

void
register_fold(const struct fold *f, struct fold_state *s, const struct reading *r)
{
    if (!s->has_a) {
        accept(s, r->t_ms, r->value);
        return;
    }
    const struct attr_span *a = point_attrs_at(f->point, r->t_ms);
    struct step step = {s->a_t_ms, s->a_value, r->t_ms, r->value};
    enum step_kind kind = judge(a, &step);

    if (kind == STEP_IMPLAUSIBLE) {
        hold_reading(f, s, a, r);
        return;
    }
    emit_step(f, a, &step, kind == STEP_ROLLOVER);
    accept(s, r->t_ms, r->value);
}

void
register_exchange(const struct fold *f, struct fold_state *s, const struct exchange *e)
{
    if (s->has_a && f->emit != NULL) {
        const struct attr_span *a = point_attrs_at(f->point, e->t_ms - 1);
        struct step step = {s->a_t_ms, s->a_value, e->t_ms, e->end};
        emit_step(f, a, &step, is_rollover(a, &step));
    }
    accept(s, e->t_ms, e->start);
}

uint32_t
register_slots_touched(const struct fold *f, const struct fold_state *s, const struct reading *r)
{
    if (!s->has_a)
        return 1;
    const struct attr_span *a = point_attrs_at(f->point, r->t_ms);
    int64_t length_ms = r->t_ms - s->a_t_ms;
    uint32_t slots = HELD_MAX + 1;

    if (length_ms <= a->spread_max_ms)
        return slots + fold_slots_of(f, length_ms);
    /* The step itself would go to one slot, but steps inside Q may be spread. */
    if (s->held_count > 0) {
        int64_t held_ms = r->t_ms - s->held_t_ms[0];
        slots += fold_slots_of(f, held_ms < 2 * a->spread_max_ms ? held_ms : 2 * a->spread_max_ms);
    }
    return slots;
}
