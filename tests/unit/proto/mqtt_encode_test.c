/* Answers to gateways, byte for byte as the standard's figures have them. */
#include <check.h>

#include "proto/mqtt_decode.h"
#include "proto/mqtt_encode.h"
#include "tests/support/vector_file.h"

static uint8_t out[MQTT_REPLY_SIZE_MAX];

static void
check_bytes(size_t size, const char *hex)
{
    struct span wanted = vector_bytes(hex);

    ck_assert_uint_eq(size, wanted.size);
    ck_assert_mem_eq(out, wanted.at, size);
    vector_free(wanted);
}

START_TEST(connack_of_version_4_is_a_code)
{
    struct mqtt_connack c = {.level = 4, .reason = 5, .receive_max = 64, .qos_max = 1};

    check_bytes(mqtt_encode_connack(&c, out, sizeof out), "20 02 00 05");
    c.reason = 0;
    check_bytes(mqtt_encode_connack(&c, out, sizeof out), "20 02 00 00");
}
END_TEST

START_TEST(connack_of_version_5_names_the_limits)
{
    struct mqtt_connack c = {
        .level = 5,
        .qos_max = 1,
        .receive_max = 64,
        .packet_max = 1048576,
        .server_keep_alive_s = 1200,
        .session_ends_with_connection = true,
        .assigned_client_id = span_text("m-1"),
    };

    check_bytes(mqtt_encode_connack(&c, out, sizeof out),
                "20 23 00 00 20 11 00000000 21 0040 24 01 25 00 27 00100000 12 0003 6d2d31"
                "28 00 29 00 2a 00 13 04b0");
    c = (struct mqtt_connack){.level = 5, .qos_max = 2};
    check_bytes(mqtt_encode_connack(&c, out, sizeof out), "20 0b 00 00 08 25 00 28 00 29 00 2a 00");
}
END_TEST

START_TEST(a_refusal_carries_only_its_reason)
{
    struct mqtt_connack c = {.level = 5, .reason = 0x87, .receive_max = 64, .packet_max = 9};

    check_bytes(mqtt_encode_connack(&c, out, sizeof out), "20 03 00 87 00");
    c.reason_string = span_text("no");
    check_bytes(mqtt_encode_connack(&c, out, sizeof out), "20 08 00 87 05 1f 0002 6e6f");
    c.client_packet_max = 10;
    check_bytes(mqtt_encode_connack(&c, out, sizeof out), "20 08 00 87 05 1f 0002 6e6f");
    c.client_packet_max = 9;
    check_bytes(mqtt_encode_connack(&c, out, sizeof out), "20 03 00 87 00");
}
END_TEST

START_TEST(statuses_have_return_codes)
{
    ck_assert_uint_eq(mqtt_return_code(ST_OK), 0);
    ck_assert_uint_eq(mqtt_return_code(ST_MQTT_VERSION), 1);
    ck_assert_uint_eq(mqtt_return_code(ST_CLIENT_ID), 2);
    ck_assert_uint_eq(mqtt_return_code(ST_UNAVAILABLE), 3);
    ck_assert_uint_eq(mqtt_return_code(ST_NOT_AUTHORISED), 5);
}
END_TEST

START_TEST(puback_says_only_what_there_is_to_say)
{
    struct mqtt_reply p = {.type = MQTT_PUBACK, .level = 4, .packet_id = 0x0102, .reason = 0x99};

    check_bytes(mqtt_encode_reply(&p, out, sizeof out), "40 02 0102");
    p.level = 5;
    check_bytes(mqtt_encode_reply(&p, out, sizeof out), "40 03 0102 99");
    p.reason = 0;
    check_bytes(mqtt_encode_reply(&p, out, sizeof out), "40 02 0102");
    p.receipt = span_text("3:1234");
    check_bytes(mqtt_encode_reply(&p, out, sizeof out),
                "40 16 0102 00 12 26 0007 72656365697074 0006 333a31323334");
    p.level = 4;
    check_bytes(mqtt_encode_reply(&p, out, sizeof out), "40 02 0102");
}
END_TEST

START_TEST(the_other_acknowledgements_have_their_types)
{
    struct mqtt_reply p = {.type = MQTT_PUBREC, .level = 5, .packet_id = 1};

    check_bytes(mqtt_encode_reply(&p, out, sizeof out), "50 02 0001");
    p.type = MQTT_PUBREL;
    check_bytes(mqtt_encode_reply(&p, out, sizeof out), "62 02 0001");
    p.type = MQTT_PUBCOMP;
    p.reason = 0x92;
    check_bytes(mqtt_encode_reply(&p, out, sizeof out), "70 03 0001 92");
}
END_TEST

