/* Counters and gauges of the process (counters.def). Each thread writes a set of its own, so
 * counting is a load, an add and a store of memory nobody else writes; a reader sums the sets. */
#ifndef METERD_BASE_COUNTER_H
#define METERD_BASE_COUNTER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum counter {
#define COUNTER(name, help) COUNT_##name,
#define GAUGE(name, help)
#include "server/base/counters.def"
#undef COUNTER
#undef GAUGE
    COUNTER_COUNT
};

enum gauge {
#define COUNTER(name, help)
#define GAUGE(name, help) GAUGE_##name,
#include "server/base/counters.def"
#undef COUNTER
#undef GAUGE
    GAUGE_COUNT
};

struct counter_set {
    _Atomic uint64_t counters[COUNTER_COUNT];
    _Atomic int64_t gauges[GAUGE_COUNT];
};

/* The calling thread's set; NULL until it first counts. Use the functions below. */
extern _Thread_local struct counter_set *counter_mine;

/* Gives the calling thread a set; happens by itself at the first count. */
struct counter_set *counter_attach(void);
/* The calling thread ends: its counts stay in the sums, its gauges become 0. thread.c calls it. */
void counter_detach(void);

/* Relaxed: only this thread writes, and a reader needs no order between counters. */
static inline void
counter_add(enum counter c, uint64_t n)
{
    struct counter_set *s = counter_mine != NULL ? counter_mine : counter_attach();
    uint64_t before = atomic_load_explicit(&s->counters[c], memory_order_relaxed);

    atomic_store_explicit(&s->counters[c], before + n, memory_order_relaxed);
}

/* This thread's share of the gauge; the gauge's value is the sum over the threads. */
static inline void
gauge_set(enum gauge g, int64_t value)
{
    struct counter_set *s = counter_mine != NULL ? counter_mine : counter_attach();

    atomic_store_explicit(&s->gauges[g], value, memory_order_relaxed);
}

static inline void
gauge_add(enum gauge g, int64_t change)
{
    struct counter_set *s = counter_mine != NULL ? counter_mine : counter_attach();
    int64_t before = atomic_load_explicit(&s->gauges[g], memory_order_relaxed);

    atomic_store_explicit(&s->gauges[g], before + change, memory_order_relaxed);
}

/* Any thread: the sums over all threads, each a moment old. */
void counters_sum(uint64_t out[COUNTER_COUNT]);
void gauges_sum(int64_t out[GAUGE_COUNT]);

/* As Prometheus wants them: meterd_NAME_total, meterd_NAME. Static texts. */
const char *counter_name(enum counter c);
const char *counter_help(enum counter c);
const char *gauge_name(enum gauge g);
const char *gauge_help(enum gauge g);

#endif
