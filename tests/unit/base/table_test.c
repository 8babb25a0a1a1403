#include <stdint.h>
#include <stdio.h>

#include "server/base/table.h"
#include "tests/unit/base/suite.h"

START_TEST(any_key_can_be_put_found_replaced_and_removed)
{
    struct table *t = table_new(100);
    uint64_t keys[] = {0, 1, UINT64_MAX, 1ull << 63}, value = 7;

    for (int i = 0; i < 4; i++) {
        ck_assert(!table_get(t, keys[i], &value));
        ck_assert_int_eq(table_put(t, keys[i], (uint64_t)i), ST_OK);
        ck_assert_int_eq(table_put(t, keys[i], (uint64_t)i + 10), ST_OK);
    }
    ck_assert_uint_eq(table_count(t), 4);
    for (int i = 0; i < 4; i++) {
        ck_assert(table_get(t, keys[i], &value));
        ck_assert_uint_eq(value, i + 10);
        ck_assert(table_remove(t, keys[i]));
        ck_assert(!table_remove(t, keys[i]));
        ck_assert(!table_get(t, keys[i], &value));
    }
    ck_assert_uint_eq(table_count(t), 0);
    table_free(t);
}
END_TEST

START_TEST(the_bound_refuses_new_keys_only)
{
    struct table *t = table_new(3);

    for (uint64_t k = 0; k < 3; k++)
        ck_assert_int_eq(table_put(t, k, k), ST_OK);
    ck_assert_int_eq(table_put(t, 3, 3), ST_FULL);
    ck_assert_int_eq(table_put(t, 2, 9), ST_OK);
    ck_assert_int_eq(table_reserve(t, 4), ST_FULL);
    ck_assert(table_remove(t, 0));
    ck_assert_int_eq(table_put(t, 3, 3), ST_OK);
    table_free(t);
}
END_TEST

/* Against a plain array that says which keys are in, over many random moves. */
START_TEST(random_moves_agree_with_a_plain_array)
{
    enum { KEYS = 500 };
    struct table *t = table_new(KEYS);
    uint64_t model[KEYS], state = 88172645463325252ull, value, key;
    bool present[KEYS] = {false};
    uint32_t count = 0, position = 0, seen = 0;

    for (int move = 0; move < 200000; move++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        key = state % KEYS;
        if (state >> 60 < 7) {
            ck_assert(table_remove(t, key) == present[key]);
            count -= present[key];
            present[key] = false;
        } else {
            ck_assert_int_eq(table_put(t, key, state), ST_OK);
            count += !present[key];
            present[key] = true;
            model[key] = state;
        }
        ck_assert_uint_eq(table_count(t), count);
    }
    for (key = 0; key < KEYS; key++) {
        ck_assert(table_get(t, key, &value) == present[key]);
        ck_assert(!present[key] || value == model[key]);
    }
    while (table_next(t, &position, &key, &value)) {
        ck_assert(present[key] && value == model[key]);
        seen++;
    }
    ck_assert_uint_eq(seen, count);
    table_clear(t);
    position = 0;
    ck_assert(!table_next(t, &position, &key, &value));
    table_free(t);
}
END_TEST

START_TEST(pointers_are_values)
{
    struct table *t = table_new(10);
    int x;

    ck_assert_ptr_null(table_get_pointer(t, 5));
    ck_assert_int_eq(table_put_pointer(t, 5, &x), ST_OK);
    ck_assert_ptr_eq(table_get_pointer(t, 5), &x);
    table_free(t);
}
END_TEST

SUITE("table", any_key_can_be_put_found_replaced_and_removed, the_bound_refuses_new_keys_only,
      random_moves_agree_with_a_plain_array, pointers_are_values)