START_TEST(texts_give_way_to_the_clients_limit)
{
    struct mqtt_reply p = {.type = MQTT_PUBACK,
                           .level = 5,
                           .packet_id = 1,
                           .reason = 0x99,
                           .reason_string = span_text("why"),
                           .receipt = span_text("3:1234")};
    size_t both = mqtt_encode_reply(&p, out, sizeof out);

    ck_assert_uint_eq(both, 2 + 3 + 1 + 6 + 18);
    p.client_packet_max = (uint32_t)both;
    ck_assert_uint_eq(mqtt_encode_reply(&p, out, sizeof out), both);
    p.client_packet_max = (uint32_t)both - 1;
    check_bytes(mqtt_encode_reply(&p, out, sizeof out), "40 0a 0001 99 06 1f 0003 776879");
    p.client_packet_max = 12;
    check_bytes(mqtt_encode_reply(&p, out, sizeof out), "40 0a 0001 99 06 1f 0003 776879");
    p.client_packet_max = 11;
    check_bytes(mqtt_encode_reply(&p, out, sizeof out), "40 03 0001 99");
}
END_TEST

START_TEST(texts_that_are_too_long_or_no_text_are_left_off)
{
    static char text[MQTT_TEXT_SIZE_MAX + 1];
    struct mqtt_reply p = {.type = MQTT_PUBACK, .level = 5, .packet_id = 1, .reason = 0x99};

    memset(text, 'x', sizeof text);
    p.reason_string = span_of(text, sizeof text);
    p.receipt = span_of(text, sizeof text);
    check_bytes(mqtt_encode_reply(&p, out, sizeof out), "40 03 0001 99");
    p.reason_string = span_of(text, MQTT_TEXT_SIZE_MAX);
    p.receipt = span_of(text, MQTT_TEXT_SIZE_MAX);
    ck_assert_uint_eq(mqtt_encode_reply(&p, out, sizeof out),
                      3 + 3 + 2 + (3 + 512) + (1 + 2 + 7 + 2 + 512));
    p.reason_string = span_text("\xff");
    p.receipt = span_text("");
    check_bytes(mqtt_encode_reply(&p, out, sizeof out), "40 03 0001 99");
}
END_TEST

START_TEST(every_filter_is_refused)
{
    check_bytes(mqtt_encode_suback(4, 7, 3, out, sizeof out), "90 05 0007 80 80 80");
    check_bytes(mqtt_encode_suback(5, 7, 2, out, sizeof out), "90 05 0007 00 87 87");
    check_bytes(mqtt_encode_unsuback(4, 7, 3, out, sizeof out), "b0 02 0007");
    check_bytes(mqtt_encode_unsuback(5, 7, 2, out, sizeof out), "b0 05 0007 00 11 11");
    ck_assert_uint_eq(mqtt_encode_suback(5, 7, MQTT_FILTERS_MAX, out, sizeof out), 3 + 3 + 256);
}
END_TEST

START_TEST(short_packets_are_as_the_standard_has_them)
{
    check_bytes(mqtt_encode_pingresp(out, sizeof out), "d0 00");
    check_bytes(mqtt_encode_disconnect(0x8e, span_text(""), 0, out, sizeof out), "e0 01 8e");
    check_bytes(mqtt_encode_disconnect(0x81, span_text("x"), 0, out, sizeof out),
                "e0 06 81 04 1f 0001 78");
    check_bytes(mqtt_encode_disconnect(0x81, span_text("x"), 7, out, sizeof out), "e0 01 81");
}
END_TEST

START_TEST(what_does_not_fit_is_not_begun)
{
    struct mqtt_connack c = {.level = 5, .qos_max = 1};
    size_t size = mqtt_encode_connack(&c, out, sizeof out);

    for (size_t room = 0; room < size; room++) {
        memset(out, 0xEE, sizeof out);
        ck_assert_uint_eq(mqtt_encode_connack(&c, out, room), 0);
        ck_assert_uint_eq(out[0], 0xEE);
    }
    ck_assert_uint_eq(mqtt_encode_connack(&c, out, size), size);
    ck_assert_uint_eq(mqtt_encode_pingresp(out, 1), 0);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("mqtt_encode");
    TCase *t = tcase_create("mqtt_encode");
    SRunner *r;
    int failed;

    tcase_add_test(t, connack_of_version_4_is_a_code);
    tcase_add_test(t, connack_of_version_5_names_the_limits);
    tcase_add_test(t, a_refusal_carries_only_its_reason);
    tcase_add_test(t, statuses_have_return_codes);
    tcase_add_test(t, puback_says_only_what_there_is_to_say);
    tcase_add_test(t, the_other_acknowledgements_have_their_types);
    tcase_add_test(t, texts_give_way_to_the_clients_limit);
    tcase_add_test(t, texts_that_are_too_long_or_no_text_are_left_off);
    tcase_add_test(t, every_filter_is_refused);
    tcase_add_test(t, short_packets_are_as_the_standard_has_them);
    tcase_add_test(t, what_does_not_fit_is_not_begun);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
