/* Request heads: the table of inputs on which parsers disagree, and the request vectors of llhttp.
 * Here the pre-filter stands alone; what bodies and unknown methods do is the parser's part. */
#include <check.h>
#include <stdlib.h>

#include "proto/http_head.h"
#include "tests/support/vector_file.h"

static enum status
check(const char *head)
{
    return http_head_check(span_text(head));
}

#define GET "GET / HTTP/1.1\r\n"
#define HOST "Host: a\r\n"
#define END "\r\n"

START_TEST(an_ordinary_head_passes)
{
    ck_assert_int_eq(check(GET HOST END), ST_OK);
    ck_assert_int_eq(check("POST /v1/readings HTTP/1.1\r\nhost:[::1]:8080\r\n"
                           "Content-Length: 12\r\nEmpty:\r\nX: \xc3\xbc \tb\t\r\n\r\n"),
                     ST_OK);
    ck_assert_int_eq(check("GET / HTTP/1.0\r\n\r\n"), ST_OK);
    ck_assert_int_eq(check(GET "Host:\r\n\r\n"), ST_OK);
    ck_assert_int_eq(check(GET HOST "Transfer-Encoding: Chunked\r\n\r\n"), ST_OK);
}
END_TEST

START_TEST(lines_end_in_cr_lf_and_are_not_folded)
{
    ck_assert_int_eq(check(GET HOST "X:\rxTransfer-Encoding: chunked\r\n\r\n"), ST_FRAMING);
    ck_assert_int_eq(check(GET HOST "X:\r\rContent-Length: 3\r\n\r\n"), ST_FRAMING);
    ck_assert_int_eq(check(GET HOST "X: a\r\n b\r\n\r\n"), ST_FRAMING);
    ck_assert_int_eq(check(GET HOST "X: a\r\n\tb\r\n\r\n"), ST_FRAMING);
    ck_assert_int_eq(check(GET " " HOST END), ST_FRAMING);
    ck_assert_int_eq(check("GET / HTTP/1.1\nHost: a\n\n"), ST_FRAMING);
    ck_assert_int_eq(check(GET HOST "X: a\nY: b\r\n\r\n"), ST_FRAMING);
    ck_assert_int_eq(check(GET HOST), ST_FRAMING);
    ck_assert_int_eq(check(GET HOST END "x"), ST_FRAMING);
    ck_assert_int_eq(check(""), ST_FRAMING);
    ck_assert_int_eq(check(END), ST_FRAMING);
}
END_TEST

START_TEST(field_names_are_tokens_before_a_colon)
{
    ck_assert_int_eq(check(GET HOST "Content-Length : 3\r\n\r\n"), ST_FRAMING);
    ck_assert_int_eq(check(GET HOST ": Bar\r\n\r\n"), ST_FRAMING);
    ck_assert_int_eq(check(GET HOST "Fo@: x\r\n\r\n"), ST_FRAMING);
    ck_assert_int_eq(check(GET HOST "Foo\r\n\r\n"), ST_FRAMING);
    ck_assert_int_eq(check(GET HOST "F\xc3\xbc: x\r\n\r\n"), ST_FRAMING);
}
END_TEST

START_TEST(one_host_in_version_1_1)
{
    ck_assert_int_eq(check(GET END), ST_FRAMING);
    ck_assert_int_eq(check(GET HOST HOST END), ST_FRAMING);
    ck_assert_int_eq(check("GET / HTTP/1.0\r\n" HOST HOST END), ST_FRAMING);
    ck_assert_int_eq(check(GET "Host: a b\r\n\r\n"), ST_FRAMING);
    ck_assert_int_eq(check(GET "Host: a/b\r\n\r\n"), ST_FRAMING);
    ck_assert_int_eq(check(GET "Host: u@a\r\n\r\n"), ST_FRAMING);
}
END_TEST

