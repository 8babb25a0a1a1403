/* Moments that once were, or could be, wrong, one by one (design 4). Segments hold four readings
 * here, so that a short history has several. Every scenario ends with all rows as defined. */
#include "tests/sim/scenario.h"

#include <stdlib.h>

/* A register that is read every quarter of an hour and gains one unit each time. */
static void
add_history(struct scenario *s, int point, int first, int count)
{
    for (int i = first; i < first + count; i++)
        scenario_reading(s, point, 15 * i, 100 + i);
}

START_TEST(first_commit_writes_state)
{
    struct scenario *s = scenario_begin();
    const struct tx_point *points;
    const struct tx_segment *segments;

    scenario_point(s, NAIVE_REGISTER);
    add_history(s, 0, 0, 1);
    scenario_start(s, NEVER_MS);
    scenario_fold(s, 1);
    scenario_commit(s);
    ck_assert_uint_eq(memory_store_points(s->sim.store, &points), 1);
    ck_assert_int_eq(points[0].applied_offset, 1);
    ck_assert_uint_eq(memory_store_segments(s->sim.store, &segments), 1);
    sim_crash(&s->sim, false);
    scenario_end(s);
}
END_TEST

START_TEST(late_in_memory_then_crash)
{
    struct scenario *s = scenario_begin();

    scenario_point(s, NAIVE_REGISTER);
    add_history(s, 0, 0, 2);
    add_history(s, 0, 4, 4);
    scenario_reading(s, 0, 45, 110); /* Between what is written and what is not. */
    add_history(s, 0, 9, 2);
    scenario_start(s, NEVER_MS);
    scenario_fold(s, 2);
    scenario_commit(s);
    scenario_fold(s, 5);
    scenario_commit(s);
    struct page_claim row = memory_store_partition(s->sim.store, 0);
    ck_assert_int_eq(row.next_offset, 7);
    ck_assert_int_eq(row.replay_offset, 2); /* Amounts are stored, readings are not. */
    scenario_fold(s, 1);
    sim_crash(&s->sim, false);
    scenario_end(s);
}
END_TEST

START_TEST(inbox_beside_unwritten_live)
{
    struct scenario *s = scenario_begin();

    scenario_point(s, NAIVE_REGISTER);
    add_history(s, 0, 0, 4);
    add_history(s, 0, 5, 8);
    add_history(s, 0, 13, 1);
    scenario_reading(s, 0, 20, 102); /* In a segment that has left memory. */
    add_history(s, 0, 14, 2);
    scenario_start(s, NEVER_MS);
    scenario_fold(s, 12);
    scenario_forget_old(s);
    scenario_fold(s, 1);
    ck_assert(scenario_memory(s, 0)->dirty);
    scenario_fold(s, 1);
    ck_assert_uint_eq(scenario_memory(s, 0)->inbox_count, 1);
    scenario_commit(s);
    ck_assert_uint_eq(scenario_inbox(s), 1);
    ck_assert(!scenario_memory(s, 0)->dirty); /* What was beside it was written with it. */
    sim_append(&s->sim);
    sim_deliver(&s->sim, 0);
    sim_crash(&s->sim, false);
    scenario_end(s);
    ck_assert_uint_eq(s->sim.strays[0], 0);
}
END_TEST

START_TEST(inbox_then_newer_live)
{
    struct scenario *s = scenario_begin();

    scenario_point(s, NAIVE_REGISTER);
    add_history(s, 0, 0, 12);
    scenario_reading(s, 0, 20, 102);
    scenario_reading(s, 0, 20, 101); /* The last in the log counts. */
    add_history(s, 0, 12, 1);        /* This one need not wait. */
    scenario_start(s, 0);
    scenario_fold(s, 12);
    scenario_forget_old(s);
    scenario_fold(s, 3);
    ck_assert_uint_eq(scenario_memory(s, 0)->inbox_count, 2);
    ck_assert_int_eq(scenario_memory(s, 0)->state.a_value, 112 * UNIT);
    ck_assert(sim_finish(&s->sim));
    const struct tx_superseded *rows;
    ck_assert_uint_eq(memory_store_superseded(s->sim.store, &rows), 1);
    ck_assert_int_eq(rows[0].value, 102 * UNIT);
    scenario_end(s);
}
END_TEST

START_TEST(refold_waits_for_write_in_flight)
{
    struct scenario *s = scenario_begin();

    scenario_point(s, NAIVE_REGISTER);
    add_history(s, 0, 0, 12);
    scenario_reading(s, 0, 20, 102);
    scenario_reading(s, 0, 5, 100);
    scenario_start(s, 0);
    scenario_fold(s, 12);
    scenario_forget_old(s);
    scenario_fold(s, 1);
    scenario_commit(s);
    scenario_answer(s); /* The inbox is folded ... */
    ck_assert_uint_eq(scenario_memory(s, 0)->inbox_count, 0);
    scenario_hand_over(s); /* ... and its row is about to go. */
    late_work_want(s->sim.rollup, s->sim.rollup->points[s->sim.points[0].number]);
    sim_tick(&s->sim, 1);
    ck_assert_uint_eq(s->sim.question_count, 0);
    ck_assert_uint_eq(scenario_inbox(s), 1);
    sim_apply(&s->sim);
    sim_deliver_fate(&s->sim);
    ck_assert_uint_eq(scenario_inbox(s), 0);
    ck_assert_uint_eq(s->sim.question_count, 1);
    scenario_end(s);
}
END_TEST

