/* The reference against the worked examples of semantics 6, number by number. */

#include "tests/reference/one_point.h"

#include <check.h>
#include <stdlib.h>

START_TEST(example_1_register)
{
    give(at(0, 0), 100);
    give(at(0, 15), 110);
    give(at(0, 30), 130);
    compute();
    ck_assert_int_eq(quantity_at(at(0, 0)), 10 * UNIT);
    ck_assert_int_eq(quantity_at(at(0, 15)), 20 * UNIT);
    ck_assert_int_eq(total().quantity, 30 * UNIT);
    ck_assert_int_eq(total().estimated, 0);
    ck_assert_int_eq(counts_at(at(0, 30)).readings, 1);
}
END_TEST

START_TEST(example_2_unaligned_readings_split_at_the_slot)
{
    give(at(0, 5), 100);
    give(at(0, 20), 115);
    compute();
    ck_assert_int_eq(quantity_at(at(0, 0)), 10 * UNIT);
    ck_assert_int_eq(quantity_at(at(0, 15)), 5 * UNIT);
}
END_TEST

START_TEST(example_3_late_reading_corrects_both_slots)
{
    give(at(0, 0), 100);
    give(at(0, 30), 130);
    compute();
    ck_assert_int_eq(quantity_at(at(0, 0)), 15 * UNIT);
    ck_assert_int_eq(quantity_at(at(0, 15)), 15 * UNIT);
    give(at(0, 15), 110);
    compute();
    ck_assert_int_eq(quantity_at(at(0, 0)), 10 * UNIT);
    ck_assert_int_eq(quantity_at(at(0, 15)), 20 * UNIT);
}
END_TEST

START_TEST(example_4_rollover)
{
    row.modulus = 10000 * UNIT;
    give(at(0, 0), 9990);
    give(at(0, 15), 12);
    compute();
    ck_assert_int_eq(total().quantity, 22 * UNIT);
    ck_assert_int_eq(total().suspect, 0);
}
END_TEST

START_TEST(example_5_dip_is_rejected)
{
    row.max_rate = 100 * UNIT;
    give(at(0, 0), 500);
    give(at(0, 15), 0);
    compute();
    ck_assert_int_eq(result.readings[1].verdict, NAIVE_HELD);
    give(at(0, 30), 510);
    compute();
    ck_assert_int_eq(result.readings[1].verdict, NAIVE_REJECTED);
    ck_assert_int_eq(quantity_at(at(0, 0)), 5 * UNIT);
    ck_assert_int_eq(quantity_at(at(0, 15)), 5 * UNIT);
    ck_assert_int_eq(counts_at(at(0, 15)).suspect, 1);
    ck_assert_int_eq(counts_at(at(0, 15)).readings, 1);
}
END_TEST

START_TEST(example_6_reset_is_confirmed_by_the_third)
{
    row.max_rate = 100 * UNIT;
    give(at(0, 0), 500);
    give(at(0, 15), 3);
    give(at(0, 30), 9);
    compute();
    ck_assert_int_eq(total().quantity, 0);
    ck_assert_int_eq(total().suspect, 2);
    give(at(0, 45), 15);
    compute();
    ck_assert_int_eq(quantity_at(at(0, 0)), 0);
    ck_assert_int_eq(quantity_at(at(0, 15)), 6 * UNIT);
    ck_assert_int_eq(quantity_at(at(0, 30)), 6 * UNIT);
    ck_assert_int_eq(total().suspect, 0);
}
END_TEST

START_TEST(example_7_exchange)
{
    exchange = (struct naive_exchange){at(0, 20), 520 * UNIT, 40 * UNIT};
    point.exchanges = &exchange;
    point.exchange_count = 1;
    give(at(0, 15), 510);
    give(at(0, 30), 52);
    compute();
    ck_assert_int_eq(quantity_at(at(0, 15)), 22 * UNIT);
    ck_assert_int_eq(total().quantity, 22 * UNIT);
    give(at(0, 20), 41);
    compute();
    ck_assert_int_eq(quantity_at(at(0, 15)), 22 * UNIT);
    ck_assert_int_eq(result.readings[1].verdict, NAIVE_DISPLACED);
    ck_assert_int_eq(total().suspect, 1);
    ck_assert_int_eq(total().readings, 3);
}
END_TEST

