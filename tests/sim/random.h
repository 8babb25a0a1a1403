/* Random numbers of the simulator: the same seed gives the same run on every machine. */
#ifndef METERD_SIM_RANDOM_H
#define METERD_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct sim_random {
    uint64_t state;
};

/* SplitMix64: any seed will do, and one word is the whole state. */
static inline uint64_t
sim_random_next(struct sim_random *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 0 .. end - 1; end > 0. */
static inline int64_t
sim_below(struct sim_random *r, int64_t end)
{
    return (int64_t)(sim_random_next(r) % (uint64_t)end);
}

static inline bool
sim_chance(struct sim_random *r, int percent)
{
    return sim_below(r, 100) < percent;
}

#define SIM_ONE_OF(r, ...)                                                                         \
    ((const int64_t[]){__VA_ARGS__})[sim_below(                                                    \
        (r), (int64_t)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)))]

#endif
