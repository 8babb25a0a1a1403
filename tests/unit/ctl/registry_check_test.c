/* What is wrong in a file, and what right rows become. */
#include "server/ctl/registry_check.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define HOUR INT64_C(3600000)
#define POINT_HEADER "enterprise,point,valid_from,kind,item,unit,nominal_interval,max_rate,"

static struct registry_errors errors;
static struct registry_rows files[REGISTRY_ROWS_COUNT];

static void
start(void)
{
    errors = (struct registry_errors){0};
    memset(files, 0, sizeof files);
}

static void
stop(void)
{
    registry_errors_fini(&errors);
    for (int f = 0; f < REGISTRY_ROWS_COUNT; f++)
        registry_rows_fini(&files[f]);
}

static void
check_file(enum registry_file file, const char *text)
{
    struct registry_check c = {
        .utc_offset_ms = 8 * HOUR, .now_ms = INT64_C(1767196800000), .errors = &errors};
    char *copy = strdup(text);

    registry_check_text(&c, file, copy, strlen(copy), files);
    free(copy);
}

/* The whole list, as an operator sees it. */
static void
ck_assert_errors(const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);

    registry_errors_print(&errors, "dir", f);
    fclose(f);
    ck_assert_str_eq(text, expected);
    free(text);
}

static void
ck_assert_rows(enum registry_file file, const char *expected)
{
    ck_assert_errors("");
    ck_assert_uint_eq(files[file].size, strlen(expected));
    ck_assert_int_eq(memcmp(files[file].at, expected, strlen(expected)), 0);
}

START_TEST(blank_cells_become_their_defaults)
{
    check_file(REGISTRY_POINTS, "point,enterprise,item,unit,kind,nominal_interval,max_rate\n"
                                "E1,kd-1,electricity,kWh,register,15min,none\n");
    ck_assert_rows(REGISTRY_POINTS,
                   "2\tkd-1\tE1\t-9223372036854775808\tregister\telectricity\tkWh\t\\N\t\\N\t0"
                   "\t900000\t\\N\t\\N\t0\t1\t1\t1\t1\t{}\t\\N\t\\N\t9223372036854775807\n");
}
END_TEST

START_TEST(every_cell_is_read_as_written)
{
    check_file(REGISTRY_POINTS,
               "enterprise,point,valid_from,kind,item,unit,period,stamp,nominal_interval,modulus,"
               "max_rate,reverse,factor_num,factor_den,sign,counted,sentinels,spread_max,hold_max,"
               "valid_to\n"
               "kd\\1,\"a,b\",2026-01-01,interval,x,kWh,1mon,end,1d,99.5,12.000001,yes,3,7,-1,no,"
               "-1;99999.9,2d,1500,2026-02-01T00:00:00Z\n");
    ck_assert_rows(REGISTRY_POINTS,
                   "2\tkd\\\\1\ta,b\t1767196800000\tinterval\tx\tkWh\t\\N\t1\t1\t86400000\t99500000"
                   "\t12000001\t1\t3\t7\t-1\t0\t{-1000000,99999900000}\t172800000\t1500"
                   "\t1769904000000\n");
}
END_TEST

START_TEST(token_columns_that_are_missing_differ_from_empty_ones)
{
    check_file(REGISTRY_GATEWAYS, "gateway,enterprise,token_sha256\ng,e,\n");
    ck_assert_rows(REGISTRY_GATEWAYS, "2\tg\te\t\t\\N\n");
}
END_TEST

START_TEST(headers_are_checked_as_a_whole)
{
    check_file(REGISTRY_ITEMS, "item,name,colour,item\nelectricity,x,red,y\n");
    check_file(REGISTRY_PARKS, "");
    ck_assert_errors("dir/parks.csv: the file is empty: it needs a header line\n"
                     "dir/items.csv:1: column \"colour\" is not known\n"
                     "dir/items.csv:1: column item stands twice\n"
                     "dir/items.csv:1: column unit is missing\n");
    ck_assert_uint_eq(files[REGISTRY_BROKEN].count, 1);
}
END_TEST

START_TEST(every_bad_cell_is_told_with_what_would_be_right)
{
    check_file(REGISTRY_POINTS, POINT_HEADER "counted,factor_num,sign,sentinels,modulus\n"
                                             "kd-1,E1,yesterday,meter,,kWh,0,fast,maybe,"
                                             "2147483648,2,1;x,-5\n");
    ck_assert_errors(
        "dir/points.csv:2: counted is \"maybe\": write yes or no\n"
        "dir/points.csv:2: factor_num is \"2147483648\": write an integer from 1 to 2147483647\n"
        "dir/points.csv:2: item is empty\n"
        "dir/points.csv:2: kind is \"meter\": write register, interval or rate\n"
        "dir/points.csv:2: max_rate is \"fast\": write a decimal number greater than 0, at most 6 "
        "decimals, or none\n"
        "dir/points.csv:2: modulus is \"-5\": write a decimal number greater than 0, at most 6 "
        "decimals\n"
        "dir/points.csv:2: nominal_interval is \"0\": write 15min, 1h, 1d or milliseconds, more "
        "than "
        "0, at most 400d\n"
        "dir/points.csv:2: sentinels is \"1;x\": write at most 32 decimal numbers separated by ;\n"
        "dir/points.csv:2: sign is \"2\": write 1 or -1\n"
        "dir/points.csv:2: valid_from is \"yesterday\": write a date like 2026-03-01, or a time "
        "like "
        "2026-03-01T00:15:00+08:00\n");
    ck_assert_uint_eq(files[REGISTRY_POINTS].count, 0);
    ck_assert_uint_eq(files[REGISTRY_BROKEN].count, 1);
}
END_TEST

