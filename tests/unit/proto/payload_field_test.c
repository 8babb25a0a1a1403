/* Points, values, times and qualities in JSON: each rule of contract section 1 as a fact. */
#include "tests/unit/proto/json_readings.h"

START_TEST(point_is_1_to_128_bytes_of_plain_utf8)
{
    char body[256];

    for (int size = 0; size <= 130; size++) {
        snprintf(
            body, sizeof body, "{\"values\":{\"%.*s\":1}}", size,
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        ck_assert_int_eq(read_body(body), size >= 1 && size <= 128 ? ST_END : ST_MALFORMED);
    }
    MALFORMED("{\"values\":{\"a\\u0000\":1}}");
    MALFORMED("{\"values\":{\"a\\n\":1}}");
    MALFORMED("{\"values\":{\"a\x7f\":1}}");
    MALFORMED("{\"values\":{\"\\u0085\":1}}");
    MALFORMED("{\"readings\":[{\"point\":\"\",\"v\":1}]}");
    MALFORMED("{\"readings\":[{\"point\":7,\"v\":1}]}");
    MALFORMED("{\"readings\":[{\"point\":null,\"v\":1}]}");
}
END_TEST

START_TEST(point_with_escapes_is_the_same_name)
{
    ck_assert_int_eq(read_body("{\"values\":{\"\\u4e00\\u53f7 \\/ \\ud83d\\udd0c\":1,"
                               "\"\xe4\xb8\x80\xe5\x8f\xb7 / \xf0\x9f\x94\x8c\":2}}"),
                     ST_END);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(points[0], points[1]);
}
END_TEST

START_TEST(keys_with_escapes_are_the_same_keys)
{
    ck_assert_int_eq(read_body("{\"re\\u0061dings\":[{\"p\\u006fint\":\"a\",\"\\u0076\":1,"
                               "\"\\u0074\":\"" T_TEXT "\"}]}"),
                     ST_END);
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(got[0].t_ms, T_MS);
}
END_TEST

START_TEST(value_is_number_or_decimal_text)
{
    ck_assert_int_eq(one("\"v\":-1.5e2")->value, -150000000);
    ck_assert_int_eq(one("\"v\":\"-1.5e2\"")->value, -150000000);
    ck_assert_int_eq(one("\"v\":\"007\"")->value, 7000000);
    ck_assert_int_eq(one("\"v\":\"\\u0031\\u0032\"")->value, 12000000);
    ck_assert(span_is(got[0].v_text, "\\u0031\\u0032"));
    ck_assert(one("\"v\":0.0000015")->rounded);
    ck_assert_int_eq(got[0].value, 2);
}
END_TEST

START_TEST(leading_zeros_in_a_number_are_not_json)
{
    MALFORMED("{\"values\":{\"a\":007}}");
}
END_TEST

START_TEST(bad_value_spoils_only_its_reading)
{
    static const char *const values[] = {
        "null",          "true",
        "false",         "{\"a\":[1,2]}",
        "[1]",           "\"\"",
        "\"1,5\"",       "\" 1\"",
        "\"NaN\"",       "1e400",
        "4600000000000", "\"-4600000000000\"",
        "\"\\n\"",       "0.12345678901234567890123456789012345678901234567890123456789012345"};
    char body[512];

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct span sent = span_text(values[i]);

        if (*sent.at == '"')
            sent = span_of(sent.at + 1, sent.size - 2);
        snprintf(body, sizeof body, "{\"values\":{\"a\":%s,\"b\":1}}", values[i]);
        ck_assert_msg(read_body(body) == ST_END, "%s", body);
        ck_assert_uint_eq(count, 2);
        ck_assert_msg(got[0].value_status == ST_BAD_VALUE, "%s is taken", values[i]);
        ck_assert_int_eq(got[0].value, 0);
        ck_assert(!got[0].rounded);
        ck_assert(span_equal(got[0].v_text, sent));
        ck_assert_int_eq(got[1].value_status, ST_OK);
    }
}
END_TEST

START_TEST(time_is_rfc3339_or_integer_of_ms)
{
    ck_assert_int_eq(one("\"v\":1,\"t\":1772295300000")->t_ms, T_MS);
    ck_assert_int_eq(got[0].time, RAW_TIME_OK);
    ck_assert(span_is(got[0].t_text, "1772295300000"));
    ck_assert_int_eq(one("\"v\":1,\"t\":100000000000")->t_ms, INT64_C(100000000000));
    ck_assert_int_eq(one("\"v\":1,\"t\":\"2026-03-01T00:15:00.2509+08:00\"")->t_ms, T_MS + 250);
    ck_assert_int_eq(one("\"v\":1,\"t\":\"2026-03-01\\u005400:15:00+08:00\"")->t_ms, T_MS);
    ck_assert_str_eq(got[0].time_detail, "");
}
END_TEST

