/* JSON bodies -> readings: each rule of contract section 1 as a fact. */
#include "proto/payload_json.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define READINGS_MAX 16
#define T_TEXT "2026-03-01T00:15:00+08:00"
#define T_MS INT64_C(1772295300000)

static struct raw_reading got[READINGS_MAX];
static char points[READINGS_MAX][PAYLOAD_POINT_SIZE_MAX + 1];
static unsigned count;
static struct payload_json parser;

/* Reads a whole body, in memory of its own size that stays for the asserts. */
static enum status
read_bytes(const void *body, size_t size)
{
    static void *copy;
    enum status st;

    free(copy);
    copy = malloc(size > 0 ? size : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, body, size);
    payload_json_init(&parser, span_of(copy, size));
    for (count = 0; count < READINGS_MAX; count++) {
        st = payload_json_next(&parser, &got[count]);
        if (st != ST_OK)
            break;
        ck_assert_uint_eq(got[count].index, count);
        ck_assert_uint_ge(got[count].point.size, 1);
        ck_assert_uint_le(got[count].point.size, PAYLOAD_POINT_SIZE_MAX);
        memcpy(points[count], got[count].point.at, got[count].point.size);
        points[count][got[count].point.size] = '\0';
    }
    ck_assert_uint_lt(count, READINGS_MAX);
    ck_assert_int_eq(payload_json_next(&parser, &got[count]), st);
    ck_assert((st == ST_MALFORMED) == (parser.error_text != NULL));
    ck_assert_uint_le(parser.error_offset, size);
    return st;
}

static enum status
read_body(const char *body)
{
    return read_bytes(body, strlen(body));
}

/* A body of one reading with these keys after the point. */
static const struct raw_reading *
one(const char *keys)
{
    char body[1024];

    snprintf(body, sizeof body, "{\"readings\":[{\"point\":\"E1\",%s}]}", keys);
    ck_assert_msg(read_body(body) == ST_END, "%s: %s", body, parser.error_text);
    ck_assert_uint_eq(count, 1);
    return &got[0];
}

#define MALFORMED(body)                                                                            \
    ck_assert_msg(read_body(body) == ST_MALFORMED, "%s is taken, %u readings", body, count)

START_TEST(reading_has_point_time_value_quality)
{
    ck_assert_int_eq(read_body("{\"readings\":[{\"point\":\"E1\",\"t\":\"" T_TEXT
                               "\",\"v\":\"123.456\",\"q\":\"estimated\"},"
                               "{\"point\":\"G1\",\"v\":7}]}"),
                     ST_END);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(points[0], "E1");
    ck_assert_int_eq(got[0].time, RAW_TIME_OK);
    ck_assert_int_eq(got[0].t_ms, T_MS);
    ck_assert_int_eq(got[0].value_status, ST_OK);
    ck_assert_int_eq(got[0].value, 123456000);
    ck_assert_uint_eq(got[0].quality, 1);
    ck_assert(span_is(got[0].t_text, T_TEXT));
    ck_assert(span_is(got[0].v_text, "123.456"));
    ck_assert_str_eq(points[1], "G1");
    ck_assert_int_eq(got[1].time, RAW_TIME_NONE);
    ck_assert_uint_eq(got[1].t_text.size, 0);
    ck_assert_int_eq(got[1].value, 7000000);
    ck_assert_uint_eq(got[1].quality, 0);
}
END_TEST

START_TEST(group_gives_its_time_and_quality_to_all_values)
{
    ck_assert_int_eq(read_body("{\"t\":\"" T_TEXT "\",\"values\":{\"E1\":\"123.456\",\"G1\":7},"
                               "\"q\":\"manual\"}"),
                     ST_END);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(points[0], "E1");
    ck_assert_str_eq(points[1], "G1");
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_int_eq(got[i].time, RAW_TIME_OK);
        ck_assert_int_eq(got[i].t_ms, T_MS);
        ck_assert_uint_eq(got[i].quality, 2);
        ck_assert(span_is(got[i].t_text, T_TEXT));
    }
    ck_assert_int_eq(got[1].value, 7000000);
}
END_TEST

START_TEST(keys_come_in_any_order)
{
    ck_assert_int_eq(read_body("[{\"values\":{\"E1\":1},\"q\":\"fault\",\"t\":\"" T_TEXT "\"},"
                               "{\"readings\":[{\"q\":\"stale\",\"v\":2,\"t\":\"" T_TEXT
                               "\",\"point\":\"E2\"}]}]"),
                     ST_END);
    ck_assert_uint_eq(count, 2);
    ck_assert_int_eq(got[0].t_ms, T_MS);
    ck_assert_uint_eq(got[0].quality, 6);
    ck_assert_str_eq(points[1], "E2");
    ck_assert_int_eq(got[1].t_ms, T_MS);
    ck_assert_uint_eq(got[1].quality, 8);
    ck_assert_int_eq(got[1].value, 2000000);
}
END_TEST

