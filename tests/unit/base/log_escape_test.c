#include <string.h>

#include "server/base/log_escape.h"
#include "tests/unit/base/suite.h"

static void
shows(const char *in, size_t size, const char *expected)
{
    char out[256];

    ck_assert_str_eq(log_escape(out, sizeof(out), span_of(in, size)), expected);
}

START_TEST(plain_text_stays_as_it_is)
{
    shows("gateway-1", 9, "gateway-1");
    shows("昆明", strlen("昆明"), "昆明");
    shows("ümlaut/€/😀", strlen("ümlaut/€/😀"), "ümlaut/€/😀");
}
END_TEST

START_TEST(what_would_break_the_pair_is_quoted)
{
    shows("", 0, "\"\"");
    shows("two words", 9, "\"two words\"");
    shows("a=b", 3, "\"a=b\"");
    shows("say \"hi\"\\", 9, "\"say \\\"hi\\\"\\\\\"");
}
END_TEST

START_TEST(what_deceives_a_reader_is_shown_as_bytes)
{
    shows("a\r\nb", 4, "\"a\\x0D\\x0Ab\"");
    shows("\x1b[31m", 5, "\"\\x1B[31m\"");
    shows("a\0b", 3, "\"a\\x00b\"");
    shows("\x7f", 1, "\"\\x7F\"");
    shows("\xC2\x85", 2, "\"\\xC2\\x85\"");             /* U+0085 next line */
    shows("\xE2\x80\xAE" "exe", 6, "\"\\xE2\\x80\\xAE" "exe\""); /* U+202E right to left */
    shows("\xE2\x80\x8B", 3, "\"\\xE2\\x80\\x8B\"");    /* U+200B zero width */
}
END_TEST

START_TEST(bytes_that_are_not_utf8_are_shown_as_bytes)
{
    shows("\xFF", 1, "\"\\xFF\"");
    shows("\xC3", 1, "\"\\xC3\"");
    shows("\xC0\x80", 2, "\"\\xC0\\x80\"");
    shows("\xED\xA0\x80", 3, "\"\\xED\\xA0\\x80\"");
    shows("\xF4\x90\x80\x80", 4, "\"\\xF4\\x90\\x80\\x80\"");
    shows("\xE2\x82" "a", 3, "\"\\xE2\\x82" "a\"");
}
END_TEST

START_TEST(long_text_is_cut_at_a_character_and_marked)
{
    char out[16], tiny[8];

    ck_assert_str_eq(log_escape(out, sizeof(out), span_text("0123456789abcdefgh")),
                     "0123456789...");
    ck_assert_str_eq(log_escape(out, sizeof(out), span_text("two words and more")),
                     "\"two words ...\"");
    ck_assert_str_eq(log_escape(out, sizeof(out), span_text("12345678昆明")), "12345678...");
    ck_assert_str_eq(log_escape(tiny, sizeof(tiny), span_text("\n\n\n\n")), "\"...\"");
    for (size_t capacity = 8; capacity < 40; capacity++) {
        char any[64];

        memset(any, 'x', sizeof(any));
        log_escape(any, capacity, span_text("a \"b\" 昆明\n\n\n and so on and so on"));
        ck_assert_uint_lt(strlen(any), capacity);
        ck_assert_int_eq(any[capacity], 'x');
    }
}
END_TEST

START_TEST(four_texts_may_stand_in_one_line)
{
    const char *a = log_text_of("a"), *b = log_text_of(NULL), *c = log_text_of("c"),
               *d = log_text_of("d");

    ck_assert_str_eq(a, "a");
    ck_assert_str_eq(b, "\"\"");
    ck_assert_str_eq(c, "c");
    ck_assert_str_eq(d, "d");
}
END_TEST

SUITE("log_escape", plain_text_stays_as_it_is, what_would_break_the_pair_is_quoted,
      what_deceives_a_reader_is_shown_as_bytes, bytes_that_are_not_utf8_are_shown_as_bytes,
      long_text_is_cut_at_a_character_and_marked, four_texts_may_stand_in_one_line)
