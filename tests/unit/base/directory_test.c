/* The directory: names, tokens and dated attributes. */
#include "server/base/directory.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define HOUR INT64_C(3600000)

static const struct deployment deployment = {.slot_ms = HOUR / 4, .partitions = 16};

static struct attr_row
row(int64_t from, int64_t to, uint32_t item)
{
    return (struct attr_row){.valid_from_ms = from,
                             .valid_to_ms = to,
                             .attrs = {.nominal_ms = HOUR / 4,
                                       .max_rate = -1,
                                       .factor_num = 1,
                                       .factor_den = 1,
                                       .item = item,
                                       .sign = 1,
                                       .counted = true}};
}

static struct directory_builder *
builder_with_enterprise(void)
{
    struct directory_builder *b = directory_builder_new(7, &deployment);
    struct enterprise e = {.number = 3, .partition = 5, .name = span_text("kd-003")};
    struct area_row areas[] = {{1000, 11, 21}, {2000, 12, 21}};

    directory_add_enterprise(b, &e, areas, 2);
    return b;
}

static struct directory *
directory_of(const struct attr_row *rows, uint32_t count)
{
    struct directory_builder *b = builder_with_enterprise();
    struct point p = {.number = 9,
                      .enterprise = 3,
                      .kind = count > 0 ? POINT_REGISTER : POINT_UNREGISTERED,
                      .name = span_text("E1")};

    directory_add_point(b, &p, rows, count);
    return directory_build(b);
}

static void
ck_assert_span(const struct point *p, int64_t t, uint32_t item, bool counted)
{
    const struct attr_span *s = point_attrs_at(p, t);

    ck_assert_uint_eq(s->item, item);
    ck_assert_int_eq(s->counted, counted);
}

START_TEST(first_row_holds_uncounted_before_it)
{
    struct attr_row rows[] = {row(1000, TIME_MAX, 1), row(2000, TIME_MAX, 2)};
    struct directory *d = directory_of(rows, 2);
    const struct point *p = directory_point(d, 9);

    ck_assert_uint_eq(p->attr_count, 3);
    ck_assert_span(p, TIME_MIN, 1, false);
    ck_assert_span(p, 999, 1, false);
    ck_assert_span(p, 1000, 1, true);
    ck_assert_span(p, 1999, 1, true);
    ck_assert_span(p, 2000, 2, true);
    ck_assert_span(p, TIME_MAX, 2, true);
    directory_free(d);
}
END_TEST

START_TEST(row_since_ever_is_the_first_span)
{
    struct attr_row rows[] = {row(TIME_MIN, TIME_MAX, 1)};
    struct directory *d = directory_of(rows, 1);

    ck_assert_uint_eq(directory_point(d, 9)->attr_count, 1);
    ck_assert_span(directory_point(d, 9), TIME_MIN, 1, true);
    directory_free(d);
}
END_TEST

START_TEST(valid_to_leaves_a_gap_that_is_not_counted)
{
    struct attr_row rows[] = {row(TIME_MIN, 1500, 1), row(2000, 3000, 2)};
    struct directory *d = directory_of(rows, 2);
    const struct point *p = directory_point(d, 9);

    ck_assert_uint_eq(p->attr_count, 4);
    ck_assert_span(p, 1499, 1, true);
    ck_assert_span(p, 1500, 1, false);
    ck_assert_span(p, 2000, 2, true);
    ck_assert_span(p, 3000, 2, false);
    directory_free(d);
}
END_TEST

START_TEST(valid_to_beyond_the_next_row_changes_nothing)
{
    struct attr_row rows[] = {row(TIME_MIN, 5000, 1), row(2000, TIME_MAX, 2)};
    struct directory *d = directory_of(rows, 2);
    const struct point *p = directory_point(d, 9);

    ck_assert_uint_eq(p->attr_count, 2);
    ck_assert_span(p, 2000, 2, true);
    ck_assert_span(p, 5000, 2, true);
    directory_free(d);
}
END_TEST

