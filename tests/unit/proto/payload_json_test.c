/* JSON bodies -> readings: the shapes of contract section 1, each rule as a fact. */
#include "tests/unit/proto/json_readings.h"

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
    ck_assert_int_eq(
        read_body("{\"values\":{\"a}b\":1,\"c\\\"}\":2,\"d\":{\"t\":3}},\"t\":\"" T_TEXT "\"}"),
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
    static const char *const bodies[] = {"",
                                         " ",
                                         "7",
                                         "\"x\"",
                                         "null",
                                         "{}",
                                         "[{}]",
                                         "[[]]",
                                         "[1]",
                                         "[{\"readings\":[]},7]",
                                         "{\"t\":1}",
                                         "{\"readings\":{}}",
                                         "{\"readings\":null}",
                                         "{\"readings\":[[]]}",
                                         "{\"readings\":[1]}",
                                         "{\"values\":[]}",
                                         "{\"values\":null}",
                                         "{\"values\":\"{}\"}",
                                         "{\"readings\":[]}{\"readings\":[]}",
                                         "[]]",
                                         "[[{\"readings\":[]}]]"};

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

static void
add_tests(TCase *t)
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

int
main(void)
{
    Suite *s = suite_create("payload_json");
    TCase *t = tcase_create("payload_json");
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
