/* Framing: a packet is found whole or byte by byte, and refused as early as its bytes allow. */
#include <check.h>

#include "proto/mqtt_packet.h"

#define MIB (1024 * 1024)

static enum status
frame(const char *bytes, size_t size, size_t max, struct mqtt_frame *out)
{
    return mqtt_packet_frame(span_of(bytes, size), max, out);
}

START_TEST(a_whole_packet_is_taken_and_the_next_left)
{
    static const char bytes[] = "\x32\x05\x00\x01\x61\x00\x07\xc0\x00";
    struct mqtt_frame f;

    ck_assert_int_eq(frame(bytes, 9, MIB, &f), ST_OK);
    ck_assert_int_eq(f.type, MQTT_PUBLISH);
    ck_assert_uint_eq(f.flags, 2);
    ck_assert_uint_eq(f.size, 7);
    ck_assert_uint_eq(f.body.size, 5);
    ck_assert_int_eq(frame(bytes + f.size, 2, MIB, &f), ST_OK);
    ck_assert_int_eq(f.type, MQTT_PINGREQ);
    ck_assert_uint_eq(f.body.size, 0);
}
END_TEST

START_TEST(what_is_missing_is_told)
{
    static const char bytes[] = "\x30\x80\x01";
    struct mqtt_frame f;

    ck_assert_int_eq(frame(bytes, 0, MIB, &f), ST_AGAIN);
    ck_assert_uint_eq(f.need, 2);
    ck_assert_int_eq(frame(bytes, 1, MIB, &f), ST_AGAIN);
    ck_assert_int_eq(f.type, MQTT_PUBLISH);
    ck_assert_uint_eq(f.need, 2);
    ck_assert_int_eq(frame(bytes, 2, MIB, &f), ST_AGAIN);
    ck_assert_uint_eq(f.need, 3);
    ck_assert_uint_eq(f.size, 0);
    ck_assert_int_eq(frame(bytes, 3, MIB, &f), ST_AGAIN);
    ck_assert_uint_eq(f.need, 3 + 128);
    ck_assert_uint_eq(f.size, 3 + 128);
}
END_TEST

START_TEST(too_large_is_decided_by_the_header)
{
    struct mqtt_frame f;

    ck_assert_int_eq(frame("\x30\x7e", 2, 128, &f), ST_AGAIN);
    ck_assert_int_eq(frame("\x30\x7f", 2, 128, &f), ST_TOO_LARGE);
    ck_assert_uint_eq(f.size, 129);
    ck_assert_int_eq(frame("\x10\xff\xff\xff\x7f", 5, MIB, &f), ST_TOO_LARGE);
    ck_assert_uint_eq(f.size, MQTT_REMAINING_LENGTH_MAX + 5u);
}
END_TEST

START_TEST(lengths_of_every_size_are_read)
{
    static const struct {
        const char *bytes;
        size_t size;
        size_t length;
    } rows[] = {
        {"\x30\x7f", 2, 127},
        {"\x30\x80\x01", 3, 128},
        {"\x30\xff\x7f", 3, 16383},
        {"\x30\x80\x80\x01", 4, 16384},
        {"\x30\xff\xff\x7f", 4, 2097151},
        {"\x30\x80\x80\x80\x01", 5, 2097152},
        {"\x30\xff\xff\xff\x7f", 5, 268435455},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mqtt_frame f;

        ck_assert_int_eq(frame(rows[i].bytes, rows[i].size, SIZE_MAX, &f), ST_AGAIN);
        ck_assert_uint_eq(f.size, rows[i].size + rows[i].length);
    }
}
END_TEST

START_TEST(a_bad_length_is_no_packet)
{
    struct mqtt_frame f;

    ck_assert_int_eq(frame("\x30\xff\xff\xff\xff", 5, MIB, &f), ST_FRAMING);
    ck_assert_int_eq(frame("\x30\x80\x00", 3, MIB, &f), ST_FRAMING);
    ck_assert_int_eq(frame("\x30\xff\xff\xff\x00", 5, MIB, &f), ST_FRAMING);
}
END_TEST

/* MQTT 5, table 2-2. */
START_TEST(the_first_byte_alone_refuses)
{
    static const uint8_t good[] = {0x10, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x38, 0x39,
                                   0x3a, 0x3b, 0x3c, 0x3d, 0x40, 0x50, 0x62, 0x70, 0x82,
                                   0xa2, 0xc0, 0xe0, 0xf0};

    for (unsigned first = 0; first < 256; first++) {
        char byte = (char)first;
        struct mqtt_frame f;
        enum status st = frame(&byte, 1, MIB, &f);
        unsigned type = first >> 4;

        if (memchr(good, (int)first, sizeof good) != NULL)
            ck_assert_int_eq(st, ST_AGAIN);
        else if (type == MQTT_CONNACK || type == MQTT_SUBACK || type == MQTT_UNSUBACK
                 || type == MQTT_PINGRESP)
            ck_assert_int_eq(st, ST_PROTOCOL);
        else
            ck_assert_int_eq(st, ST_FRAMING);
    }
}
END_TEST

START_TEST(types_have_names)
{
    ck_assert_str_eq(mqtt_type_name(MQTT_CONNECT), "CONNECT");
    ck_assert_str_eq(mqtt_type_name(MQTT_AUTH), "AUTH");
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("mqtt_packet");
    TCase *t = tcase_create("mqtt_packet");
    SRunner *r;
    int failed;

    tcase_add_test(t, a_whole_packet_is_taken_and_the_next_left);
    tcase_add_test(t, what_is_missing_is_told);
    tcase_add_test(t, too_large_is_decided_by_the_header);
    tcase_add_test(t, lengths_of_every_size_are_read);
    tcase_add_test(t, a_bad_length_is_no_packet);
    tcase_add_test(t, the_first_byte_alone_refuses);
    tcase_add_test(t, types_have_names);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