START_TEST(length_is_one_plain_number)
{
    static const char *const bad[] = {"",    "+3",   "-3",   "0x3", "0_2e",  "3, 3", "3 3",
                                      "3;",  "3.0",  "\xef", "1e3", "1000000000000000000",
                                      "1000000000000000000000"};
    char head[200];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(head, sizeof head, GET HOST "Content-Length: %s\r\n\r\n", bad[i]);
        ck_assert_msg(check(head) == ST_FRAMING, "%s", bad[i]);
    }
    ck_assert_int_eq(check(GET HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\n"), ST_FRAMING);
    ck_assert_int_eq(check(GET HOST "Content-Length:\t003 \r\n\r\n"), ST_OK);
    ck_assert_int_eq(check(GET HOST "Content-Length: 999999999999999999\r\n\r\n"), ST_OK);
}
END_TEST

START_TEST(transfer_coding_is_chunked_alone)
{
#define CODING "Transfer-Encoding: "
    ck_assert_int_eq(check(GET HOST "Content-Length: 3\r\n" CODING "chunked\r\n\r\n"), ST_FRAMING);
    ck_assert_int_eq(check(GET HOST CODING "chunked\r\nContent-Length: 3\r\n\r\n"), ST_FRAMING);
    ck_assert_int_eq(check(GET HOST "Content-Length: 3\r\n" CODING "\r\n\r\n"), ST_FRAMING);
    ck_assert_int_eq(check(GET HOST CODING "\r\n\r\n"), ST_FRAMING);
    ck_assert_int_eq(check(GET HOST CODING "gzip\r\n" CODING "chunked\r\n\r\n"), ST_HTTP_CODING);
    ck_assert_int_eq(check("GET / HTTP/1.0\r\n" CODING "chunked\r\n\r\n"), ST_FRAMING);
    ck_assert_int_eq(check(GET HOST CODING "chunked, gzip\r\n\r\n"), ST_HTTP_CODING);
    ck_assert_int_eq(check(GET HOST CODING "gzip, chunked\r\n\r\n"), ST_HTTP_CODING);
    ck_assert_int_eq(check(GET HOST CODING "\x0b" "chunked\r\n\r\n"), ST_FRAMING);
}
END_TEST

START_TEST(versions_are_1_0_and_1_1)
{
    ck_assert_int_eq(check("GET / HTTP/2.0\r\n" HOST END), ST_HTTP_VERSION);
    ck_assert_int_eq(check("GET / HTTP/1.2\r\n" HOST END), ST_HTTP_VERSION);
    ck_assert_int_eq(check("PRI * HTTP/2.0\r\n\r\n"), ST_HTTP_VERSION);
    ck_assert_int_eq(check("GET / HTTP/1.32\r\n" HOST END), ST_FRAMING);
    ck_assert_int_eq(check("GET / HTTP/1\r\n" HOST END), ST_FRAMING);
    ck_assert_int_eq(check("GET / http/1.1\r\n" HOST END), ST_FRAMING);
    ck_assert_int_eq(check("GET / RTSP/1.0\r\n" HOST END), ST_FRAMING);
    ck_assert_int_eq(check("GET /\r\n" HOST END), ST_FRAMING);
}
END_TEST

START_TEST(request_lines_have_three_parts)
{
    ck_assert_int_eq(check("GET  / HTTP/1.1\r\n" HOST END), ST_FRAMING);
    ck_assert_int_eq(check("GET /a b HTTP/1.1\r\n" HOST END), ST_FRAMING);
    ck_assert_int_eq(check("GET / HTTP/1.1 \r\n" HOST END), ST_FRAMING);
    ck_assert_int_eq(check("GET\t/ HTTP/1.1\r\n" HOST END), ST_FRAMING);
    ck_assert_int_eq(check(" GET / HTTP/1.1\r\n" HOST END), ST_FRAMING);
    ck_assert_int_eq(check("G(T / HTTP/1.1\r\n" HOST END), ST_FRAMING);
    ck_assert_int_eq(check("GET /\xce\xb4 HTTP/1.1\r\n" HOST END), ST_FRAMING);
    ck_assert_int_eq(check("GET /\x7f HTTP/1.1\r\n" HOST END), ST_FRAMING);
}
END_TEST

START_TEST(control_bytes_are_refused)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        char head[] = GET HOST "X: a?b\r\n\r\n";
        bool control = (byte < 0x20 && byte != '\t') || byte == 0x7F;

        *strchr(head, '?') = (char)byte;
        ck_assert_int_eq(http_head_check(span_of(head, sizeof head - 1)),
                         control ? ST_FRAMING : ST_OK);
    }
}
END_TEST

START_TEST(fields_are_bounded)
{
    char head[4096] = GET HOST;

    for (unsigned i = 1; i < HTTP_FIELDS_MAX; i++)
        strcat(head, "X: y\r\n");
    strcat(head, END);
    ck_assert_int_eq(check(head), ST_OK);
    strcpy(head + strlen(head) - 2, "X: y\r\n\r\n");
    ck_assert_int_eq(check(head), ST_HEAD_TOO_LARGE);
}
END_TEST

