/* RFC 3339 <-> ms, and the calendar against one that counts day by day. */
#include "proto/timestamp.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static int64_t ms;

/* In memory of its own size, so that a sanitizer sees a byte too far. */
static enum status
parse(const char *text)
{
    size_t size = strlen(text);
    void *copy = malloc(size > 0 ? size : 1);
    enum status st;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, size);
    st = timestamp_parse_rfc3339(span_of(copy, size), &ms);
    free(copy);
    return st;
}

#define GIVES(text, expected)                                                                      \
    do {                                                                                           \
        ck_assert_msg(parse(text) == ST_OK, "%s is refused", text);                                \
        ck_assert_msg(ms == INT64_C(expected), "%s gives %lld", text, (long long)ms);              \
    } while (0)
#define REFUSED(text)                                                                              \
    do {                                                                                           \
        ck_assert_msg(parse(text) == ST_BAD_TIME, "%s is taken", text);                            \
        ck_assert_int_eq(ms, 0);                                                                   \
    } while (0)

START_TEST(offsets_lead_to_utc)
{
    GIVES("1970-01-01T00:00:00Z", 0);
    GIVES("2026-03-01T00:15:00+08:00", 1772295300000);
    GIVES("2026-02-28T16:15:00Z", 1772295300000);
    GIVES("2026-02-28T11:45:00-04:30", 1772295300000);
    GIVES("2026-02-28T16:15:00-00:00", 1772295300000);
    GIVES("2026-03-01T16:14:00+23:59", 1772295300000);
    GIVES("0001-01-01T00:00:00Z", -62135596800000);
    GIVES("9999-12-31T23:59:59.999Z", 253402300799999);
}
END_TEST

START_TEST(letters_in_either_case_and_a_space)
{
    GIVES("2026-02-28t16:15:00z", 1772295300000);
    GIVES("2026-02-28 16:15:00Z", 1772295300000);
    GIVES("2026-03-01 00:15:00+08:00", 1772295300000);
}
END_TEST

START_TEST(fractions_beyond_ms_are_cut_off)
{
    GIVES("2026-02-28T16:15:00.1Z", 1772295300100);
    GIVES("2026-02-28T16:15:00.25+00:00", 1772295300250);
    GIVES("2026-02-28T16:15:00.007Z", 1772295300007);
    GIVES("2026-02-28T16:15:00.9999999999999999999999999Z", 1772295300999);
    GIVES("1969-12-31T23:59:59.9999Z", -1);
}
END_TEST

START_TEST(second_60_is_the_next_second)
{
    GIVES("2016-12-31T23:59:60Z", 1483228800000);
    GIVES("2017-01-01T07:59:60.500+08:00", 1483228800500);
    REFUSED("2016-12-31T23:59:61Z");
}
END_TEST

