/* Plans over a part of the sample: the same options give the same messages, and whatever is sent
 * wrong is put right behind it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "benchmarks/meterload/plan.h"

static struct plan_options
options_of(enum plan_order order)
{
    return (struct plan_options){
        .registry_dir = "deploy/sample/registry",
        .tokens_path = "deploy/sample/tokens.csv",
        .order = order,
        .seed = 5,
        .batch = 100,
        .repeats_percent = 10,
        .corrections_percent = 10,
        .files = {"deploy/sample/data/bdg2_solar_interval_hourly_2016.csv.gz"},
        .file_count = 1,
    };
}

START_TEST(same_options_give_the_same_messages)
{
    struct plan_options o = options_of(ORDER_RANDOM);
    struct bytes texts[2] = {{0}, {0}};
    struct plan plan;

    for (int run = 0; run < 2; run++) {
        plan_make(&plan, &o);
        for (uint32_t m = 0; m < plan.message_count; m++)
            plan_write_message(&plan, m, &texts[run]);
        plan_free(&plan);
    }
    ck_assert_uint_gt(texts[0].size, 1000000);
    ck_assert(span_equal(bytes_span(&texts[0]), bytes_span(&texts[1])));
    free(texts[0].at);
    free(texts[1].at);
}
END_TEST

struct last {
    uint32_t point;
    int64_t t_ms, micro;
    uint64_t place;
};

static int
compare_lasts(const void *a, const void *b)
{
    const struct last *x = a, *y = b;

    if (x->point != y->point)
        return x->point < y->point ? -1 : 1;
    if (x->t_ms != y->t_ms)
        return x->t_ms < y->t_ms ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* All readings in the order in which messages name them, sorted; the last of each place counts. */
static uint64_t
lasts_of(const struct plan *p, struct last **out)
{
    uint64_t count = 0, kept = 0;
    struct last *all = malloc(p->sent_once * sizeof *all);

    for (uint32_t m = 0; m < p->message_count; m++)
        for (uint32_t i = 0; i < p->messages[m].count; i++, count++) {
            const struct reading *r = &p->readings[p->messages[m].first + i];

            all[count] = (struct last){r->point, r->t_ms, r->micro, count};
        }
    ck_assert_uint_eq(count, p->sent_once);
    qsort(all, count, sizeof *all, compare_lasts);
    for (uint64_t i = 0; i < count; i++)
        if (i + 1 == count || all[i].point != all[i + 1].point || all[i].t_ms != all[i + 1].t_ms)
            all[kept++] = all[i];
    *out = all;
    return kept;
}

START_TEST(every_value_is_right_in_the_end)
{
    struct plan_options o = options_of(ORDER_RANDOM), plain = options_of(ORDER_FILE);
    struct plan disturbed, straight;
    struct last *ours, *theirs;
    uint64_t count;

    plain.repeats_percent = plain.corrections_percent = 0;
    plan_make(&disturbed, &o);
    plan_make(&straight, &plain);
    ck_assert_uint_eq(straight.sent_once, 34255);
    ck_assert_uint_gt(disturbed.sent_once, 34255 * 115 / 100);
    count = lasts_of(&disturbed, &ours);
    ck_assert_uint_eq(count, lasts_of(&straight, &theirs));
    for (uint64_t i = 0; i < count; i++) {
        ck_assert_uint_eq(ours[i].point, theirs[i].point);
        ck_assert_int_eq(ours[i].t_ms, theirs[i].t_ms);
        ck_assert_int_eq(ours[i].micro, theirs[i].micro);
    }
    free(ours);
    free(theirs);
    plan_free(&disturbed);
    plan_free(&straight);
}
END_TEST

START_TEST(order_of_time_is_kept_inside_a_gateway)
{
    struct plan_options o = options_of(ORDER_TIME);
    struct plan plan;

    o.repeats_percent = o.corrections_percent = 0;
    plan_make(&plan, &o);
    for (uint32_t m = 0; m < plan.message_count; m++)
        for (uint32_t i = 1; i < plan.messages[m].count; i++)
            ck_assert_int_le(plan.readings[plan.messages[m].first + i - 1].t_ms,
                             plan.readings[plan.messages[m].first + i].t_ms);
    plan_free(&plan);
}
END_TEST

START_TEST(interval_stamps_are_moved_as_meterd_moves_them)
{
    struct fleet_point hour = {.period_ms = 3600000}, day = {.period_ms = 86400000};
    struct fleet_point hour_end = {.period_ms = 3600000, .is_stamped_at_end = true};
    int64_t east8 = 8 * 3600000;

    ck_assert_int_eq(fleet_moved_ms(&hour, 7200000, east8), 7200000);
    ck_assert_int_eq(fleet_moved_ms(&hour, 7200000 + 1234, east8), 7200000);
    ck_assert_int_eq(fleet_moved_ms(&hour, 7200000 - 1000, east8), 7200000);
    ck_assert_int_eq(fleet_moved_ms(&hour, 7200000 - 60000, east8), 3600000);
    ck_assert_int_eq(fleet_moved_ms(&hour_end, 7200000, east8), 3600000);
    ck_assert_int_eq(fleet_moved_ms(&day, 86400000, east8), 57600000); /* civil midnight */
    ck_assert_int_eq(fleet_moved_ms(&day, -1, 0), 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("meterload_plan");
    TCase *facts = tcase_create("plan");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(facts, 60);
    tcase_add_test(facts, same_options_give_the_same_messages);
    tcase_add_test(facts, every_value_is_right_in_the_end);
    tcase_add_test(facts, order_of_time_is_kept_inside_a_gateway);
    tcase_add_test(facts, interval_stamps_are_moved_as_meterd_moves_them);
    suite_add_tcase(suite, facts);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
