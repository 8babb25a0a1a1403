/* A random run: which step is next is drawn with weights that are drawn once per run, so that some
 * runs are slow at the database, some at the log, some crash all the time. */
#include "tests/sim/sim.h"

#include <assert.h>

#define STEPS_MAX 3000

enum step {
    STEP_APPEND,
    STEP_DELIVER,
    STEP_TICK,
    STEP_ANSWER,
    STEP_DELIVER_ANSWER,
    STEP_APPLY,
    STEP_DELIVER_FATE,
    STEP_SWAP,
    STEP_FLUSH,
    STEP_FETCH_AGAIN,
    STEP_TOUCH,
    STEP_CRASH,
    STEP_COUNT
};

struct profile {
    int64_t weights[STEP_COUNT];
    int64_t total;
    int64_t tick_ms;
    int crashes_max;
};

void
sim_options_draw(uint64_t seed, struct sim_options *o)
{
    struct sim_random r = {.state = seed ^ UINT64_C(0x5bd1e9955bd1e995)};

    *o = (struct sim_options){.seed = seed};
    o->rollup.memory_bytes = (uint64_t)SIM_ONE_OF(&r, 500, 2000, 2000, 5000, 20000, 1 << 30);
    o->rollup.commit_interval_ms = SIM_ONE_OF(&r, 1, 10, 100, 1000);
    o->rollup.flush_age_ms = SIM_ONE_OF(&r, 0, 0, 10, 1000, 1000000, INT64_MAX / 4);
    o->partitions = (uint32_t)SIM_ONE_OF(&r, 1, 2);
    o->record_readings = (int)SIM_ONE_OF(&r, 1, 2, 5, 5, 20);
    o->door_lag_percent = (int)SIM_ONE_OF(&r, 0, 10, 50);
    o->strays_percent = (int)SIM_ONE_OF(&r, 0, 3, 20);
    o->timeless_percent = (int)SIM_ONE_OF(&r, 0, 10);
    o->refuse_percent = (int)SIM_ONE_OF(&r, 0, 0, 10, 50);
}

static void
draw_profile(struct sim *s, struct profile *p)
{
    for (int i = 0; i < STEP_COUNT; i++)
        p->weights[i] = SIM_ONE_OF(&s->random, 2, 10, 10, 30);
    p->weights[STEP_FLUSH] = SIM_ONE_OF(&s->random, 0, 0, 1, 5);
    p->weights[STEP_FETCH_AGAIN] = 1;
    p->weights[STEP_TOUCH] = SIM_ONE_OF(&s->random, 0, 0, 1);
    p->weights[STEP_SWAP] = SIM_ONE_OF(&s->random, 1, 4, 10);
    p->weights[STEP_CRASH] = SIM_ONE_OF(&s->random, 0, 1, 2, 6);
    p->tick_ms = SIM_ONE_OF(&s->random, 1, 10, 100, 1000, 20000);
    p->crashes_max = (int)SIM_ONE_OF(&s->random, 1, 2, 4, 12);
    p->total = 0;
    for (int i = 0; i < STEP_COUNT; i++)
        p->total += p->weights[i];
}

static enum step
draw_step(struct sim *s, const struct profile *p)
{
    int64_t n = sim_below(&s->random, p->total);
    int i = 0;

    while (n >= p->weights[i])
        n -= p->weights[i++];
    return (enum step)i;
}

/* The consumer may see a record twice. */
static void
fetch_again(struct sim *s)
{
    struct sim_partition *p = &s->partitions[sim_below(&s->random, s->options.partitions)];

    if (p->sought && !s->rollup->walk.active && p->position > 0)
        p->position -= 1 + sim_below(&s->random, p->position);
}

static void
swap(struct sim *s)
{
    int64_t from = directory_revision(s->dir);
    int64_t to = from + sim_below(&s->random, s->revision - from + 1);

    sim_swap(s, to, sim_chance(&s->random, 50));
}

static void
take_step(struct sim *s, const struct profile *p)
{
    switch (draw_step(s, p)) {
    case STEP_APPEND:
        sim_append(s);
        return;
    case STEP_DELIVER:
        sim_deliver(s, (uint32_t)sim_below(&s->random, s->options.partitions));
        return;
    case STEP_TICK:
        sim_tick(s, sim_below(&s->random, p->tick_ms + 1));
        return;
    case STEP_ANSWER:
        sim_answer(s);
        return;
    case STEP_DELIVER_ANSWER:
        sim_deliver_answer(s);
        return;
    case STEP_APPLY:
        sim_apply(s);
        return;
    case STEP_DELIVER_FATE:
        sim_deliver_fate(s);
        return;
    case STEP_SWAP:
        swap(s);
        return;
    case STEP_FLUSH:
        sim_flush(s, 1);
        return;
    case STEP_FETCH_AGAIN:
        fetch_again(s);
        return;
    case STEP_TOUCH:
        sim_touch(s, (int)sim_below(&s->random, (int64_t)s->c->input.point_count));
        return;
    case STEP_CRASH:
        if (s->crashes < p->crashes_max)
            sim_crash(s, sim_chance(&s->random, 50));
        return;
    case STEP_COUNT:
        break;
    }
    assert(!"no such step");
}

static bool
all_delivered(const struct sim *s)
{
    for (uint32_t i = 0; i < s->options.partitions; i++)
        if (!s->partitions[i].sought || s->partitions[i].position < s->partitions[i].end)
            return false;
    return s->appended == s->c->input.log_count;
}

bool
sim_run(struct case_data *c, const struct sim_options *o, FILE *out)
{
    static struct sim s; /* large */
    struct profile p;
    bool same;

    sim_init(&s, c, o);
    draw_profile(&s, &p);
    for (int i = 0; i < STEPS_MAX && !all_delivered(&s); i++)
        take_step(&s, &p);
    /* Sometimes the end is as disorderly as the rest. */
    for (int64_t i = sim_below(&s.random, 3) * sim_below(&s.random, 60); i > 0; i--)
        take_step(&s, &p);
    if (!sim_finish(&s)) {
        fprintf(out, "the run does not come to an end\n");
        sim_fini(&s);
        return false;
    }
    same = sim_check(&s, out);
    sim_fini(&s);
    return same;
}
