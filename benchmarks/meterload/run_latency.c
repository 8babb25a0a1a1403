/* The bucket is the exponent and the five bits behind the first. */
#include "benchmarks/meterload/run_latency.h"

#define BITS 5

static unsigned
bucket_of(uint64_t ns)
{
    unsigned exponent;

    if (ns < 1u << BITS)
        return (unsigned)ns;
    exponent = 63 - (unsigned)__builtin_clzll(ns);
    return ((exponent - BITS + 1) << BITS) +
           (unsigned)(ns >> (exponent - BITS) & ((1u << BITS) - 1));
}

static int64_t
middle_of(unsigned bucket)
{
    unsigned exponent = (bucket >> BITS) + BITS - 1;
    uint64_t low;

    if (bucket < 1u << BITS)
        return bucket;
    low = (UINT64_C(1) << exponent) +
          ((uint64_t)(bucket & ((1u << BITS) - 1)) << (exponent - BITS));
    return (int64_t)(low + ((UINT64_C(1) << (exponent - BITS)) >> 1));
}

void
run_latency_add(struct run_latency *l, int64_t ns)
{
    uint64_t shown = ns < 0 ? 0 : (uint64_t)ns;

    l->buckets[bucket_of(shown)]++;
    l->count++;
    if (ns > l->max_ns)
        l->max_ns = ns;
}

int64_t
run_latency_at(const struct run_latency *l, double share)
{
    uint64_t wanted = (uint64_t)((double)l->count * share), seen = 0;

    for (unsigned i = 0; i < sizeof l->buckets / sizeof l->buckets[0]; i++) {
        seen += l->buckets[i];
        if (seen > wanted)
            return middle_of(i);
    }
    return l->max_ns;
}
