/*
 * The readings of one point of a random case, in order of time: a counter that is now and then
 * read wrongly, reset, exchanged or left unread; interval values stamped a little off; a power.
 */

#include "tests/reference/case_parts.h"

#include "tests/reference/naive_parts.h"

/* A counter under way. While spell > 0 readings do not show it but a wrong value. */
struct counter {
    int64_t t;
    int64_t value;
    int64_t step;    /* the usual advance of a reading, at most */
    int64_t modulus; /* where it really wraps; NAIVE_NONE for never */
    int spell;
    int64_t wrong;
    int64_t wrong_step;
};

int64_t
case_clamped(__int128 value)
{
    const int64_t end = INT64_C(4600000000000) * CASE_UNIT;

    if (value >= end)
        return end - 1;
    return value <= -end ? 1 - end : (int64_t)value;
}

static void
send(struct case_maker *m, int point, int64_t t, int64_t value)
{
    struct case_pending *p = &m->pending[m->pending_count++];

    *p = (struct case_pending){
        .entry = {.kind = NAIVE_ARRIVES, .point = point, .t = t, .value = case_clamped(value)}};
    p->entry.rounded = case_chance(m, 5);
    if (case_chance(m, 7))
        p->entry.quality = (enum naive_quality)case_below(m, NAIVE_QUALITY_COUNT);
}

/* Some values that judge themselves: sentinels, beyond the modulus, too large for the factor. */
static int64_t
odd_value(struct case_maker *m, const struct naive_attributes *a, int64_t value)
{
    switch (case_below(m, 60)) {
    case 0:
        return a->sentinels[case_below(m, 2)];
    case 1:
        return a->modulus != NAIVE_NONE ? a->modulus + case_below(m, 2) : value;
    case 2:
        return a->modulus != NAIVE_NONE ? a->modulus - 1 : value;
    case 3: /* Around |F(v)| = 2^63. */
        return case_clamped(naive_floor_div(((__int128)1 << 63) * a->den, a->num) +
                            case_below(m, 4) - 2);
    case 4:
        return -case_below(m, 3 * CASE_UNIT);
    default:
        return value;
    }
}

static int64_t
draw_wait(struct case_maker *m, int64_t nominal_ms)
{
    switch (case_below(m, 20)) {
    case 0:
        return 1 + case_below(m, CASE_MINUTE_MS);
    case 1:
        return 2 * nominal_ms + case_below(m, 3) - 1;
    case 2:
        return nominal_ms * (2 + case_below(m, 5));
    case 3:
        return 1 + nominal_ms * case_below(m, 12) + case_below(m, nominal_ms);
    case 4:
        return case_chance(m, 70) ? nominal_ms : CASE_HOUR_MS * (1 + case_below(m, 60));
    case 5:
        return nominal_ms + case_below(m, 20000) - 10000;
    case 6:
        return case_chance(m, 90) ? nominal_ms : CASE_DAY_MS * (1 + case_below(m, 90));
    default:
        return nominal_ms;
    }
}

static int64_t
draw_advance(struct case_maker *m, int64_t step)
{
    switch (case_below(m, 6)) {
    case 0:
        return 0;
    case 1:
        return CASE_UNIT * case_below(m, step / CASE_UNIT + 1);
    default:
        return case_below(m, step);
    }
}

static void
advance(struct case_maker *m, struct counter *n, int64_t wait_ms)
{
    n->t += wait_ms;
    n->value += draw_advance(m, n->step);
    switch (case_below(m, 40)) {
    case 0: /* Reset. */
        n->value = case_below(m, 2 * n->step);
        break;
    case 1: /* Jump. */
        n->value += n->step * (1 + case_below(m, 400));
        break;
    case 2: /* A little backwards. */
        n->value -= case_below(m, n->step);
        break;
    case 3: /* Just before the turn. */
        if (n->modulus != NAIVE_NONE)
            n->value = n->modulus - 1 - case_below(m, 2 * n->step);
        break;
    default:
        break;
    }
    if (n->modulus != NAIVE_NONE && n->value >= n->modulus)
        n->value %= n->modulus;
}

static void
begin_spell(struct case_maker *m, struct counter *n)
{
    n->spell = 1 + (int)case_below(m, 5);
    n->wrong_step = case_chance(m, 50) ? 0 : case_below(m, n->step);
    switch (case_below(m, 3)) {
    case 0:
        n->wrong = 0;
        break;
    case 1:
        n->wrong = n->value + n->step * (2 + case_below(m, 300));
        break;
    default:
        n->wrong = n->value / 2;
        break;
    }
}

static int64_t
shown(struct case_maker *m, struct counter *n)
{
    if (n->spell == 0 && case_chance(m, 6))
        begin_spell(m, n);
    if (n->spell == 0)
        return n->value;
    n->spell--;
    n->wrong += n->wrong_step;
    return n->wrong;
}

