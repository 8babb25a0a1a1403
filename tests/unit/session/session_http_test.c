#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/talk.h"

#define AUTH "Authorization: Bearer token-a\r\n"
#define JSON "Content-Type: application/json\r\n"
#define GOOD "{\"readings\":[{\"point\":\"E1\",\"t\":\"2026-03-01T00:00:00Z\",\"v\":\"1.5\"}]}"

static struct talk t;
static char request[16384];

static void
setup(void)
{
    talk_start(true);
    talk_open(&t, DOOR_HTTP);
}

static void
teardown(void)
{
    talk_stop();
}

static const char *
post(const char *fields, const char *body)
{
    snprintf(request, sizeof request,
             "POST /v1/readings HTTP/1.1\r\nHost: a\r\n%sContent-Length: %zu\r\n\r\n%s", fields,
             strlen(body), body);
    return request;
}

static const char *
output(void)
{
    return (const char *)t.output;
}

static void
expect_answer(const char *status_line_start)
{
    ck_assert_msg(strncmp(output(), status_line_start, strlen(status_line_start)) == 0,
                  "expected %s, got: %s", status_line_start, output());
}

static void
expect_contains(const char *text)
{
    ck_assert_msg(strstr(output(), text) != NULL, "no %s in: %s", text, output());
}

static unsigned
count_answers(void)
{
    unsigned n = 0;

    for (const char *p = output(); (p = strstr(p, "\r\nDate: ")) != NULL; p++)
        n++;
    return n;
}

START_TEST(a_reading_is_answered_when_it_is_durable)
{
    fake_log_hold(true);
    talk_say_text(&t, post(AUTH JSON, GOOD));
    ck_assert_uint_eq(t.size, 0);
    ck_assert_uint_eq(fake_log_count(), 1);
    ck_assert_uint_eq(fake_log_record(0)->partition, 3);
    fake_log_answer(1, ST_OK);
    talk_turn();
    expect_answer("HTTP/1.1 200 OK\r\n");
    expect_contains("{\"accepted\":1,\"unregistered\":[],\"quarantined\":[],"
                    "\"receipts\":[{\"partition\":3,\"offset\":0}]}");
    ck_assert(!t.is_over);
}
END_TEST

START_TEST(bytes_one_at_a_time_are_the_same)
{
    talk_spell(&t, span_text(post(AUTH JSON, GOOD)));
    expect_answer("HTTP/1.1 200 OK\r\n");
    talk_forget(&t);
    talk_spell(&t, span_text("GET /v1/points HTTP/1.1\r\nHost: a\r\n" AUTH "\r\n"));
    expect_answer("HTTP/1.1 200 OK\r\n");
    expect_contains("{\"number\":17,\"name\":\"E1\",\"item\":\"electricity\",\"unit\":\"kWh\","
                    "\"kind\":\"register\"}");
    ck_assert_ptr_null(strstr(output(), "U1"));
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order)
{
    char all[sizeof request];

    snprintf(all, sizeof all, "%s", post(AUTH JSON, GOOD));
    strcat(all, post(AUTH JSON, "{\"values\":{\"N1\":1},\"t\":\"2026-03-01T00:00:00Z\"}"));
    strcat(all, "GET /nope HTTP/1.1\r\nHost: a\r\n\r\n");
    strcat(all, post(AUTH JSON, "[]x"));
    strcat(all, post(AUTH JSON, "{\"readings\":[]}"));
    fake_log_hold(true);
    talk_say_text(&t, all);
    ck_assert_uint_eq(count_answers(), 0);
    fake_log_answer(1, ST_OK);
    talk_turn();
    fake_log_hold(false);
    talk_turn();
    ck_assert_uint_eq(count_answers(), 5);
    const char *second = strstr(output(), "[\"N1\"]");
    const char *third = strstr(output(), "HTTP/1.1 404");
    const char *fourth = strstr(output(), "HTTP/1.1 400");
    ck_assert_ptr_nonnull(second);
    ck_assert(second < third && third < fourth);
    ck_assert_ptr_nonnull(strstr(fourth, "\"accepted\":0"));
}
END_TEST

