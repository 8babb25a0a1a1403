/*
 * The reference against the worked examples of semantics 6, number by number, and against what
 * must hold of any case: conservation, days and areas as sums.
 */

#include "tests/reference/naive_parts.h"

#include <check.h>
#include <stdlib.h>

#define MINUTE_MS ((int64_t)60000)
#define UNIT      ((int64_t)1000000)
#define MIDNIGHT  INT64_C(1772294400000) /* 2026-03-01T00:00:00+08:00 */
#define ITEM      1
#define LOG_MAX   32

/* One enterprise with one point, and what it sent. */
static struct naive_attributes row;
static struct naive_exchange exchange;
static struct naive_point point;
static struct naive_entry entries[LOG_MAX];
static size_t entry_count;
static struct naive_result result;

static const struct naive_area area = {NAIVE_SINCE_EVER, 530100, NAIVE_NO_PARK};
static const struct naive_enterprise enterprise = {&area, 1};

static int64_t
at(int hour, int minute)
{
    return MIDNIGHT + (hour * 60 + minute) * MINUTE_MS;
}

static void
start(void)
{
    row = (struct naive_attributes){
        .valid_from = NAIVE_SINCE_EVER,
        .valid_to = NAIVE_FOR_EVER,
        .item = ITEM,
        .nominal_ms = 15 * MINUTE_MS,
        .modulus = NAIVE_NONE,
        .max_rate = NAIVE_NONE,
        .num = 1,
        .den = 1,
        .sign = 1,
        .counted = true,
        .spread_max_ms = NAIVE_DEFAULT,
        .hold_max_ms = NAIVE_DEFAULT,
    };
    point = (struct naive_point){.kind = NAIVE_REGISTER,
                                 .period_ms = 15 * MINUTE_MS,
                                 .registered = true,
                                 .rows = &row,
                                 .row_count = 1};
    entry_count = 0;
}

static void
finish(void)
{
    naive_result_fini(&result);
}

static void
give_micro(int64_t t, int64_t value, enum naive_quality quality)
{
    ck_assert_uint_lt(entry_count, LOG_MAX);
    entries[entry_count++] = (struct naive_entry){
        .kind = NAIVE_ARRIVES, .t = t, .value = value, .quality = quality, .received_at = t};
}

static void
give(int64_t t, int64_t units)
{
    give_micro(t, units * UNIT, NAIVE_GOOD);
}

static void
compute(void)
{
    struct naive_input in = {
        .deployment = {15 * MINUTE_MS, 8 * HOUR_MS, HOUR_MS, 10 * MINUTE_MS, 400 * DAY_MS},
        .enterprises = &enterprise,
        .enterprise_count = 1,
        .points = &point,
        .point_count = 1,
        .log = entries,
        .log_count = entry_count,
    };

    naive_result_fini(&result);
    naive_compute(&in, &result, NULL);
}

static struct naive_counts
counts_at(int64_t slot)
{
    const struct naive_row *r =
        naive_rows_find(&result.slots[NAIVE_BY_ENTERPRISE], 0, ITEM, slot);

    return r != NULL ? r->counts : (struct naive_counts){0};
}

static int64_t
quantity_at(int64_t slot)
{
    return (int64_t)counts_at(slot).quantity;
}

static struct naive_counts
total(void)
{
    struct naive_counts sum = {0};

    for (size_t i = 0; i < result.slots[NAIVE_BY_ENTERPRISE].count; i++) {
        const struct naive_counts *c = &result.slots[NAIVE_BY_ENTERPRISE].row[i].counts;

        sum.quantity += c->quantity;
        sum.estimated += c->estimated;
        sum.readings += c->readings;
        sum.late += c->late;
        sum.suspect += c->suspect;
    }
    return sum;
}

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

static Suite *
naive_suite(void)
{
    Suite *s = suite_create("naive");
    TCase *c = tcase_create("naive");

    tcase_add_checked_fixture(c, start, finish);
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
    tcase_add_test(c, good_reading_resent_as_fault_is_withdrawn);
    tcase_add_test(c, factor_change_cuts_a_step);
    tcase_add_test(c, long_step_is_not_spread);
    tcase_add_test(c, interval_stamps_move_to_the_civil_boundary);
    tcase_add_test(c, inbox_of_an_interval_point_enters_by_received_at);
    suite_add_tcase(s, c);
    return s;
}

int
main(void)
{
    SRunner *r = srunner_create(naive_suite());

    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
