/* The CSV reader: RFC 4180, line numbers, one error a bad row. */
#include "server/ctl/registry_csv.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static char text[4096];
static struct registry_csv csv;
static struct registry_csv_row row;

static void
give(const char *s)
{
    snprintf(text, sizeof text, "%s", s);
    registry_csv_init(&csv, text, strlen(text));
}

static void
ck_assert_row(uint32_t line, uint32_t count, const char *first, const char *last)
{
    ck_assert_int_eq(registry_csv_next(&csv, &row), ST_OK);
    ck_assert_uint_eq(row.line, line);
    ck_assert_uint_eq(row.count, count);
    ck_assert(span_is(row.cells[0], first));
    ck_assert(span_is(row.cells[count - 1], last));
}

static void
ck_assert_bad(uint32_t line)
{
    ck_assert_int_eq(registry_csv_next(&csv, &row), ST_MALFORMED);
    ck_assert_uint_eq(row.line, line);
    ck_assert_ptr_nonnull(row.why);
}

static void
ck_assert_end(void)
{
    ck_assert_int_eq(registry_csv_next(&csv, &row), ST_END);
    ck_assert_int_eq(registry_csv_next(&csv, &row), ST_END);
}

START_TEST(lf_crlf_bom_and_a_last_line_without_end)
{
    give("\xEF\xBB\xBF" "a,b\r\nc,d\ne,f");
    ck_assert_row(1, 2, "a", "b");
    ck_assert_row(2, 2, "c", "d");
    ck_assert_row(3, 2, "e", "f");
    ck_assert_end();
}
END_TEST

START_TEST(empty_lines_are_passed_over_and_counted)
{
    give("\n\r\na\n\n\nb\n\n");
    ck_assert_row(3, 1, "a", "a");
    ck_assert_row(6, 1, "b", "b");
    ck_assert_end();
}
END_TEST

START_TEST(empty_cells_are_cells)
{
    give(",,\na,\n");
    ck_assert_row(1, 3, "", "");
    ck_assert_row(2, 2, "a", "");
    ck_assert_end();
}
END_TEST

START_TEST(quoted_cells_hold_commas_quotes_and_line_ends)
{
    give("\"a,\"\"b\"\"\",\"x\r\ny\n\"\n\"\",\"\"\nlast,line\n");
    ck_assert_row(1, 2, "a,\"b\"", "x\r\ny\n");
    ck_assert_row(4, 2, "", "");
    ck_assert_row(5, 2, "last", "line");
    ck_assert_end();
}
END_TEST

START_TEST(bad_rows_are_reported_one_by_one)
{
    give("a\"b,c\nok,1\n\"x\"y\nok,2\na\rb\nok,3\n\"open\nto the end");
    ck_assert_bad(1);
    ck_assert_row(2, 2, "ok", "1");
    ck_assert_bad(3);
    ck_assert_row(4, 2, "ok", "2");
    ck_assert_bad(5);
    ck_assert_row(6, 2, "ok", "3");
    ck_assert_bad(7);
    ck_assert_row(8, 1, "to the end", "to the end");
    ck_assert_end();
}
END_TEST

START_TEST(too_many_cells_are_an_error_of_the_row)
{
    char many[256];

    memset(many, ',', 64);
    snprintf(many + 64, sizeof many - 64, "\nok\n");
    give(many);
    ck_assert_bad(1);
    ck_assert_row(2, 1, "ok", "ok");
    many[63] = '\n';
    many[64] = '\0';
    give(many);
    ck_assert_row(1, 64, "", "");
    ck_assert_end();
}
END_TEST

START_TEST(nothing_is_the_end)
{
    give("");
    ck_assert_end();
    give("\xEF\xBB\xBF");
    ck_assert_end();
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("registry_csv");
    TCase *c = tcase_create("registry_csv");
    SRunner *r = srunner_create(s);

    tcase_add_test(c, lf_crlf_bom_and_a_last_line_without_end);
    tcase_add_test(c, empty_lines_are_passed_over_and_counted);
    tcase_add_test(c, empty_cells_are_cells);
    tcase_add_test(c, quoted_cells_hold_commas_quotes_and_line_ends);
    tcase_add_test(c, bad_rows_are_reported_one_by_one);
    tcase_add_test(c, too_many_cells_are_an_error_of_the_row);
    tcase_add_test(c, nothing_is_the_end);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
