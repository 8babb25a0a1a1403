/* Tables to directory, and the thread that watches them. */
#include "server/store/registry.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/store/store_fixture.h"

static char conninfo[256];
static char why[256];

/* Beside the fixture's registry: two points with dated rows, an unregistered one, a gateway. */
static void
start(void)
{
    fixture_database(conninfo);
    fixture_sql(conninfo, "DELETE FROM meterd.point_attr; DELETE FROM meterd.point");
    fixture_sql(conninfo, "INSERT INTO meterd.revision VALUES (7, '2026-03-01 00:00:00.125+00')");
    fixture_sql(
        conninfo,
        "INSERT INTO meterd.point OVERRIDING SYSTEM VALUE VALUES"
        " (11, 1, 'E1', 'register', 'Wh', NULL, NULL, 'start', 7),"
        " (12, 1, 'I1', 'interval', 'kWh', NULL, 1, 'end', 7),"
        " (13, 2, 'new', NULL, NULL, NULL, NULL, NULL, 0);"
        " ALTER TABLE meterd.point ALTER number RESTART WITH 14");
    fixture_sql(
        conninfo,
        "INSERT INTO meterd.point_attr (point, valid_from_ms, item, nominal_ms, modulus, max_rate,"
        " reverse, factor_den, sign, sentinels, hold_max_ms, added_revision, removed_revision) "
        "VALUES"
        " (11, 1000, 1, 900000, 5, 6, true, 1000, -1, '{-1,7}', 8, 7, NULL),"
        " (11, 2000, 1, 900000, NULL, NULL, false, 1, 1, '{}', NULL, 7, NULL),"
        " (11, 3000, 1, 900000, NULL, NULL, false, 1, 1, '{}', NULL, 7, 7),"
        " (12, 0, 1, 86400000, NULL, NULL, false, 1, 1, '{}', NULL, 7, NULL)");
    fixture_sql(conninfo, "INSERT INTO meterd.exchange VALUES (11, 1500, 20, 30, 7, NULL),"
                          " (11, 1600, 20, 30, 7, 7)");
    fixture_sql(conninfo, "INSERT INTO meterd.gateway (name, enterprise, token_sha256) VALUES"
                          " ('gw-x', 2, decode(repeat('0a', 32), 'hex'))");
}

static struct directory *
load(void)
{
    struct directory *d;

    ck_assert_msg(registry_load(conninfo, &d, why) == ST_OK, "%s", why);
    return d;
}

START_TEST(directory_is_what_the_tables_say)
{
    struct directory *d = load();
    const struct point *p = directory_find_point(d, 1, span_text("E1"));
    const struct attr_span *a = point_attrs_at(p, 1999);

    ck_assert_int_eq(directory_revision(d), 7);
    ck_assert_int_eq(directory_imported_at_ms(d), INT64_C(1772323200125));
    ck_assert_uint_eq(p->number, 11);
    ck_assert_uint_eq(p->attr_count, 3);
    ck_assert(span_is(p->unit, "Wh"));
    ck_assert_int_eq(p->changed_revision, 7);
    ck_assert_int_eq(p->registered_revision, 7);
    ck_assert_uint_eq(p->exchange_count, 1);
    ck_assert_int_eq(p->exchanges[0].start, 30);
    ck_assert_int_eq(a->modulus, 5);
    ck_assert_int_eq(a->max_rate, 6);
    ck_assert_int_eq(a->factor_den, 1000);
    ck_assert_int_eq(a->sign, -1);
    ck_assert_int_eq(a->hold_max_ms, 8);
    ck_assert_uint_eq(a->sentinel_count, 2);
    ck_assert_int_eq(a->sentinels[0], -1);
    ck_assert_int_eq(a->sentinels[1], 7);
    ck_assert(a->reverse && a->counted);
    ck_assert_int_eq(point_attrs_at(p, 2000)->max_rate, -1);
    ck_assert_int_eq(point_attrs_at(p, 9999)->hold_max_ms, 1800000);
    directory_free(d);
}
END_TEST