START_TEST(a_failed_record_is_503)
{
    fake_log_hold(true);
    talk_say_text(&t, post(AUTH JSON, GOOD));
    fake_log_answer(1, ST_WORLD_DOWN);
    talk_turn();
    expect_answer("HTTP/1.1 503 ");
    expect_contains("Retry-After: ");
}
END_TEST

START_TEST(chunked_bodies_are_joined)
{
    talk_spell(&t, span_text("POST /v1/readings HTTP/1.1\r\nHost: a\r\n" AUTH JSON
                             "Transfer-Encoding: chunked\r\n\r\n"
                             "10;ext=1\r\n{\"t\":\"2026-03-01\r\n"
                             "1b\r\nT00:00:00Z\",\"values\":{\"E1\":\r\n3\r\n7}}\r\n"
                             "0\r\nTrailer: x\r\n\r\n"));
    expect_answer("HTTP/1.1 200 ");
    expect_contains("\"accepted\":1");
}
END_TEST

START_TEST(expect_continue_is_answered_before_the_body)
{
    talk_say_text(&t, "POST /v1/readings HTTP/1.1\r\nHost: a\r\n" AUTH JSON
                      "Expect: 100-continue\r\nContent-Length: 15\r\n\r\n");
    ck_assert_str_eq(output(), "HTTP/1.1 100 Continue\r\n\r\n");
    talk_forget(&t);
    talk_say_text(&t, "{\"readings\":[]}");
    expect_answer("HTTP/1.1 200 ");
}
END_TEST

START_TEST(expect_continue_of_a_refused_request_closes)
{
    talk_say_text(&t, "POST /v1/readings HTTP/1.1\r\nHost: a\r\n" JSON
                      "Expect: 100-continue\r\nContent-Length: 15\r\n\r\n");
    expect_answer("HTTP/1.1 401 ");
    expect_contains("Connection: close\r\n");
    ck_assert(t.is_over);
}
END_TEST

START_TEST(old_http_closes_unless_asked)
{
    talk_say_text(&t, "POST /v1/readings HTTP/1.0\r\n" AUTH JSON
                      "Content-Length: 15\r\nConnection: keep-alive\r\n\r\n{\"readings\":[]}");
    expect_contains("Connection: keep-alive\r\n");
    ck_assert(!t.is_over);
    talk_forget(&t);
    talk_say_text(&t, "POST /v1/readings HTTP/1.0\r\n" AUTH JSON
                      "Content-Length: 15\r\n\r\n{\"readings\":[]}");
    expect_contains("Connection: close\r\n");
    ck_assert(t.is_over);
}
END_TEST

START_TEST(tokens_are_taken_in_every_form)
{
    static const char *const forms[] = {
        "Bearer token-a", "bearer token-a", "Token token-a2", "Basic Z3ctYTp0b2tlbi1h",
    };

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        talk_forget(&t);
        snprintf(request, sizeof request,
                 "GET /v1/points HTTP/1.1\r\nHost: a\r\nAuthorization: %s\r\n\r\n", forms[i]);
        talk_say_text(&t, request);
        expect_answer("HTTP/1.1 200 ");
    }
}
END_TEST

START_TEST(the_path_may_be_absolute_and_have_a_query)
{
    talk_say_text(&t, "GET http://a/v1/points?x=/y HTTP/1.1\r\nHost: a\r\n" AUTH "\r\n");
    expect_answer("HTTP/1.1 200 ");
}
END_TEST

START_TEST(a_log_that_takes_nothing_is_503)
{
    fake_log_set_writable(false);
    talk_say_text(&t, post(AUTH JSON, GOOD));
    expect_answer("HTTP/1.1 503 ");
    expect_contains("Retry-After: ");
    ck_assert(!t.is_over);
    fake_log_set_writable(true);
    talk_forget(&t);
    talk_say_text(&t, post(AUTH JSON, GOOD));
    expect_answer("HTTP/1.1 200 ");
}
END_TEST

