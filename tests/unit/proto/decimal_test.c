/* Decimal text <-> micro-units: grammar, rounding, limits, and agreement with plain 128-bit
 * arithmetic on many random texts. */
#include "proto/decimal.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static int64_t micro;
static bool rounded;

/* In memory of its own size, so that a sanitizer sees a byte too far. */
static enum status
parse(const char *text)
{
    size_t size = strlen(text);
    void *copy = malloc(size > 0 ? size : 1);
    enum status st;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, size);
    st = decimal_parse(span_of(copy, size), &micro, &rounded);
    free(copy);
    return st;
}

#define GIVES(text, expected, is_rounded)                                                          \
    do {                                                                                           \
        ck_assert_msg(parse(text) == ST_OK, "%s is refused", text);                                \
        ck_assert_msg(micro == (expected), "%s gives %lld", text, (long long)micro);               \
        ck_assert_msg(rounded == (is_rounded), "%s: rounded is %d", text, rounded);                \
    } while (0)
#define REFUSED(text)                                                                              \
    do {                                                                                           \
        ck_assert_msg(parse(text) == ST_BAD_VALUE, "%s is taken", text);                           \
        ck_assert_int_eq(micro, 0);                                                                \
        ck_assert(!rounded);                                                                       \
    } while (0)

START_TEST(plain_numbers_are_exact)
{
    GIVES("0", 0, false);
    GIVES("7", 7000000, false);
    GIVES("123.456", 123456000, false);
    GIVES("-0.000001", -1, false);
    GIVES("0.123456", 123456, false);
    GIVES("1234567890.123456", INT64_C(1234567890123456), false);
    GIVES("4599999999999.999999", DECIMAL_MICRO_LIMIT - 1, false);
    GIVES("-4599999999999.999999", -(DECIMAL_MICRO_LIMIT - 1), false);
}
END_TEST

START_TEST(minus_zero_is_zero)
{
    GIVES("-0", 0, false);
    GIVES("-0.0", 0, false);
    GIVES("-0e99", 0, false);
}
END_TEST

START_TEST(leading_zeros_are_digits)
{
    GIVES("007", 7000000, false);
    GIVES("-00.5", -500000, false);
    GIVES("0000000000000000000000000000000000000000000000000000000000000001", 1000000, false);
}
END_TEST

START_TEST(exponents_move_the_point)
{
    GIVES("1e3", 1000000000, false);
    GIVES("1E+3", 1000000000, false);
    GIVES("12.5e-1", 1250000, false);
    GIVES("1e-6", 1, false);
    GIVES("123456789e-9", 123457, true);
    GIVES("0.000000000000000000000000000001e30", 1000000, false);
    GIVES("1e00000000000000000000000000000000000000000003", 1000000000, false);
    GIVES("4.599999999999999999e12", DECIMAL_MICRO_LIMIT - 1, false);
}
END_TEST

START_TEST(more_than_six_decimals_round_half_to_even)
{
    GIVES("0.0000005", 0, true);
    GIVES("0.0000015", 2, true);
    GIVES("0.0000025", 2, true);
    GIVES("0.00000250000000000000000000000000000000000000000000000000001", 3, true);
    GIVES("0.0000024999999999999999999999999999999999999999999999999999", 2, true);
    GIVES("-0.0000015", -2, true);
    GIVES("-0.0000005", 0, true);
    GIVES("0.9999995", 1000000, true);
    GIVES("1.0000005e0", 1000000, true);
    GIVES("15e-7", 2, true);
}
END_TEST

START_TEST(zeros_beyond_six_decimals_change_nothing)
{
    GIVES("1.0000000", 1000000, false);
    GIVES("1.2345670000000000000000000000000", 1234567, false);
}
END_TEST

START_TEST(tiny_values_are_zero_and_rounded)
{
    GIVES("1e-400", 0, true);
    GIVES("-9e-99999999999999999999", 0, true);
    GIVES("9e-8", 0, true);
    GIVES("5e-7", 0, true);
    GIVES("6e-7", 1, true);
    GIVES("0e-400", 0, false);
    GIVES("0e400", 0, false);
}
END_TEST

START_TEST(values_from_the_limit_on_are_refused)
{
    REFUSED("4600000000000");
    REFUSED("-4600000000000");
    REFUSED("4600000000000.000000");
    REFUSED("4599999999999.9999995");
    REFUSED("4.6e12");
    REFUSED("1e13");
    REFUSED("9223372036854.775808");
    REFUSED("18446744073709.551616");
    REFUSED("9999999999999999999");
    REFUSED("-999999999999999999");
    REFUSED("99999999999999999999999999999999999999999999999999");
    REFUSED("1e400");
    REFUSED("1e99999999999999999999999999");
}
END_TEST