START_TEST(days_are_those_of_the_month)
{
    static const int last[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    char text[48];

    for (int month = 1; month <= 12; month++)
        for (int day = 0; day < 100; day++) {
            snprintf(text, sizeof text, "2025-%02d-%02dT00:00:00Z", month, day);
            ck_assert_int_eq(parse(text) == ST_OK, day >= 1 && day <= last[month]);
        }
    GIVES("2024-02-29T00:00:00Z", 1709164800000);
    GIVES("2000-02-29T00:00:00Z", 951782400000);
    REFUSED("1900-02-29T00:00:00Z");
    REFUSED("2100-02-29T00:00:00Z");
    REFUSED("2024-02-30T00:00:00Z");
}
END_TEST

START_TEST(parts_out_of_range_are_refused)
{
    REFUSED("0000-01-01T00:00:00Z");
    REFUSED("2026-00-01T00:00:00Z");
    REFUSED("2026-13-01T00:00:00Z");
    REFUSED("2026-01-01T24:00:00Z");
    REFUSED("2026-01-01T00:60:00Z");
    REFUSED("2026-01-01T00:00:00+24:00");
    REFUSED("2026-01-01T00:00:00-08:60");
}
END_TEST

START_TEST(other_forms_are_refused)
{
    static const char *const texts[] = {"",
                                        "now",
                                        "2026-03-01",
                                        "2026-03-01T00:15:00",
                                        "2026-03-01T00:15Z",
                                        "2026-03-01T00:15:00+0800",
                                        "2026-03-01T00:15:00+08",
                                        "2026-03-01T00:15:00 +08:00",
                                        "2026-03-01T00:15:00.Z",
                                        "2026-03-01T00:15:00.+08:00",
                                        "2026-03-01T00:15:00,5Z",
                                        "2026-03-01T00:15:00ZZ",
                                        "2026-03-01T00:15:00Z ",
                                        " 2026-03-01T00:15:00Z",
                                        "26-03-01T00:15:00+08:00",
                                        "12026-03-01T00:15:00Z",
                                        "2026/03/01T00:15:00Z",
                                        "20260301T001500Z",
                                        "2026-3-1T00:15:00+08:00",
                                        "2026-03-01X00:15:00Z",
                                        "2026-03-01T00-15-00Z",
                                        "1772295300000",
                                        ("2026-03-01T00:15:00\xc2\xb1"
                                         "08:00"),
                                        "2026-03-01T00:15:00.5",
                                        "2026-03-01T00:15:00+08:0x",
                                        "2026-03-01T00:15:00+08.00"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        REFUSED(texts[i]);
}
END_TEST

START_TEST(every_wrong_byte_at_every_place_is_refused)
{
    const char *good = "2026-03-01T00:15:00+08:00";
    char text[32];

    for (size_t i = 0; good[i] != '\0'; i++)
        for (int byte = 1; byte < 256; byte++) {
            bool is_digit = good[i] >= '0' && good[i] <= '9';

            strcpy(text, good);
            text[i] = (char)byte;
            if (is_digit && byte >= '0' && byte <= '9')
                continue;
            if (byte == good[i] || (i == 10 && (byte == 't' || byte == ' ')) ||
                (i == 19 && byte == '-'))
                ck_assert_int_eq(parse(text), ST_OK);
            else
                REFUSED(text);
        }
}
END_TEST

START_TEST(calendar_agrees_with_counting_days)
{
    int32_t year = -1200;
    unsigned month = 1;
    unsigned day = 1;
    int64_t days = days_from_civil(year, month, day);

    for (; year < 11000; days++) {
        struct civil_date date = civil_from_days(days);

        if (days_from_civil(year, month, day) != days || date.year != year || date.month != month ||
            date.day != day)
            ck_abort_msg("%d-%u-%u is not day %lld", year, month, day, (long long)days);
        if (++day > days_in_month(year, month)) {
            day = 1;
            month = month % 12 + 1;
            year += month == 1;
        }
    }
    ck_assert_int_eq(days_from_civil(1970, 1, 1), 0);
    ck_assert_int_eq(days_from_civil(2000, 3, 1), 11017);
    ck_assert_int_eq(timestamp_from_civil(2026, 3, 1), INT64_C(1772323200000));
}
END_TEST

START_TEST(calendar_reaches_the_ends_of_int64_ms)
{
    const int64_t ends[] = {INT64_MIN / TIMESTAMP_MS_PER_DAY, INT64_MAX / TIMESTAMP_MS_PER_DAY};

    for (unsigned i = 0; i < 2; i++) {
        struct civil_date date = civil_from_days(ends[i]);

        ck_assert_int_eq(days_from_civil(date.year, date.month, date.day), ends[i]);
    }
}
END_TEST

static const char *
format(int64_t at, int32_t offset_ms)
{
    static char text[40];

    ck_assert_uint_eq(timestamp_format_rfc3339(at, offset_ms, text), strlen(text));
    return text;
}

START_TEST(format_shows_the_offset_and_ms_only_when_there_are_any)
{
    ck_assert_str_eq(format(INT64_C(1772295300000), 28800000), "2026-03-01T00:15:00+08:00");
    ck_assert_str_eq(format(INT64_C(1772295300000), 0), "2026-02-28T16:15:00Z");
    ck_assert_str_eq(format(INT64_C(1772295300250), 0), "2026-02-28T16:15:00.250Z");
    ck_assert_str_eq(format(INT64_C(1772295300007), -16200000), "2026-02-28T11:45:00.007-04:30");
    ck_assert_str_eq(format(-1, 0), "1969-12-31T23:59:59.999Z");
    ck_assert_str_eq(format(0, -60000), "1969-12-31T23:59:00-00:01");
    ck_assert_str_eq(format(INT64_C(-62135596800000), 0), "0001-01-01T00:00:00Z");
    ck_assert_str_eq(format(INT64_MAX, 28800000), "292278994-08-17T15:12:55.807+08:00");
    ck_assert_str_eq(format(INT64_MIN, -28800000), "-292275055-05-16T08:47:04.192-08:00");
}
END_TEST

START_TEST(what_is_formatted_parses_back)
{
    srand(3);
    for (unsigned i = 0; i < 100000; i++) {
        int64_t at = ((int64_t)rand() << 31 | rand()) % INT64_C(250000000000000);
        int32_t offset_ms = (rand() % 2879 - 1439) * 60000;

        ck_assert_int_eq(parse(format(at, offset_ms)), ST_OK);
        ck_assert_int_eq(ms, at);
    }
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("timestamp");
    TCase *t = tcase_create("timestamp");
    SRunner *r;
    int failed;

    tcase_set_timeout(t, 60);
    tcase_add_test(t, offsets_lead_to_utc);
    tcase_add_test(t, letters_in_either_case_and_a_space);
    tcase_add_test(t, fractions_beyond_ms_are_cut_off);
    tcase_add_test(t, second_60_is_the_next_second);
    tcase_add_test(t, days_are_those_of_the_month);
    tcase_add_test(t, parts_out_of_range_are_refused);
    tcase_add_test(t, other_forms_are_refused);
    tcase_add_test(t, every_wrong_byte_at_every_place_is_refused);
    tcase_add_test(t, calendar_agrees_with_counting_days);
    tcase_add_test(t, calendar_reaches_the_ends_of_int64_ms);
    tcase_add_test(t, format_shows_the_offset_and_ms_only_when_there_are_any);
    tcase_add_test(t, what_is_formatted_parses_back);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