START_TEST(a_busy_log_makes_requests_wait)
{
    struct talk other;

    fake_log_set_busy(true);
    talk_say_text(&t, post(AUTH JSON, GOOD)); /* Goes into a record that cannot be appended. */
    talk_open(&other, DOOR_HTTP);
    talk_say_text(&other, post(AUTH JSON, GOOD));
    ck_assert_uint_eq(t.size + other.size, 0);
    ck_assert(!session_may_read(other.session));
    fake_log_set_busy(false);
    talk_turn();
    expect_answer("HTTP/1.1 200 ");
    ck_assert_ptr_nonnull(strstr((char *)other.output, "HTTP/1.1 200 "));
    talk_close(&other);
}
END_TEST

START_TEST(a_log_that_stays_busy_is_503_in_the_end)
{
    struct talk other;

    fake_log_set_busy(true);
    talk_say_text(&t, post(AUTH JSON, GOOD));
    talk_open(&other, DOOR_HTTP);
    talk_say_text(&other, post(AUTH JSON, GOOD));
    talk_advance_ms(10001);
    expect_answer("HTTP/1.1 503 ");
    talk_advance_ms(10001); /* Its turn came when the first was given up. */
    ck_assert_ptr_nonnull(strstr((char *)other.output, "HTTP/1.1 503 "));
    talk_close(&other);
}
END_TEST

START_TEST(deadlines_are_absolute)
{
    talk_say_text(&t, "POST /v1/readings HTTP/1.1\r\nHost");
    talk_advance_ms(9999);
    ck_assert(!t.is_over);
    talk_say_text(&t, ": a");
    talk_advance_ms(1);
    expect_answer("HTTP/1.1 408 ");
    talk_turn();
    ck_assert(t.is_over);
}
END_TEST

START_TEST(a_slow_body_is_given_up)
{
    talk_say_text(&t, "POST /v1/readings HTTP/1.1\r\nHost: a\r\n" AUTH JSON
                      "Content-Length: 100\r\n\r\n1");
    talk_advance_ms(4999);
    ck_assert(!t.is_over);
    talk_advance_ms(2);
    expect_answer("HTTP/1.1 408 ");
}
END_TEST

START_TEST(idle_connections_end_after_a_minute)
{
    talk_say_text(&t, post(AUTH JSON, GOOD));
    talk_forget(&t);
    talk_advance_ms(59999);
    ck_assert(!t.is_over);
    talk_advance_ms(1);
    talk_turn();
    ck_assert(t.is_over);
    ck_assert_uint_eq(t.size, 0);
}
END_TEST

START_TEST(a_withdrawn_token_ends_the_connection)
{
    talk_say_text(&t, post(AUTH JSON, GOOD));
    talk_swap_directory(false, 1);
    talk_turn();
    ck_assert(t.is_over);
}
END_TEST

START_TEST(a_drain_answers_what_is_under_way)
{
    fake_log_hold(true);
    talk_say_text(&t, post(AUTH JSON, GOOD));
    sessions_drain(talk_sessions());
    talk_turn();
    ck_assert(!t.is_over);
    fake_log_hold(false);
    talk_turn();
    expect_answer("HTTP/1.1 200 ");
    ck_assert(t.is_over);
}
END_TEST

START_TEST(too_many_pipelined_requests_are_not_read)
{
    fake_log_hold(true);
    for (int i = 0; i < 64; i++) {
        ck_assert(session_may_read(t.session));
        talk_say_text(&t, post(AUTH JSON, GOOD));
    }
    talk_say_text(&t, post(AUTH JSON, GOOD));
    ck_assert(!session_may_read(t.session));
    fake_log_hold(false);
    talk_turn();
    ck_assert_uint_eq(count_answers(), 65);
    ck_assert(session_may_read(t.session));
}
END_TEST

