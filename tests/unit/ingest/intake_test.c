#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/record.h"
#include "server/base/bounds.h"
#include "server/base/directory.h"
#include "server/base/pool.h"
#include "server/ingest/batcher.h"
#include "server/ingest/intake.h"
#include "server/ingest/quota.h"
#include "tests/support/door_world.h"
#include "tests/support/fake_log.h"

#define NOW_MS INT64_C(1772323200000) /* 2026-03-01T00:00:00Z */
#define T0 "2026-03-01T00:00:00Z"
#define READINGS_MAX 300000

static struct batcher *batcher;
static struct buffer_pool *memory;
static struct quota *quota;
static struct intake *intake;
static struct directory *directory;
static struct waiter waiter;
static unsigned answered_count;

/* What the records hold, in the order of the log. */
struct got {
    char name[129]; /* empty: has a number */
    uint32_t point;
    int64_t t_ms;
    int64_t value;
    uint32_t quality;
};
static struct got *got;
static uint32_t got_count;
static struct got refused[20000];
static char refused_codes[20000][24];
static uint32_t refused_count;
static uint32_t block_count;

static void
answered(void *context, struct waiter *w)
{
    (void)context;
    ck_assert_ptr_eq(w, &waiter);
    answered_count++;
}

static void
start(uint32_t unregistered)
{
    struct batcher_options b = {.partitions = 1024, .record_size = 32768, .record_age_ms = 2,
                                .memory = 4 << 20, .answered = answered};
    struct intake_options o;

    fake_log_reset();
    b.log = fake_log();
    batcher = batcher_new(&b);
    memory = buffer_pool_new(64 << 20);
    quota = quota_new();
    o = (struct intake_options){batcher, memory, quota};
    intake = intake_new(&o);
    directory = door_world_directory(1, true, unregistered);
    intake_set_directory(intake, directory);
    got = calloc(READINGS_MAX, sizeof *got);
}

static void
setup(void)
{
    start(1);
}

static void
settle(void)
{
    for (int i = 0; i < 3; i++) {
        batcher_end_turn(batcher, 1000 + i * 10);
        batcher_take_answers(batcher);
    }
}

static void
teardown(void)
{
    settle();
    ck_assert(batcher_is_idle(batcher));
    buffer_release(&waiter.unregistered, memory);
    buffer_release(&waiter.quarantined, memory);
    ck_assert_uint_eq(buffer_pool_used(memory), 0);
    intake_free(intake);
    batcher_free(batcher);
    buffer_pool_free(memory);
    quota_free(quota);
    directory_free(directory);
    free(got);
}

static enum status
take(const char *json, bool is_stable)
{
    struct message m = {.enterprise = 1, .gateway = 11, .received_at_ms = NOW_MS, .now_ms = 1000,
                        .payload = span_text(json), .is_stable = is_stable, .waiter = &waiter};

    return intake_take_json(intake, &m);
}

static enum status
take_new(const char *json)
{
    buffer_release(&waiter.unregistered, memory);
    buffer_release(&waiter.quarantined, memory);
    waiter = (struct waiter){.wants_detail = true};
    answered_count = 0;
    return take(json, true);
}

static void
read_block(const struct block_view *v)
{
    struct cursor walk = block_cursor(v);
    struct named_reading n;
    struct refused_reading r;

    ck_assert_uint_eq(v->enterprise, 1);
    ck_assert_uint_eq(v->gateway, 11);
    ck_assert_int_eq(v->received_at_ms, NOW_MS);
    ck_assert_uint_le(v->count, BLOCK_READINGS_MAX);
    for (uint32_t i = 0; i < v->count; i++)
        got[got_count++] = (struct got){"", block_point(v, i), block_time(v, i),
                                        block_value(v, i), block_quality(v, i)};
    while (block_next_named(v, &walk, &n)) {
        got[got_count] = (struct got){"", 0, n.t_ms, n.value, n.quality};
        memcpy(got[got_count++].name, n.name.at, n.name.size);
    }
    walk = block_cursor(v);
    while (block_next_refused(v, &walk, &r)) {
        memcpy(refused_codes[refused_count], r.code.at, r.code.size);
        refused_codes[refused_count][r.code.size] = '\0';
        memset(refused[refused_count].name, 0, 129);
        memcpy(refused[refused_count++].name, r.point.at, r.point.size);
    }
    block_count++;
}

