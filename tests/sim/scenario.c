/* Cases by hand, see scenario.h. */
#include "tests/sim/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "server/base/log_line.h"

#define MINUTE_MS INT64_C(60000)
#define OFFSET_MS (8 * 60 * MINUTE_MS)
#define BASE_MS (20458 * INT64_C(86400000) - OFFSET_MS) /* 2026-01-05 00:00 civil */

static struct scenario one;

struct scenario *
scenario_begin(void)
{
    struct scenario *s = &one;

    log_level_set(LOG_ERROR);
    memset(s, 0, sizeof *s);
    s->c.input.deployment = (struct naive_deployment){
        .slot_ms = 15 * MINUTE_MS,
        .utc_offset_ms = OFFSET_MS,
        .late_after_ms = 60 * MINUTE_MS,
        .future_max_ms = 10 * MINUTE_MS,
        .past_max_ms = 400 * INT64_C(86400000),
    };
    s->c.areas[0][0] = (struct naive_area){NAIVE_SINCE_EVER, 530100, 1};
    s->c.enterprises[0] = (struct naive_enterprise){s->c.areas[0], 1};
    s->c.input.enterprises = s->c.enterprises;
    s->c.input.enterprise_count = 1;
    s->c.input.points = s->c.points;
    s->c.input.log = s->c.log;
    return s;
}

struct naive_attributes *
scenario_point(struct scenario *s, enum naive_kind kind)
{
    size_t i = s->c.input.point_count++;

    s->c.rows[i][0] = (struct naive_attributes){
        .valid_from = NAIVE_SINCE_EVER,
        .valid_to = NAIVE_FOR_EVER,
        .item = 1,
        .nominal_ms = 15 * MINUTE_MS,
        .modulus = NAIVE_NONE,
        .max_rate = NAIVE_NONE,
        .num = 1,
        .den = 1,
        .sign = 1,
        .counted = true,
        .spread_max_ms = NAIVE_DEFAULT,
        .hold_max_ms = NAIVE_DEFAULT,
    };
    s->c.points[i] = (struct naive_point){
        .kind = kind, .registered = true, .rows = s->c.rows[i], .row_count = 1};
    return s->c.rows[i];
}

void
scenario_exchange(struct scenario *s, int point, int minute, int64_t end, int64_t start)
{
    struct naive_point *p = &s->c.points[point];

    s->c.exchanges[point][p->exchange_count++] = (struct naive_exchange){
        BASE_MS + minute * MINUTE_MS, end * UNIT, start * UNIT};
    p->exchanges = s->c.exchanges[point];
}

static struct naive_entry *
add_entry(struct scenario *s)
{
    struct naive_entry *e = &s->c.log[s->c.input.log_count++];
    int64_t before = s->c.input.log_count > 1 ? e[-1].received_at : BASE_MS;

    e->received_at = before + 1;
    return e;
}

void
scenario_reading_micro(struct scenario *s, int point, int64_t minute, int64_t micro)
{
    struct naive_entry *e = add_entry(s);

    e->kind = NAIVE_ARRIVES;
    e->point = point;
    e->t = BASE_MS + minute * MINUTE_MS;
    e->value = micro;
    if (e->received_at < e->t)
        e->received_at = e->t + 1000;
}

void
scenario_reading(struct scenario *s, int point, int64_t minute, int64_t value)
{
    scenario_reading_micro(s, point, minute, value * UNIT);
}

void
scenario_register(struct scenario *s, int point)
{
    struct naive_entry *e = add_entry(s);

    s->c.points[point].registered = false;
    e->kind = NAIVE_REGISTERS;
    e->point = point;
}

void
scenario_start(struct scenario *s, int64_t flush_age_ms)
{
    s->options = (struct sim_options){
        .seed = 1,
        .rollup = {.memory_bytes = 1 << 30, .commit_interval_ms = 100,
                   .flush_age_ms = flush_age_ms},
        .partitions = 1,
        .record_readings = 1,
        .trace = getenv("SIM_TRACE") != NULL ? stdout : NULL,
    };
    sim_init(&s->sim, &s->c, &s->options);
    scenario_answer(s);
    ck_assert(s->sim.partitions[0].sought);
}

void
scenario_answer(struct scenario *s)
{
    while (sim_answer(&s->sim) || sim_deliver_answer(&s->sim))
        ;
}

void
scenario_fold(struct scenario *s, int count)
{
    for (int i = 0; i < count; i++) {
        ck_assert(sim_append(&s->sim));
        for (int turn = 0; turn < 3; turn++) {
            while (sim_deliver(&s->sim, 0))
                ;
            scenario_answer(s);
        }
    }
    ck_assert_int_eq(s->sim.partitions[0].position, s->sim.partitions[0].end);
}

void
scenario_hand_over(struct scenario *s)
{
    ck_assert_ptr_null(s->sim.tx);
    sim_tick(&s->sim, 1000);
    ck_assert_ptr_nonnull(s->sim.tx);
}

void
scenario_commit(struct scenario *s)
{
    scenario_hand_over(s);
    ck_assert(sim_apply(&s->sim));
    ck_assert(sim_deliver_fate(&s->sim));
}

void
scenario_forget_old(struct scenario *s)
{
    struct rollup *r = s->sim.rollup;

    sim_flush(&s->sim, 1000);
    ck_assert(sim_apply(&s->sim));
    r->options.memory_bytes = 1; /* the fate of a commit makes room */
    ck_assert(sim_deliver_fate(&s->sim));
    r->options.memory_bytes = s->options.rollup.memory_bytes;
    for (uint32_t i = 0; i < r->points_size; i++)
        if (r->points[i] != NULL)
            ck_assert_uint_le(r->points[i]->tail.count, 1);
}

void
scenario_settle(struct scenario *s)
{
    ck_assert(sim_settle(&s->sim));
}

void
scenario_end(struct scenario *s)
{
    ck_assert(sim_finish(&s->sim));
    ck_assert(sim_check(&s->sim, stdout));
    sim_fini(&s->sim);
}

void
scenario_expect(const struct scenario *s, int64_t minute, int64_t quantity, int64_t estimated)
{
    const struct tx_rollup *rows, zero = {0}, *found = &zero;
    uint32_t count = memory_store_rows(s->sim.store, STORE_ENTERPRISE_SLOT, &rows);

    for (uint32_t i = 0; i < count; i++)
        if (rows[i].slot_ms == BASE_MS + minute * MINUTE_MS)
            found = &rows[i];
    ck_assert_int_eq((int64_t)found->quantity, quantity);
    ck_assert_int_eq((int64_t)found->estimated, estimated);
}

__int128
scenario_total(const struct scenario *s)
{
    const struct tx_rollup *rows;
    uint32_t count = memory_store_rows(s->sim.store, STORE_ENTERPRISE_SLOT, &rows);
    __int128 sum = 0;

    for (uint32_t i = 0; i < count; i++)
        sum += rows[i].quantity;
    return sum;
}

uint32_t
scenario_inbox(const struct scenario *s)
{
    const struct tx_inbox *rows;
    return memory_store_inbox(s->sim.store, &rows);
}

const struct point_memory *
scenario_memory(const struct scenario *s, int point)
{
    return point_find(s->sim.rollup, s->sim.points[point].number);
}
