#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/record.h"
#include "tests/support/mqtt_bytes.h"
#include "tests/support/talk.h"

#define TOPIC "meterd/v1/readings"
#define GOOD "{\"t\":\"2026-03-01T00:00:00Z\",\"values\":{\"E1\":\"1.5\"}}"

static struct talk t;

static void
setup(void)
{
    talk_start(true);
    talk_open(&t, DOOR_MQTT);
}

static void
teardown(void)
{
    talk_stop();
}

static void
expect_bytes(const struct talk *talk, size_t at, const void *bytes, size_t size)
{
    ck_assert_uint_ge(talk->size, at + size);
    ck_assert_mem_eq(talk->output + at, bytes, size);
}
#define EXPECT(talk, at, ...)                                                                      \
    expect_bytes((talk), (at), (const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}))

static void
connect_as(struct talk *talk, uint8_t level, const char *client)
{
    talk_say(talk, mqtt_bytes_connect(level, client, "gw-a", "token-a", 60));
    ck_assert(!talk->is_over);
    EXPECT(talk, 0, 0x20);
    ck_assert_uint_eq(talk->output[3], 0);
    talk_forget(talk);
}

static bool
says(const struct talk *talk, const char *text)
{
    return memmem(talk->output, talk->size, text, strlen(text)) != NULL;
}

START_TEST(a_message_is_acknowledged_when_it_is_durable)
{
    connect_as(&t, 4, "c");
    fake_log_hold(true);
    talk_say(&t, mqtt_bytes_publish(4, 1, 7, TOPIC, GOOD));
    ck_assert_uint_eq(t.size, 0);
    ck_assert_uint_eq(fake_log_count(), 1);
    fake_log_hold(false);
    talk_turn();
    ck_assert_uint_eq(t.size, 4);
    EXPECT(&t, 0, 0x40, 2, 0, 7);
}
END_TEST

START_TEST(version_5_gets_a_receipt)
{
    connect_as(&t, 5, "c");
    talk_say(&t, mqtt_bytes_publish(5, 1, 7, TOPIC, GOOD));
    EXPECT(&t, 0, 0x40);
    EXPECT(&t, 2, 0, 7, 0);
    ck_assert(says(&t, "receipt"));
    ck_assert(says(&t, "3:0"));
}
END_TEST

START_TEST(bytes_one_at_a_time_are_the_same)
{
    struct span all[2];

    talk_spell(&t, mqtt_bytes_connect(4, "c", "gw-a", "token-a", 60));
    EXPECT(&t, 0, 0x20, 2, 0, 0);
    talk_forget(&t);
    all[0] = mqtt_bytes_publish(4, 1, 7, TOPIC, GOOD);
    talk_spell(&t, all[0]);
    EXPECT(&t, 0, 0x40, 2, 0, 7);
    ck_assert_uint_eq(fake_log_count(), 1);
}
END_TEST

START_TEST(acknowledgements_leave_in_order)
{
    uint8_t all[4096];
    size_t size = 0;
    struct span p;

    connect_as(&t, 4, "c");
    fake_log_hold(true);
    for (uint16_t id = 1; id <= 4; id++) {
        p = mqtt_bytes_publish(4, 1, id, id == 2 ? "other" : TOPIC, id == 3 ? "{" : GOOD);
        memcpy(all + size, p.at, p.size);
        size += p.size;
    }
    talk_say(&t, span_of(all, size));
    ck_assert_uint_eq(t.size, 0);
    fake_log_hold(false);
    talk_turn();
    ck_assert_uint_eq(t.size, 16);
    for (uint8_t id = 1; id <= 4; id++)
        EXPECT(&t, (id - 1u) * 4u, 0x40, 2, 0, id);
}
END_TEST

START_TEST(qos_0_is_stored_and_not_answered)
{
    connect_as(&t, 4, "c");
    talk_say(&t, mqtt_bytes_publish(4, 0, 0, TOPIC, GOOD));
    ck_assert_uint_eq(fake_log_count(), 1);
    ck_assert_uint_eq(t.size, 0);
    ck_assert(!t.is_over);
}
END_TEST