START_TEST(other_texts_are_refused)
{
    static const char *const texts[] = {
        "",      "-",     "+1",    ".5",    "5.",   "-.5", "1e",  "1e+", "1e-",          "e1",
        "1.e1",  " 1",    "1 ",    "1,5",   "0x10", "1_0", "NaN", "nan", "inf",          "Infinity",
        "--1",   "1.2.3", "1e1.5", "1e1e1", "1-",   "1/2", "1:",  "12a", "\xef\xbc\x91", "1.-1",
        "1e--1", "1e+-1", "-e1",   "1.5f"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        REFUSED(texts[i]);
    ck_assert(decimal_parse(span_of("1\0", 2), &micro, &rounded) == ST_BAD_VALUE);
}
END_TEST

START_TEST(at_most_64_characters)
{
    char text[66];

    memset(text, '0', sizeof text);
    text[1] = '.';
    text[64] = '\0';
    GIVES(text, 0, false);
    text[64] = '0';
    text[65] = '\0';
    REFUSED(text);
}
END_TEST

/* The plain definition for up to 30 digits: one integer, multiplied or divided by tens. */
static bool
plain_parse(__int128 digits, int power, int64_t *value, bool *is_rounded)
{
    __int128 n = digits;
    __int128 unit = 1;
    __int128 rest;

    *is_rounded = false;
    for (; power > 0 && n != 0; power--) {
        if (n > (__int128)DECIMAL_MICRO_LIMIT)
            return false;
        n *= 10;
    }
    for (; power < 0 && unit <= n * 2; power++)
        unit *= 10;
    rest = n % unit;
    *is_rounded = rest != 0 || (power < 0 && n != 0);
    n /= unit;
    if (power == 0 && (rest * 2 > unit || (rest * 2 == unit && n % 2 == 1)))
        n++;
    *value = (int64_t)n;
    return n < (__int128)DECIMAL_MICRO_LIMIT;
}

START_TEST(random_texts_agree_with_plain_arithmetic)
{
    srand(1);
    for (unsigned round = 0; round < 300000; round++) {
        char text[80];
        __int128 digits = 0;
        int whole = 1 + rand() % 14;
        int decimals = rand() % 12;
        int exponent = rand() % 3 == 0 ? rand() % 41 - 20 : 0;
        bool negative = rand() % 4 == 0;
        int kind = rand() % 3;
        size_t n = 0;
        int64_t expected = 0;
        bool expected_rounded;
        bool good;

        if (negative)
            text[n++] = '-';
        for (int i = 0; i < whole + decimals; i++) {
            int digit = kind == 0 ? rand() % 10 : kind == 1 ? rand() % 2 * 5 : rand() % 2 * 9;

            if (i == whole)
                text[n++] = '.';
            text[n++] = (char)('0' + digit);
            digits = digits * 10 + digit;
        }
        text[n] = '\0';
        if (exponent != 0)
            snprintf(text + n, sizeof text - n, "e%d", exponent);
        good = plain_parse(digits, exponent - decimals + 6, &expected, &expected_rounded);
        if (!good)
            REFUSED(text);
        else
            GIVES(text, negative ? -expected : expected, expected_rounded);
    }
}
END_TEST

static const char *
format(int64_t value)
{
    static char text[32];

    ck_assert_uint_eq(decimal_format(value, text), strlen(text));
    return text;
}

START_TEST(format_is_shortest_and_exact)
{
    ck_assert_str_eq(format(0), "0");
    ck_assert_str_eq(format(123450000), "123.45");
    ck_assert_str_eq(format(-1), "-0.000001");
    ck_assert_str_eq(format(7000000), "7");
    ck_assert_str_eq(format(-70000000), "-70");
    ck_assert_str_eq(format(100000), "0.1");
    ck_assert_str_eq(format(INT64_MAX), "9223372036854.775807");
    ck_assert_str_eq(format(INT64_MIN), "-9223372036854.775808");
}
END_TEST

START_TEST(what_is_formatted_parses_back)
{
    srand(2);
    for (unsigned i = 0; i < 100000; i++) {
        int64_t value = ((int64_t)rand() << 31 | rand()) >> (rand() % 62);

        value = rand() % 2 ? -value : value;
        if (value < DECIMAL_MICRO_LIMIT && value > -DECIMAL_MICRO_LIMIT)
            GIVES(format(value), value, false);
    }
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("decimal");
    TCase *t = tcase_create("decimal");
    SRunner *r;
    int failed;

    tcase_set_timeout(t, 60);
    tcase_add_test(t, plain_numbers_are_exact);
    tcase_add_test(t, minus_zero_is_zero);
    tcase_add_test(t, leading_zeros_are_digits);
    tcase_add_test(t, exponents_move_the_point);
    tcase_add_test(t, more_than_six_decimals_round_half_to_even);
    tcase_add_test(t, zeros_beyond_six_decimals_change_nothing);
    tcase_add_test(t, tiny_values_are_zero_and_rounded);
    tcase_add_test(t, values_from_the_limit_on_are_refused);
    tcase_add_test(t, other_texts_are_refused);
    tcase_add_test(t, at_most_64_characters);
    tcase_add_test(t, random_texts_agree_with_plain_arithmetic);
    tcase_add_test(t, format_is_shortest_and_exact);
    tcase_add_test(t, what_is_formatted_parses_back);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
