/* The reference against sentences of the definition that no worked example shows. */

#include "tests/reference/one_point.h"

#include <check.h>
#include <stdlib.h>

START_TEST(good_reading_resent_as_fault_is_withdrawn)
{
    give(at(0, 0), 100);
    give(at(0, 15), 110);
    give_micro(at(0, 15), 110 * UNIT, NAIVE_FAULT);
    compute();
    ck_assert_int_eq(total().quantity, 0);
    ck_assert_int_eq(counts_at(at(0, 15)).readings, 0);
    ck_assert_int_eq(counts_at(at(0, 15)).suspect, 1);
}
END_TEST

START_TEST(factor_change_cuts_a_step)
{
    struct naive_attributes rows[2];

    rows[0] = rows[1] = row;
    rows[1].valid_from = at(0, 20);
    rows[1].num = 10;
    point.rows = rows;
    point.row_count = 2;
    give(at(0, 15), 100);
    give(at(0, 30), 115);
    compute();
    ck_assert_int_eq(quantity_at(at(0, 15)), 5 * UNIT + 100 * UNIT);
}
END_TEST

START_TEST(long_step_is_not_spread)
{
    row.spread_max_ms = HOUR_MS;
    give(at(0, 0), 100);
    give(at(2, 0), 150);
    compute();
    ck_assert_int_eq(quantity_at(at(1, 45)), 50 * UNIT);
    ck_assert_int_eq(total().estimated, 50 * UNIT);
}
END_TEST

START_TEST(interval_stamps_move_to_the_civil_boundary)
{
    point.kind = NAIVE_INTERVAL;
    point.period_ms = DAY_MS;
    give(at(24, 0) - 1000, 96);
    compute();
    ck_assert_int_eq(result.readings[0].t, at(24, 0));
    point.stamp_end = true;
    compute();
    ck_assert_int_eq(result.readings[0].t, at(0, 0));
    point.period_ms = 0;
    point.period_months = 1;
    compute();
    ck_assert_int_eq(result.readings[0].t, at(-28 * 24, 0));
    point.period_months = 12;
    compute();
    ck_assert_int_eq(result.readings[0].t, at(-(365 + 31 + 28) * 24, 0));
}
END_TEST

START_TEST(inbox_of_an_interval_point_enters_by_received_at)
{
    point.kind = NAIVE_INTERVAL;
    point.registered = false;
    give(at(0, 1), 7);
    give(at(0, 2), 8);
    entries[0].received_at = at(1, 0);
    entries[entry_count++] = (struct naive_entry){.kind = NAIVE_REGISTERS};
    compute();
    ck_assert_uint_eq(result.reading_count, 1);
    ck_assert_int_eq(result.readings[0].entry.value, 7 * UNIT);
    ck_assert_int_eq(result.superseded[0].entry.value, 8 * UNIT);
    ck_assert_int_eq(quantity_at(at(0, 0)), 7 * UNIT);
}
END_TEST

START_TEST(backward_step_of_a_reverse_register_is_negative)
{
    row.reverse = true;
    row.max_rate = 100 * UNIT;
    give(at(0, 0), 500);
    give(at(0, 15), 490);
    compute();
    ck_assert_int_eq(quantity_at(at(0, 0)), -10 * UNIT);
    give(at(0, 30), 300);
    compute();
    ck_assert_int_eq(result.readings[2].verdict, NAIVE_HELD);
}
END_TEST

START_TEST(exchange_rejects_what_is_held_and_counts_its_end_with_its_sign)
{
    exchange = (struct naive_exchange){at(0, 40), 490 * UNIT, 7 * UNIT};
    point.exchanges = &exchange;
    point.exchange_count = 1;
    give(at(0, 15), 500);
    give(at(0, 30), 20);
    give(at(0, 45), 8);
    compute();
    ck_assert_int_eq(result.readings[1].verdict, NAIVE_REJECTED);
    ck_assert_int_eq(result.readings[2].verdict, NAIVE_ACCEPTED);
    ck_assert_int_eq(total().quantity, -9 * UNIT);
}
END_TEST

START_TEST(part_of_a_step_that_is_not_counted_is_left_out)
{
    struct naive_attributes rows[2];

    rows[0] = rows[1] = row;
    rows[0].valid_to = at(0, 5);
    rows[1].valid_from = at(0, 10);
    rows[1].sign = -1;
    point.rows = rows;
    point.row_count = 2;
    give(at(0, 0), 0);
    give(at(0, 15), 15);
    compute();
    ck_assert_int_eq(quantity_at(at(0, 0)), 0);
    give(at(0, 6), 6);
    compute();
    ck_assert_int_eq(counts_at(at(0, 0)).readings, 1);
}
END_TEST

START_TEST(late_is_counted_from_the_end_of_an_interval)
{
    point.kind = NAIVE_INTERVAL;
    give(at(0, 0), 1);
    entries[0].received_at = at(1, 15);
    compute();
    ck_assert_int_eq(total().late, 0);
    entries[0].received_at++;
    compute();
    ck_assert_int_eq(total().late, 1);
}
END_TEST

START_TEST(rate_is_held_no_longer_than_hold_max)
{
    point.kind = NAIVE_RATE;
    give(at(0, 0), 120);
    give(at(5, 0), 120);
    compute();
    ck_assert_int_eq(total().quantity, 60 * UNIT);
}
END_TEST

START_TEST(rollover_takes_the_factor_of_each_side)
{
    row.modulus = 10 * UNIT;
    row.den = 3;
    give(at(0, 0), 9);
    give_micro(at(0, 30), 1 * UNIT, NAIVE_GOOD);
    compute();
    ck_assert_int_eq(quantity_at(at(0, 0)), 10 * UNIT / 3 - 3 * UNIT);
    ck_assert_int_eq(quantity_at(at(0, 15)), UNIT / 3);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("naive_rules");
    TCase *c = tcase_create("naive_rules");
    SRunner *r;
    int failed;

    tcase_add_checked_fixture(c, one_point_start, one_point_finish);
    tcase_add_test(c, good_reading_resent_as_fault_is_withdrawn);
    tcase_add_test(c, factor_change_cuts_a_step);
    tcase_add_test(c, long_step_is_not_spread);
    tcase_add_test(c, interval_stamps_move_to_the_civil_boundary);
    tcase_add_test(c, inbox_of_an_interval_point_enters_by_received_at);
    tcase_add_test(c, backward_step_of_a_reverse_register_is_negative);
    tcase_add_test(c, exchange_rejects_what_is_held_and_counts_its_end_with_its_sign);
    tcase_add_test(c, part_of_a_step_that_is_not_counted_is_left_out);
    tcase_add_test(c, late_is_counted_from_the_end_of_an_interval);
    tcase_add_test(c, rate_is_held_no_longer_than_hold_max);
    tcase_add_test(c, rollover_takes_the_factor_of_each_side);
    suite_add_tcase(s, c);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
