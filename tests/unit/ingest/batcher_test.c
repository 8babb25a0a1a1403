#include <check.h>
#include <string.h>

#include "proto/record.h"
#include "server/ingest/batcher.h"
#include "tests/support/fake_log.h"

static struct batcher *batcher;
static struct waiter waiters[1024];
static unsigned answered_count;

static void
answered(void *context, struct waiter *w)
{
    (void)context;
    (void)w;
    answered_count++;
}

static void
setup(void)
{
    struct batcher_options o = {.partitions = 8, .record_size = 4096, .record_age_ms = 2,
                                .memory = 1 << 20, .answered = answered};

    fake_log_reset();
    answered_count = 0;
    memset(waiters, 0, sizeof waiters);
    o.log = fake_log();
    batcher = batcher_new(&o);
}

static void
teardown(void)
{
    fake_log_hold(false);
    fake_log_set_busy(false);
    batcher_end_turn(batcher, 1 << 20);
    batcher_take_answers(batcher);
    batcher_end_turn(batcher, 1 << 20);
    batcher_take_answers(batcher);
    ck_assert(batcher_is_idle(batcher));
    batcher_free(batcher);
}

static void
add(uint32_t partition, unsigned waiter, uint32_t readings, int64_t now_ms)
{
    static uint32_t points[1024];
    static int32_t offsets[1024];
    static int64_t values[1024];
    struct block_columns b = {.enterprise = 1, .gateway = 1, .received_at_ms = 1,
                              .base_time_ms = 1, .count = readings, .point = points,
                              .point_count = readings, .offset_ms = offsets,
                              .offset_count = readings, .value = values};

    ck_assert_uint_eq(batcher_add(batcher, partition, &b, &waiters[waiter], now_ms), ST_OK);
}

START_TEST(a_quiet_partition_is_sent_at_once)
{
    add(1, 0, 1, 100);
    ck_assert_uint_eq(fake_log_count(), 0);
    batcher_end_turn(batcher, 100);
    ck_assert_uint_eq(fake_log_count(), 1);
    batcher_take_answers(batcher);
    ck_assert_uint_eq(answered_count, 1);
}
END_TEST

START_TEST(while_one_is_under_way_others_gather_until_their_age)
{
    fake_log_hold(true);
    add(1, 0, 1, 100);
    batcher_end_turn(batcher, 100);
    add(1, 1, 1, 100);
    add(1, 2, 1, 101);
    batcher_end_turn(batcher, 101);
    ck_assert_uint_eq(fake_log_count(), 1);
    ck_assert_int_eq(batcher_due_ms(batcher), 102);
    batcher_end_turn(batcher, 102);
    ck_assert_uint_eq(fake_log_count(), 2);
    ck_assert_int_eq(batcher_due_ms(batcher), INT64_MAX);
}
END_TEST

START_TEST(an_answer_lets_the_next_go)
{
    fake_log_hold(true);
    add(1, 0, 1, 100);
    batcher_end_turn(batcher, 100);
    add(1, 1, 1, 100);
    fake_log_answer(1, ST_OK);
    batcher_take_answers(batcher);
    batcher_end_turn(batcher, 100);
    ck_assert_uint_eq(fake_log_count(), 2);
}
END_TEST

START_TEST(partitions_do_not_mix)
{
    add(1, 0, 1, 100);
    add(2, 1, 1, 100);
    batcher_end_turn(batcher, 100);
    ck_assert_uint_eq(fake_log_count(), 2);
    ck_assert_uint_eq(fake_log_record(0)->partition, 1);
    ck_assert_uint_eq(fake_log_record(1)->partition, 2);
}
END_TEST

START_TEST(full_records_leave_and_one_message_may_be_in_several)
{
    fake_log_hold(true);
    waiters[0].is_open = true;
    for (int i = 0; i < 10; i++)
        add(1, 0, 200, 100);
    waiters[0].is_open = false;
    add(1, 1, 1, 100);
    batcher_end_turn(batcher, 110);
    ck_assert_uint_gt(waiters[0].records_left, 3);
    ck_assert_uint_eq(waiters[0].records_left, fake_log_count() - 1);
    ck_assert_uint_eq(waiters[1].records_left, 1);
    fake_log_answer(fake_log_count() - 2, ST_OK);
    batcher_take_answers(batcher);
    ck_assert_uint_eq(answered_count, 0);
    fake_log_answer(1, ST_OK);
    batcher_take_answers(batcher);
    ck_assert_uint_eq(answered_count, 1);
    fake_log_answer(1, ST_OK);
    batcher_take_answers(batcher);
    ck_assert_uint_eq(answered_count, 2);
}
END_TEST

START_TEST(a_busy_log_keeps_the_order)
{
    fake_log_set_busy(true);
    for (unsigned i = 0; i < 3; i++) {
        add(1, i, i + 1, 100);
        batcher_end_turn(batcher, 200 + i * 10);
    }
    ck_assert(batcher_is_behind(batcher));
    ck_assert_int_eq(batcher_behind_ms(batcher, 150), 50);
    fake_log_set_busy(false);
    batcher_end_turn(batcher, 300);
    ck_assert_uint_eq(fake_log_count(), 3);
    ck_assert_uint_lt(fake_log_record(0)->bytes.size, fake_log_record(1)->bytes.size);
    ck_assert_uint_lt(fake_log_record(1)->bytes.size, fake_log_record(2)->bytes.size);
}
END_TEST

START_TEST(what_is_given_up_is_answered)
{
    fake_log_set_busy(true);
    add(1, 0, 1, 100);
    batcher_end_turn(batcher, 200);
    batcher_give_up(batcher);
    ck_assert_uint_eq(answered_count, 1);
    ck_assert_uint_eq(waiters[0].status, ST_UNAVAILABLE);
    ck_assert(batcher_is_idle(batcher));
}
END_TEST

START_TEST(records_run_out)
{
    uint32_t points[1] = {1};
    int32_t offsets[1] = {0};
    int64_t values[1] = {0};
    struct block_columns b = {.enterprise = 1, .gateway = 1, .received_at_ms = 1,
                              .base_time_ms = 1, .count = 1, .point = points, .point_count = 1,
                              .offset_ms = offsets, .offset_count = 1, .value = values};
    enum status st = ST_OK;
    int n = 0;

    fake_log_hold(true);
    for (; st == ST_OK && n < 1024; n++) {
        st = batcher_add(batcher, 1, &b, &waiters[n], 100);
        batcher_end_turn(batcher, 1000);
    }
    ck_assert_uint_eq(st, ST_BUSY);
    ck_assert_uint_eq(batcher_room(batcher), 0);
    fake_log_answer(1, ST_OK);
    batcher_take_answers(batcher);
    ck_assert_uint_gt(batcher_room(batcher), 0);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("batcher");
    TCase *c = tcase_create("batcher");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, a_quiet_partition_is_sent_at_once);
    tcase_add_test(c, while_one_is_under_way_others_gather_until_their_age);
    tcase_add_test(c, an_answer_lets_the_next_go);
    tcase_add_test(c, partitions_do_not_mix);
    tcase_add_test(c, full_records_leave_and_one_message_may_be_in_several);
    tcase_add_test(c, a_busy_log_keeps_the_order);
    tcase_add_test(c, what_is_given_up_is_answered);
    tcase_add_test(c, records_run_out);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