START_TEST(fields_are_found_by_name)
{
    struct span head = span_text(GET "HOST: a\r\nX-A: 1\r\nx-a: 2\r\nEmpty:  \r\n\r\n");
    struct span value;

    ck_assert(http_head_field(head, "x-a", &value));
    ck_assert(span_is(value, "1"));
    ck_assert(http_head_field(head, "host", &value));
    ck_assert(span_is(value, "a"));
    ck_assert(http_head_field(head, "empty", &value));
    ck_assert_uint_eq(value.size, 0);
    ck_assert(!http_head_field(head, "x-", &value));
    ck_assert(!http_head_field(head, "x-ab", &value));
}
END_TEST

START_TEST(the_end_is_found_whole_and_byte_by_byte)
{
    static const struct {
        const char *bytes;
        ptrdiff_t end;
    } rows[] = {
        {GET HOST END, 27},
        {GET HOST END "body", 27},
        {GET HOST, HTTP_HEAD_MORE},
        {GET HOST "\r", HTTP_HEAD_MORE},
        {"", HTTP_HEAD_MORE},
        {"GET / HTTP/1.1\nHost", HTTP_HEAD_BAD},
        {"GET / HTTP/1.1\rHost", HTTP_HEAD_BAD},
        {GET HOST "\n", HTTP_HEAD_BAD},
        {GET HOST "\rx", HTTP_HEAD_BAD},
        {GET "X: \r\rY: b\r\n\r\n", HTTP_HEAD_BAD},
        {"\n", HTTP_HEAD_BAD},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct span all = span_text(rows[i].bytes);
        ptrdiff_t end = HTTP_HEAD_MORE;

        ck_assert_int_eq(http_head_end(all, 0), rows[i].end);
        for (size_t n = 1; n <= all.size && end == HTTP_HEAD_MORE; n++)
            end = http_head_end(span_of(all.at, n), n - 1);
        ck_assert_int_eq(end, rows[i].end);
    }
}
END_TEST

START_TEST(empty_lines_before_a_request_are_skipped)
{
    ck_assert_uint_eq(http_head_start(span_text("")), 0);
    ck_assert_uint_eq(http_head_start(span_text("\r")), 0);
    ck_assert_uint_eq(http_head_start(span_text("\r\n\r\nGET")), 4);
    ck_assert_uint_eq(http_head_start(span_text("\nGET")), 0);
}
END_TEST

/* --- the request vectors of llhttp: id | what the first head must get | hex --- */

static const char *
first_head(struct span bytes)
{
    size_t start = http_head_start(bytes);
    ptrdiff_t end;

    bytes = span_of(bytes.at + start, bytes.size - start);
    end = http_head_end(bytes, 0);
    if (end == HTTP_HEAD_MORE)
        return "MORE";
    if (end == HTTP_HEAD_BAD)
        return "BAD";
    return vector_status_name(http_head_check(span_of(bytes.at, (size_t)end)));
}

START_TEST(llhttp_vectors)
{
    struct vector_file v;

    vector_file_open(&v, "tests/vectors/http/llhttp_requests.vec");
    while (vector_file_next(&v, 4)) {
        struct span bytes = vector_bytes(v.field[3]);
        const char *got = first_head(bytes);

        ck_assert_msg(strcmp(got, v.field[2]) == 0, "%s: %s, not %s", v.field[0], got, v.field[2]);
        vector_free(bytes);
    }
    ck_assert_uint_eq(v.count, 272); /* 166 inputs, some of them twice */
    vector_file_close(&v);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("http_head");
    TCase *t = tcase_create("http_head");
    SRunner *r;
    int failed;

    tcase_add_test(t, an_ordinary_head_passes);
    tcase_add_test(t, lines_end_in_cr_lf_and_are_not_folded);
    tcase_add_test(t, field_names_are_tokens_before_a_colon);
    tcase_add_test(t, one_host_in_version_1_1);
    tcase_add_test(t, length_is_one_plain_number);
    tcase_add_test(t, transfer_coding_is_chunked_alone);
    tcase_add_test(t, versions_are_1_0_and_1_1);
    tcase_add_test(t, request_lines_have_three_parts);
    tcase_add_test(t, control_bytes_are_refused);
    tcase_add_test(t, fields_are_bounded);
    tcase_add_test(t, fields_are_found_by_name);
    tcase_add_test(t, the_end_is_found_whole_and_byte_by_byte);
    tcase_add_test(t, empty_lines_before_a_request_are_skipped);
    tcase_add_test(t, llhttp_vectors);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
