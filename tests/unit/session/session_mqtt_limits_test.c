#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static const struct wrong {
    const char *what;
    const char *bytes;
    size_t size;
    uint8_t reason; /* version 5: of the DISCONNECT */
} wrongs[] = {
    {"second CONNECT", "\x10\x0d\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x00", 15, 0x82},
    {"CONNACK from a client", "\x20\x02\x00\x00", 4, 0x82},
    {"reserved type 0", "\x00\x00", 2, 0x81},
    {"length of five bytes", "\x30\xff\xff\xff\xff\x01", 6, 0x81},
    {"QoS 3", "\x36\x05\x00\x01\x61\x00\x01", 7, 0x81},
    {"PUBLISH cut after the topic", "\x32\x03\x00\x01\x61", 5, 0x81},
    {"empty topic", "\x30\x03\x00\x00\x00", 5, 0x82},
    {"wildcard in a topic", "\x30\x04\x00\x01#\x00", 6, 0x81},
    {"packet id 0", "\x32\x06\x00\x01\x61\x00\x00\x00", 8, 0x82},
    {"topic alias", "\x30\x07\x00\x01\x61\x03\x23\x00\x01", 9, 0x94},
    {"AUTH", "\xf0\x00", 2, 0x82},
    {"packet too large, told by its head", "\x30\xff\xff\xff\x7f", 5, 0x95},
};

START_TEST(wrong_packets_close_with_the_right_reason)
{
    const struct wrong *w = &wrongs[_i];

    connect_as(&t, 5, "c");
    talk_say(&t, span_of(w->bytes, w->size));
    ck_assert_msg(t.is_over, "%s", w->what);
    ck_assert_msg(t.size >= 3 && t.output[0] == 0xe0 && t.output[2] == w->reason,
                  "%s: reason %02x", w->what, t.output[2]);
}
END_TEST

START_TEST(nothing_is_believed_before_connect)
{
    static const char *const firsts[] = {"\x30\xff\xff\xff\x7f", "\xc0\x00xxx", "GET / HTTP/1.1",
                                         "\x10\xff\xff\x7f\x00"};

    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        talk_close(&t);
        talk_open(&t, DOOR_MQTT);
        talk_say(&t, span_of(firsts[i], 5));
        ck_assert(t.is_over);
        ck_assert_uint_eq(t.size, 0);
    }
}
END_TEST

START_TEST(other_versions_are_refused)
{
    talk_say(&t, span_of("\x10\x0e\x00\x06MQIsdp\x03\x02\x00\x3c\x00\x00", 16));
    EXPECT(&t, 0, 0x20, 2, 0, 1);
    ck_assert(t.is_over);
    talk_close(&t);
    talk_open(&t, DOOR_MQTT);
    talk_say(&t, mqtt_bytes_connect(6, "c", "gw-a", "token-a", 60));
    EXPECT(&t, 0, 0x20);
    ck_assert_uint_eq(t.output[3], 0x84);
    ck_assert(t.is_over);
}
END_TEST

START_TEST(an_empty_client_id_without_clean_session_is_refused)
{
    talk_say(&t, span_of("\x10\x0c\x00\x04MQTT\x04\x00\x00\x3c\x00\x00", 14));
    EXPECT(&t, 0, 0x20, 2, 0, 2);
    ck_assert(t.is_over);
}
END_TEST

START_TEST(too_many_under_way)
{
    connect_as(&t, 4, "c");
    fake_log_hold(true);
    for (uint16_t id = 1; id <= 65; id++)
        talk_say(&t, mqtt_bytes_publish(4, 1, id, TOPIC, GOOD));
    ck_assert(!session_may_read(t.session));
    fake_log_hold(false);
    talk_turn();
    ck_assert_uint_eq(t.size, 65 * 4);
    talk_close(&t);

    talk_open(&t, DOOR_MQTT);
    connect_as(&t, 5, "c");
    fake_log_hold(true);
    for (uint16_t id = 1; id <= 65; id++)
        talk_say(&t, mqtt_bytes_publish(5, 1, id, TOPIC, GOOD));
    ck_assert(t.is_over);
    EXPECT(&t, 0, 0xe0);
    ck_assert_uint_eq(t.output[2], 0x93);
}
END_TEST

START_TEST(a_packet_id_under_way_gets_one_answer)
{
    struct span p;
    uint8_t copy[256];

    connect_as(&t, 4, "c");
    fake_log_hold(true);
    talk_say(&t, mqtt_bytes_publish(4, 1, 7, TOPIC, GOOD));
    p = mqtt_bytes_publish(4, 1, 7, TOPIC, GOOD);
    memcpy(copy, p.at, p.size);
    copy[0] |= 0x08;
    talk_say(&t, span_of(copy, p.size));
    ck_assert(!t.is_over);
    fake_log_hold(false);
    talk_turn();
    ck_assert_uint_eq(t.size, 4);
}
END_TEST

START_TEST(keep_alive_is_one_and_a_half)
{
    talk_say(&t, mqtt_bytes_connect(5, "c", "gw-a", "token-a", 10));
    talk_forget(&t);
    talk_advance_ms(14999);
    ck_assert(!t.is_over);
    talk_advance_ms(1);
    talk_turn();
    EXPECT(&t, 0, 0xe0);
    ck_assert_uint_eq(t.output[2], 0x8d);
    ck_assert(t.is_over);
}
END_TEST

START_TEST(connect_must_come_within_ten_seconds)
{
    talk_spell(&t, span_of("\x10\x40", 2));
    talk_advance_ms(9999);
    ck_assert(!t.is_over);
    talk_advance_ms(1);
    talk_turn();
    ck_assert(t.is_over);
    ck_assert_uint_eq(t.size, 0);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("session_mqtt_limits");
    TCase *c = tcase_create("session_mqtt_limits");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, wrong_packets_close_with_the_right_reason, 0,
                        (int)(sizeof wrongs / sizeof wrongs[0]));
    tcase_add_test(c, nothing_is_believed_before_connect);
    tcase_add_test(c, other_versions_are_refused);
    tcase_add_test(c, an_empty_client_id_without_clean_session_is_refused);
    tcase_add_test(c, too_many_under_way);
    tcase_add_test(c, a_packet_id_under_way_gets_one_answer);
    tcase_add_test(c, keep_alive_is_one_and_a_half);
    tcase_add_test(c, connect_must_come_within_ten_seconds);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