START_TEST(intervals_names_and_tokens_are_there)
{
    struct directory *d = load();
    const struct point *p = directory_point(d, 12);
    uint8_t token[32];

    ck_assert_int_eq(p->kind, POINT_INTERVAL);
    ck_assert(p->stamp_end);
    ck_assert_int_eq(p->period.ms, 0);
    ck_assert_int_eq(p->period.months, 1);
    p = directory_find_point(d, 2, span_text("new"));
    ck_assert_int_eq(p->kind, POINT_UNREGISTERED);
    ck_assert_int_eq(p->registered_revision, 0);
    ck_assert_uint_eq(directory_enterprise(d, 2)->unregistered_count, 1);
    memset(token, 0x0a, sizeof token);
    ck_assert(span_is(directory_find_token(d, token)->name, "gw-x"));
    ck_assert_uint_eq(enterprise_areas_at(directory_enterprise(d, 1), 0)->prefecture_area, 2);
    ck_assert_uint_eq(directory_deployment(d)->province_area, 1);
    directory_free(d);
}
END_TEST

START_TEST(database_without_schema_or_away_is_told_apart)
{
    struct deployment dep;

    ck_assert_int_eq(registry_read_deployment(conninfo, &dep, why), ST_OK);
    ck_assert_int_eq(dep.slot_ms, SLOT_MS);
    ck_assert_int_eq(registry_read_deployment("host=/nowhere", &dep, why), ST_WORLD_DOWN);
    fixture_sql(conninfo, "INSERT INTO meterd.schema_version VALUES (99, 'x')");
    ck_assert_int_eq(registry_read_deployment(conninfo, &dep, why), ST_NOT_FOUND);
    fixture_sql(conninfo, "SET client_min_messages = warning; DROP SCHEMA meterd CASCADE");
    ck_assert_int_eq(registry_read_deployment(conninfo, &dep, why), ST_NOT_FOUND);
}
END_TEST

START_TEST(database_belongs_to_one_log)
{
    uint8_t uuid[16] = {1, 2, 3};

    ck_assert_int_eq(registry_bind_log(conninfo, uuid, why), ST_OK);
    ck_assert_int_eq(registry_bind_log(conninfo, uuid, why), ST_OK);
    uuid[15] = 9;
    ck_assert_int_eq(registry_bind_log(conninfo, uuid, why), ST_CORRUPT);
}
END_TEST

START_TEST(new_revision_is_posted_within_two_seconds)
{
    struct receiver r;
    struct registry *registry;
    struct directory *d;

    receiver_init(&r);
    registry = registry_start(conninfo, &r.mailbox);
    d = receiver_wait(&r, 10000);
    ck_assert_ptr_nonnull(d);
    ck_assert(registry_database_ok(registry));
    directory_free(d);
    fixture_sql(conninfo, "INSERT INTO meterd.revision VALUES (8)");
    d = receiver_wait(&r, 2000);
    ck_assert_ptr_nonnull(d);
    ck_assert_int_eq(directory_revision(d), 8);
    directory_free(d);
    /* Nothing new: nothing posted. New names are posted too, later. */
    ck_assert_ptr_null(receiver_wait(&r, 1500));
    fixture_sql(conninfo, "SELECT meterd.intern(1, 'fresh')");
    d = receiver_wait(&r, 12000);
    ck_assert_ptr_nonnull(d);
    ck_assert_ptr_nonnull(directory_find_point(d, 1, span_text("fresh")));
    directory_free(d);
    registry_stop(registry);
    receiver_fini(&r);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("registry");
    TCase *c = tcase_create("registry");

    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, start, NULL);
    tcase_add_test(c, directory_is_what_the_tables_say);
    tcase_add_test(c, intervals_names_and_tokens_are_there);
    tcase_add_test(c, database_without_schema_or_away_is_told_apart);
    tcase_add_test(c, database_belongs_to_one_log);
    tcase_add_test(c, new_revision_is_posted_within_two_seconds);
    suite_add_tcase(s, c);
    return fixture_main(s);
}