START_TEST(counted_register_needs_a_max_rate)
{
    check_file(REGISTRY_POINTS, POINT_HEADER "counted\n"
                                             "kd-1,E1,,register,e,kWh,1h,,yes\n"
                                             "kd-1,E2,,register,e,kWh,1h,,no\n"
                                             "kd-1,E3,,register,e,kWh,1h,none,\n"
                                             "kd-1,E4,,rate,e,kWh,1h,,\n");
    ck_assert_errors("dir/points.csv:2: max_rate is empty: a counted register needs the most it "
                     "can "
                     "advance in an hour, or none\n");
    ck_assert_uint_eq(files[REGISTRY_POINTS].count, 3);
}
END_TEST

START_TEST(rows_end_when_they_begin_or_later)
{
    check_file(REGISTRY_POINTS, POINT_HEADER "valid_to\n"
                                             "kd-1,E1,2026-01-02,rate,e,kWh,1h,,2026-01-01\n"
                                             "kd-1,E2,2026-01-02,rate,e,kWh,1h,,2026-01-02\n"
                                             "kd-1,E3,2026-02-30,rate,e,kWh,1h,,\n");
    ck_assert_errors("dir/points.csv:2: valid_to is before valid_from: a row ends when it begins "
                     "or "
                     "later\n"
                     "dir/points.csv:4: valid_from is \"2026-02-30\": write a date like "
                     "2026-03-01, "
                     "or a time like 2026-03-01T00:15:00+08:00\n");
}
END_TEST

START_TEST(enterprises_change_on_civil_days)
{
    check_file(REGISTRY_ENTERPRISES, "enterprise,valid_from,name,prefecture_code,park_id\n"
                                     "kd-1,2026-01-01T00:00:00+08:00,One,530100,\n"
                                     "kd-2,2026-01-01T00:00:00Z,Two,530100,-P\n");
    ck_assert_errors("dir/enterprises.csv:3: park_id is \"-P\": write 1 to 64 bytes of UTF-8 "
                     "without "
                     "control characters that do not begin with -\n"
                     "dir/enterprises.csv:3: valid_from is \"2026-01-01T00:00:00Z\": write a civil "
                     "day like 2026-03-01\n");
}
END_TEST

START_TEST(exchanges_are_whole_and_past)
{
    check_file(REGISTRY_EXCHANGES, "enterprise,point,t,end,start\n"
                                   "kd-1,E1,2026-01-01T00:20:00+08:00,520,40\n"
                                   "kd-1,E1,2025-01-01T00:20:00+08:00,520,\n"
                                   "kd-1,E1,2025-01-01T00:20:00+08:00,,\n"
                                   "kd-1,E1,2025-01-02,520.0000001,1e3\n"
                                   "kd-1,E1,0001-01-01,520,40\n");
    ck_assert_errors("dir/exchanges.csv:2: t is in the future: an exchange is reported after it "
                     "happened\n"
                     "dir/exchanges.csv:3: one of end and start is empty: both, or none to "
                     "withdraw "
                     "the exchange\n"
                     "dir/exchanges.csv:5: end is \"520.0000001\": write a decimal number, at "
                     "most 6 "
                     "decimals\n"
                     "dir/exchanges.csv:6: t is before 1900: write when the meter was exchanged\n");
    ck_assert_uint_eq(files[REGISTRY_EXCHANGES].count, 1);
}
END_TEST

START_TEST(short_rows_and_broken_quotes_are_told_with_their_lines)
{
    check_file(REGISTRY_ITEMS, "item,name,unit\na,b\n\"x\"y,b,c\ne,\"f\ng\",h\nk,l,\n");
    ck_assert_errors("dir/items.csv:2: 2 cells: the header line has 3\n"
                     "dir/items.csv:3: text after a closing quote\n"
                     "dir/items.csv:4: name is \"f?g\": write at most 256 bytes of UTF-8 without "
                     "control characters\n"
                     "dir/items.csv:6: unit is empty\n");
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("registry_check");
    TCase *c = tcase_create("registry_check");
    SRunner *r = srunner_create(s);

    tcase_add_checked_fixture(c, start, stop);
    tcase_add_test(c, blank_cells_become_their_defaults);
    tcase_add_test(c, every_cell_is_read_as_written);
    tcase_add_test(c, token_columns_that_are_missing_differ_from_empty_ones);
    tcase_add_test(c, headers_are_checked_as_a_whole);
    tcase_add_test(c, every_bad_cell_is_told_with_what_would_be_right);
    tcase_add_test(c, counted_register_needs_a_max_rate);
    tcase_add_test(c, rows_end_when_they_begin_or_later);
    tcase_add_test(c, enterprises_change_on_civil_days);
    tcase_add_test(c, exchanges_are_whole_and_past);
    tcase_add_test(c, short_rows_and_broken_quotes_are_told_with_their_lines);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
