/* The worked examples of semantics 6, through the real rollup. */
#include "tests/sim/scenario.h"

#include <stdlib.h>

#define PER_HOUR INT64_C(1000000)

START_TEST(example_1_register)
{
    struct scenario *s = scenario_begin();

    scenario_point(s, NAIVE_REGISTER);
    scenario_reading(s, 0, 0, 100);
    scenario_reading(s, 0, 15, 110);
    scenario_reading(s, 0, 30, 130);
    scenario_start(s, 0);
    ck_assert(sim_finish(&s->sim));
    EXPECT_UNITS(s, 0, 10);
    EXPECT_UNITS(s, 15, 20);
    scenario_end(s);
}
END_TEST

START_TEST(example_2_unaligned)
{
    struct scenario *s = scenario_begin();

    scenario_point(s, NAIVE_REGISTER);
    scenario_reading(s, 0, 5, 100);
    scenario_reading(s, 0, 20, 115);
    scenario_start(s, 0);
    ck_assert(sim_finish(&s->sim));
    EXPECT_UNITS(s, 0, 10);
    EXPECT_UNITS(s, 15, 5);
    scenario_end(s);
}
END_TEST

START_TEST(example_3_late)
{
    struct scenario *s = scenario_begin();

    scenario_point(s, NAIVE_REGISTER);
    scenario_reading(s, 0, 0, 100);
    scenario_reading(s, 0, 30, 130);
    scenario_reading(s, 0, 15, 110);
    scenario_start(s, 0);
    scenario_fold(s, 2);
    scenario_settle(s);
    EXPECT_UNITS(s, 0, 15);
    EXPECT_UNITS(s, 15, 15);
    ck_assert(sim_finish(&s->sim));
    EXPECT_UNITS(s, 0, 10);
    EXPECT_UNITS(s, 15, 20);
    scenario_end(s);
}
END_TEST

START_TEST(example_4_rollover)
{
    struct scenario *s = scenario_begin();

    scenario_point(s, NAIVE_REGISTER)->modulus = 10000 * UNIT;
    scenario_reading(s, 0, 0, 9990);
    scenario_reading(s, 0, 15, 12);
    scenario_start(s, 0);
    ck_assert(sim_finish(&s->sim));
    EXPECT_UNITS(s, 0, 22);
    scenario_end(s);
}
END_TEST

START_TEST(example_5_dip)
{
    struct scenario *s = scenario_begin();

    scenario_point(s, NAIVE_REGISTER)->max_rate = 100 * PER_HOUR;
    scenario_reading(s, 0, 0, 500);
    scenario_reading(s, 0, 15, 0);
    scenario_reading(s, 0, 30, 510);
    scenario_start(s, 0);
    ck_assert(sim_finish(&s->sim));
    EXPECT_UNITS(s, 0, 5);
    EXPECT_UNITS(s, 15, 5);
    scenario_end(s);
}
END_TEST

START_TEST(example_6_reset)
{
    static const int64_t values[] = {500, 3, 9, 15};
    struct scenario *s = scenario_begin();

    scenario_point(s, NAIVE_REGISTER)->max_rate = 100 * PER_HOUR;
    for (int i = 0; i < 4; i++)
        scenario_reading(s, 0, 15 * i, values[i]);
    scenario_start(s, 0);
    ck_assert(sim_finish(&s->sim));
    EXPECT_UNITS(s, 0, 0);
    EXPECT_UNITS(s, 15, 6);
    EXPECT_UNITS(s, 30, 6);
    scenario_end(s);
}
END_TEST

START_TEST(example_7_exchange)
{
    struct scenario *s = scenario_begin();

    scenario_point(s, NAIVE_REGISTER);
    scenario_exchange(s, 0, 20, 520, 40);
    scenario_reading(s, 0, 15, 510);
    scenario_reading(s, 0, 30, 52);
    scenario_start(s, 0);
    ck_assert(sim_finish(&s->sim));
    EXPECT_UNITS(s, 15, 22);
    scenario_end(s);
}
END_TEST

