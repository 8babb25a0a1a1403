#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "server/base/pool.h"
#include "tests/unit/base/suite.h"

START_TEST(a_pool_gives_each_block_once)
{
    struct pool *p = pool_new(20, 3);
    void *a = pool_get(p), *b = pool_get(p), *c = pool_get(p);

    ck_assert(a != b && b != c && a != c);
    ck_assert_uint_eq((uintptr_t)a % 16, 0);
    memset(a, 1, 20);
    memset(b, 2, 20);
    memset(c, 3, 20);
    ck_assert_ptr_null(pool_get(p));
    ck_assert_uint_eq(pool_free_count(p), 0);
    pool_put(p, b);
    pool_put(p, NULL);
    ck_assert_ptr_eq(pool_get(p), b);
    pool_put(p, a);
    pool_put(p, b);
    pool_put(p, c);
    ck_assert_uint_eq(pool_free_count(p), 3);
    ck_assert_uint_eq(pool_used_max(p), 3);
    pool_free(p);
}
END_TEST

START_TEST(a_foreign_block_is_refused)
{
    struct pool *p = pool_new(32, 2);
    char *a = pool_get(p);

    ck_assert_aborts(pool_put(p, a + 8));
    pool_put(p, a);
    pool_free(p);
}
END_TEST

START_TEST(buffers_are_of_the_next_power_of_two)
{
    struct buffer_pool *p = buffer_pool_new(64 << 20);
    size_t sizes[][2] = {{1, 4096}, {4096, 4096}, {4097, 8192}, {8 << 20, 8 << 20}};

    for (int i = 0; i < 4; i++) {
        size_t capacity;
        void *b = buffer_pool_get(p, sizes[i][0], &capacity);

        ck_assert_ptr_nonnull(b);
        ck_assert_uint_eq(capacity, sizes[i][1]);
        memset(b, 0x5A, capacity);
        buffer_pool_put(p, b, capacity);
    }
    ck_assert_uint_eq(buffer_pool_used(p), 0);
    ck_assert_uint_eq(buffer_pool_used_max(p), 8 << 20);
    buffer_pool_free(p);
}
END_TEST

START_TEST(the_budget_holds_and_kept_buffers_make_room)
{
    struct buffer_pool *p = buffer_pool_new(32768);
    void *small[8], *large;
    size_t capacity;

    for (int i = 0; i < 8; i++)
        small[i] = buffer_pool_get(p, 4000, &capacity);
    ck_assert_ptr_null(buffer_pool_get(p, 1, &capacity));
    ck_assert_uint_eq(buffer_pool_left(p), 0);
    for (int i = 0; i < 4; i++)
        buffer_pool_put(p, small[i], 4096);
    ck_assert_ptr_null(buffer_pool_get(p, 30000, &capacity));
    large = buffer_pool_get(p, 16384, &capacity);
    ck_assert_ptr_nonnull(large);
    buffer_pool_put(p, large, capacity);
    for (int i = 4; i < 8; i++)
        buffer_pool_put(p, small[i], 4096);
    large = buffer_pool_get(p, 32768, &capacity);
    ck_assert_ptr_nonnull(large);
    memset(large, 1, capacity);
    buffer_pool_put(p, large, capacity);
    buffer_pool_free(p);
}
END_TEST

START_TEST(what_was_put_back_is_given_again)
{
    struct buffer_pool *p = buffer_pool_new(1 << 20);
    size_t capacity;
    void *first = buffer_pool_get(p, 65536, &capacity);

    buffer_pool_put(p, first, capacity);
    ck_assert_ptr_eq(buffer_pool_get(p, 40000, &capacity), first);
    buffer_pool_put(p, first, capacity);
    buffer_pool_free(p);
}
END_TEST

SUITE("pool", a_pool_gives_each_block_once, a_foreign_block_is_refused,
      buffers_are_of_the_next_power_of_two, the_budget_holds_and_kept_buffers_make_room,
      what_was_put_back_is_given_again)
