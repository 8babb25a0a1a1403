/* What meterload sends is read by meterd's own decoders; what it is answered is understood. */
#include <check.h>
#include <stdlib.h>

#include "benchmarks/meterload/wire.h"
#include "proto/http_head.h"
#include "proto/mqtt_decode.h"

static struct answer answer;

static ptrdiff_t
read_http(const char *text)
{
    return http_read_answer(span_text(text), &answer);
}

#define read_mqtt(...) \
    mqtt_read_answer(span_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})), \
                     &answer)

START_TEST(request_is_what_meterd_takes)
{
    struct bytes out = {0};
    struct span value;
    ptrdiff_t size;

    http_write_request(&out, "127.0.0.1:8080", "secret", span_text("{}"));
    size = http_head_end(bytes_span(&out), 0);
    ck_assert_int_eq(size, (ptrdiff_t)out.size - 2);
    ck_assert_int_eq(http_head_check(span_of(out.at, (size_t)size)), ST_OK);
    ck_assert(http_head_field(span_of(out.at, (size_t)size), "authorization", &value));
    ck_assert(span_is(value, "Bearer secret"));
    free(out.at);
}
END_TEST

START_TEST(stored_answer_gives_receipts_and_counts_quarantine)
{
    const char *text = "HTTP/1.1 200 OK\r\nContent-Length: 177\r\n\r\n"
                       "{\"accepted\":1,\"unregistered\":[\"\\\"receipts\\\":[\"],\"quarantined\":"
                       "[{\"index\":1,\"code\":\"future\",\"detail\":\"\"}],\"receipts\":"
                       "[{\"partition\":3,\"offset\":1234},{\"partition\":3,\"offset\":1235}]}";
    const char *body = strchr(text, '{');

    ck_assert_uint_eq(strlen(body), 177);
    ck_assert_int_eq(read_http(text), (ptrdiff_t)strlen(text));
    ck_assert_int_eq(answer.kind, ANSWER_STORED);
    ck_assert_str_eq(answer.receipts, "3:1234,3:1235");
    ck_assert_uint_eq(answer.quarantined, 1);
    ck_assert(!answer.is_last);
}
END_TEST

START_TEST(half_an_answer_is_none_yet)
{
    const char *text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

    for (size_t size = 0; size < strlen(text); size++)
        ck_assert_int_eq(http_read_answer(span_of(text, size), &answer), 0);
}
END_TEST

START_TEST(busy_answer_is_for_later)
{
    ck_assert_int_gt(read_http("HTTP/1.1 503 x\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n"), 0);
    ck_assert_int_eq(answer.kind, ANSWER_LATER);
    ck_assert_uint_eq(answer.wait_ms, 3000);
}
END_TEST

