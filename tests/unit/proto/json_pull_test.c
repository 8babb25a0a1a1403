/* The tokenizer: JSONTestSuite, what tokens look like, escapes, the shortcuts, and the scan of 16
 * bytes at a time against the definition. JSONTESTSUITE is where CMake unpacked the suite. */
#include "proto/json_pull.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_SIZE_MAX (1u << 20)

/* In memory of its own size, so that a sanitizer sees a byte too far. */
static struct span
copy_of(const void *text, size_t size)
{
    void *copy = malloc(size > 0 ? size : 1);

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, size);
    return span_of(copy, size);
}

static void
release(struct span s)
{
    free((void *)(uintptr_t)s.at);
}

/* Whether all of the text is JSON; in *offset where it is not. */
static bool
is_json(const void *text, size_t size, size_t *offset)
{
    struct span s = copy_of(text, size);
    struct json_pull j;
    enum json_token token;

    json_init(&j, s);
    do
        token = json_next(&j);
    while (token != JSON_END && token != JSON_ERROR);
    *offset = (size_t)(j.at - s.at);
    ck_assert_uint_le(*offset, size);
    ck_assert((token == JSON_ERROR) == (j.error_text != NULL));
    ck_assert_int_eq(json_next(&j), token);
    release(s);
    return token == JSON_END;
}

static bool
good(const char *text)
{
    size_t offset;

    return is_json(text, strlen(text), &offset);
}

/* One letter a token, in the order they come. */
static const char *
tokens_of(const char *text)
{
    static const char letters[] = "!.{}[]ksntf0";
    static char out[256];
    struct json_pull j;
    enum json_token token;
    size_t n = 0;

    json_init(&j, span_text(text));
    do {
        token = json_next(&j);
        out[n++] = letters[token];
    } while (token != JSON_END && token != JSON_ERROR && n < sizeof out - 1);
    out[n] = '\0';
    return out;
}

static int
run_suite_case(const char *name)
{
    static uint8_t text[TEXT_SIZE_MAX];
    char path[512];
    size_t offset;
    size_t size;
    FILE *f;

    snprintf(path, sizeof path, "%s/test_parsing/%s", JSONTESTSUITE, name);
    f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "%s", path);
    size = fread(text, 1, sizeof text, f);
    ck_assert(size < sizeof text && !ferror(f));
    fclose(f);
    return is_json(text, size, &offset);
}

START_TEST(json_test_suite_is_passed)
{
    unsigned accepted = 0;
    unsigned refused = 0;
    unsigned either = 0;
    struct dirent *e;
    DIR *d = opendir(JSONTESTSUITE "/test_parsing");

    ck_assert_ptr_nonnull(d);
    while ((e = readdir(d)) != NULL) {
        int is_good;

        if (e->d_name[0] == '.')
            continue;
        is_good = run_suite_case(e->d_name);
        ck_assert_msg(e->d_name[0] != 'y' || is_good, "%s is refused", e->d_name);
        ck_assert_msg(e->d_name[0] != 'n' || !is_good, "%s is accepted", e->d_name);
        accepted += e->d_name[0] == 'y';
        refused += e->d_name[0] == 'n';
        either += e->d_name[0] == 'i';
    }
    closedir(d);
    ck_assert_uint_eq(accepted, 95);
    ck_assert_uint_eq(refused, 188);
    ck_assert_uint_eq(either, 35);
}
END_TEST

START_TEST(tokens_come_in_the_order_of_the_text)
{
    ck_assert_str_eq(tokens_of("{\"a\":[1,-2.5e3,\"x\"],\"b\":{},\"c\":[true,false,null]}"),
                     "{k[nns]k{}k[tf0]}.");
    ck_assert_str_eq(tokens_of(" [ ] "), "[].");
    ck_assert_str_eq(tokens_of("7"), "n.");
    ck_assert_str_eq(tokens_of("{\"a\" : 1 , \"b\" : 2}"), "{knkn}.");
    ck_assert_str_eq(tokens_of("[1 2]"), "[n!");
    ck_assert_str_eq(tokens_of("[1]]"), "[n]!");
    ck_assert_str_eq(tokens_of("{\"a\"}"), "{!");
    ck_assert_str_eq(tokens_of("{\"a\":1,}"), "{kn!");
    ck_assert_str_eq(tokens_of("[1}"), "[n!");
}
END_TEST

START_TEST(text_of_a_token_is_as_sent)
{
    struct json_pull j;

    json_init(&j, span_text("{\"k\\u0041\":\"v\\n\",\"n\":-1.50E+02}"));
    ck_assert_int_eq(json_next(&j), JSON_OBJECT_BEGIN);
    ck_assert_int_eq(json_next(&j), JSON_KEY);
    ck_assert(span_is(j.text, "k\\u0041") && j.has_escapes);
    ck_assert_int_eq(json_next(&j), JSON_STRING);
    ck_assert(span_is(j.text, "v\\n") && j.has_escapes);
    ck_assert_int_eq(json_next(&j), JSON_KEY);
    ck_assert(span_is(j.text, "n") && !j.has_escapes);
    ck_assert_int_eq(json_next(&j), JSON_NUMBER);
    ck_assert(span_is(j.text, "-1.50E+02"));
}
END_TEST