START_TEST(qos_2_is_not_offered)
{
    connect_as(&t, 5, "c");
    talk_say(&t, mqtt_bytes_publish(5, 2, 1, TOPIC, GOOD));
    EXPECT(&t, 0, 0xe0);
    ck_assert_uint_eq(t.output[2], 0x9b);
    ck_assert(t.is_over);
    talk_close(&t);
    talk_open(&t, DOOR_MQTT);
    connect_as(&t, 4, "c");
    talk_say(&t, mqtt_bytes_publish(4, 2, 1, TOPIC, GOOD));
    ck_assert_uint_eq(t.size, 0);
    ck_assert(t.is_over);
    ck_assert_uint_eq(fake_log_count(), 0);
}
END_TEST

static struct refused_reading
only_refusal(void)
{
    struct cursor c = cursor_over(fake_log_record(0)->bytes);
    struct refused_reading r;
    struct block_view v;
    struct cursor walk;

    ck_assert_uint_eq(record_next_block(&c, &v), ST_OK);
    ck_assert_uint_eq(v.refused_count, 1);
    ck_assert_uint_eq(v.count + v.named_count, 0);
    walk = block_cursor(&v);
    ck_assert(block_next_refused(&v, &walk, &r));
    return r;
}

START_TEST(a_malformed_payload_is_kept_and_acknowledged)
{
    struct refused_reading r;

    connect_as(&t, 5, "c");
    talk_say(&t, mqtt_bytes_publish(5, 1, 7, TOPIC, "{\"nonsense\":1}"));
    EXPECT(&t, 2, 0, 7, 0x99);
    ck_assert(!t.is_over);
    r = only_refusal();
    ck_assert(span_is(r.code, "malformed"));
    ck_assert(span_is(r.value_text, "{\"nonsense\":1}"));
}
END_TEST

START_TEST(an_unknown_topic_is_kept_and_acknowledged)
{
    struct refused_reading r;
    char payload[301];

    memset(payload, 'x', 300);
    payload[300] = '\0';
    connect_as(&t, 5, "c");
    talk_say(&t, mqtt_bytes_publish(5, 1, 7, "$SYS/x", payload));
    EXPECT(&t, 2, 0, 7, 0x90);
    r = only_refusal();
    ck_assert(span_is(r.code, "bad_topic"));
    ck_assert_uint_eq(r.value_text.size, 200);
    ck_assert(span_is(r.detail, "topic $SYS/x"));
}
END_TEST

static const struct admission {
    uint8_t level;
    const char *user;
    const char *password;
    uint8_t code;
} admissions[] = {
    {4, "gw-a", "token-a", 0},    {5, "gw-a", "token-a", 0},  {4, "gw-a", "token-a2", 0},
    {4, "token-a", NULL, 0},      {5, "token-a", NULL, 0},    {4, "token-a", "", 0},
    {4, "gw-a", "token-b", 5},    {5, "gw-a", "token-b", 0x87}, {4, "gw-x", "token-a", 5},
    {4, "gw-a", NULL, 5},         {4, NULL, NULL, 5},         {5, NULL, NULL, 0x87},
    {5, NULL, "token-a", 0x87},   {4, "#", "+", 5},
};

START_TEST(credentials_decide)
{
    const struct admission *a = &admissions[_i];

    talk_say(&t, mqtt_bytes_connect(a->level, "c", a->user, a->password, 60));
    EXPECT(&t, 0, 0x20);
    ck_assert_uint_eq(t.output[3], a->code);
    ck_assert(t.is_over == (a->code != 0));
}
END_TEST

START_TEST(without_a_registry_clients_are_told_to_come_back)
{
    talk_stop();
    talk_start(false);
    for (uint8_t level = 4; level <= 5; level++) {
        talk_open(&t, DOOR_MQTT);
        talk_say(&t, mqtt_bytes_connect(level, "c", "gw-a", "token-a", 60));
        EXPECT(&t, 0, 0x20);
        ck_assert_uint_eq(t.output[3], level == 4 ? 3 : 0x88);
        ck_assert(t.is_over);
        talk_close(&t);
    }
    talk_open(&t, DOOR_HTTP);
    talk_say_text(&t, "GET /v1/points HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n");
    ck_assert(says(&t, "HTTP/1.1 503 "));
    ck_assert(says(&t, "Retry-After: "));
}
END_TEST