static void
read_log(void)
{
    settle();
    got_count = refused_count = block_count = 0;
    for (uint32_t i = 0; i < fake_log_count(); i++) {
        struct cursor c = cursor_over(fake_log_record(i)->bytes);
        struct block_view v;
        enum status st;

        ck_assert_uint_eq(fake_log_record(i)->partition, 3);
        while ((st = record_next_block(&c, &v)) == ST_OK)
            read_block(&v);
        ck_assert_uint_eq(st, ST_END);
    }
}

static bool
detail_has(const struct buffer *b, const char *text)
{
    return b->size > 0 && memmem(b->at, b->size, text, strlen(text)) != NULL;
}

START_TEST(each_reading_is_judged_by_itself)
{
    ck_assert_uint_eq(
        take_new("{\"readings\":["
                 "{\"point\":\"E1\",\"t\":\"" T0 "\",\"v\":\"123.456\",\"q\":\"good\"},"
                 "{\"point\":\"E1\",\"t\":\"2026-03-01T00:10:00.001Z\",\"v\":1},"
                 "{\"point\":\"E1\",\"t\":\"2026-03-01T00:10:00Z\",\"v\":2},"
                 "{\"point\":\"E1\",\"t\":\"2025-01-25T00:00:00Z\",\"v\":3},"
                 "{\"point\":\"E1\",\"t\":\"2025-01-24T23:59:59.999Z\",\"v\":4},"
                 "{\"point\":\"E1\",\"t\":\"yesterday\",\"v\":5},"
                 "{\"point\":\"E1\",\"t\":\"" T0 "\",\"v\":\"1,5\"},"
                 "{\"point\":\"R1\",\"v\":1.0000005,\"q\":\"estimated\"},"
                 "{\"point\":\"I1\",\"v\":7},"
                 "{\"point\":\"U1\",\"v\":8},"
                 "{\"point\":\"U1\",\"t\":\"" T0 "\",\"v\":9,\"q\":\"odd\"},"
                 "{\"point\":\"N\\u0031\",\"t\":\"" T0 "\",\"v\":-1e3}]}"),
        ST_OK);
    read_log();
    ck_assert_uint_eq(answered_count, 1);
    ck_assert_uint_eq(waiter.reading_count, 12);
    ck_assert_uint_eq(waiter.refused_count, 6);
    ck_assert_uint_eq(got_count, 6);
    ck_assert(got[0].point == 17 && got[0].value == 123456000 && got[0].t_ms == NOW_MS);
    ck_assert(got[1].point == 17 && got[1].t_ms == NOW_MS + 600000);
    ck_assert(got[2].point == 17 && got[2].t_ms == NOW_MS - 400LL * 86400000);
    ck_assert(got[3].point == 19 && got[3].value == 1000000 && got[3].t_ms == NOW_MS);
    ck_assert_uint_eq(got[3].quality, 1 | 16 | 32);
    ck_assert_str_eq(got[4].name, "U1");
    ck_assert_uint_eq(got[4].quality, 9);
    ck_assert_str_eq(got[5].name, "N1");
    ck_assert_int_eq(got[5].value, -1000000000);
    ck_assert_uint_eq(refused_count, 6);
    ck_assert(detail_has(&waiter.unregistered, "\"U1\",\"N1\""));
    ck_assert(detail_has(&waiter.quarantined, "{\"index\":1,\"point\":\"E1\",\"t\":"
                                              "\"2026-03-01T00:10:00.001Z\",\"code\":\"future\""));
    ck_assert(detail_has(&waiter.quarantined, "\"index\":4,"));
    ck_assert(detail_has(&waiter.quarantined, "\"too_old\""));
    ck_assert(detail_has(&waiter.quarantined, "\"index\":6,\"point\":\"E1\",\"t\":\"" T0
                                              "\",\"code\":\"bad_value\""));
    ck_assert(detail_has(&waiter.quarantined, "\"index\":8,\"point\":\"I1\",\"t\":\"\",\"code\":"
                                              "\"bad_time\""));
}
END_TEST

START_TEST(a_malformed_message_leaves_no_trace)
{
    ck_assert_uint_eq(take_new("{\"t\":\"" T0 "\",\"values\":{\"E1\":1,\"X\":2,\"Y\":\"z\"}"),
                      ST_MALFORMED);
    read_log();
    ck_assert_uint_eq(fake_log_count(), 0);
    ck_assert_uint_eq(waiter.reading_count + waiter.unregistered.size + waiter.quarantined.size,
                      0);
    ck_assert_ptr_nonnull(intake_error(intake).text);
}
END_TEST