START_TEST(withdrawn_row_lets_the_one_before_go_on)
{
    struct attr_row rows[] = {row(1000, TIME_MAX, 1), row(2000, 2000, 2), row(3000, TIME_MAX, 3)};
    struct directory *d = directory_of(rows, 3);
    const struct point *p = directory_point(d, 9);

    ck_assert_uint_eq(p->attr_count, 3);
    ck_assert_span(p, 2500, 1, true);
    ck_assert_span(p, 3000, 3, true);
    directory_free(d);
}
END_TEST

START_TEST(point_with_every_row_withdrawn_is_never_counted)
{
    struct attr_row rows[] = {row(1000, 1000, 1)};
    struct directory *d = directory_of(rows, 1);
    const struct point *p = directory_point(d, 9);

    ck_assert_uint_eq(p->attr_count, 1);
    ck_assert_span(p, 1000, 1, false);
    directory_free(d);
}
END_TEST

START_TEST(defaults_follow_the_nominal_interval)
{
    struct attr_row rows[] = {row(TIME_MIN, TIME_MAX, 1), row(1000, TIME_MAX, 1),
                              row(2000, TIME_MAX, 1)};
    struct directory *d;
    const struct point *p;

    rows[1].attrs.nominal_ms = 30 * HOUR;
    rows[2].attrs.spread_max_ms = 5;
    rows[2].attrs.hold_max_ms = 6;
    d = directory_of(rows, 3);
    p = directory_point(d, 9);
    ck_assert_int_eq(point_attrs_at(p, 0)->spread_max_ms, 48 * HOUR);
    ck_assert_int_eq(point_attrs_at(p, 0)->hold_max_ms, HOUR / 2);
    ck_assert_int_eq(point_attrs_at(p, 1000)->spread_max_ms, 60 * HOUR);
    ck_assert_int_eq(point_attrs_at(p, 1000)->hold_max_ms, 60 * HOUR);
    ck_assert_int_eq(point_attrs_at(p, 2000)->spread_max_ms, 5);
    ck_assert_int_eq(point_attrs_at(p, 2000)->hold_max_ms, 6);
    directory_free(d);
}
END_TEST

START_TEST(enterprise_belongs_to_its_first_areas_before_them_too)
{
    struct directory *d = directory_of(NULL, 0);
    const struct enterprise *e = directory_enterprise(d, 3);

    ck_assert_uint_eq(enterprise_areas_at(e, TIME_MIN)->park_area, 11);
    ck_assert_uint_eq(enterprise_areas_at(e, 1999)->park_area, 11);
    ck_assert_uint_eq(enterprise_areas_at(e, 2000)->park_area, 12);
    ck_assert_uint_eq(e->unregistered_count, 1);
    ck_assert_uint_eq(e->partition, 5);
    ck_assert_ptr_null(directory_enterprise(d, 0));
    ck_assert_ptr_null(directory_enterprise(d, 2));
    ck_assert_ptr_null(directory_enterprise(d, 4));
    ck_assert_int_eq(directory_revision(d), 7);
    directory_free(d);
}
END_TEST

static void
add_gateway(struct directory_builder *b, uint32_t number, const char *name, uint8_t fill)
{
    struct gateway g = {.number = number, .enterprise = 3, .name = span_text(name)};

    g.has_token[0] = true;
    memset(g.token_sha256[0], fill, 32);
    g.has_token[1] = number % 2 == 1;
    memset(g.token_sha256[1], fill + 1, 32);
    directory_add_gateway(b, &g);
}

START_TEST(both_tokens_and_the_name_find_the_gateway)
{
    struct directory_builder *b = builder_with_enterprise();
    struct directory *d;
    uint8_t token[32];

    add_gateway(b, 1, "gw-1", 10);
    add_gateway(b, 2, "gw-2", 20);
    d = directory_build(b);
    memset(token, 11, 32);
    ck_assert_uint_eq(directory_find_token(d, token)->number, 1);
    memset(token, 20, 32);
    ck_assert_uint_eq(directory_find_token(d, token)->number, 2);
    memset(token, 21, 32);
    ck_assert_ptr_null(directory_find_token(d, token));
    memset(token, 0, 32);
    ck_assert_ptr_null(directory_find_token(d, token));
    ck_assert_uint_eq(directory_find_gateway(d, span_text("gw-2"))->number, 2);
    ck_assert_ptr_null(directory_find_gateway(d, span_text("gw-3")));
    directory_free(d);
}
END_TEST

