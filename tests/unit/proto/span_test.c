/* Cursor and UTF-8 check: what they read, and that nothing is read past the end. */
#include "proto/span.h"

#include <check.h>
#include <stdlib.h>

START_TEST(cursor_reads_numbers_in_network_order)
{
    struct cursor c = cursor_over(span_of("\x01\x02\x03\x04\x05\x06\x07", 7));

    ck_assert_uint_eq(cursor_u8(&c), 1);
    ck_assert_uint_eq(cursor_u16(&c), 0x0203);
    ck_assert_uint_eq(cursor_u32(&c), 0x04050607);
    ck_assert(cursor_ok(&c));
    ck_assert_uint_eq(cursor_left(&c), 0);
}
END_TEST

START_TEST(cursor_reads_fixed_numbers_lowest_byte_first)
{
    struct cursor c = cursor_over(span_of("\x01\x02\x03\x84\x01\x02\x03\x04\x05\x06\x07\xff", 12));

    ck_assert_uint_eq(cursor_fixed32(&c), 0x84030201);
    ck_assert_uint_eq(cursor_fixed64(&c), UINT64_C(0xff07060504030201));
    ck_assert(cursor_ok(&c));
}
END_TEST

START_TEST(failed_cursor_stays_failed_and_empty)
{
    struct cursor c = cursor_over(span_of("ab", 2));

    ck_assert_uint_eq(cursor_u32(&c), 0);
    ck_assert(!cursor_ok(&c));
    ck_assert_uint_eq(cursor_u8(&c), 0);
    ck_assert_uint_eq(cursor_bytes(&c, 0).size, 0);
    ck_assert_uint_eq(cursor_rest(&c).size, 0);
    ck_assert_uint_eq(cursor_varint(&c), 0);
    ck_assert_uint_eq(cursor_mqtt_varint(&c), 0);
    ck_assert(!cursor_ok(&c));
}
END_TEST

START_TEST(text16_is_as_long_as_it_says)
{
    struct cursor c = cursor_over(span_of("\0\3abcd", 6));
    struct cursor cut = cursor_over(span_of("\0\3ab", 4));

    ck_assert(span_is(cursor_text16(&c), "abc"));
    ck_assert(span_is(cursor_rest(&c), "d"));
    ck_assert_uint_eq(cursor_text16(&cut).size, 0);
    ck_assert(!cursor_ok(&cut));
}
END_TEST

static bool
reads_mqtt_varint(const char *bytes, size_t size, uint32_t expected)
{
    struct cursor c = cursor_over(span_of(bytes, size));

    return cursor_mqtt_varint(&c) == expected && cursor_ok(&c) && cursor_left(&c) == 0;
}

START_TEST(mqtt_varint_is_shortest_and_at_most_four_bytes)
{
    ck_assert(reads_mqtt_varint("\x00", 1, 0));
    ck_assert(reads_mqtt_varint("\x7f", 1, 127));
    ck_assert(reads_mqtt_varint("\x80\x01", 2, 128));
    ck_assert(reads_mqtt_varint("\xff\xff\xff\x7f", 4, 268435455));
    ck_assert(!reads_mqtt_varint("\x80\x00", 2, 0));
    ck_assert(!reads_mqtt_varint("\x80\x80\x80\x80\x01", 5, 268435456));
    ck_assert(!reads_mqtt_varint("\x80", 1, 0));
    ck_assert(!reads_mqtt_varint("", 0, 0));
}
END_TEST

static bool
reads_varint(const char *bytes, size_t size, uint64_t expected)
{
    struct cursor c = cursor_over(span_of(bytes, size));

    return cursor_varint(&c) == expected && cursor_ok(&c) && cursor_left(&c) == 0;
}

START_TEST(varint_has_64_bits)
{
    ck_assert(reads_varint("\x00", 1, 0));
    ck_assert(reads_varint("\xac\x02", 2, 300));
    ck_assert(reads_varint("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, UINT64_MAX));
    ck_assert(!reads_varint("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10, 0));
    ck_assert(!reads_varint("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11, 0));
    ck_assert(!reads_varint("\x80", 1, 0));
}
END_TEST

/* In memory of its own size, so that a sanitizer sees a byte too far. */
static bool
is_plain(const char *bytes, size_t size)
{
    void *copy = malloc(size > 0 ? size : 1);
    bool plain;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, size);
    plain = span_is_plain_utf8(span_of(copy, size));
    free(copy);
    return plain;
}

#define IS_PLAIN(literal) is_plain(literal, sizeof(literal) - 1)

START_TEST(plain_utf8_is_well_formed)
{
    ck_assert(IS_PLAIN(""));
    ck_assert(IS_PLAIN("E1"));
    ck_assert(IS_PLAIN("\xe4\xb8\x80\xe5\x8f\xb7\xe9\x85\x8d\xe7\x94\xb5\xe6\x88\xbf-A"));
    ck_assert(IS_PLAIN("\xf0\x9f\x94\x8c\xf4\x8f\xbf\xbf"));
    ck_assert(IS_PLAIN("\xed\x9f\xbf\xee\x80\x80"));
    ck_assert(!IS_PLAIN("\x80"));
    ck_assert(!IS_PLAIN("\xc0\xaf"));
    ck_assert(!IS_PLAIN("\xc1\xbf"));
    ck_assert(!IS_PLAIN("\xe0\x9f\xbf"));
    ck_assert(!IS_PLAIN("\xf0\x8f\xbf\xbf"));
    ck_assert(!IS_PLAIN("\xed\xa0\x80"));
    ck_assert(!IS_PLAIN("\xf4\x90\x80\x80"));
    ck_assert(!IS_PLAIN("\xf5\x80\x80\x80"));
    ck_assert(!IS_PLAIN("\xe4\xb8"));
    ck_assert(!IS_PLAIN("\xe4\xb8x"));
    ck_assert(!IS_PLAIN("abc\xc3"));
}
END_TEST

START_TEST(control_characters_are_not_plain)
{
    ck_assert(!IS_PLAIN("a\0b"));
    ck_assert(!IS_PLAIN("\x1f"));
    ck_assert(!IS_PLAIN("\x7f"));
    ck_assert(!IS_PLAIN("\xc2\x80"));
    ck_assert(!IS_PLAIN("\xc2\x9f"));
    ck_assert(IS_PLAIN("\xc2\xa0"));
    ck_assert(IS_PLAIN(" ~"));
}
END_TEST

START_TEST(every_byte_counts_at_every_place)
{
    for (size_t size = 1; size <= 20; size++)
        for (size_t place = 0; place < size; place++)
            for (int byte = 0; byte < 256; byte++) {
                char text[20];

                memset(text, 'a', size);
                text[place] = (char)byte;
                ck_assert_int_eq(is_plain(text, size), byte >= 0x20 && byte < 0x7f);
            }
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("span");
    TCase *t = tcase_create("span");
    SRunner *r;
    int failed;

    tcase_add_test(t, cursor_reads_numbers_in_network_order);
    tcase_add_test(t, cursor_reads_fixed_numbers_lowest_byte_first);
    tcase_add_test(t, failed_cursor_stays_failed_and_empty);
    tcase_add_test(t, text16_is_as_long_as_it_says);
    tcase_add_test(t, mqtt_varint_is_shortest_and_at_most_four_bytes);
    tcase_add_test(t, varint_has_64_bits);
    tcase_add_test(t, plain_utf8_is_well_formed);
    tcase_add_test(t, control_characters_are_not_plain);
    tcase_add_test(t, every_byte_counts_at_every_place);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
