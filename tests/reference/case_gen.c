/*
 * A random case: a registry, readings in the order of time, then the way they arrive: some again,
 * some corrected or withdrawn, the order disturbed by a degree drawn once per case, points
 * registered half-way.
 */

#include "tests/reference/case_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define READINGS_MIN 10
#define READINGS_MAX 80

/* SplitMix64 (Steele, Lea, Flood 2014): any seed will do, and one word is the whole state. */
static uint64_t
next_random(struct case_maker *m)
{
    uint64_t z = m->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

int64_t
case_below(struct case_maker *m, int64_t end)
{
    assert(end > 0);
    return (int64_t)(next_random(m) % (uint64_t)end);
}

bool
case_chance(struct case_maker *m, int percent)
{
    return case_below(m, 100) < percent;
}

int64_t
case_one_of(struct case_maker *m, const int64_t *choices, int count)
{
    return choices[case_below(m, count)];
}

static int
by_time(const void *a, const void *b)
{
    const struct case_pending *x = a, *y = b;

    if (x->entry.t != y->entry.t)
        return x->entry.t < y->entry.t ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

static int
by_place(const void *a, const void *b)
{
    const struct case_pending *x = a, *y = b;

    return x->place < y->place ? -1 : x->place > y->place;
}

/* Places leave room between two neighbours for what is added later. */
#define PLACE_STEP 1024

static void
set_places(struct case_maker *m)
{
    int64_t reach = CASE_ONE_OF(m, 0, 0, 0, 1, 2, 4, 4, 8, m->pending_count / 3 + 1,
                                m->pending_count, 2 * m->pending_count);
    int backfill = case_chance(m, 15) ? m->pending[0].entry.point : -1;

    for (int i = 0; i < m->pending_count; i++)
        m->pending[i].place = i;
    qsort(m->pending, (size_t)m->pending_count, sizeof(m->pending[0]), by_time);
    for (int i = 0; i < m->pending_count; i++) {
        int64_t place = i + case_below(m, reach + 1);

        if (m->pending[i].entry.point == backfill)
            place += m->pending_count;
        m->pending[i].place = place * PLACE_STEP + i;
    }
}

/* The reading once more: the same, with another value, another quality, or withdrawn. */
static void
add_again(struct case_maker *m, const struct case_pending *original, bool corrected)
{
    struct case_pending *p = &m->pending[m->pending_count++];

    *p = *original;
    p->place += PLACE_STEP * (1 + case_below(m, case_chance(m, 60) ? 4 : 60));
    p->entry.rounded = case_chance(m, 5);
    if (!corrected)
        return;
    switch (case_below(m, 4)) {
    case 0:
        p->entry.value = case_clamped(p->entry.value + 1 + (__int128)case_below(m, 5 * CASE_UNIT));
        break;
    case 1:
        p->entry.value = case_clamped(p->entry.value - 1 - (__int128)case_below(m, 5 * CASE_UNIT));
        break;
    case 2:
        p->entry.quality = (enum naive_quality)case_below(m, NAIVE_QUALITY_COUNT);
        break;
    default:
        p->entry.quality = NAIVE_FAULT;
        break;
    }
}

static void
add_extras(struct case_maker *m)
{
    int repeats = (int)case_below(m, 31), corrections = (int)case_below(m, 25);
    int count = m->pending_count;

    for (int i = 0; i < count; i++) {
        if (case_chance(m, corrections))
            add_again(m, &m->pending[i], true);
    }
    count = m->pending_count;
    for (int i = 0; i < count; i++) {
        if (case_chance(m, repeats))
            add_again(m, &m->pending[i], false);
    }
}

static void
add_registrations(struct case_maker *m)
{
    for (int p = 0; p < (int)m->c->input.point_count; p++) {
        int64_t last = m->pending[m->pending_count - 1].place;
        struct case_pending marker = {.entry = {.kind = NAIVE_REGISTERS, .point = p}};

        if (m->c->points[p].registered || case_chance(m, 15))
            continue;
        marker.place = case_below(m, last + 2 * PLACE_STEP);
        m->pending[m->pending_count++] = marker;
    }
}

static int64_t
draw_delay(struct case_maker *m)
{
    switch (case_below(m, 10)) {
    case 0:
        return CASE_HOUR_MS + case_below(m, 3) - 1;
    case 1:
        return case_below(m, 3 * CASE_HOUR_MS);
    case 2:
        return -case_below(m, 10 * CASE_MINUTE_MS);
    default:
        return case_below(m, 2 * CASE_MINUTE_MS);
    }
}

/* The clock of arrivals rises with the readings; now and then a record is a little older. */
static void
make_log(struct case_maker *m)
{
    struct case_data *c = m->c;
    int64_t clock = m->base;

    for (int i = 0; i < m->pending_count; i++)
        m->pending[i].place = m->pending[i].place * CASE_LOG_MAX + i; /* No ties. */
    qsort(m->pending, (size_t)m->pending_count, sizeof(m->pending[0]), by_place);
    for (int i = 0; i < m->pending_count; i++) {
        struct naive_entry e = m->pending[i].entry;
        int64_t arrival = e.t + draw_delay(m), back = 0;

        clock = e.kind == NAIVE_ARRIVES && arrival > clock ? arrival : clock + 1;
        if (case_chance(m, 5))
            back = case_below(m, 5 * CASE_MINUTE_MS);
        e.received_at = clock;
        if (e.t <= clock - back + c->input.deployment.future_max_ms)
            e.received_at -= back;
        if (e.kind == NAIVE_ARRIVES && c->points[e.point].registered &&
            c->points[e.point].kind != NAIVE_INTERVAL && case_chance(m, 2)) {
            e.time_of_arrival = true;
            e.t = e.received_at;
        }
        if (e.kind == NAIVE_ARRIVES && naive_is_refused(&c->input.deployment, &e))
            c->input.deployment.past_max_ms = 8000 * CASE_DAY_MS;
        assert(e.kind != NAIVE_ARRIVES || !naive_is_refused(&c->input.deployment, &e));
        c->log[i] = e;
    }
    c->input.log = c->log;
    c->input.log_count = (size_t)m->pending_count;
}

void
case_generate(uint64_t seed, struct case_data *out)
{
    struct case_maker m = {.state = seed, .c = out};
    int count = READINGS_MIN + (int)case_below(&m, READINGS_MAX - READINGS_MIN + 1);
    int points = 1 + (int)case_below(&m, CASE_POINTS_MAX);

    memset(out, 0, sizeof(*out));
    out->seed = seed;
    case_make_registry(&m, points);
    for (int p = 0; p < points; p++)
        case_make_readings(&m, p, count / points + 1);
    set_places(&m);
    add_extras(&m);
    add_registrations(&m);
    make_log(&m);
}