START_TEST(example_8_floors)
{
    struct scenario *s = scenario_begin();

    scenario_point(s, NAIVE_REGISTER);
    scenario_reading_micro(s, 0, 0, 0);
    scenario_reading_micro(s, 0, 30, 1);
    scenario_start(s, 0);
    ck_assert(sim_finish(&s->sim));
    scenario_expect(s, 0, 0, 0);
    scenario_expect(s, 15, 1, 0);
    scenario_end(s);
}
END_TEST

START_TEST(example_9_rate)
{
    struct scenario *s = scenario_begin();

    scenario_point(s, NAIVE_RATE);
    scenario_reading(s, 0, 0, 120);
    scenario_reading(s, 0, 15, 120);
    scenario_start(s, 0);
    ck_assert(sim_finish(&s->sim));
    scenario_expect(s, 0, 30 * UNIT, 30 * UNIT);
    scenario_expect(s, 15, 0, 0);
    scenario_end(s);
}
END_TEST

START_TEST(example_10_interval)
{
    struct scenario *s = scenario_begin();

    scenario_point(s, NAIVE_INTERVAL)->nominal_ms = 86400000;
    s->c.points[0].period_ms = 86400000;
    scenario_reading(s, 0, 0, 96);
    scenario_start(s, 0);
    ck_assert(sim_finish(&s->sim));
    for (int i = 0; i < 96; i++)
        scenario_expect(s, 15 * i, UNIT, UNIT);
    scenario_end(s);
}
END_TEST

START_TEST(example_11_zeros)
{
    static const int64_t values[] = {5000000, 0, 0, 0, 5000040};
    struct scenario *s = scenario_begin();

    scenario_point(s, NAIVE_REGISTER);
    for (int i = 0; i < 5; i++)
        scenario_reading(s, 0, 15 * i, values[i]);
    scenario_start(s, 0);
    ck_assert(sim_finish(&s->sim));
    ck_assert(scenario_total(s) == 40 * UNIT);
    scenario_end(s);
}
END_TEST

START_TEST(example_12_swap_after_a_gap)
{
    struct scenario *s = scenario_begin();
    struct naive_attributes *a = scenario_point(s, NAIVE_REGISTER);
    int64_t gap = 90 * 24 * 60;

    a->max_rate = 100 * PER_HOUR;
    a->modulus = 10000 * UNIT;
    scenario_reading(s, 0, 0, 5000);
    for (int i = 0; i < 3; i++)
        scenario_reading(s, 0, gap + 15 * i, 3 + i);
    scenario_start(s, 0);
    ck_assert(sim_finish(&s->sim));
    EXPECT_UNITS(s, gap, 1);
    EXPECT_UNITS(s, gap + 15, 1);
    ck_assert(scenario_total(s) == 2 * UNIT);
    scenario_end(s);
}
END_TEST

START_TEST(example_13_order_of_different_values)
{
    struct scenario *s = scenario_begin();
    const struct tx_superseded *rows;
    const struct tx_arrivals *arrivals;

    scenario_point(s, NAIVE_REGISTER);
    scenario_reading(s, 0, 0, 100);
    scenario_reading(s, 0, 15, 110);
    scenario_reading(s, 0, 15, 112);
    scenario_reading(s, 0, 15, 112);
    scenario_start(s, 0);
    ck_assert(sim_finish(&s->sim));
    EXPECT_UNITS(s, 0, 12);
    ck_assert_uint_eq(memory_store_superseded(s->sim.store, &rows), 1);
    ck_assert_int_eq(rows[0].value, 110 * UNIT);
    ck_assert_uint_eq(memory_store_arrivals(s->sim.store, &arrivals), 1);
    ck_assert_int_eq(arrivals[0].repeated, 1);
    scenario_end(s);
}
END_TEST

int
main(void)
{
    const TTest *const tests[] = {
        example_1_register,   example_2_unaligned, example_3_late,
        example_4_rollover,   example_5_dip,       example_6_reset,
        example_7_exchange,   example_8_floors,    example_9_rate,
        example_10_interval,  example_11_zeros,    example_12_swap_after_a_gap,
        example_13_order_of_different_values,
    };
    Suite *suite = suite_create("examples");
    TCase *tcase = tcase_create("semantics 6");

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
