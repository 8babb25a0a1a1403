#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>

#include "server/base/byte_ring.h"
#include "tests/unit/base/suite.h"

static void
put(struct byte_ring *r, const char *text)
{
    void *at = byte_ring_reserve(r, strlen(text));

    ck_assert_ptr_nonnull(at);
    memcpy(at, text, strlen(text));
    byte_ring_commit(r);
}

static void
take(struct byte_ring *r, const char *text)
{
    size_t size = 0;
    void *at = byte_ring_peek(r, &size);

    ck_assert_ptr_nonnull(at);
    ck_assert_uint_eq(size, strlen(text));
    ck_assert_mem_eq(at, text, size);
    byte_ring_release(r);
}

START_TEST(entries_come_out_whole_aligned_and_in_order)
{
    struct byte_ring *r = byte_ring_new(256);
    size_t size;

    ck_assert_ptr_null(byte_ring_peek(r, &size));
    put(r, "one");
    put(r, "");
    put(r, "three and more than eight bytes");
    ck_assert_uint_eq((uintptr_t)byte_ring_peek(r, &size) % 8, 0);
    take(r, "one");
    take(r, "");
    take(r, "three and more than eight bytes");
    ck_assert_ptr_null(byte_ring_peek(r, &size));
    ck_assert_uint_eq(byte_ring_used(r), 0);
    byte_ring_free(r);
}
END_TEST

START_TEST(an_entry_is_not_seen_before_its_commit)
{
    struct byte_ring *r = byte_ring_new(256);
    size_t size;

    ck_assert_ptr_nonnull(byte_ring_reserve(r, 10));
    ck_assert_ptr_null(byte_ring_peek(r, &size));
    ck_assert_ptr_nonnull(byte_ring_reserve(r, 20));
    byte_ring_commit(r);
    ck_assert_ptr_nonnull(byte_ring_peek(r, &size));
    ck_assert_uint_eq(size, 20);
    byte_ring_release(r);
    byte_ring_free(r);
}
END_TEST

START_TEST(half_the_capacity_fits_into_an_empty_ring_wherever_it_stands)
{
    for (size_t capacity = 64; capacity < 200; capacity++) {
        struct byte_ring *r = byte_ring_new(capacity);
        size_t size;

        for (size_t step = 0; step <= capacity / 2; step++) {
            ck_assert_ptr_nonnull(byte_ring_reserve(r, step));
            byte_ring_commit(r);
            ck_assert_ptr_nonnull(byte_ring_peek(r, &size));
            byte_ring_release(r);
            ck_assert_ptr_nonnull(byte_ring_reserve(r, capacity / 2));
            byte_ring_commit(r);
            memset(byte_ring_peek(r, &size), 0xAA, capacity / 2);
            ck_assert_uint_eq(size, capacity / 2);
            byte_ring_release(r);
            ck_assert_uint_eq(byte_ring_used(r), 0);
        }
        byte_ring_free(r);
    }
}
END_TEST

START_TEST(a_full_ring_says_so_until_something_is_released)
{
    struct byte_ring *r = byte_ring_new(128);
    unsigned count = 0;

    while (byte_ring_reserve(r, 24) != NULL) {
        byte_ring_commit(r);
        count++;
        ck_assert_uint_lt(count, 10);
    }
    ck_assert_uint_eq(count, 4);
    ck_assert_ptr_null(byte_ring_reserve(r, 24));
    for (size_t size; count-- > 0;) {
        ck_assert_ptr_nonnull(byte_ring_peek(r, &size));
        byte_ring_release(r);
        ck_assert_ptr_nonnull(byte_ring_reserve(r, 24));
        byte_ring_commit(r);
        ck_assert_ptr_null(byte_ring_reserve(r, 24));
    }
    byte_ring_free(r);
}
END_TEST

static size_t
size_of_entry(uint64_t number)
{
    return 8 + number * 2654435761u % 400;
}

static void *
produce(void *context)
{
    struct byte_ring *r = context;

    for (uint64_t n = 0; n < STRESS_COUNT / 8; n++) {
        size_t size = size_of_entry(n);
        uint8_t *at = byte_ring_reserve(r, size);

        while (at == NULL) {
            sched_yield();
            at = byte_ring_reserve(r, size);
        }
        memset(at, (int)(n & 0xFF), size);
        memcpy(at, &n, sizeof(n));
        byte_ring_commit(r);
    }
    return NULL;
}

START_TEST(two_threads_lose_nothing_and_keep_the_order)
{
    struct byte_ring *r = byte_ring_new(4000);
    pthread_t producer;

    ck_assert_int_eq(pthread_create(&producer, NULL, produce, r), 0);
    for (uint64_t n = 0, number; n < STRESS_COUNT / 8;) {
        size_t size;
        uint8_t *at = byte_ring_peek(r, &size);

        if (at == NULL) {
            sched_yield();
            continue;
        }
        memcpy(&number, at, sizeof(number));
        ck_assert_uint_eq(number, n);
        ck_assert_uint_eq(size, size_of_entry(n));
        for (size_t i = 8; i < size; i++)
            if (at[i] != (n & 0xFF))
                ck_abort_msg("byte %zu of entry %llu", i, (unsigned long long)n);
        byte_ring_release(r);
        n++;
    }
    pthread_join(producer, NULL);
    byte_ring_free(r);
}
END_TEST

SUITE("byte_ring", entries_come_out_whole_aligned_and_in_order,
      an_entry_is_not_seen_before_its_commit,
      half_the_capacity_fits_into_an_empty_ring_wherever_it_stands,
      a_full_ring_says_so_until_something_is_released, two_threads_lose_nothing_and_keep_the_order)
