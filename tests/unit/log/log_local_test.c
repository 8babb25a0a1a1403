/* The local log's promises in ordinary times: order, durability, identity, reading. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/base/counter.h"
#include "tests/unit/log/log_fixture.h"

START_TEST(offsets_count_up_in_each_partition)
{
    struct log *l = fixture_open();
    struct log_producer *p = log_producer_new(l);
    int64_t offset;

    log_start(l);
    for (uint32_t i = 0; i < 10; i++) {
        ck_assert_int_eq(append_one(p, i % 2, i, 100, &offset), ST_OK);
        ck_assert_int_eq(offset, i / 2);
    }
    ck_assert_int_eq(log_end_offset(l, 0), 5);
    ck_assert_int_eq(log_end_offset(l, 1), 5);
    ck_assert_int_eq(log_end_offset(l, 2), 0);
    log_stop(l);
    log_producer_free(p);
    log_close(l);
}
END_TEST

START_TEST(records_of_a_producer_keep_their_order)
{
    struct log *l = fixture_open();
    struct log_producer *p = log_producer_new(l);
    struct log_consumer *c = consumer_assigned(l);

    log_start(l);
    append_many(p, 3, 0, 2000, 200);
    ck_assert_int_eq(log_consumer_seek(c, 3, 0), ST_OK);
    for (uint32_t i = 0; i < 2000; i++)
        expect_record(c, 3, i, i);
    expect_nothing(c);
    log_stop(l);
    log_consumer_free(c);
    log_producer_free(p);
    log_close(l);
}
END_TEST

START_TEST(stop_answers_all_that_was_appended)
{
    struct log *l = fixture_open();
    struct log_producer *p = log_producer_new(l);

    for (uint32_t i = 0; i < 3000; i++)
        ck_assert_int_eq(log_append(p, record_new(0, i, 64)), ST_OK);
    log_start(l);
    log_stop(l);
    for (uint32_t i = 0; i < 3000; i++) {
        struct log_record *r = log_producer_take(p);

        ck_assert_ptr_nonnull(r);
        ck_assert_int_eq(r->result, ST_OK);
        ck_assert_int_eq(r->offset, i);
        record_free(r);
    }
    ck_assert_ptr_null(log_producer_take(p));
    log_producer_free(p);
    log_close(l);
}
END_TEST

START_TEST(too_many_unanswered_records_are_not_taken)
{
    struct log *l = fixture_open();
    struct log_producer *p = log_producer_new(l);
    struct log_record *r = record_new(0, 0, 64);
    uint32_t count = 0;

    while (log_append(p, r) == ST_OK) {
        r = record_new(0, ++count, 64);
        ck_assert_uint_le(count, 100000);
    }
    record_free(r);
    log_start(l);
    for (; count > 0; count--) {
        r = await_answer(p, 5000);
        ck_assert_ptr_nonnull(r);
        record_free(r);
    }
    log_stop(l);
    log_producer_free(p);
    log_close(l);
}
END_TEST

START_TEST(records_and_identity_survive_reopening)
{
    struct log *l = fixture_open();
    struct log_producer *p = log_producer_new(l);
    struct log_consumer *c;
    uint8_t before[16], after[16];
    int64_t offset;

    log_uuid(l, before);
    log_start(l);
    append_many(p, 1, 0, 100, 40000);
    log_stop(l);
    log_producer_free(p);
    log_close(l);

    l = fixture_open();
    log_uuid(l, after);
    ck_assert_mem_eq(before, after, 16);
    ck_assert_int_eq(log_end_offset(l, 1), 100);
    c = consumer_assigned(l);
    ck_assert_int_eq(log_consumer_seek(c, 1, 0), ST_OK);
    for (uint32_t i = 0; i < 100; i++)
        expect_record(c, 1, i, i);
    p = log_producer_new(l);
    log_start(l);
    ck_assert_int_eq(append_one(p, 1, 100, 100, &offset), ST_OK);
    ck_assert_int_eq(offset, 100);
    expect_record(c, 1, 100, 100);
    log_stop(l);
    log_consumer_free(c);
    log_producer_free(p);
    log_close(l);
}
END_TEST

/* --- Who may open it. --- */

