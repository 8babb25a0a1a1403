/*
 * The registry of a random case. Attributes are drawn so that the rules of the definition are met
 * from both sides: limits near the usual step, moduli near the usual value, factors that do not
 * divide, and changes that fall between, on, and beside readings and slots.
 */

#include "tests/reference/case_parts.h"

static void
make_deployment(struct case_maker *m)
{
    struct naive_deployment *d = &m->c->input.deployment;

    d->slot_ms = CASE_MINUTE_MS * CASE_ONE_OF(m, 15, 15, 15, 15, 15, 5, 30, 60, 60, 240, 1440);
    d->utc_offset_ms = CASE_MINUTE_MS * CASE_ONE_OF(m, 480, 480, 480, 480, 0, 330, -180);
    d->late_after_ms = CASE_MINUTE_MS * CASE_ONE_OF(m, 60, 60, 60, 10);
    d->future_max_ms = 10 * CASE_MINUTE_MS;
    d->past_max_ms = 400 * CASE_DAY_MS;
    /* 2026-01-01 and the days after it; at times the end of a February with 29 days, or of 2027. */
    m->base = CASE_DAY_MS * (CASE_ONE_OF(m, 20454, 20454, 20454, 21242, 21181) +
                             case_below(m, 4) * case_below(m, 20)) -
              d->utc_offset_ms;
}

static void
make_areas(struct case_maker *m, int enterprise)
{
    static const int prefecture_of_park[] = {530100, 530100, 530100, 530300};
    int64_t from = m->base - 3 * CASE_DAY_MS;
    int count = 1 + (int)case_below(m, case_chance(m, 50) ? 1 : CASE_AREAS_MAX);

    for (int i = 0; i < count; i++) {
        struct naive_area *a = &m->c->areas[enterprise][i];

        a->park = (int)case_below(m, 4);
        a->prefecture = prefecture_of_park[a->park];
        if (a->park == NAIVE_NO_PARK)
            a->prefecture = (int)CASE_ONE_OF(m, 530100, 530300, 532500);
        a->valid_from = i == 0 && case_chance(m, 50) ? NAIVE_SINCE_EVER : from;
        from += CASE_DAY_MS * (1 + case_below(m, 3));
    }
    m->c->enterprises[enterprise].areas = m->c->areas[enterprise];
    m->c->enterprises[enterprise].area_count = (size_t)count;
}

static void
draw_kind(struct case_maker *m, struct naive_point *p)
{
    int64_t slot_ms = m->c->input.deployment.slot_ms;
    int64_t minutes;

    p->kind = (enum naive_kind)CASE_ONE_OF(m, NAIVE_REGISTER, NAIVE_REGISTER, NAIVE_REGISTER,
                                           NAIVE_INTERVAL, NAIVE_RATE);
    if (p->kind != NAIVE_INTERVAL)
        return;
    p->stamp_end = case_chance(m, 40);
    minutes = CASE_ONE_OF(m, 15, 15, 15, 15, 60, 60, 1440, 1440, 5, 45, 7, 0, 0);
    p->period_ms = minutes * CASE_MINUTE_MS;
    if (minutes == 0 && slot_ms < CASE_HOUR_MS)
        p->period_ms = CASE_HOUR_MS; /* A month of short slots takes too long. */
    else if (minutes == 0)
        p->period_months = slot_ms >= 4 * CASE_HOUR_MS && case_chance(m, 30) ? 12 : 1;
}

static void
draw_factor(struct case_maker *m, struct naive_attributes *a)
{
    static const int64_t factors[][2] = {{1, 1},
                                         {1, 1},
                                         {1, 1},
                                         {10, 1},
                                         {1, 3},
                                         {7, 10},
                                         {100, 7},
                                         {1, 1000},
                                         {60, 1},
                                         {999, 2},
                                         {INT32_MAX, INT32_MAX - 1}};
    int64_t i = case_below(m, (int64_t)(sizeof(factors) / sizeof(factors[0])));

    a->num = factors[i][0];
    a->den = factors[i][1];
}

static void
draw_register_rules(struct case_maker *m, struct naive_attributes *a)
{
    a->modulus = NAIVE_NONE;
    a->max_rate = NAIVE_NONE;
    if (case_chance(m, 60))
        a->modulus = CASE_UNIT * CASE_ONE_OF(m, 1000, 1000, 10000, 100000);
    if (case_chance(m, 65))
        a->max_rate = CASE_UNIT * CASE_ONE_OF(m, 10, 40, 100, 100, 400, 3000);
    a->reverse = case_chance(m, 25);
}

static void
draw_sentinels(struct case_maker *m, struct naive_attributes *a)
{
    a->sentinel_count = case_chance(m, 70) ? 0 : 1 + (int)case_below(m, 2);
    a->sentinels[0] = CASE_UNIT * CASE_ONE_OF(m, 999999, -1, 0);
    a->sentinels[1] = CASE_UNIT * 777;
}