START_TEST(time_behind_values_that_look_like_an_end_is_found)
{
    ck_assert_int_eq(read_body("{\"values\":{\"a}b\":1,\"c\\\"}\":2,\"d\":{\"t\":3}},\"t\":\"" T_TEXT
                               "\"}"),
                     ST_END);
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(points[0], "a}b");
    ck_assert_str_eq(points[1], "c\"}");
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(got[i].t_ms, T_MS);
    ck_assert_int_eq(got[2].value_status, ST_BAD_VALUE);
}
END_TEST

START_TEST(array_of_objects_counts_through)
{
    ck_assert_int_eq(read_body(" [ {\"values\":{\"a\":1,\"b\":2}} , {\"readings\":[]} ,"
                               "{\"readings\":[{\"point\":\"c\",\"v\":3}]},{\"values\":{}}] "),
                     ST_END);
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(points[2], "c");
    ck_assert_uint_eq(got[2].index, 2);
}
END_TEST

START_TEST(group_without_time_does_not_inherit_from_the_one_before)
{
    ck_assert_int_eq(read_body("[{\"t\":\"" T_TEXT "\",\"q\":\"fault\",\"values\":{\"a\":1}},"
                               "{\"values\":{\"a\":2}}]"),
                     ST_END);
    ck_assert_int_eq(got[1].time, RAW_TIME_NONE);
    ck_assert_uint_eq(got[1].quality, 0);
    ck_assert_uint_eq(got[1].t_text.size, 0);
}
END_TEST

START_TEST(empty_bodies_are_good)
{
    ck_assert_int_eq(read_body("{\"readings\":[]}"), ST_END);
    ck_assert_int_eq(read_body("{\"values\":{}}"), ST_END);
    ck_assert_int_eq(read_body("[]"), ST_END);
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(doubled_key_in_values_is_two_readings)
{
    ck_assert_int_eq(read_body("{\"values\":{\"E1\":1,\"E1\":2}}"), ST_END);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(points[1], "E1");
    ck_assert_int_eq(got[1].value, 2000000);
}
END_TEST

START_TEST(other_doubled_keys_are_malformed)
{
    MALFORMED("{\"readings\":[{\"point\":\"a\",\"point\":\"a\",\"v\":1}]}");
    MALFORMED("{\"readings\":[{\"point\":\"a\",\"v\":1,\"v\":1}]}");
    MALFORMED("{\"readings\":[{\"point\":\"a\",\"v\":1,\"\\u0076\":1}]}");
    MALFORMED("{\"readings\":[{\"point\":\"a\",\"t\":1,\"v\":1,\"t\":1}]}");
    MALFORMED("{\"readings\":[{\"point\":\"a\",\"q\":\"\",\"v\":1,\"q\":\"\"}]}");
    MALFORMED("{\"readings\":[],\"readings\":[]}");
    MALFORMED("{\"values\":{},\"values\":{}}");
    MALFORMED("{\"t\":1,\"values\":{},\"t\":1}");
    MALFORMED("{\"q\":null,\"values\":{},\"q\":null}");
}
END_TEST

START_TEST(unknown_keys_are_malformed)
{
    MALFORMED("{\"readings\":[{\"point\":\"a\",\"v\":1,\"x\":1}]}");
    MALFORMED("{\"readings\":[{\"point\":\"a\",\"V\":1}]}");
    MALFORMED("{\"readings\":[],\"x\":1}");
    MALFORMED("{\"x\":1,\"readings\":[]}");
    MALFORMED("{\"values\":{},\"unit\":\"kWh\"}");
    MALFORMED("{\"\":{},\"values\":{}}");
}
END_TEST

START_TEST(readings_and_group_do_not_mix)
{
    MALFORMED("{\"readings\":[],\"values\":{}}");
    MALFORMED("{\"values\":{},\"readings\":[]}");
    MALFORMED("{\"t\":\"" T_TEXT "\",\"readings\":[]}");
    MALFORMED("{\"readings\":[],\"q\":\"good\"}");
}
END_TEST

START_TEST(reading_without_point_or_value_is_malformed)
{
    MALFORMED("{\"readings\":[{\"v\":1}]}");
    MALFORMED("{\"readings\":[{\"point\":\"a\"}]}");
    MALFORMED("{\"readings\":[{\"point\":\"a\",\"t\":\"" T_TEXT "\"}]}");
    MALFORMED("{\"readings\":[{}]}");
}
END_TEST

START_TEST(other_shapes_are_malformed)
{
    static const char *const bodies[] = {
        "", " ", "7", "\"x\"", "null", "{}", "[{}]", "[[]]", "[1]", "[{\"readings\":[]},7]",
        "{\"t\":1}", "{\"readings\":{}}", "{\"readings\":null}", "{\"readings\":[[]]}",
        "{\"readings\":[1]}", "{\"values\":[]}", "{\"values\":null}", "{\"values\":\"{}\"}",
        "{\"readings\":[]}{\"readings\":[]}", "[]]", "[[{\"readings\":[]}]]"};

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        MALFORMED(bodies[i]);
}
END_TEST

START_TEST(error_tells_json_from_shape_and_where)
{
    MALFORMED("{\"readings\":[{\"point\":\"a\",\"v\":01}]}");
    ck_assert_str_eq(parser.error_text, "not JSON: bad number");
    ck_assert_uint_eq(parser.error_offset, 30);
    MALFORMED("{\"readings\":[{\"point\":\"a\",\"v\":1,\"x\":1}]}");
    ck_assert_str_eq(parser.error_text, "key is unknown or not for this place");
    ck_assert_uint_eq(parser.error_offset, 33);
    MALFORMED("{\"readings\":[{\"point\":\"a\"}]}");
    ck_assert_str_eq(parser.error_text, "reading without point or v");
}
END_TEST

START_TEST(error_behind_good_readings_ends_malformed)
{
    MALFORMED("{\"values\":{\"a\":1,\"b\":2,}}");
    ck_assert_uint_eq(count, 2);
    MALFORMED("{\"values\":{\"a\":1]}");
    MALFORMED("{\"readings\":[{\"point\":\"a\",\"v\":1},]}");
    MALFORMED("{\"readings\":[{\"point\":\"a\",\"v\":1}]} x");
    MALFORMED("[{\"values\":{\"a\":[1}}},{\"values\":{}}]");
}
END_TEST

START_TEST(every_cut_of_a_good_body_is_malformed)
{
    static const char *const bodies[] = {
        "[{\"t\":\"" T_TEXT "\",\"values\":{\"E1\":\"1.5\",\"G}\":[7]},\"q\":\"good\"},"
        "{\"readings\":[{\"point\":\"E\\u0031\",\"t\":1772295300000,\"v\":null}]}]",
        "{\"values\":{\"E1\":\"1.5\",\"G1\":7},\"t\":\"" T_TEXT "\"}"};

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        size_t size = strlen(bodies[i]);

        ck_assert_int_eq(read_body(bodies[i]), ST_END);
        for (size_t cut = 0; cut < size; cut++)
            ck_assert_int_eq(read_bytes(bodies[i], cut), ST_MALFORMED);
    }
}
END_TEST

