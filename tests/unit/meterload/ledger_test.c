/* A ledger is continued where its last whole line ends, and belongs to one plan. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "benchmarks/meterload/ledger.h"

static char path[64];
static struct plan_options options;
static struct plan plan;
static struct ledger_fate fates[1000];

static void
forget_fates(void)
{
    for (unsigned i = 0; i < 1000; i++)
        fates[i] = (struct ledger_fate){.partition = -1};
}

static void
set_up(void)
{
    snprintf(path, sizeof path, "/tmp/meterload-ledger-%d", (int)getpid());
    options = (struct plan_options){
        .registry_dir = "deploy/sample/registry",
        .tokens_path = "deploy/sample/tokens.csv",
        .seed = 1,
        .batch = 1000,
        .files = {"deploy/sample/data/steel_interval_15min.csv.gz"},
        .file_count = 1,
    };
    plan_make(&plan, &options);
    forget_fates();
}

static void
tear_down(void)
{
    unlink(path);
    plan_free(&plan);
}

static void
append(const char *text)
{
    FILE *f = fopen(path, "a");

    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

static void
write_some(void)
{
    struct ledger *l = ledger_open(path, &plan, &options, fates);

    ledger_add_sent(l, 3);
    ledger_add_sent(l, 3);
    ledger_add_stored(l, 3, "4:17,4:18", 2);
    ledger_add_sent(l, 5);
    ledger_add_refused(l, 5, 400);
    ledger_close(l);
    forget_fates();
}

START_TEST(fates_are_read_back)
{
    write_some();
    ledger_read_fates(path, &plan, &options, fates);
    ck_assert_uint_eq(fates[3].sent, 2);
    ck_assert_uint_eq(fates[3].acknowledged, 1);
    ck_assert_uint_eq(fates[3].quarantined, 2);
    ck_assert_int_eq(fates[3].partition, 4);
    ck_assert_int_eq(fates[3].offset, 18);
    ck_assert_uint_eq(fates[5].refused, 1);
    ck_assert_uint_eq(fates[4].sent, 0);
}
END_TEST

START_TEST(half_a_line_is_forgotten)
{
    struct ledger *l;

    write_some();
    append("A 17000000000 6 1:");
    l = ledger_open(path, &plan, &options, fates);
    ck_assert_uint_eq(fates[6].acknowledged, 0);
    ck_assert_uint_eq(fates[3].acknowledged, 1);
    ledger_add_sent(l, 7);
    ledger_close(l);
    forget_fates();
    ledger_read_fates(path, &plan, &options, fates);
    ck_assert_uint_eq(fates[7].sent, 1);
    ck_assert_uint_eq(fates[3].acknowledged, 1);
}
END_TEST

START_TEST(options_are_read_back)
{
    struct plan_options o;

    write_some();
    ledger_read_options(path, &o);
    ck_assert_str_eq(o.registry_dir, options.registry_dir);
    ck_assert_str_eq(o.tokens_path, options.tokens_path);
    ck_assert_uint_eq(o.batch, 1000);
    ck_assert_uint_eq(o.seed, 1);
    ck_assert_int_eq(o.order, ORDER_FILE);
    ck_assert_uint_eq(o.file_count, 1);
    ck_assert_str_eq(o.files[0], options.files[0]);
    ledger_free_options(&o);
}
END_TEST

START_TEST(ledger_of_another_plan_is_refused)
{
    write_some();
    options.batch = 999;
    ledger_open(path, &plan, &options, fates);
}
END_TEST

START_TEST(damaged_ledger_is_refused)
{
    write_some();
    append("A what is this\n");
    ledger_read_fates(path, &plan, &options, fates);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("meterload_ledger");
    TCase *facts = tcase_create("ledger");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(facts, set_up, tear_down);
    tcase_set_timeout(facts, 60);
    tcase_add_test(facts, fates_are_read_back);
    tcase_add_test(facts, half_a_line_is_forgotten);
    tcase_add_test(facts, options_are_read_back);
    tcase_add_exit_test(facts, ledger_of_another_plan_is_refused, EX_DATAERR);
    tcase_add_exit_test(facts, damaged_ledger_is_refused, EX_DATAERR);
    suite_add_tcase(suite, facts);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