START_TEST(refusal_is_final_and_may_close)
{
    ck_assert_int_gt(read_http("HTTP/1.1 401 x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
                     0);
    ck_assert_int_eq(answer.kind, ANSWER_REFUSED);
    ck_assert(answer.is_last);
}
END_TEST

START_TEST(other_bytes_are_no_answer)
{
    ck_assert_int_eq(read_http("SSH-2.0-x\r\n\r\n"), -1);
    ck_assert_int_eq(read_http("HTTP/1.1 200 OK\r\n\r\n"), -1);
}
END_TEST

static struct mqtt_frame
frame_of(const struct bytes *b)
{
    struct mqtt_frame frame;

    ck_assert_int_eq(mqtt_packet_frame(bytes_span(b), 1 << 20, &frame), ST_OK);
    ck_assert_uint_eq(frame.size, b->size);
    return frame;
}

START_TEST(connect_is_what_meterd_takes)
{
    struct bytes out = {0};
    struct mqtt_connect connect;
    struct mqtt_frame frame;

    mqtt_write_connect(&out, "id", "gateway", "token");
    frame = frame_of(&out);
    ck_assert_int_eq(mqtt_decode_connect(&frame, &connect), ST_OK);
    ck_assert_int_eq(connect.level, MQTT_V5);
    ck_assert(connect.clean_start);
    ck_assert(span_is(connect.client_id, "id"));
    ck_assert(span_is(connect.user_name, "gateway"));
    ck_assert(span_is(connect.password, "token"));
    free(out.at);
}
END_TEST

START_TEST(publish_is_what_meterd_takes)
{
    struct bytes out = {0}, body = {0};
    struct mqtt_publish publish;
    struct mqtt_frame frame;

    bytes_reserve(&body, 70000); /* three bytes of length */
    memset(body.at, ' ', 70000);
    body.size = 70000;
    mqtt_write_publish(&out, 258, bytes_span(&body));
    frame = frame_of(&out);
    ck_assert_int_eq(mqtt_decode_publish(&frame, MQTT_V5, &publish), ST_OK);
    ck_assert(span_is(publish.topic, "meterd/v1/readings"));
    ck_assert_uint_eq(publish.packet_id, 258);
    ck_assert_uint_eq(publish.qos, 1);
    ck_assert(span_equal(publish.payload, bytes_span(&body)));
    free(out.at);
    free(body.at);
}
END_TEST

START_TEST(connack_says_how_many_may_be_under_way)
{
    ck_assert_int_eq(read_mqtt(0x20, 6, 0, 0, 3, 0x21, 0, 20), 8);
    ck_assert_int_eq(answer.kind, ANSWER_READY);
    ck_assert_uint_eq(answer.in_flight, 20);
    ck_assert_int_eq(read_mqtt(0x20, 3, 0, 0x87, 0), 5);
    ck_assert_int_eq(answer.kind, ANSWER_REFUSED);
    ck_assert_int_eq(read_mqtt(0x20, 3, 0, 0x88, 0), 5);
    ck_assert_int_eq(answer.kind, ANSWER_LATER);
}
END_TEST

START_TEST(puback_carries_a_receipt)
{
    ck_assert_int_eq(read_mqtt(0x40, 19, 1, 2, 0, 15, 0x26, 0, 7, 'r', 'e', 'c', 'e', 'i', 'p', 't',
                               0, 3, '4', ':', '9'),
                     21);
    ck_assert_int_eq(answer.kind, ANSWER_STORED);
    ck_assert_uint_eq(answer.packet_id, 258);
    ck_assert_str_eq(answer.receipts, "4:9");
    ck_assert_int_eq(read_mqtt(0x40, 2, 0, 7), 4);
    ck_assert_int_eq(answer.kind, ANSWER_STORED);
    ck_assert_int_eq(read_mqtt(0x40, 3, 0, 7, 0x97), 5);
    ck_assert_int_eq(answer.kind, ANSWER_LATER);
    ck_assert_int_eq(read_mqtt(0x40, 3, 0, 7, 0x99), 5);
    ck_assert_int_eq(answer.kind, ANSWER_REFUSED);
}
END_TEST

START_TEST(half_a_packet_is_none_yet_and_a_broken_one_is_told)
{
    ck_assert_int_eq(read_mqtt(0x40), 0);
    ck_assert_int_eq(read_mqtt(0x40, 2, 0), 0);
    ck_assert_int_eq(read_mqtt(0x40, 1, 0), -1);
    ck_assert_int_eq(read_mqtt(0x40, 0xff, 0xff, 0xff, 0xff, 1), -1);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("meterload_wire");
    TCase *facts = tcase_create("wire");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(facts, request_is_what_meterd_takes);
    tcase_add_test(facts, stored_answer_gives_receipts_and_counts_quarantine);
    tcase_add_test(facts, half_an_answer_is_none_yet);
    tcase_add_test(facts, busy_answer_is_for_later);
    tcase_add_test(facts, refusal_is_final_and_may_close);
    tcase_add_test(facts, other_bytes_are_no_answer);
    tcase_add_test(facts, connect_is_what_meterd_takes);
    tcase_add_test(facts, publish_is_what_meterd_takes);
    tcase_add_test(facts, connack_says_how_many_may_be_under_way);
    tcase_add_test(facts, puback_carries_a_receipt);
    tcase_add_test(facts, half_a_packet_is_none_yet_and_a_broken_one_is_told);
    suite_add_tcase(suite, facts);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