START_TEST(doubled_keys_are_two_readings_in_order)
{
    ck_assert_uint_eq(take_new("{\"t\":\"" T0 "\",\"values\":{\"E1\":1,\"E1\":2,\"N\":1,\"N\":2}}"),
                      ST_OK);
    read_log();
    ck_assert_uint_eq(got_count, 4);
    ck_assert(got[0].value == 1000000 && got[1].value == 2000000);
    ck_assert(got[2].value == 1000000 && got[3].value == 2000000);
}
END_TEST

START_TEST(more_than_24_days_become_several_blocks)
{
    ck_assert_uint_eq(take_new("[{\"t\":\"2026-01-01T00:00:00Z\",\"values\":{\"E1\":1}},"
                               "{\"t\":\"2026-01-24T00:00:00Z\",\"values\":{\"E1\":2}},"
                               "{\"t\":\"2026-01-25T00:00:00Z\",\"values\":{\"E1\":3}},"
                               "{\"t\":\"2025-06-01T00:00:00Z\",\"values\":{\"E1\":4}}]"),
                      ST_OK);
    read_log();
    ck_assert_uint_eq(got_count, 4);
    ck_assert_uint_eq(block_count, 3);
    for (uint32_t i = 0; i < 4; i++)
        ck_assert_int_eq(got[i].value, (int64_t)(i + 1) * 1000000);
    ck_assert_uint_eq(answered_count, 1);
}
END_TEST

/* name: the same for all, or NULL: N0, N1 and so on. */
static char *
large_message(uint32_t count, const char *name)
{
    char *json = malloc(count * 32 + 100);
    size_t size = (size_t)sprintf(json, "{\"t\":\"" T0 "\",\"values\":{");

    for (uint32_t i = 0; i < count; i++) {
        char own[16];

        snprintf(own, sizeof own, "N%u", i);
        size += (size_t)sprintf(json + size, "%s\"%s\":%u", i > 0 ? "," : "",
                                name != NULL ? name : own, i);
    }
    sprintf(json + size, "}}");
    return json;
}

START_TEST(a_large_message_goes_on_when_there_is_room)
{
    char *json = large_message(270000, "U1");
    enum status st;
    int turns = 0;

    fake_log_hold(true);
    st = take_new(json);
    ck_assert_uint_eq(st, ST_BUSY);
    ck_assert_ptr_eq(intake_unfinished(intake), &waiter);
    fake_log_hold(false);
    for (; st == ST_BUSY && turns < 100; turns++) {
        settle();
        ck_assert_uint_eq(answered_count, 0);
        st = take(json, true);
    }
    ck_assert_uint_eq(st, ST_OK);
    read_log();
    ck_assert_uint_eq(answered_count, 1);
    ck_assert_uint_eq(got_count, 270000);
    for (uint32_t i = 0; i < got_count; i++)
        ck_assert_int_eq(got[i].value, (int64_t)i * 1000000);
    ck_assert_uint_eq(waiter.reading_count, 270000);
    ck_assert_uint_eq(waiter.offset_count, WAITER_OFFSETS_MAX);
    ck_assert_int_eq(waiter.offsets[0], 0);
    ck_assert_int_eq(waiter.offsets[WAITER_OFFSETS_MAX - 1], (int64_t)fake_log_count() - 1);
    free(json);
}
END_TEST

START_TEST(a_large_message_that_is_malformed_stores_nothing)
{
    char *json = large_message(50000, "E1");

    json[strlen(json) - 1] = ']';
    ck_assert_uint_eq(take_new(json), ST_MALFORMED);
    read_log();
    ck_assert_uint_eq(fake_log_count(), 0);
    free(json);
}
END_TEST

START_TEST(a_failed_part_fails_the_message)
{
    char *json = large_message(20000, "E1");

    fake_log_hold(true);
    ck_assert_uint_eq(take_new(json), ST_OK);
    batcher_end_turn(batcher, 1000);
    ck_assert_uint_gt(fake_log_count(), 3);
    fake_log_answer(1, ST_WORLD_DOWN);
    batcher_take_answers(batcher);
    ck_assert_uint_eq(answered_count, 0);
    fake_log_hold(false);
    settle();
    ck_assert_uint_eq(answered_count, 1);
    ck_assert_uint_eq(waiter.status, ST_WORLD_DOWN);
    free(json);
}
END_TEST

