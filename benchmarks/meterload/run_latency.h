/* A histogram of durations: 32 buckets for each power of two, so within about 3 percent. */
#ifndef METERD_BENCHMARKS_METERLOAD_RUN_LATENCY_H
#define METERD_BENCHMARKS_METERLOAD_RUN_LATENCY_H

#include <stdint.h>

struct run_latency {
    uint64_t count;
    int64_t max_ns;
    uint64_t buckets[64 * 32];
};

void run_latency_add(struct run_latency *l, int64_t ns);
/* The duration that share (0 to 1) of all do not exceed; 0 when there are none. */
int64_t run_latency_at(const struct run_latency *l, double share);

#endif
