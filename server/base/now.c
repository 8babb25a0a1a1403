/* clock_gettime twice. The wall clock remembers its latest answer for the whole process, so that
 * received_at never runs backwards along the log because somebody set the clock. */
#include "server/base/now.h"

#include <assert.h>
#include <stdatomic.h>
#include <time.h>

static _Atomic int64_t wall_latest_ms;

static struct timespec
read_clock(clockid_t clock)
{
    struct timespec t;
    int error = clock_gettime(clock, &t);

    assert(error == 0);
    return t;
}

int64_t
now_mono_ms(void)
{
    struct timespec t = read_clock(CLOCK_MONOTONIC);

    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
now_mono_us(void)
{
    struct timespec t = read_clock(CLOCK_MONOTONIC);

    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
now_wall_ms(void)
{
    struct timespec t = read_clock(CLOCK_REALTIME);
    int64_t now = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
    int64_t latest = atomic_load_explicit(&wall_latest_ms, memory_order_relaxed);

    /* Relaxed: the order of one variable's values is all that is promised. The loop ends because
     * each failure means that another thread moved the latest answer on. */
    while (now > latest) {
        if (atomic_compare_exchange_weak_explicit(&wall_latest_ms, &latest, now,
                                                  memory_order_relaxed, memory_order_relaxed))
            return now;
    }
    return latest;
}
