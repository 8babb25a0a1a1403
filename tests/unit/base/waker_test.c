#include <poll.h>
#include <pthread.h>
#include <stdint.h>

#include "server/base/ring.h"
#include "server/base/waker.h"
#include "tests/unit/base/suite.h"

static bool
is_readable(struct waker *w)
{
    struct pollfd p = {.fd = waker_fd(w), .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}

START_TEST(waking_an_awake_thread_makes_no_system_call)
{
    struct waker w;

    ck_assert_int_eq(waker_init(&w), ST_OK);
    waker_wake(&w);
    ck_assert(!is_readable(&w));
    waker_prepare(&w);
    waker_cancel(&w);
    waker_wake(&w);
    ck_assert(!is_readable(&w));
    waker_fini(&w);
}
END_TEST

START_TEST(a_sleeper_is_woken_once_and_the_next_wait_times_out)
{
    struct waker w;

    ck_assert_int_eq(waker_init(&w), ST_OK);
    waker_prepare(&w);
    waker_wake(&w);
    waker_wake(&w);
    ck_assert(is_readable(&w));
    ck_assert(waker_wait(&w, -1));
    ck_assert(!is_readable(&w));
    waker_prepare(&w);
    ck_assert(!waker_wait(&w, 10));
    waker_fini(&w);
}
END_TEST

START_TEST(an_event_loop_drains_the_descriptor)
{
    struct waker w;

    ck_assert_int_eq(waker_init(&w), ST_OK);
    waker_prepare(&w);
    waker_wake(&w);
    ck_assert(is_readable(&w));
    waker_drain(&w);
    ck_assert(!is_readable(&w));
    waker_drain(&w);
    waker_prepare(&w);
    waker_wake(&w);
    ck_assert(is_readable(&w));
    waker_fini(&w);
}
END_TEST

/* Two threads that throw one number back and forth, each sleeping until it comes: every lost
 * wake-up would be a wait that times out. */
struct side {
    struct ring *in, *out;
    struct waker *mine, *theirs;
    unsigned timeouts;
};

static void *
play(void *context)
{
    struct side *s = context;
    uint64_t number;

    for (uint64_t round = 0; round < STRESS_COUNT / 10; round++) {
        while (!ring_pop(s->in, &number)) {
            waker_prepare(s->mine);
            if (ring_count(s->in) > 0) {
                waker_cancel(s->mine);
                continue;
            }
            if (!waker_wait(s->mine, 5000))
                s->timeouts++;
        }
        number++;
        while (!ring_push(s->out, &number))
            s->timeouts++;
        waker_wake(s->theirs);
    }
    return NULL;
}

START_TEST(no_wake_up_is_lost)
{
    struct waker a, b;
    struct ring *to_a = ring_new(4, sizeof(uint64_t)), *to_b = ring_new(4, sizeof(uint64_t));
    struct side side_a = {to_a, to_b, &a, &b, 0}, side_b = {to_b, to_a, &b, &a, 0};
    uint64_t first = 0;
    pthread_t other;

    ck_assert_int_eq(waker_init(&a), ST_OK);
    ck_assert_int_eq(waker_init(&b), ST_OK);
    ck_assert(ring_push(to_a, &first));
    ck_assert_int_eq(pthread_create(&other, NULL, play, &side_b), 0);
    play(&side_a);
    pthread_join(other, NULL);
    ck_assert_uint_eq(side_a.timeouts, 0);
    ck_assert_uint_eq(side_b.timeouts, 0);
    ck_assert(ring_pop(to_a, &first));
    ck_assert_uint_eq(first, 2 * (STRESS_COUNT / 10));
    ring_free(to_a);
    ring_free(to_b);
    waker_fini(&a);
    waker_fini(&b);
}
END_TEST

SUITE("waker", waking_an_awake_thread_makes_no_system_call,
      a_sleeper_is_woken_once_and_the_next_wait_times_out, an_event_loop_drains_the_descriptor,
      no_wake_up_is_lost)