START_TEST(point_is_1_to_128_bytes_of_plain_utf8)
{
    char body[256];

    for (int size = 0; size <= 130; size++) {
        snprintf(body, sizeof body, "{\"values\":{\"%.*s\":1}}", size,
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
        "null", "true", "false", "{\"a\":[1,2]}", "[1]", "\"\"", "\"1,5\"", "\" 1\"", "\"NaN\"",
        "1e400", "4600000000000", "\"-4600000000000\"", "\"\\n\"",
        "0.12345678901234567890123456789012345678901234567890123456789012345"};
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
    static const char *const times[] = {
        "\"\"", "\"2026-03-01T00:15:00\"", "\"1772295300000\"", "null", "true", "{\"t\":1}", "[]",
        "1772295300000.0", "1.7722953e12", "1772295300e3", "9999999999999999999999", "-0"};
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
    static const char *const words[] = {"good",        "estimated", "manual",     "stopped",
                                        "maintenance", "calibrating", "fault", "over_range",
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
add_shape_tests(TCase *t)
{
    tcase_add_test(t, reading_has_point_time_value_quality);
    tcase_add_test(t, group_gives_its_time_and_quality_to_all_values);
    tcase_add_test(t, keys_come_in_any_order);
    tcase_add_test(t, time_behind_values_that_look_like_an_end_is_found);
    tcase_add_test(t, array_of_objects_counts_through);
    tcase_add_test(t, group_without_time_does_not_inherit_from_the_one_before);
    tcase_add_test(t, empty_bodies_are_good);
    tcase_add_test(t, doubled_key_in_values_is_two_readings);
    tcase_add_test(t, other_doubled_keys_are_malformed);
    tcase_add_test(t, unknown_keys_are_malformed);
    tcase_add_test(t, readings_and_group_do_not_mix);
    tcase_add_test(t, reading_without_point_or_value_is_malformed);
    tcase_add_test(t, other_shapes_are_malformed);
    tcase_add_test(t, error_tells_json_from_shape_and_where);
    tcase_add_test(t, error_behind_good_readings_ends_malformed);
    tcase_add_test(t, every_cut_of_a_good_body_is_malformed);
}

static void
add_field_tests(TCase *t)
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
    Suite *s = suite_create("payload_json");
    TCase *shapes = tcase_create("shapes");
    TCase *fields = tcase_create("fields");
    SRunner *r;
    int failed;

    add_shape_tests(shapes);
    add_field_tests(fields);
    suite_add_tcase(s, shapes);
    suite_add_tcase(s, fields);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
