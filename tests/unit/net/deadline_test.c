#include <check.h>
#include <stdlib.h>

#include "server/net/deadline.h"

static struct deadline_wheel wheel;

static void
setup(void)
{
    deadline_wheel_init(&wheel, 1000000);
}

START_TEST(a_deadline_passes_once_never_early_and_soon_after)
{
    static struct deadline d;

    d = (struct deadline){0};
    deadline_set(&wheel, &d, 1010000);
    for (int64_t now = 1000000; now < 1010000; now += 100)
        ck_assert_ptr_null(deadline_pop(&wheel, now));
    ck_assert_ptr_eq(deadline_pop(&wheel, 1010000 + 2 * DEADLINE_SLOT_MS), &d);
    ck_assert_ptr_null(deadline_pop(&wheel, 9000000));
}
END_TEST

START_TEST(it_may_move_either_way_or_go)
{
    static struct deadline d;

    d = (struct deadline){0};
    deadline_set(&wheel, &d, 1010000);
    deadline_set(&wheel, &d, 1002000);
    ck_assert_ptr_eq(deadline_pop(&wheel, 1003000), &d);
    deadline_set(&wheel, &d, 1004000);
    deadline_set(&wheel, &d, 1020000);
    ck_assert_ptr_null(deadline_pop(&wheel, 1019999));
    ck_assert_ptr_eq(deadline_pop(&wheel, 1021000), &d);
    deadline_set(&wheel, &d, 1030000);
    deadline_set(&wheel, &d, DEADLINE_NEVER);
    ck_assert_ptr_null(deadline_pop(&wheel, 1100000));
}
END_TEST

START_TEST(far_ones_wait_for_turns_of_the_wheel)
{
    static struct deadline d;
    int64_t due = 1000000 + 1800000;

    d = (struct deadline){0};
    deadline_set(&wheel, &d, due);
    for (int64_t now = 1000000; now < due; now += 250)
        ck_assert_ptr_null(deadline_pop(&wheel, now));
    ck_assert_ptr_eq(deadline_pop(&wheel, due + 2 * DEADLINE_SLOT_MS), &d);
}
END_TEST

START_TEST(a_clock_that_jumps_lets_all_pass)
{
    static struct deadline d[1000];
    unsigned passed = 0;

    for (int i = 0; i < 1000; i++) {
        d[i] = (struct deadline){0};
        deadline_set(&wheel, &d[i], 1000000 + i * 300);
    }
    deadline_cancel(&d[500]);
    while (deadline_pop(&wheel, 9000000) != NULL)
        passed++;
    ck_assert_uint_eq(passed, 999);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("deadline");
    TCase *c = tcase_create("deadline");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, a_deadline_passes_once_never_early_and_soon_after);
    tcase_add_test(c, it_may_move_either_way_or_go);
    tcase_add_test(c, far_ones_wait_for_turns_of_the_wheel);
    tcase_add_test(c, a_clock_that_jumps_lets_all_pass);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