START_TEST(other_times_are_bad_time)
{
    static const char *const times[] = {"\"\"",
                                        "\"2026-03-01T00:15:00\"",
                                        "\"1772295300000\"",
                                        "null",
                                        "true",
                                        "{\"t\":1}",
                                        "[]",
                                        "1772295300000.0",
                                        "1.7722953e12",
                                        "1772295300e3",
                                        "9999999999999999999999",
                                        "-0"};
    char keys[128];

    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        snprintf(keys, sizeof keys, "\"t\":%s,\"v\":1", times[i]);
        ck_assert_msg(one(keys)->time == RAW_TIME_BAD, "%s is taken", times[i]);
        ck_assert_int_eq(got[0].t_ms, 0);
        ck_assert(got[0].time_detail[0] != '\0');
        ck_assert_int_eq(got[0].value, 1000000);
    }
}
END_TEST

START_TEST(small_integer_time_asks_for_seconds)
{
    ck_assert_str_eq(one("\"v\":1,\"t\":1772295300")->time_detail, "seconds?");
    ck_assert_str_eq(one("\"v\":1,\"t\":99999999999")->time_detail, "seconds?");
    ck_assert_str_eq(one("\"v\":1,\"t\":0")->time_detail, "seconds?");
    ck_assert_int_eq(got[0].time, RAW_TIME_BAD);
}
END_TEST

START_TEST(same_time_text_is_the_same_time)
{
    ck_assert_int_eq(read_body("{\"readings\":[{\"point\":\"a\",\"v\":1,\"t\":\"" T_TEXT "\"},"
                               "{\"point\":\"a\",\"v\":1,\"t\":\"\"},"
                               "{\"point\":\"a\",\"v\":1,\"t\":\"" T_TEXT "\"},"
                               "{\"point\":\"a\",\"v\":1,\"t\":\"2026-03-01T00:15:01+08:00\"}]}"),
                     ST_END);
    ck_assert_int_eq(got[0].t_ms, T_MS);
    ck_assert_int_eq(got[1].time, RAW_TIME_BAD);
    ck_assert_int_eq(got[2].t_ms, T_MS);
    ck_assert_int_eq(got[3].t_ms, T_MS + 1000);
}
END_TEST

START_TEST(quality_is_a_known_word_or_unknown)
{
    static const char *const words[] = {"good",        "estimated",   "manual", "stopped",
                                        "maintenance", "calibrating", "fault",  "over_range",
                                        "stale",       "unknown"};
    char keys[128];

    for (unsigned i = 0; i < 10; i++) {
        snprintf(keys, sizeof keys, "\"v\":1,\"q\":\"%s\"", words[i]);
        ck_assert_uint_eq(one(keys)->quality, i);
    }
    ck_assert_uint_eq(one("\"v\":1,\"q\":\"\\u0067ood\"")->quality, 0);
    ck_assert_uint_eq(one("\"v\":1,\"q\":null")->quality, 0);
    ck_assert_uint_eq(one("\"v\":1,\"q\":\"Good\"")->quality, 9);
    ck_assert_uint_eq(one("\"v\":1,\"q\":\"\"")->quality, 9);
    ck_assert_uint_eq(one("\"v\":1,\"q\":0")->quality, 9);
    ck_assert_uint_eq(one("\"v\":1,\"q\":{\"q\":\"good\"}")->quality, 9);
}
END_TEST

START_TEST(bad_time_of_a_group_is_the_time_of_all_its_readings)
{
    ck_assert_int_eq(read_body("{\"t\":5,\"values\":{\"a\":1,\"b\":2}}"), ST_END);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(got[1].time_detail, "seconds?");
    ck_assert(span_is(got[1].t_text, "5"));
}
END_TEST

START_TEST(second_run_gives_the_same)
{
    const char *body = "{\"values\":{\"a\":1,\"\\u0062\":2},\"t\":\"" T_TEXT "\"}";
    struct raw_reading r;

    for (unsigned run = 0; run < 2; run++) {
        payload_json_init(&parser, span_text(body));
        ck_assert_int_eq(payload_json_next(&parser, &r), ST_OK);
        ck_assert_int_eq(payload_json_next(&parser, &r), ST_OK);
        ck_assert(span_is(r.point, "b"));
        ck_assert_int_eq(payload_json_next(&parser, &r), ST_END);
    }
}
END_TEST

static void
add_tests(TCase *t)
{
    tcase_add_test(t, point_is_1_to_128_bytes_of_plain_utf8);
    tcase_add_test(t, point_with_escapes_is_the_same_name);
    tcase_add_test(t, keys_with_escapes_are_the_same_keys);
    tcase_add_test(t, value_is_number_or_decimal_text);
    tcase_add_test(t, leading_zeros_in_a_number_are_not_json);
    tcase_add_test(t, bad_value_spoils_only_its_reading);
    tcase_add_test(t, time_is_rfc3339_or_integer_of_ms);
    tcase_add_test(t, other_times_are_bad_time);
    tcase_add_test(t, small_integer_time_asks_for_seconds);
    tcase_add_test(t, same_time_text_is_the_same_time);
    tcase_add_test(t, quality_is_a_known_word_or_unknown);
    tcase_add_test(t, bad_time_of_a_group_is_the_time_of_all_its_readings);
    tcase_add_test(t, second_run_gives_the_same);
}

int
main(void)
{
    Suite *s = suite_create("payload_field");
    TCase *t = tcase_create("payload_field");
    SRunner *r;
    int failed;

    add_tests(t);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