START_TEST(example_8_floors_leave_the_micro_unit_to_the_second_slot)
{
    give_micro(at(0, 0), 0, NAIVE_GOOD);
    give_micro(at(0, 30), 1, NAIVE_GOOD);
    compute();
    ck_assert_int_eq(quantity_at(at(0, 0)), 0);
    ck_assert_int_eq(quantity_at(at(0, 15)), 1);
}
END_TEST

START_TEST(example_9_rate)
{
    point.kind = NAIVE_RATE;
    give(at(0, 0), 120);
    give(at(0, 15), 120);
    compute();
    ck_assert_int_eq(quantity_at(at(0, 0)), 30 * UNIT);
    ck_assert_int_eq(total().quantity, 30 * UNIT);
    ck_assert_int_eq(total().estimated, 30 * UNIT);
}
END_TEST

START_TEST(example_10_interval_of_a_day)
{
    point.kind = NAIVE_INTERVAL;
    point.period_ms = DAY_MS;
    give(at(0, 0), 96);
    compute();
    for (int slot = 0; slot < 96; slot++) {
        ck_assert_int_eq(quantity_at(at(0, slot * 15)), UNIT);
        ck_assert_int_eq(counts_at(at(0, slot * 15)).estimated, UNIT);
    }
    ck_assert_int_eq(total().quantity, 96 * UNIT);
}
END_TEST

START_TEST(example_11_zeros_prove_no_new_course)
{
    give(at(0, 0), 5000000);
    give(at(0, 15), 0);
    give(at(0, 30), 0);
    give(at(0, 45), 0);
    give(at(1, 0), 5000040);
    compute();
    ck_assert_int_eq(total().quantity, 40 * UNIT);
    ck_assert_int_eq(total().suspect, 3);
    ck_assert_int_eq(total().readings, 5);
}
END_TEST

START_TEST(example_12_swap_after_a_gap_is_no_rollover)
{
    row.max_rate = 100 * UNIT;
    row.modulus = 10000 * UNIT;
    give(at(0, 0), 5000);
    give(at(90 * 24, 0), 3);
    give(at(90 * 24, 15), 4);
    give(at(90 * 24, 30), 5);
    compute();
    ck_assert_int_eq(quantity_at(at(90 * 24, 0)), UNIT);
    ck_assert_int_eq(quantity_at(at(90 * 24, 15)), UNIT);
    ck_assert_int_eq(total().quantity, 2 * UNIT);
}
END_TEST

START_TEST(example_13_last_in_the_log_counts)
{
    give(at(0, 15), 110);
    give(at(0, 15), 112);
    give(at(0, 15), 112);
    compute();
    ck_assert_uint_eq(result.reading_count, 1);
    ck_assert_int_eq(result.readings[0].entry.value, 112 * UNIT);
    ck_assert_uint_eq(result.readings[0].position, 1);
    ck_assert_uint_eq(result.superseded_count, 1);
    ck_assert_int_eq(result.superseded[0].entry.value, 110 * UNIT);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("naive");
    TCase *c = tcase_create("naive");
    SRunner *r;
    int failed;

    tcase_add_checked_fixture(c, one_point_start, one_point_finish);
    tcase_add_test(c, example_1_register);
    tcase_add_test(c, example_2_unaligned_readings_split_at_the_slot);
    tcase_add_test(c, example_3_late_reading_corrects_both_slots);
    tcase_add_test(c, example_4_rollover);
    tcase_add_test(c, example_5_dip_is_rejected);
    tcase_add_test(c, example_6_reset_is_confirmed_by_the_third);
    tcase_add_test(c, example_7_exchange);
    tcase_add_test(c, example_8_floors_leave_the_micro_unit_to_the_second_slot);
    tcase_add_test(c, example_9_rate);
    tcase_add_test(c, example_10_interval_of_a_day);
    tcase_add_test(c, example_11_zeros_prove_no_new_course);
    tcase_add_test(c, example_12_swap_after_a_gap_is_no_rollover);
    tcase_add_test(c, example_13_last_in_the_log_counts);
    suite_add_tcase(s, c);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