static void
draw_spans(struct case_maker *m, struct naive_attributes *a)
{
    a->spread_max_ms = NAIVE_DEFAULT;
    a->hold_max_ms = NAIVE_DEFAULT;
    if (case_chance(m, 40))
        a->spread_max_ms = CASE_MINUTE_MS * CASE_ONE_OF(m, 10, 30, 60, 120, 360, 1440);
    if (case_chance(m, 40))
        a->hold_max_ms = CASE_MINUTE_MS * CASE_ONE_OF(m, 1, 10, 15, 40, 60, 300);
}

static void
draw_first_row(struct case_maker *m, const struct naive_point *p, struct naive_attributes *a)
{
    *a = (struct naive_attributes){.valid_from = NAIVE_SINCE_EVER, .valid_to = NAIVE_FOR_EVER};
    a->item = 1 + (int)case_below(m, CASE_ITEMS);
    a->nominal_ms = CASE_MINUTE_MS * CASE_ONE_OF(m, 15, 15, 15, 5, 60, 1);
    if (p->kind == NAIVE_INTERVAL)
        a->nominal_ms = p->period_ms != 0 ? p->period_ms : 30 * CASE_DAY_MS;
    a->modulus = NAIVE_NONE;
    a->max_rate = NAIVE_NONE;
    if (p->kind == NAIVE_REGISTER)
        draw_register_rules(m, a);
    else if (case_chance(m, 10))
        a->modulus = CASE_UNIT * 90;
    draw_factor(m, a);
    draw_sentinels(m, a);
    draw_spans(m, a);
    a->sign = case_chance(m, 85) ? 1 : -1;
    a->counted = case_chance(m, 90);
}

/* One or two attributes differ from those of the row before. */
static void
change_row(struct case_maker *m, const struct naive_point *p, struct naive_attributes *a)
{
    for (int64_t n = 1 + case_below(m, 2); n > 0; n--) {
        switch (case_below(m, 9)) {
        case 0:
            a->item = 1 + (int)case_below(m, CASE_ITEMS);
            break;
        case 1:
            a->sign = -a->sign;
            break;
        case 2:
            a->counted = !a->counted;
            break;
        case 3:
            draw_sentinels(m, a);
            break;
        case 4:
            draw_spans(m, a);
            break;
        case 5:
            if (p->kind == NAIVE_REGISTER)
                draw_register_rules(m, a);
            break;
        case 6:
            if (p->kind != NAIVE_INTERVAL)
                a->nominal_ms = CASE_MINUTE_MS * CASE_ONE_OF(m, 15, 5, 60, 1);
            break;
        default:
            draw_factor(m, a);
            break;
        }
    }
}

static int64_t
draw_change_time(struct case_maker *m, int64_t after)
{
    int64_t t = after + CASE_MINUTE_MS * (1 + case_below(m, 600));

    switch (case_below(m, 4)) {
    case 0:
        return t + case_below(m, CASE_MINUTE_MS);
    case 1:
        return t;
    case 2:
        return t - (t - m->base) % m->c->input.deployment.slot_ms + m->c->input.deployment.slot_ms;
    default:
        return t - (t - m->base) % (15 * CASE_MINUTE_MS) + 15 * CASE_MINUTE_MS;
    }
}

static void
draw_valid_to(struct case_maker *m, struct naive_attributes *a)
{
    int64_t from = a->valid_from != NAIVE_SINCE_EVER ? a->valid_from : m->base;

    if (case_chance(m, 12))
        a->valid_to = draw_change_time(m, from);
    else if (a->valid_from != NAIVE_SINCE_EVER && case_chance(m, 6))
        a->valid_to = a->valid_from; /* Withdrawn. */
}

static void
make_rows(struct case_maker *m, int point)
{
    struct naive_attributes *rows = m->c->rows[point];
    int count = 1 + (int)case_below(m, case_chance(m, 45) ? 1 : CASE_ROWS_MAX);
    int64_t from = m->base - CASE_DAY_MS;

    draw_first_row(m, &m->c->points[point], &rows[0]);
    if (case_chance(m, 30))
        rows[0].valid_from = from;
    else if (case_chance(m, 25))
        rows[0].valid_from = from = draw_change_time(m, m->base);
    from = from < m->base ? m->base : from;
    for (int i = 1; i < count; i++) {
        rows[i] = rows[i - 1];
        rows[i].valid_to = NAIVE_FOR_EVER;
        rows[i].valid_from = from = draw_change_time(m, from);
        change_row(m, &m->c->points[point], &rows[i]);
    }
    for (int i = 0; i < count; i++)
        draw_valid_to(m, &rows[i]);
    m->c->points[point].rows = rows;
    m->c->points[point].row_count = (size_t)count;
}

void
case_make_registry(struct case_maker *m, int point_count)
{
    struct case_data *c = m->c;

    make_deployment(m);
    c->input.enterprise_count = 1 + (size_t)case_below(m, CASE_ENTERPRISES_MAX);
    for (int e = 0; e < (int)c->input.enterprise_count; e++)
        make_areas(m, e);
    for (int p = 0; p < point_count; p++) {
        c->points[p].enterprise = (int)case_below(m, (int64_t)c->input.enterprise_count);
        c->points[p].registered = case_chance(m, 80);
        draw_kind(m, &c->points[p]);
        make_rows(m, p);
    }
    c->input.enterprises = c->enterprises;
    c->input.points = c->points;
    c->input.point_count = (size_t)point_count;
}