START_TEST(depth_is_bounded)
{
    char text[2 * JSON_DEPTH_MAX + 3];

    for (size_t depth = 1; depth <= JSON_DEPTH_MAX + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        text[2 * depth] = '\0';
        ck_assert_int_eq(good(text), depth <= JSON_DEPTH_MAX);
    }
}
END_TEST

START_TEST(byte_order_mark_is_refused)
{
    ck_assert(!good("\xef\xbb\xbf[]"));
}
END_TEST

START_TEST(lone_surrogates_are_refused)
{
    ck_assert(good("\"\\ud83d\\udd0c\""));
    ck_assert(!good("\"\\ud83d\""));
    ck_assert(!good("\"\\udd0c\""));
    ck_assert(!good("\"\\ud83dx\""));
    ck_assert(!good("\"\\ud83d\\n12345\""));
    ck_assert(!good("\"\\ud83d\\u0041\""));
    ck_assert(!good("\"\\ud83d\\ud83d\""));
    ck_assert(!good("\"\xed\xa0\xbd\""));
}
END_TEST

START_TEST(strings_are_scanned_alike_at_every_length_and_place)
{
    for (size_t size = 0; size <= 40; size++)
        for (size_t place = 0; place < size; place++)
            for (int byte = 0; byte < 256; byte++) {
                char text[48];
                size_t offset;
                bool expected = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';

                memset(text, 'a', size + 2);
                text[0] = text[size + 1] = '"';
                text[place + 1] = (char)byte;
                if (byte == '"' && place + 1 == size)
                    continue;
                ck_assert_int_eq(is_json(text, size + 2, &offset), expected);
                if (!expected && byte != '"' && !(byte == '\\' && place + 1 == size))
                    ck_assert_uint_eq(offset, place + 1);
            }
}
END_TEST

static const char *
unescaped(const char *raw, size_t cap, enum status expected)
{
    static uint8_t out[64];
    struct span s = copy_of(raw, strlen(raw));
    size_t size;

    ck_assert_int_eq(json_unescape(s, out, cap, &size), expected);
    ck_assert_uint_le(size, cap);
    out[size] = '\0';
    release(s);
    return (const char *)out;
}

START_TEST(escapes_are_characters)
{
    ck_assert_str_eq(unescaped("a\\\"\\\\\\/\\b\\f\\n\\r\\tz", 60, ST_OK), "a\"\\/\b\f\n\r\tz");
    ck_assert_str_eq(unescaped("\\u0041\\u00e9\\u4E00\\ud83d\\udd0c", 60, ST_OK),
                     "A\xc3\xa9\xe4\xb8\x80\xf0\x9f\x94\x8c");
    ck_assert_str_eq(unescaped("\\uffff\\uDBFF\\uDFFF", 60, ST_OK), "\xef\xbf\xbf\xf4\x8f\xbf\xbf");
    ck_assert_str_eq(unescaped("\xe4\xb8\x80", 60, ST_OK), "\xe4\xb8\x80");
}
END_TEST

START_TEST(bad_escapes_are_refused)
{
    static const char *const texts[] = {
        "\\",      "\\x",       "\\u",     "\\u12", "\\u12g4",        "\\ud800",
        "\\udc00", "\\ud800\\", "\\U0041", "\\a",   "\\ud800\\u0041", "\\ud800\\n0000"};
    char text[32];

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        unescaped(texts[i], 60, ST_MALFORMED);
        snprintf(text, sizeof text, "\"%s\"", texts[i]);
        ck_assert_msg(!good(text), "%s", text);
    }
    ck_assert(!good("\"\\"));
}
END_TEST

START_TEST(unescape_stays_in_its_room)
{
    unescaped("abc", 3, ST_OK);
    unescaped("abcd", 3, ST_FULL);
    unescaped("ab\\u4e00", 4, ST_FULL);
    unescaped("ab\\u4e00", 5, ST_OK);
}
END_TEST

