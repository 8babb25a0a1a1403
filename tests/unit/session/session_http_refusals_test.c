#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/talk.h"

#define AUTH "Authorization: Bearer token-a\r\n"
#define JSON "Content-Type: application/json\r\n"

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

static const struct refusal {
    const char *what;
    const char *bytes;
    const char *answer;
    const char *contains;
    bool closes;
} refusals[] = {
    {"unknown path",
     "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", "404", "bad_topic", 0},
    {"path before method", "DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n", "404", "", 0},
    {"GET readings", "GET /v1/readings HTTP/1.1\r\nHost: a\r\n\r\n", "405", "Allow: POST\r\n", 0},
    {"POST points",
     "POST /v1/points HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "405", "Allow: GET\r\n",
     0},
    {"OPTIONS", "OPTIONS /v1/readings HTTP/1.1\r\nHost: a\r\n\r\n", "405", "Allow: POST", 0},
    {"HEAD", "HEAD /v1/points HTTP/1.1\r\nHost: a\r\n\r\n", "405", "Content-Length: 0\r\n", 0},
    {"TRACE", "TRACE /v1/points HTTP/1.1\r\nHost: a\r\n\r\n", "405", "", 0},
    {"made up method", "BREW /v1/points HTTP/1.1\r\nHost: a\r\n\r\n", "405", "Allow: GET\r\n", 1},
    {"CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "404", "", 1},
    {"no credentials",
     "GET /v1/points HTTP/1.1\r\nHost: a\r\n\r\n", "401", "WWW-Authenticate: Bearer\r\n", 0},
    {"wrong token",
     "GET /v1/points HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n", "401",
     "not_authorised", 0},
    {"gateway and another's token",
     "GET /v1/points HTTP/1.1\r\nHost: a\r\nAuthorization: Basic Z3ctYTp0b2tlbi1i\r\n\r\n",
     "401", "", 0},
    {"401 before 411", "POST /v1/readings HTTP/1.1\r\nHost: a\r\n" JSON "\r\n", "401", "", 0},
    {"no length",
     "POST /v1/readings HTTP/1.1\r\nHost: a\r\n" AUTH JSON "\r\n", "411", "no_length", 1},
    {"too large",
     "POST /v1/readings HTTP/1.1\r\nHost: a\r\n" AUTH "Content-Length: 8388609\r\n\r\n", "413",
     "\"value\":8388608,\"setting\":\"[http] body_max\"", 1},
    {"no type",
     "POST /v1/readings HTTP/1.1\r\nHost: a\r\n" AUTH "Content-Length: 2\r\n\r\n{}", "415",
     "media_type", 0},
    {"form",
     "POST /v1/readings HTTP/1.1\r\nHost: a\r\n" AUTH
     "Content-Type: application/x-www-form-urlencoded\r\n" "Content-Length: 2\r\n" "\r\n" "{}",
     "415", "", 0},
    {"gzip",
     "POST /v1/readings HTTP/1.1\r\nHost: a\r\n" AUTH JSON
     "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", "415", "", 0},
    {"not JSON",
     "POST /v1/readings HTTP/1.1\r\nHost: a\r\n" AUTH JSON "Content-Length: 2\r\n\r\n{]", "400",
     "malformed", 0},
    {"empty body",
     "POST /v1/readings HTTP/1.1\r\nHost: a\r\n" AUTH JSON "Content-Length: 0\r\n\r\n", "400",
     "malformed", 0},
    {"no Host", "GET /v1/points HTTP/1.1\r\n" AUTH "\r\n", "400", "framing", 1},
    {"two Hosts",
     "GET /v1/points HTTP/1.1\r\nHost: a\r\nHost: a\r\n" AUTH "\r\n", "400", "framing", 1},
    {"LF only", "GET /v1/points HTTP/1.1\nHost: a\n\n", "400", "framing", 1},
    {"folded", "GET /v1/points HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", "400", "framing", 1},
    {"space before colon", "GET /v1/points HTTP/1.1\r\nHost : a\r\n\r\n", "400", "framing", 1},
    {"CR in a field",
     "GET /v1/points HTTP/1.1\r\nHost: a\r\nX:\rxTransfer-Encoding: chunked\r\n\r\n", "400",
     "framing", 1},
    {"both lengths",
     "POST /v1/readings HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 3\r\n"
     "Transfer-Encoding: chunked\r\n" "\r\n", "400", "framing", 1},
    {"two lengths",
     "POST /v1/readings HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 3\r\n"
     "Content-Length: 3\r\n" "\r\n", "400", "framing", 1},
    {"plus in a length",
     "POST /v1/readings HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\n", "400", "framing", 1},
    {"gzip as transfer coding",
     "POST /v1/readings HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "501",
     "http_coding", 1},
    {"bad chunk size",
     "POST /v1/readings HTTP/1.1\r\nHost: a\r\n" AUTH JSON
     "Transfer-Encoding: chunked\r\n\r\n0x5\r\n", "400", "framing", 1},
    {"HTTP/1.2", "GET /v1/points HTTP/1.2\r\nHost: a\r\n\r\n", "505", "http_version", 1},
    {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505", "", 1},
    {"TLS on a plain port", "\x16\x03\x01\x02\x03\x01\x02\r\n\r\n", "400", "framing", 1},
};

START_TEST(refusals_are_as_the_contract_says)
{
    const struct refusal *r = &refusals[_i];
    char line[32];

    for (int spelled = 0; spelled < 2; spelled++) {
        talk_close(&t);
        talk_open(&t, DOOR_HTTP);
        if (spelled)
            talk_spell(&t, span_text(r->bytes));
        else
            talk_say_text(&t, r->bytes);
        snprintf(line, sizeof line, "HTTP/1.1 %s ", r->answer);
        ck_assert_msg(strncmp(output(), line, strlen(line)) == 0, "%s: expected %s, got: %s",
                      r->what, r->answer, output());
        expect_contains(r->contains);
        if (strstr(output(), "Content-Length: 0\r\n") == NULL)
            expect_contains("Content-Type: application/problem+json\r\n");
        ck_assert_msg(t.is_over == r->closes, "%s: closed is %d", r->what, t.is_over);
        ck_assert_msg(r->closes == (strstr(output(), "Connection: close\r\n") != NULL), "%s",
                      r->what);
        ck_assert_uint_eq(count_answers(), 1);
        ck_assert_uint_eq(fake_log_count(), 0);
    }
}
END_TEST

START_TEST(a_head_too_large_is_431)
{
    memset(request, 'x', sizeof request);
    memcpy(request, "GET /", 5);
    talk_say(&t, span_of(request, 9000));
    expect_answer("HTTP/1.1 431 ");
    expect_contains("\"value\":8192");
    ck_assert(t.is_over);
}
END_TEST

START_TEST(too_many_fields_are_431)
{
    size_t size = (size_t)sprintf(request, "GET /v1/points HTTP/1.1\r\nHost: a\r\n");

    for (int i = 0; i < 101; i++)
        size += (size_t)sprintf(request + size, "X%d: 1\r\n", i);
    sprintf(request + size, "\r\n");
    talk_say_text(&t, request);
    expect_answer("HTTP/1.1 431 ");
    ck_assert(t.is_over);
}
END_TEST

START_TEST(chunks_without_end_are_413)
{
    char chunk[1024 + 16];

    talk_config()->http.body_max_bytes = 10000;
    talk_say_text(&t, "POST /v1/readings HTTP/1.1\r\nHost: a\r\n" AUTH JSON
                      "Transfer-Encoding: chunked\r\n\r\n");
    memset(chunk, ' ', sizeof chunk);
    memcpy(chunk, "400\r\n", 5);
    memcpy(chunk + 5 + 1024, "\r\n", 2);
    for (int i = 0; i < 12 && !t.is_over; i++)
        talk_say(&t, span_of(chunk, 5 + 1024 + 2));
    expect_answer("HTTP/1.1 413 ");
    ck_assert(t.is_over);
}
END_TEST

START_TEST(endless_trailers_are_refused)
{
    talk_say_text(&t, "POST /v1/readings HTTP/1.1\r\nHost: a\r\n" AUTH JSON
                      "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n");
    for (int i = 0; i < 1000 && !t.is_over; i++)
        talk_say_text(&t, "Trailer: xxxxxxxxxxxxxxxxxxx\r\n");
    expect_answer("HTTP/1.1 431 ");
    ck_assert(t.is_over);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("session_http_refusals");
    TCase *c = tcase_create("session_http_refusals");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, refusals_are_as_the_contract_says, 0,
                        (int)(sizeof refusals / sizeof refusals[0]));
    tcase_add_test(c, a_head_too_large_is_431);
    tcase_add_test(c, too_many_fields_are_431);
    tcase_add_test(c, chunks_without_end_are_413);
    tcase_add_test(c, endless_trailers_are_refused);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