START_TEST(connack_of_version_5_announces_limits)
{
    talk_say(&t, mqtt_bytes_connect(5, "", "gw-a", "token-a", 0));
    EXPECT(&t, 0, 0x20);
    ck_assert_uint_eq(t.output[3], 0);
    ck_assert(says(&t, "\x24\x01"));                 /* Maximum QoS 1 */
    ck_assert(memmem(t.output, t.size, "\x25\x00", 2) != NULL); /* Retain Available 0 */
    ck_assert(memmem(t.output, t.size, "\x21\x00\x40", 3) != NULL); /* Receive Maximum 64 */
    ck_assert(memmem(t.output, t.size, "\x27\x00\x10\x00\x00", 5) != NULL); /* 1 MiB */
    ck_assert(says(&t, "\x13\x04\xb0"));             /* Server Keep Alive 1200 */
    ck_assert(says(&t, "meterd-"));                  /* Assigned Client Identifier */
}
END_TEST

START_TEST(the_same_client_again_takes_over)
{
    struct talk again;
    struct talk rival;

    connect_as(&t, 5, "c");
    talk_open(&rival, DOOR_MQTT);
    talk_say(&rival, mqtt_bytes_connect(5, "c", "gw-b", "token-b", 60));
    ck_assert(!t.is_over && !rival.is_over);
    talk_open(&again, DOOR_MQTT);
    connect_as(&again, 5, "c");
    EXPECT(&t, 0, 0xe0);
    ck_assert_uint_eq(t.output[2], 0x8e);
    ck_assert(t.is_over);
    ck_assert(!again.is_over && !rival.is_over);
    talk_close(&t);
    talk_say(&again, mqtt_bytes_publish(5, 1, 7, TOPIC, GOOD));
    EXPECT(&again, 0, 0x40);
    talk_close(&again);
    talk_close(&rival);
}
END_TEST

START_TEST(subscriptions_are_refused_and_the_connection_stays)
{
    static const uint8_t two4[] = {0, 5, 0, 1, 'a', 0, 0, 1, 'b', 1};
    static const uint8_t two5[] = {0, 5, 0, 0, 1, 'a', 0, 0, 1, 'b', 1};
    static const uint8_t un4[] = {0, 6, 0, 1, 'a'};
    static const uint8_t un5[] = {0, 6, 0, 0, 1, 'a'};

    connect_as(&t, 4, "c");
    talk_say(&t, mqtt_bytes_packet(0x82, span_of(two4, sizeof two4)));
    EXPECT(&t, 0, 0x90, 4, 0, 5, 0x80, 0x80);
    talk_forget(&t);
    talk_say(&t, mqtt_bytes_packet(0xa2, span_of(un4, sizeof un4)));
    EXPECT(&t, 0, 0xb0, 2, 0, 6);
    talk_close(&t);
    talk_open(&t, DOOR_MQTT);
    connect_as(&t, 5, "c");
    talk_say(&t, mqtt_bytes_packet(0x82, span_of(two5, sizeof two5)));
    EXPECT(&t, 0, 0x90, 5, 0, 5, 0, 0x87, 0x87);
    talk_forget(&t);
    talk_say(&t, mqtt_bytes_packet(0xa2, span_of(un5, sizeof un5)));
    EXPECT(&t, 0, 0xb0, 4, 0, 6, 0, 0x11);
    ck_assert(!t.is_over);
}
END_TEST

START_TEST(ping_is_answered)
{
    connect_as(&t, 4, "c");
    talk_say(&t, mqtt_bytes_packet(0xc0, span_of(NULL, 0)));
    EXPECT(&t, 0, 0xd0, 0);
}
END_TEST

START_TEST(disconnect_ends)
{
    connect_as(&t, 4, "c");
    talk_say(&t, mqtt_bytes_packet(0xe0, span_of(NULL, 0)));
    ck_assert(t.is_over);
    ck_assert_uint_eq(t.size, 0);
}
END_TEST

START_TEST(a_failed_record_closes)
{
    connect_as(&t, 5, "c");
    fake_log_hold(true);
    talk_say(&t, mqtt_bytes_publish(5, 1, 7, TOPIC, GOOD));
    fake_log_answer(1, ST_WORLD_DOWN);
    talk_turn();
    ck_assert(t.is_over);
    EXPECT(&t, 0, 0xe0);
    ck_assert_uint_eq(t.output[2], 0x88);
}
END_TEST

