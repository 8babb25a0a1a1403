#include <pthread.h>
#include <sched.h>

#include "server/base/ring.h"
#include "tests/unit/base/suite.h"

START_TEST(capacity_is_rounded_up_to_a_power_of_two)
{
    struct ring *r = ring_new(5, 8);

    ck_assert_uint_eq(ring_capacity(r), 8);
    ring_free(r);
}
END_TEST

START_TEST(items_come_out_in_order_and_a_full_ring_says_so)
{
    struct ring *r = ring_new(4, sizeof(int));
    int out = -1;

    ck_assert(!ring_pop(r, &out));
    for (int i = 0; i < 4; i++)
        ck_assert(ring_push(r, &i));
    ck_assert(!ring_push(r, &out));
    ck_assert_uint_eq(ring_count(r), 4);
    for (int i = 0; i < 4; i++) {
        ck_assert(ring_pop(r, &out));
        ck_assert_int_eq(out, i);
    }
    ck_assert(!ring_pop(r, &out));
    ck_assert_int_eq(out, 3);
    ring_free(r);
}
END_TEST

START_TEST(batches_wrap_and_are_cut_at_the_room_there_is)
{
    struct ring *r = ring_new(8, sizeof(int));
    int in[8] = {0, 1, 2, 3, 4, 5, 6, 7}, out[8];

    ck_assert_uint_eq(ring_push_many(r, in, 5), 5);
    ck_assert_uint_eq(ring_pop_many(r, out, 8), 5);
    ck_assert_uint_eq(ring_push_many(r, in, 6), 6); /* wraps */
    ck_assert_uint_eq(ring_push_many(r, in, 6), 2);
    ck_assert_uint_eq(ring_push_many(r, in, 1), 0);
    ck_assert_uint_eq(ring_pop_many(r, out, 6), 6);
    ck_assert_mem_eq(out, in, 6 * sizeof(int));
    ck_assert_uint_eq(ring_pop_many(r, out, 6), 2);
    ck_assert_mem_eq(out, in, 2 * sizeof(int));
    ck_assert_uint_eq(ring_pop_many(r, out, 6), 0);
    ring_free(r);
}
END_TEST

START_TEST(items_of_any_size_are_copied_whole)
{
    struct ring *r = ring_new(3, 7);
    char out[8] = "";

    for (int round = 0; round < 100; round++) {
        ck_assert(ring_push(r, "abcdefg"));
        ck_assert(ring_pop(r, out));
        ck_assert_str_eq(out, "abcdefg");
    }
    ring_free(r);
}
END_TEST

struct item {
    uint64_t number, check;
};

static void *
push_numbers(void *context)
{
    struct ring *r = context;
    struct item batch[32];
    uint64_t next = 0;

    while (next < STRESS_COUNT) {
        uint32_t want = 1 + (uint32_t)(next % 32), done = 0;

        for (uint32_t i = 0; i < want; i++)
            batch[i] = (struct item){next + i, ~(next + i)};
        while (done < want) {
            uint32_t n = ring_push_many(r, batch + done, want - done);

            if (n == 0)
                sched_yield();
            done += n;
        }
        next += want;
    }
    return NULL;
}

START_TEST(two_threads_lose_nothing_and_keep_the_order)
{
    struct ring *r = ring_new(64, sizeof(struct item));
    struct item batch[48];
    uint64_t expected = 0;
    pthread_t producer;

    ck_assert_int_eq(pthread_create(&producer, NULL, push_numbers, r), 0);
    while (expected < STRESS_COUNT) {
        uint32_t n = ring_pop_many(r, batch, 1 + (uint32_t)(expected % 48));

        if (n == 0)
            sched_yield();
        for (uint32_t i = 0; i < n; i++, expected++) {
            ck_assert_uint_eq(batch[i].number, expected);
            ck_assert_uint_eq(batch[i].check, ~expected);
        }
    }
    pthread_join(producer, NULL);
    ring_free(r);
}
END_TEST

SUITE("ring", capacity_is_rounded_up_to_a_power_of_two,
      items_come_out_in_order_and_a_full_ring_says_so,
      batches_wrap_and_are_cut_at_the_room_there_is, items_of_any_size_are_copied_whole,
      two_threads_lose_nothing_and_keep_the_order)
