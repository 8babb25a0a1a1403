/* Records: blocks go in until the buffer is full and come out in order. */
#include <check.h>

#include "proto/record.h"

static uint8_t buffer[4096];
static const uint32_t point = 5;
static const int32_t offset;

static struct block_columns
one_reading(const int64_t *value)
{
    return (struct block_columns){
        .enterprise = 7,
        .received_at_ms = 1772000000000,
        .count = 1,
        .point = &point,
        .point_count = 1,
        .offset_ms = &offset,
        .offset_count = 1,
        .value = value,
    };
}

/* As many as fit, with the values 0, 1, 2 ... */
static int64_t
fill(struct record_builder *r)
{
    int64_t n = 0;
    struct block_columns b = one_reading(&n);

    while (record_add_block(r, &b) == ST_OK)
        n++;
    return n;
}

START_TEST(blocks_come_out_in_order)
{
    struct record_builder r;
    struct block_view v;
    struct cursor c;
    int64_t n;

    record_begin(&r, buffer, sizeof buffer);
    n = fill(&r);
    ck_assert_int_gt(n, 10);
    ck_assert_uint_eq(r.block_count, (uint32_t)n);
    ck_assert_int_eq(record_check(record_bytes(&r)), ST_OK);
    c = cursor_over(record_bytes(&r));
    for (int64_t i = 0; i < n; i++) {
        ck_assert_int_eq(record_next_block(&c, &v), ST_OK);
        ck_assert_int_eq(block_value(&v, 0), i);
    }
    ck_assert_int_eq(record_next_block(&c, &v), ST_END);
    ck_assert_int_eq(record_next_block(&c, &v), ST_END);
}
END_TEST

START_TEST(a_full_record_takes_exactly_its_capacity)
{
    const int64_t value = 3;
    struct block_columns b = one_reading(&value);
    struct record_builder r;
    size_t size = record_block_size(&b);

    for (size_t capacity = 0; capacity < size; capacity++) {
        record_begin(&r, buffer, capacity);
        ck_assert_int_eq(record_add_block(&r, &b), ST_FULL);
        ck_assert_uint_eq(r.size, 0);
    }
    record_begin(&r, buffer, size);
    ck_assert_int_eq(record_add_block(&r, &b), ST_OK);
    ck_assert_uint_eq(r.size, size);
    ck_assert_int_eq(record_add_block(&r, &b), ST_FULL);
    ck_assert_uint_eq(r.size, size);
}
END_TEST

START_TEST(an_empty_record_has_no_blocks)
{
    ck_assert_int_eq(record_check(span_of(buffer, 0)), ST_OK);
}
END_TEST

START_TEST(a_cut_record_is_corrupt_or_shorter)
{
    struct record_builder r;
    struct span all;
    size_t block;

    record_begin(&r, buffer, 300);
    block = r.size;
    (void)fill(&r);
    all = record_bytes(&r);
    block = all.size / r.block_count;
    for (size_t size = 0; size <= all.size; size++)
        ck_assert_int_eq(record_check(span_of(all.at, size)),
                         size % block == 0 ? ST_OK : ST_CORRUPT);
}
END_TEST

START_TEST(a_damaged_block_leaves_its_neighbours_readable)
{
    struct record_builder r;
    struct block_view v;
    struct cursor c;
    size_t block;

    record_begin(&r, buffer, 300);
    (void)fill(&r);
    block = r.size / r.block_count;
    buffer[block + 2] = 0xFF; /* The second block's first tag. */
    ck_assert_int_eq(record_check(record_bytes(&r)), ST_CORRUPT);
    c = cursor_over(record_bytes(&r));
    ck_assert_int_eq(record_next_block(&c, &v), ST_OK);
    ck_assert_int_eq(record_next_block(&c, &v), ST_CORRUPT);
    ck_assert(cursor_ok(&c));
    ck_assert_int_eq(record_next_block(&c, &v), ST_OK);
    ck_assert_int_eq(block_value(&v, 0), 2);
}
END_TEST

START_TEST(unknown_fields_of_a_record_are_skipped)
{
    const int64_t value = 3;
    struct block_columns b = one_reading(&value);
    struct record_builder r;
    struct block_view v;
    struct cursor c;

    wire_put_fixed32(buffer, 2, 1);
    record_begin(&r, buffer + 5, 300);
    ck_assert_int_eq(record_add_block(&r, &b), ST_OK);
    c = cursor_over(span_of(buffer, r.size + 5));
    ck_assert_int_eq(record_next_block(&c, &v), ST_OK);
    ck_assert_int_eq(record_next_block(&c, &v), ST_END);
    wire_put_fixed32(buffer, 1, 1);
    ck_assert_int_eq(record_check(span_of(buffer, 5)), ST_CORRUPT);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("record");
    TCase *t = tcase_create("record");
    SRunner *r;
    int failed;

    tcase_add_test(t, blocks_come_out_in_order);
    tcase_add_test(t, a_full_record_takes_exactly_its_capacity);
    tcase_add_test(t, an_empty_record_has_no_blocks);
    tcase_add_test(t, a_cut_record_is_corrupt_or_shorter);
    tcase_add_test(t, a_damaged_block_leaves_its_neighbours_readable);
    tcase_add_test(t, unknown_fields_of_a_record_are_skipped);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