START_TEST(unregistered_names_are_listed_once_and_at_most_a_hundred)
{
    char *json = large_message(250, NULL);
    unsigned commas = 0;

    ck_assert_uint_eq(take_new("[{\"t\":\"" T0 "\",\"values\":{\"A\":1,\"B\":1}},"
                               "{\"t\":\"2026-03-01T00:01:00Z\",\"values\":{\"B\":1,\"A\":1}}]"),
                      ST_OK);
    ck_assert_uint_eq(waiter.unregistered.size, 7);
    settle();
    ck_assert_uint_eq(take_new(json), ST_OK);
    for (size_t i = 0; i < waiter.unregistered.size; i++)
        commas += waiter.unregistered.at[i] == ',';
    ck_assert_uint_eq(commas, 99);
    settle();
    free(json);
}
END_TEST

START_TEST(new_names_are_bounded_and_known_ones_are_not)
{
    teardown();
    start(9998); /* Two more are allowed. */
    ck_assert_uint_eq(take_new("{\"t\":\"" T0 "\",\"values\":{\"X1\":1,\"X2\":1,\"X3\":1,\"X1\":2,"
                               "\"U-1\":1,\"X4\":1}}"),
                      ST_OK);
    read_log();
    ck_assert_uint_eq(waiter.refused_count, 2);
    ck_assert_uint_eq(refused_count, 2);
    ck_assert_str_eq(refused_codes[0], "too_many_names");
    ck_assert_str_eq(refused[0].name, "X3");
    ck_assert_str_eq(refused[1].name, "X4");
    ck_assert_uint_eq(got_count, 4);
    ck_assert_uint_eq(take_new("{\"t\":\"" T0 "\",\"values\":{\"X2\":1}}"), ST_OK);
    ck_assert_uint_eq(waiter.refused_count, 0);
}
END_TEST

START_TEST(an_empty_message_needs_no_record)
{
    ck_assert_uint_eq(take_new("{\"readings\":[]}"), ST_OK);
    ck_assert(waiter_is_done(&waiter));
    ck_assert_uint_eq(waiter.status, ST_OK);
    read_log();
    ck_assert_uint_eq(fake_log_count(), 0);
}
END_TEST

START_TEST(long_texts_are_cut)
{
    char json[8192];
    char value[5000];

    memset(value, '9', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    snprintf(json, sizeof json, "{\"t\":\"%.900s\",\"values\":{\"E1\":\"%s\",\"E1\":1}}", value,
             value);
    ck_assert_uint_eq(take_new(json), ST_OK);
    read_log();
    ck_assert_uint_eq(refused_count, 2);
    ck_assert_uint_lt(fake_log_record(0)->bytes.size, 1000);
}
END_TEST

START_TEST(days_have_their_own_quota)
{
    for (int i = 0; i < QUARANTINE_ROWS_PER_GATEWAY_DAY_MAX; i++)
        ck_assert(quota_take(quota, 7, NOW_MS));
    ck_assert(!quota_take(quota, 7, NOW_MS));
    ck_assert(quota_take(quota, 8, NOW_MS));
    ck_assert(quota_take(quota, 7, NOW_MS + 86400000));
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("intake");
    TCase *c = tcase_create("intake");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, each_reading_is_judged_by_itself);
    tcase_add_test(c, a_malformed_message_leaves_no_trace);
    tcase_add_test(c, doubled_keys_are_two_readings_in_order);
    tcase_add_test(c, more_than_24_days_become_several_blocks);
    tcase_add_test(c, a_large_message_goes_on_when_there_is_room);
    tcase_add_test(c, a_large_message_that_is_malformed_stores_nothing);
    tcase_add_test(c, a_failed_part_fails_the_message);
    tcase_add_test(c, unregistered_names_are_listed_once_and_at_most_a_hundred);
    tcase_add_test(c, new_names_are_bounded_and_known_ones_are_not);
    tcase_add_test(c, an_empty_message_needs_no_record);
    tcase_add_test(c, long_texts_are_cut);
    tcase_add_test(c, days_have_their_own_quota);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