START_TEST(another_deployments_log_is_refused)
{
    struct log *l = fixture_open();

    log_close(l);
    fixture_options.deployment_uuid[0] ^= 1;
    ck_assert_int_eq(fixture_try(&l), ST_MISMATCH);
    fixture_options.deployment_uuid[0] ^= 1;
    ck_assert_int_eq(fixture_try(&l), ST_OK);
    log_close(l);
}
END_TEST

START_TEST(partitions_may_be_added_and_not_taken_away)
{
    struct log *l = fixture_open();

    log_close(l);
    fixture_options.partitions = FIXTURE_PARTITIONS + 1;
    l = fixture_open();
    ck_assert_int_eq(log_end_offset(l, FIXTURE_PARTITIONS), 0);
    log_close(l);
    fixture_options.partitions = FIXTURE_PARTITIONS;
    ck_assert_int_eq(fixture_try(&l), ST_MISMATCH);
}
END_TEST

START_TEST(second_opener_is_refused)
{
    struct log *l = fixture_open(), *second = NULL;
    pid_t child = fork();
    int how;

    if (child == 0)
        _exit(fixture_try(&second) == ST_BUSY ? 0 : 1);
    ck_assert_int_eq(waitpid(child, &how, 0), child);
    ck_assert(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    ck_assert_int_eq(fixture_try(&second), ST_BUSY);
    log_close(l);
    ck_assert_int_eq(fixture_try(&second), ST_OK);
    log_close(second);
}
END_TEST

START_TEST(missing_parent_is_said)
{
    struct log *l;
    char why[256];

    fixture_options.path = "/nonexistent/directory/log";
    ck_assert_int_eq(log_local_open(&fixture_options, &l, why), ST_WORLD_DOWN);
    ck_assert_ptr_nonnull(strstr(why, "/nonexistent/directory/log"));
}
END_TEST

START_TEST(file_that_is_no_log_is_refused)
{
    struct log *l;
    char file[128];
    FILE *f;

    ck_assert_int_eq(mkdir(fixture_path, 0700), 0);
    snprintf(file, sizeof file, "%s/data.mdb", fixture_path);
    f = fopen(file, "w");
    for (int i = 0; i < 10000; i++)
        fputs("not a log\n", f);
    fclose(f);
    ck_assert_int_eq(fixture_try(&l), ST_WORLD_DOWN);
}
END_TEST

START_TEST(size_too_small_is_said)
{
    struct log *l;
    char why[256];

    fixture_options.size_bytes = 64 * 1024;
    ck_assert_int_eq(log_local_open(&fixture_options, &l, why), ST_MISMATCH);
    ck_assert_ptr_nonnull(strstr(why, "size"));
}
END_TEST

/* --- Reading. --- */

START_TEST(seek_outside_the_log_is_not_found)
{
    struct log *l = fixture_open();
    struct log_producer *p = log_producer_new(l);
    struct log_consumer *c = consumer_assigned(l);

    log_start(l);
    append_many(p, 0, 0, 3, 100);
    ck_assert_int_eq(log_consumer_seek(c, 0, 4), ST_NOT_FOUND);
    ck_assert_int_eq(log_consumer_seek(c, 0, 3), ST_OK);
    expect_nothing(c);
    append_many(p, 0, 3, 1, 100);
    expect_record(c, 0, 3, 3);
    ck_assert_int_eq(log_consumer_seek(c, 0, 1), ST_OK);
    expect_record(c, 0, 1, 1);
    log_stop(l);
    log_consumer_free(c);
    log_producer_free(p);
    log_close(l);
}
END_TEST

START_TEST(paused_partition_yields_nothing_and_loses_nothing)
{
    struct log *l = fixture_open();
    struct log_producer *p = log_producer_new(l);
    struct log_consumer *c = consumer_assigned(l);

    log_start(l);
    append_many(p, 0, 0, 3, 100);
    append_many(p, 1, 0, 3, 100);
    ck_assert_int_eq(log_consumer_seek(c, 0, 0), ST_OK);
    ck_assert_int_eq(log_consumer_seek(c, 1, 0), ST_OK);
    expect_record(c, 0, 0, 0);
    log_consumer_pause(c, 0); /* Its next records are in the copy already. */
    expect_record(c, 1, 0, 0);
    log_consumer_resume(c, 0);
    log_consumer_pause(c, 0);
    expect_record(c, 1, 1, 1);
    expect_record(c, 1, 2, 2);
    expect_nothing(c);
    log_consumer_resume(c, 0);
    expect_record(c, 0, 1, 1);
    expect_record(c, 0, 2, 2);
    expect_nothing(c);
    log_stop(l);
    log_consumer_free(c);
    log_producer_free(p);
    log_close(l);
}
END_TEST

START_TEST(partitions_are_read_in_turn)
{
    struct log *l = fixture_open();
    struct log_producer *p = log_producer_new(l);
    struct log_consumer *c = consumer_assigned(l);

    log_start(l);
    append_many(p, 0, 0, 30, 100000);
    append_many(p, 1, 0, 2, 100);
    ck_assert_int_eq(log_consumer_seek(c, 0, 0), ST_OK);
    ck_assert_int_eq(log_consumer_seek(c, 1, 0), ST_OK);
    expect_record(c, 0, 0, 0);
    expect_record(c, 1, 0, 0);
    expect_record(c, 0, 1, 1);
    expect_record(c, 1, 1, 1);
    for (uint32_t i = 2; i < 30; i++)
        expect_record(c, 0, i, i);
    log_stop(l);
    log_consumer_free(c);
    log_producer_free(p);
    log_close(l);
}
END_TEST

static void *
wake_later(void *context)
{
    usleep(50 * 1000);
    log_consumer_wake(context);
    return NULL;
}

START_TEST(wake_ends_a_poll_also_when_it_came_first)
{
    struct log *l = fixture_open();
    struct log_consumer *c = consumer_assigned(l);
    struct log_event e;
    pthread_t waker;

    log_consumer_wake(c);
    log_consumer_poll(c, 1000000, &e);
    ck_assert_int_eq(e.kind, LOG_NOTHING);
    pthread_create(&waker, NULL, wake_later, c);
    log_consumer_poll(c, 1000000, &e);
    ck_assert_int_eq(e.kind, LOG_NOTHING);
    pthread_join(waker, NULL);
    log_consumer_free(c);
    log_close(l);
}
END_TEST

/* --- Many producers. --- */

#define PRODUCERS 4
#define EACH 1500

static void *
produce(void *context)
{
    append_many(context, 2, 0, EACH, 300);
    return NULL;
}

START_TEST(producers_share_commits)
{
    struct log *l = fixture_open();
    struct log_producer *p[PRODUCERS];
    pthread_t thread[PRODUCERS];
    uint64_t counts[COUNTER_COUNT];

    for (int i = 0; i < PRODUCERS; i++)
        p[i] = log_producer_new(l);
    log_start(l);
    for (int i = 0; i < PRODUCERS; i++)
        pthread_create(&thread[i], NULL, produce, p[i]);
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(thread[i], NULL);
    ck_assert_int_eq(log_end_offset(l, 2), PRODUCERS * EACH);
    log_stop(l);
    counters_sum(counts);
    ck_assert_uint_eq(counts[COUNT_log_appends], PRODUCERS * EACH);
    ck_assert_uint_lt(counts[COUNT_log_syncs], PRODUCERS * EACH / 4);
    for (int i = 0; i < PRODUCERS; i++)
        log_producer_free(p[i]);
    log_close(l);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("log_local");
    TCase *t = tcase_create("log_local");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, fixture_setup, fixture_teardown);
    tcase_add_test(t, offsets_count_up_in_each_partition);
    tcase_add_test(t, records_of_a_producer_keep_their_order);
    tcase_add_test(t, stop_answers_all_that_was_appended);
    tcase_add_test(t, too_many_unanswered_records_are_not_taken);
    tcase_add_test(t, records_and_identity_survive_reopening);
    tcase_add_test(t, another_deployments_log_is_refused);
    tcase_add_test(t, partitions_may_be_added_and_not_taken_away);
    tcase_add_test(t, second_opener_is_refused);
    tcase_add_test(t, missing_parent_is_said);
    tcase_add_test(t, file_that_is_no_log_is_refused);
    tcase_add_test(t, size_too_small_is_said);
    tcase_add_test(t, seek_outside_the_log_is_not_found);
    tcase_add_test(t, paused_partition_yields_nothing_and_loses_nothing);
    tcase_add_test(t, partitions_are_read_in_turn);
    tcase_add_test(t, wake_ends_a_poll_also_when_it_came_first);
    tcase_add_test(t, producers_share_commits);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