START_TEST(skipped_value_is_taken_whole)
{
    struct json_pull j;

    json_init(&j, span_text("[ {\"a\":[1,{\"b\":\"]}\"}]} , [] ,7,\"x\"]"));
    ck_assert_int_eq(json_next(&j), JSON_ARRAY_BEGIN);
    ck_assert_int_eq(json_skip_value(&j), JSON_OBJECT_BEGIN);
    ck_assert(span_is(j.text, "{\"a\":[1,{\"b\":\"]}\"}]}"));
    ck_assert_int_eq(json_skip_value(&j), JSON_ARRAY_BEGIN);
    ck_assert(span_is(j.text, "[]"));
    ck_assert_int_eq(json_skip_value(&j), JSON_NUMBER);
    ck_assert_int_eq(json_skip_value(&j), JSON_STRING);
    ck_assert_int_eq(json_skip_value(&j), JSON_ARRAY_END);
    ck_assert_int_eq(json_skip_value(&j), JSON_END);
}
END_TEST

START_TEST(skipped_value_is_checked)
{
    struct json_pull j;

    json_init(&j, span_text("[1,{\"a\":tru}]"));
    ck_assert_int_eq(json_skip_value(&j), JSON_ERROR);
    ck_assert_int_eq(json_next(&j), JSON_ERROR);
}
END_TEST

/* Skims the value of the only key. */
static bool
skims(const char *text, const char *rest)
{
    struct json_pull j;
    bool done;

    json_init(&j, span_text(text));
    ck_assert_int_eq(json_next(&j), JSON_OBJECT_BEGIN);
    ck_assert_int_eq(json_next(&j), JSON_KEY);
    done = json_skim_object(&j);
    if (!done)
        ck_assert_int_eq(json_skip_value(&j) == JSON_ERROR, rest == NULL);
    if (rest != NULL)
        ck_assert_str_eq((const char *)j.at, rest);
    return done;
}

START_TEST(skim_jumps_over_simple_objects_only)
{
    ck_assert(skims("{\"v\":{\"a\":1,\"b\":\"2\"},\"t\":3}", ",\"t\":3}"));
    ck_assert(skims("{\"v\": {}}", "}"));
    ck_assert(skims("{\"v\":{\"aaaaaaaaaaaaaaaaaaaaaaaa\":1,\"bbbbbbbbbbbbbbbbb\":[2]} }", " }"));
    ck_assert(!skims("{\"v\":{\"a\":{}},\"t\":3}", ",\"t\":3}"));
    ck_assert(!skims("{\"v\":{\"a\":\"}\"},\"t\":3}", ",\"t\":3}"));
    ck_assert(!skims("{\"v\":{\"a\":\"{\"},\"t\":3}", ",\"t\":3}"));
    ck_assert(!skims("{\"v\":{\"a\":\"\\\"\"},\"t\":3}", ",\"t\":3}"));
    ck_assert(!skims("{\"v\":[{\"a\":1}]}", "}"));
    ck_assert(!skims("{\"v\":1}", "}"));
    ck_assert(!skims("{\"v\":{\"a\":1", NULL));
}
END_TEST

START_TEST(expected_key_is_taken_only_where_a_key_belongs)
{
    struct json_pull j;

    json_init(&j, span_text("{\"t\":\"t\",\"t\":1,\"v\":[\"t\"]}    "));
    ck_assert(!json_take_key(&j, "\"t\":", 4));
    ck_assert_int_eq(json_next(&j), JSON_OBJECT_BEGIN);
    ck_assert(!json_take_key(&j, "\"v\":", 4));
    ck_assert(json_take_key(&j, "\"t\":", 4));
    ck_assert(!json_take_key(&j, "\"t\",", 4));
    ck_assert_int_eq(json_next(&j), JSON_STRING);
    ck_assert(json_take_key(&j, "\"t\":", 4));
    ck_assert_int_eq(json_next(&j), JSON_NUMBER);
    ck_assert(json_take_key(&j, "\"v\":", 4));
    ck_assert_int_eq(json_next(&j), JSON_ARRAY_BEGIN);
    ck_assert(!json_take_key(&j, "\"t\"]", 4));
    ck_assert_int_eq(json_next(&j), JSON_STRING);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("json_pull");
    TCase *t = tcase_create("json_pull");
    SRunner *r;
    int failed;

    tcase_set_timeout(t, 60);
    tcase_add_test(t, json_test_suite_is_passed);
    tcase_add_test(t, tokens_come_in_the_order_of_the_text);
    tcase_add_test(t, text_of_a_token_is_as_sent);
    tcase_add_test(t, depth_is_bounded);
    tcase_add_test(t, byte_order_mark_is_refused);
    tcase_add_test(t, lone_surrogates_are_refused);
    tcase_add_test(t, strings_are_scanned_alike_at_every_length_and_place);
    tcase_add_test(t, escapes_are_characters);
    tcase_add_test(t, bad_escapes_are_refused);
    tcase_add_test(t, unescape_stays_in_its_room);
    tcase_add_test(t, skipped_value_is_taken_whole);
    tcase_add_test(t, skipped_value_is_checked);
    tcase_add_test(t, skim_jumps_over_simple_objects_only);
    tcase_add_test(t, expected_key_is_taken_only_where_a_key_belongs);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
