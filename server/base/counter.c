/* A fixed array of sets. A thread takes a free one at its first count and gives it back at its end;
 * the counts stay in it, and the next thread to take it counts on from there, so no sum falls. */
#include "server/base/counter.h"

#include <assert.h>
#include <string.h>

#include "server/base/bounds.h"

/* Every kind of thread at its bound, and as many again. */
#define SETS_MAX (2 * (LOOPS_MAX + AGGREGATORS_MAX + 8))

struct slot {
    _Alignas(64) struct counter_set set; /* A cache line of its own: no false sharing. */
    _Atomic int in_use;
};

static struct slot slots[SETS_MAX];
_Thread_local struct counter_set *counter_mine;

struct counter_set *
counter_attach(void)
{
    for (unsigned i = 0; i < SETS_MAX && counter_mine == NULL; i++) {
        int unused = 0;

        /* Acquire: the counts of the thread that gave the set back. */
        if (atomic_compare_exchange_strong_explicit(&slots[i].in_use, &unused, 1,
                                                    memory_order_acquire, memory_order_relaxed))
            counter_mine = &slots[i].set;
    }
    assert(counter_mine != NULL);
    return counter_mine;
}

void
counter_detach(void)
{
    struct slot *s = (struct slot *)(void *)counter_mine;

    if (s == NULL)
        return;
    for (unsigned g = 0; g < GAUGE_COUNT; g++)
        atomic_store_explicit(&s->set.gauges[g], 0, memory_order_relaxed);
    counter_mine = NULL;
    /* Release: the next owner counts on from what this thread wrote. */
    atomic_store_explicit(&s->in_use, 0, memory_order_release);
}

void
counters_sum(uint64_t out[COUNTER_COUNT])
{
    memset(out, 0, COUNTER_COUNT * sizeof(out[0]));
    for (unsigned i = 0; i < SETS_MAX; i++)
        for (unsigned c = 0; c < COUNTER_COUNT; c++)
            out[c] += atomic_load_explicit(&slots[i].set.counters[c], memory_order_relaxed);
}

void
gauges_sum(int64_t out[GAUGE_COUNT])
{
    memset(out, 0, GAUGE_COUNT * sizeof(out[0]));
    for (unsigned i = 0; i < SETS_MAX; i++)
        for (unsigned g = 0; g < GAUGE_COUNT; g++)
            out[g] += atomic_load_explicit(&slots[i].set.gauges[g], memory_order_relaxed);
}

struct description {
    const char *name;
    const char *help;
};

static const struct description counters[COUNTER_COUNT] = {
#define COUNTER(name, help) {"meterd_" #name "_total", help},
#define GAUGE(name, help)
#include "server/base/counters.def"
#undef COUNTER
#undef GAUGE
};

static const struct description gauges[GAUGE_COUNT] = {
#define COUNTER(name, help)
#define GAUGE(name, help) {"meterd_" #name, help},
#include "server/base/counters.def"
#undef COUNTER
#undef GAUGE
};

const char *
counter_name(enum counter c)
{
    assert(c < COUNTER_COUNT);
    return counters[c].name;
}

const char *
counter_help(enum counter c)
{
    assert(c < COUNTER_COUNT);
    return counters[c].help;
}

const char *
gauge_name(enum gauge g)
{
    assert(g < GAUGE_COUNT);
    return gauges[g].name;
}

const char *
gauge_help(enum gauge g)
{
    assert(g < GAUGE_COUNT);
    return gauges[g].help;
}