START_TEST(a_log_that_takes_nothing_makes_clients_wait)
{
    connect_as(&t, 4, "c");
    fake_log_set_writable(false);
    talk_say(&t, mqtt_bytes_publish(4, 1, 7, TOPIC, GOOD));
    ck_assert(!session_may_read(t.session));
    talk_advance_ms(3600000);
    ck_assert(!t.is_over);
    ck_assert_uint_eq(t.size, 0);
    fake_log_set_writable(true);
    talk_turn();
    talk_turn();
    EXPECT(&t, 0, 0x40, 2, 0, 7);
    ck_assert(!t.is_over);
}
END_TEST

START_TEST(a_withdrawn_token_disconnects)
{
    connect_as(&t, 5, "c");
    talk_swap_directory(false, 1);
    talk_turn();
    EXPECT(&t, 0, 0xe0);
    ck_assert_uint_eq(t.output[2], 0x87);
    ck_assert(t.is_over);
}
END_TEST

START_TEST(a_drain_says_goodbye_after_the_last_acknowledgement)
{
    connect_as(&t, 5, "c");
    fake_log_hold(true);
    talk_say(&t, mqtt_bytes_publish(5, 1, 7, TOPIC, GOOD));
    sessions_drain(talk_sessions());
    talk_turn();
    ck_assert(!t.is_over);
    fake_log_hold(false);
    talk_turn();
    EXPECT(&t, 0, 0x40);
    ck_assert(memmem(t.output, t.size, "\xe0\x02\x8b", 3) != NULL ||
              memmem(t.output, t.size, "\xe0\x01\x8b", 3) != NULL);
    ck_assert(t.is_over);
}
END_TEST

START_TEST(a_large_packet_is_taken_in_pieces)
{
    char *payload = malloc(1 << 20);
    size_t size = (size_t)sprintf(payload, "{\"t\":\"2026-03-01T00:00:00Z\",\"values\":{");
    struct span p;
    uint8_t *copy;

    connect_as(&t, 4, "c");
    for (int i = 0; i < 60000; i++)
        size += (size_t)sprintf(payload + size, "%s\"E1\":%d", i ? "," : "", i);
    strcpy(payload + size, "}}");
    p = mqtt_bytes_publish(4, 1, 7, TOPIC, payload);
    copy = malloc(p.size);
    memcpy(copy, p.at, p.size);
    for (size_t i = 0; i < p.size; i += 65536)
        talk_say(&t, span_of(copy + i, p.size - i < 65536 ? p.size - i : 65536));
    talk_turn();
    EXPECT(&t, 0, 0x40, 2, 0, 7);
    ck_assert_uint_gt(fake_log_count(), 10);
    free(copy);
    free(payload);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("session_mqtt");
    TCase *c = tcase_create("session_mqtt");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, a_message_is_acknowledged_when_it_is_durable);
    tcase_add_test(c, version_5_gets_a_receipt);
    tcase_add_test(c, bytes_one_at_a_time_are_the_same);
    tcase_add_test(c, acknowledgements_leave_in_order);
    tcase_add_test(c, qos_0_is_stored_and_not_answered);
    tcase_add_test(c, qos_2_is_not_offered);
    tcase_add_test(c, a_malformed_payload_is_kept_and_acknowledged);
    tcase_add_test(c, an_unknown_topic_is_kept_and_acknowledged);
    tcase_add_loop_test(c, credentials_decide, 0, (int)(sizeof admissions / sizeof admissions[0]));
    tcase_add_test(c, without_a_registry_clients_are_told_to_come_back);
    tcase_add_test(c, connack_of_version_5_announces_limits);
    tcase_add_test(c, the_same_client_again_takes_over);
    tcase_add_test(c, subscriptions_are_refused_and_the_connection_stays);
    tcase_add_test(c, ping_is_answered);
    tcase_add_test(c, disconnect_ends);
    tcase_add_test(c, a_failed_record_closes);
    tcase_add_test(c, a_log_that_takes_nothing_makes_clients_wait);
    tcase_add_test(c, a_withdrawn_token_disconnects);
    tcase_add_test(c, a_drain_says_goodbye_after_the_last_acknowledgement);
    tcase_add_test(c, a_large_packet_is_taken_in_pieces);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