static bool
has_exchange_at(const struct naive_point *p, int64_t t)
{
    for (size_t i = 0; i < p->exchange_count; i++) {
        if (p->exchanges[i].t == t)
            return true;
    }
    return false;
}

static void
maybe_exchange(struct case_maker *m, int point, struct counter *n, int64_t wait_ms)
{
    struct naive_point *p = &m->c->points[point];
    struct naive_exchange *x = &m->c->exchanges[point][p->exchange_count];
    int64_t t = n->t + (case_chance(m, 30) ? 0 : case_below(m, wait_ms + 1));

    if (p->exchange_count == CASE_EXCHANGES_MAX || !case_chance(m, 4) || has_exchange_at(p, t))
        return;
    *x = (struct naive_exchange){.t = t, .end = n->value + case_below(m, n->step)};
    if (case_chance(m, 25))
        x->end = case_below(m, 1000 * CASE_UNIT);
    if (case_chance(m, 80))
        n->value = case_below(m, 50 * CASE_UNIT); /* Else the event is wrong about the start. */
    x->start = n->value;
    p->exchanges = m->c->exchanges[point];
    p->exchange_count++;
}

static void
make_register_readings(struct case_maker *m, int point, int count)
{
    const struct naive_point *p = &m->c->points[point];
    const struct naive_attributes *a = &p->rows[case_below(m, (int64_t)p->row_count)];
    struct counter n = {.t = m->base + case_below(m, 3) * case_below(m, CASE_HOUR_MS)};

    n.modulus = case_chance(m, 85) ? a->modulus : NAIVE_NONE;
    n.step =
        a->max_rate != NAIVE_NONE ? a->max_rate * a->nominal_ms / CASE_HOUR_MS / 2 : 10 * CASE_UNIT;
    n.step = n.step < 1000 ? 1000 : n.step;
    n.value = case_below(m, 900 * CASE_UNIT);
    for (int i = 0; i < count; i++) {
        int64_t wait_ms = draw_wait(m, a->nominal_ms);

        send(m, point, n.t, odd_value(m, a, shown(m, &n)));
        maybe_exchange(m, point, &n, wait_ms);
        advance(m, &n, wait_ms);
    }
}

/* At the boundary, or early or late by what decides to which boundary it belongs. */
static int64_t
draw_stamp(struct case_maker *m, int64_t boundary, int64_t period_ms)
{
    switch (case_below(m, 12)) {
    case 0:
        return boundary - case_below(m, CASE_MINUTE_MS);
    case 1:
        return boundary - CASE_MINUTE_MS + case_below(m, 3) - 1;
    case 2:
        return boundary - period_ms / 10 + case_below(m, 3) - 1;
    case 3:
        return boundary + case_below(m, period_ms);
    case 4:
        return boundary - 1000;
    default:
        return boundary;
    }
}

static void
make_interval_readings(struct case_maker *m, int point, int count)
{
    const struct naive_point *p = &m->c->points[point];
    const struct naive_attributes *a = &p->rows[0];
    int64_t t = m->base, start, end;

    if (p->period_months == 12)
        count = count > 2 ? 2 : count;
    else if (p->period_months == 1)
        count = count > 5 ? 5 : count;
    for (int i = 0; i < count; i++) {
        int64_t value = case_below(m, 100 * CASE_UNIT);

        naive_civil_period(&m->c->input.deployment, p, t, &start, &end);
        if (case_chance(m, 5))
            value = -value;
        send(m, point, draw_stamp(m, start, end - start), odd_value(m, a, value));
        t = end;
        if (case_chance(m, 12))
            naive_civil_period(&m->c->input.deployment, p, t, &start, &t);
    }
}

static void
make_rate_readings(struct case_maker *m, int point, int count)
{
    const struct naive_point *p = &m->c->points[point];
    const struct naive_attributes *a = &p->rows[0];
    int64_t t = m->base + case_below(m, 2) * case_below(m, CASE_HOUR_MS);

    for (int i = 0; i < count; i++) {
        int64_t value = case_below(m, case_chance(m, 20) ? 5 : 100 * CASE_UNIT);

        send(m, point, t, odd_value(m, a, case_chance(m, 10) ? -value : value));
        t += draw_wait(m, a->nominal_ms);
    }
}

void
case_make_readings(struct case_maker *m, int point, int count)
{
    if (m->c->points[point].kind == NAIVE_REGISTER)
        make_register_readings(m, point, count);
    else if (m->c->points[point].kind == NAIVE_INTERVAL)
        make_interval_readings(m, point, count);
    else
        make_rate_readings(m, point, count);
}