/* An answer read before a commit added rows: the rest is for the next job. */
START_TEST(inbox_grows_while_it_is_read)
{
    struct scenario *s = scenario_begin();

    scenario_point(s, NAIVE_REGISTER);
    add_history(s, 0, 0, 12);
    scenario_reading(s, 0, 20, 102);
    scenario_reading(s, 0, 20, 101);
    scenario_start(s, 0);
    scenario_fold(s, 12);
    scenario_forget_old(s);
    scenario_fold(s, 1);
    scenario_commit(s);
    ck_assert(sim_answer(&s->sim)); /* One row. */
    ck_assert(sim_append(&s->sim));
    ck_assert(sim_deliver(&s->sim, 0));
    scenario_commit(s); /* Now there are two. */
    ck_assert_uint_eq(scenario_inbox(s), 2);
    scenario_answer(s);
    scenario_end(s);
}
END_TEST

START_TEST(text_and_number_are_one_point)
{
    struct scenario *s = scenario_begin();

    scenario_point(s, NAIVE_REGISTER);
    scenario_reading(s, 0, 0, 100); /* By name. */
    scenario_reading(s, 0, 15, 110);
    scenario_register(s, 0);
    scenario_reading(s, 0, 15, 111); /* By number, before and after the owner knows. */
    scenario_reading(s, 0, 30, 120);
    scenario_reading(s, 0, 15, 112);
    scenario_start(s, 0);
    scenario_fold(s, 2);
    scenario_commit(s);
    ck_assert_uint_ne(s->sim.points[0].number, 0);
    sim_append(&s->sim); /* The import. */
    sim_append(&s->sim);
    ck_assert(!sim_deliver(&s->sim, 0)); /* It needs a newer directory. */
    sim_swap(&s->sim, 2, true);
    ck_assert(sim_deliver(&s->sim, 0));
    s->sim.options.door_lag_percent = 100; /* By number or by name. */
    ck_assert(sim_finish(&s->sim));
    EXPECT_UNITS(s, 0, 12);
    EXPECT_UNITS(s, 15, 8);
    scenario_end(s);
}
END_TEST

START_TEST(old_answer_is_not_for_a_newer_question)
{
    struct scenario *s = scenario_begin();

    scenario_point(s, NAIVE_REGISTER);
    scenario_point(s, NAIVE_REGISTER);
    scenario_register(s, 0);
    scenario_reading(s, 0, 0, 100);
    scenario_register(s, 1);
    scenario_reading(s, 1, 0, 100);
    scenario_start(s, 0);
    sim_append(&s->sim);
    sim_append(&s->sim);
    ck_assert(!sim_deliver(&s->sim, 0)); /* Asks for the newest revision: it is 2. */
    ck_assert(sim_answer(&s->sim));
    sim_swap(&s->sim, 2, true);
    ck_assert(sim_deliver(&s->sim, 0));
    sim_append(&s->sim);
    sim_append(&s->sim);
    ck_assert(!sim_deliver(&s->sim, 0));
    ck_assert(sim_deliver_answer(&s->sim));
    ck_assert(!sim_deliver(&s->sim, 0)); /* Revision 3 registered it. */
    ck_assert_uint_eq(s->sim.question_count, 1);
    scenario_end(s);
}
END_TEST

START_TEST(time_of_arrival_before_adoption)
{
    struct scenario *s = scenario_begin();

    scenario_point(s, NAIVE_RATE);
    scenario_reading(s, 0, 0, 100);
    scenario_register(s, 0);
    scenario_reading(s, 0, 15, 100);
    s->c.log[2].time_of_arrival = true;
    scenario_start(s, 0);
    scenario_fold(s, 1);
    scenario_commit(s);
    sim_append(&s->sim);
    sim_append(&s->sim);
    sim_swap(&s->sim, 2, true); /* Known, but not adopted: the work waits for the pager. */
    ck_assert(!scenario_memory(s, 0)->registered);
    ck_assert(sim_deliver(&s->sim, 0));
    ck_assert_uint_eq(s->sim.rollup->open->quarantine.count, 0);
    scenario_end(s);
}
END_TEST

START_TEST(exchanges_without_readings)
{
    struct scenario *s = scenario_begin();

    scenario_point(s, NAIVE_REGISTER);
    scenario_point(s, NAIVE_REGISTER);
    scenario_exchange(s, 0, 0, 100, 0);
    scenario_exchange(s, 0, 30, 20, 0);
    scenario_reading(s, 1, 0, 1);
    scenario_start(s, 0);
    sim_crash(&s->sim, false);
    ck_assert(sim_finish(&s->sim));
    EXPECT_UNITS(s, 0, 10);
    EXPECT_UNITS(s, 15, 10);
    sim_crash(&s->sim, false); /* They are not counted again. */
    scenario_end(s);
}
END_TEST

int
main(void)
{
    const TTest *const tests[] = {
        first_commit_writes_state,
        late_in_memory_then_crash,
        inbox_beside_unwritten_live,
        inbox_then_newer_live,
        refold_waits_for_write_in_flight,
        inbox_grows_while_it_is_read,
        text_and_number_are_one_point,
        old_answer_is_not_for_a_newer_question,
        time_of_arrival_before_adoption,
        exchanges_without_readings,
    };
    Suite *suite = suite_create("scenarios");
    TCase *tcase = tcase_create("rollup");

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