static void
add_numbered_point(struct directory_builder *b, uint32_t number, uint32_t enterprise)
{
    struct attr_row rows[] = {row(TIME_MIN, TIME_MAX, 1)};
    int64_t sentinels[] = {-1, 9999};
    char name[32];
    struct point p = {.number = number, .enterprise = enterprise, .kind = POINT_RATE};

    snprintf(name, sizeof name, "P%u", number);
    p.name = span_text(name);
    rows[0].attrs.sentinels = sentinels;
    rows[0].attrs.sentinel_count = 2;
    directory_add_point(b, &p, rows, 1);
}

START_TEST(many_points_are_found_by_name_and_listed_in_order)
{
    struct directory_builder *b = builder_with_enterprise();
    struct enterprise e = {.number = 100, .name = span_text("other")};
    struct area_row area = {TIME_MIN, 1, 2};
    struct directory *d;
    uint32_t position = 0, last = 0, count = 0;
    const struct point *p;

    directory_add_enterprise(b, &e, &area, 1);
    for (uint32_t n = 5000; n > 0; n--)
        add_numbered_point(b, n, n % 2 == 0 ? 3 : 100);
    d = directory_build(b);
    ck_assert_uint_eq(directory_find_point(d, 3, span_text("P4998"))->number, 4998);
    ck_assert_ptr_null(directory_find_point(d, 100, span_text("P4998")));
    ck_assert_ptr_null(directory_find_point(d, 3, span_text("p4998")));
    /* The previous number is only a hint. */
    for (uint32_t previous = 0; previous < 5010; previous += previous < 4990 ? 499 : 1)
        ck_assert_uint_eq(directory_find_point_after(d, 3, span_text("P4998"), previous)->number,
                          4998);
    ck_assert_ptr_null(directory_find_point_after(d, 100, span_text("P4998"), 4997));
    ck_assert_ptr_null(directory_find_point_after(d, 3, span_text("p4998"), UINT32_MAX));
    for (; (p = directory_next_point(d, 100, &position)) != NULL; last = p->number, count++)
        ck_assert_uint_gt(p->number, last);
    ck_assert_uint_eq(count, 2500);
    position = 0;
    ck_assert_ptr_null(directory_next_point(d, 50, &position));
    ck_assert_ptr_null(directory_next_point(d, 101, &position));
    ck_assert_uint_eq(directory_point_number_max(d), 5000);
    ck_assert_int_eq(directory_point(d, 4998)->attrs[0].sentinels[1], 9999);
    directory_free(d);
}
END_TEST

START_TEST(empty_directory_answers_nothing)
{
    struct directory *d = directory_build(directory_builder_new(0, &deployment));
    uint8_t token[32] = {0};
    uint32_t position = 0;

    ck_assert_ptr_null(directory_find_point(d, 1, span_text("E1")));
    ck_assert_ptr_null(directory_find_gateway(d, span_text("")));
    ck_assert_ptr_null(directory_find_token(d, token));
    ck_assert_ptr_null(directory_next_point(d, 0, &position));
    ck_assert_ptr_null(directory_point(d, 1));
    ck_assert_uint_eq(directory_point_number_max(d), 0);
    ck_assert_uint_eq(directory_item_name(d, 1).size, 0);
    directory_free(d);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("directory");
    TCase *c = tcase_create("directory");
    SRunner *r = srunner_create(s);

    tcase_add_test(c, first_row_holds_uncounted_before_it);
    tcase_add_test(c, row_since_ever_is_the_first_span);
    tcase_add_test(c, valid_to_leaves_a_gap_that_is_not_counted);
    tcase_add_test(c, valid_to_beyond_the_next_row_changes_nothing);
    tcase_add_test(c, withdrawn_row_lets_the_one_before_go_on);
    tcase_add_test(c, point_with_every_row_withdrawn_is_never_counted);
    tcase_add_test(c, defaults_follow_the_nominal_interval);
    tcase_add_test(c, enterprise_belongs_to_its_first_areas_before_them_too);
    tcase_add_test(c, both_tokens_and_the_name_find_the_gateway);
    tcase_add_test(c, many_points_are_found_by_name_and_listed_in_order);
    tcase_add_test(c, empty_directory_answers_nothing);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
