#include <stdio.h>

#include "server/base/name_table.h"
#include "tests/unit/base/suite.h"

START_TEST(equal_names_of_two_scopes_are_two)
{
    struct name_table *t = name_table_new(10, 1000);
    uint64_t value = 0;

    ck_assert_int_eq(name_table_put(t, 1, span_text("E1"), 11), ST_OK);
    ck_assert_int_eq(name_table_put(t, 2, span_text("E1"), 21), ST_OK);
    ck_assert_int_eq(name_table_put(t, 1, span_text(""), 10), ST_OK);
    ck_assert_int_eq(name_table_put(t, 1, span_text("E1"), 12), ST_OK);
    ck_assert(name_table_get(t, 1, span_text("E1"), &value));
    ck_assert_uint_eq(value, 12);
    ck_assert(name_table_get(t, 2, span_text("E1"), &value));
    ck_assert_uint_eq(value, 21);
    ck_assert(name_table_get(t, 1, span_text(""), &value));
    ck_assert_uint_eq(value, 10);
    ck_assert(!name_table_get(t, 2, span_text(""), &value));
    ck_assert(!name_table_get(t, 1, span_of("E1\0", 3), &value));
    ck_assert_uint_eq(name_table_count(t), 3);
    name_table_free(t);
}
END_TEST

START_TEST(both_bounds_hold)
{
    struct name_table *t = name_table_new(2, 10);

    ck_assert_int_eq(name_table_put(t, 1, span_text("12345678"), 1), ST_OK);
    ck_assert_int_eq(name_table_put(t, 1, span_text("123"), 1), ST_FULL);
    ck_assert_int_eq(name_table_put(t, 1, span_text("12"), 1), ST_OK);
    ck_assert_int_eq(name_table_put(t, 1, span_text(""), 1), ST_FULL);
    ck_assert_int_eq(name_table_reserve(t, 3, 0), ST_FULL);
    name_table_clear(t);
    ck_assert_int_eq(name_table_put(t, 1, span_text("1234567890"), 1), ST_OK);
    name_table_free(t);
}
END_TEST

START_TEST(many_names_are_all_found_and_listed_once)
{
    struct name_table *t = name_table_new(20000, 1 << 20);
    struct name_entry e;
    uint32_t position = 0, listed = 0;
    char name[32];
    uint64_t value;

    for (unsigned i = 0; i < 20000; i++) {
        snprintf(name, sizeof(name), "meter-%u", i);
        ck_assert_int_eq(name_table_put(t, i % 7, span_text(name), i), ST_OK);
    }
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(name, sizeof(name), "meter-%u", i);
        ck_assert(name_table_get(t, i % 7, span_text(name), &value));
        ck_assert_uint_eq(value, i);
        ck_assert(!name_table_get(t, 7, span_text(name), &value));
    }
    while (name_table_next(t, &position, &e)) {
        snprintf(name, sizeof(name), "meter-%u", (unsigned)e.value);
        ck_assert(span_is(e.name, name) && e.scope == e.value % 7);
        listed++;
    }
    ck_assert_uint_eq(listed, 20000);
    name_table_free(t);
}
END_TEST

SUITE("name_table", equal_names_of_two_scopes_are_two, both_bounds_hold,
      many_names_are_all_found_and_listed_once)