START_TEST(memory_that_is_used_up_is_503)
{
    struct talk hogs[64];
    char filler[65536];
    unsigned n = 0;

    talk_close(&t);
    talk_stop();
    talk_config()->ingest.memory_bytes = 8 << 20;
    talk_start(true);
    talk_open(&t, DOOR_HTTP);
    memset(filler, ' ', sizeof filler);
    for (n = 0; n < 64; n++) {
        talk_open(&hogs[n], DOOR_HTTP);
        talk_say_text(&hogs[n], "POST /v1/readings HTTP/1.1\r\nHost: a\r\n" AUTH JSON
                                "Content-Length: 1000000\r\n\r\n");
        for (int i = 0; i < 8 && !hogs[n].is_over; i++)
            talk_say(&hogs[n], span_of(filler, sizeof filler));
        if (hogs[n].is_over)
            break;
    }
    ck_assert_uint_lt(n, 64);
    ck_assert_ptr_nonnull(strstr((char *)hogs[n].output, "HTTP/1.1 503 "));
    ck_assert_ptr_nonnull(strstr((char *)hogs[n].output, "[ingest] memory"));
    for (unsigned i = 0; i <= n; i++)
        talk_close(&hogs[i]);
}
END_TEST

START_TEST(quarantine_beyond_its_rows_is_not_kept)
{
    char *body = malloc(4 << 20);
    char head[256];
    size_t size = (size_t)sprintf(body, "{\"readings\":[");
    unsigned not_kept = 0;

    for (int i = 0; i < 10050; i++)
        size += (size_t)sprintf(body + size, "%s{\"point\":\"E1\",\"t\":1,\"v\":1}", i ? "," : "");
    size += (size_t)sprintf(body + size, "]}");
    snprintf(head, sizeof head,
             "POST /v1/readings HTTP/1.1\r\nHost: a\r\n" AUTH JSON "Content-Length: %zu\r\n\r\n",
             size);
    talk_say_text(&t, head);
    for (size_t i = 0; i < size; i += 60000)
        talk_say(&t, span_of(body + i, size - i < 60000 ? size - i : 60000));
    expect_answer("HTTP/1.1 200 ");
    expect_contains("\"accepted\":0");
    for (const char *p = output(); (p = strstr(p, "\"kept\":false")) != NULL; p++)
        not_kept++;
    ck_assert_uint_eq(not_kept, 50);
    free(body);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("session_http");
    TCase *c = tcase_create("session_http");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, a_reading_is_answered_when_it_is_durable);
    tcase_add_test(c, bytes_one_at_a_time_are_the_same);
    tcase_add_test(c, pipelined_requests_are_answered_in_order);
    tcase_add_test(c, a_failed_record_is_503);
    tcase_add_test(c, chunked_bodies_are_joined);
    tcase_add_test(c, expect_continue_is_answered_before_the_body);
    tcase_add_test(c, expect_continue_of_a_refused_request_closes);
    tcase_add_test(c, old_http_closes_unless_asked);
    tcase_add_test(c, tokens_are_taken_in_every_form);
    tcase_add_test(c, the_path_may_be_absolute_and_have_a_query);
    tcase_add_test(c, a_log_that_takes_nothing_is_503);
    tcase_add_test(c, a_busy_log_makes_requests_wait);
    tcase_add_test(c, a_log_that_stays_busy_is_503_in_the_end);
    tcase_add_test(c, deadlines_are_absolute);
    tcase_add_test(c, a_slow_body_is_given_up);
    tcase_add_test(c, idle_connections_end_after_a_minute);
    tcase_add_test(c, a_withdrawn_token_ends_the_connection);
    tcase_add_test(c, a_drain_answers_what_is_under_way);
    tcase_add_test(c, too_many_pipelined_requests_are_not_read);
    tcase_add_test(c, memory_that_is_used_up_is_503);
    tcase_add_test(c, quarantine_beyond_its_rows_is_not_kept);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
