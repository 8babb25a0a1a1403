/* What the migrations promise: the fence, claims, numbers, months, comments, and what the views
 * show. Against a real PostgreSQL. */
#include "tests/unit/store/store_fixture.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/pg_cluster.h"

#define RIVALS 8

static char database[256];

static void
setup(void)
{
    fixture_database(database);
}

/* SQLSTATE of a statement, "00000" when it went well. */
static const char *
sqlstate_of(const char *sql)
{
    static char state[6];
    PGconn *conn = PQconnectdb(database);
    PGresult *res = PQexec(conn, sql);
    const char *found = PQresultErrorField(res, PG_DIAG_SQLSTATE);

    snprintf(state, sizeof state, "%s", found == NULL ? "00000" : found);
    PQclear(res);
    PQfinish(conn);
    return state;
}

START_TEST(fence_lets_each_commit_of_the_owner_through_once)
{
    const char *first = "select meterd.advance('t', 1, 0, 10, 5, now(), 1, 1)";

    ck_assert_str_eq(sqlstate_of(first), "MD001"); /* no row */
    fixture_sql(database, "select * from meterd.claim('t', 1)");
    ck_assert_str_eq(sqlstate_of(first), "00000");
    ck_assert_str_eq(sqlstate_of(first), "MD001"); /* repeated */
    fixture_sql(database, "select * from meterd.claim('t', 1)");
    ck_assert_str_eq(sqlstate_of("select meterd.advance('t', 1, 1, 11, 5, now(), 1, 1)"), "MD001");
    ck_assert_str_eq(sqlstate_of("select meterd.advance('t', 1, 1, 11, 5, now(), 1, 2)"), "00000");
    ck_assert_int_eq(fixture_i64(database, "select next_offset from meterd.log_partition"), 11);
}
END_TEST

struct rival {
    pthread_t thread;
    const char *sql;
    int failures;
};

static void *
run_rival(void *context)
{
    struct rival *r = context;
    PGconn *conn = PQconnectdb(database);

    for (int i = 0; i < 5; i++) {
        PGresult *res = PQexec(conn, r->sql);

        if (PQresultStatus(res) != PGRES_TUPLES_OK) {
            fprintf(stderr, "%s", PQerrorMessage(conn));
            r->failures++;
        }
        PQclear(res);
    }
    PQfinish(conn);
    return NULL;
}

/* All at once; none may fail. */
static void
run_rivals(const char *sql)
{
    struct rival rivals[RIVALS] = {0};

    for (int i = 0; i < RIVALS; i++) {
        rivals[i].sql = sql;
        ck_assert_int_eq(pthread_create(&rivals[i].thread, NULL, run_rival, &rivals[i]), 0);
    }
    for (int i = 0; i < RIVALS; i++) {
        pthread_join(rivals[i].thread, NULL);
        ck_assert_int_eq(rivals[i].failures, 0);
    }
}

START_TEST(rivals_make_a_month_once)
{
    run_rivals("select meterd.ensure_month(t, d::date) from unnest(array['rollup_enterprise_slot',"
               " 'rollup_area_slot', 'reading_segment']) t, unnest(array['2024-02-29',"
               " '2025-12-31', '2026-01-01']) d");
    ck_assert_int_eq(fixture_i64(database, "select count(*) from pg_inherits"
                                           " where inhparent::regclass::text in"
                                           " ('meterd.rollup_enterprise_slot',"
                                           " 'meterd.rollup_area_slot', 'meterd.reading_segment')"),
                     9);
    fixture_sql(database, "insert into meterd.reading_segment (point, first_t, last_t, offset_ms,"
                          " value, received) values (1, 1706745600000, 0, '{0}', '{1}', '{2}'),"
                          " (1, 1709251199999, 0, '{0}', '{1}', '{2}')");
    ck_assert_str_eq(sqlstate_of("insert into meterd.reading_segment (point, first_t, last_t,"
                                 " offset_ms, value, received)"
                                 " values (1, 1709251200000, 0, '{0}', '{1}', '{2}')"),
                     "23514");
}
END_TEST

START_TEST(only_partitioned_tables_have_months)
{
    ck_assert_str_eq(sqlstate_of("select meterd.ensure_month('point', '2026-01-01')"), "22023");
    ck_assert_str_eq(
        sqlstate_of("select meterd.ensure_month('reading_segment; drop', now()::date)"), "22023");
}
END_TEST

START_TEST(rivals_intern_a_name_once)
{
    run_rivals("select meterd.intern(1, 'name ' || i) from generate_series(1, 200) i");
    ck_assert_int_eq(fixture_i64(database, "select count(*) from meterd.point"), 200);
    ck_assert_int_ne(fixture_i64(database, "select meterd.intern(1, 'name 1')"),
                     fixture_i64(database, "select meterd.intern(2, 'name 1')"));
}
END_TEST

START_TEST(rivals_claim_one_after_the_other)
{
    run_rivals("select * from meterd.claim('t', 1)");
    ck_assert_int_eq(fixture_i64(database, "select owner_epoch from meterd.log_partition"),
                     RIVALS * 5);
}
END_TEST

START_TEST(everything_has_a_comment)
{
    fixture_sql(database, "select meterd.ensure_month('rollup_area_slot', '2026-01-01')");
    ck_assert_str_eq(
        fixture_text(database,
                     "select coalesce(string_agg(c.relname || '.' || coalesce(a.attname, ''), ' '),"
                     " '') from pg_class c left join pg_attribute a on a.attrelid = c.oid"
                     " and a.attnum > 0 and not a.attisdropped"
                     " where c.relnamespace = 'meterd'::regnamespace"
                     " and c.relkind in ('r', 'p', 'v')"
                     " and (obj_description(c.oid, 'pg_class') is null"
                     " or col_description(c.oid, a.attnum) is null)"),
        "");
}
END_TEST

START_TEST(reader_sees_views_only)
{
    fixture_sql(database, "do $$ begin if not exists (select from pg_roles where rolname ="
                          " 'meterd_reader') then create role meterd_reader; end if; end $$");
    ck_assert_str_eq(fixture_text(database, "select meterd.grant_reader()"), "t");
    ck_assert_str_eq(fixture_text(database,
                                  "select coalesce(string_agg(relname, ' '), '') from pg_class"
                                  " where relnamespace = 'meterd'::regnamespace"
                                  " and relkind in ('r', 'p', 'v') and (relname like 'v\\_%')"
                                  " <> has_table_privilege('meterd_reader', oid, 'select')"),
                     "");
    ck_assert_str_eq(sqlstate_of("set role meterd_reader; select * from meterd.v_readings,"
                                 " meterd.v_progress, meterd.v_enterprise_month"),
                     "00000");
    ck_assert_str_eq(sqlstate_of("set role meterd_reader; select meterd.intern(1, 'x')"), "42501");
}
END_TEST

START_TEST(views_are_exact_and_keep_the_civil_calendar)
{
    fixture_sql(database,
                "select meterd.ensure_month('rollup_area_slot', d) from"
                " unnest(array['2025-12-01', '2026-01-01']::date[]) d;"
                "insert into meterd.rollup_area_slot select a, 1, s, 10000001, 1, 1, 0, 0, 1, s"
                " from unnest(array[2, 3, 4]) a, generate_series(timestamptz '2025-12-31T15:00Z',"
                " '2025-12-31T16:45Z', '15 min') s;"
                "insert into meterd.rollup_area_day select a, 1, d, 40000004, 4, 4, 0, 0, 1, now()"
                " from unnest(array[2, 3, 4]) a,"
                " unnest(array['2025-12-31', '2026-01-01']::date[]) d");
    ck_assert_str_eq(
        fixture_text(database, "select string_agg(concat_ws(' ', area, area_name, prefecture, item,"
                               " unit, slot_start at time zone 'UTC', quantity, readings), '; '"
                               " order by slot_start) from meterd.v_park_hour where area = 'P1'"),
        "P1 Park 5301 electricity kWh 2025-12-31 15:00:00 40.000004 4; "
        "P1 Park 5301 electricity kWh 2025-12-31 16:00:00 40.000004 4");
    ck_assert_str_eq(
        fixture_text(database,
                     "select string_agg(concat_ws(' ', area, area_name, slot_start at"
                     " time zone 'UTC', slot_end at time zone 'UTC', quantity), '; '"
                     " order by slot_start) from meterd.v_park_year where area like '-%'"),
        "-5301 Kunming, no park 2024-12-31 16:00:00 2025-12-31 16:00:00 40.000004; "
        "-5301 Kunming, no park 2025-12-31 16:00:00 2026-12-31 16:00:00 40.000004");
    ck_assert_int_eq(fixture_i64(database, "select count(*) from meterd.v_prefecture_slot"), 8);
    ck_assert_int_eq(fixture_i64(database, "select count(*) from meterd.v_province_month"), 0);
}
END_TEST

START_TEST(enterprise_is_in_the_park_of_the_day)
{
    fixture_sql(database,
                "insert into meterd.enterprise_attr (enterprise, valid_from_ms, name,"
                " prefecture_code, park_id, added_revision)"
                " values (1, 1767196800000, 'Works', '5301', null, 1);" /* 2026-01-01 civil */
                "insert into meterd.rollup_enterprise_day select 1, 1, d, 1, 0, 0, 0, 0, 1, now()"
                " from unnest(array['2025-12-31', '2026-01-01']::date[]) d");
    ck_assert_str_eq(fixture_text(database,
                                  "select string_agg(concat_ws(' ', area, area_name, park,"
                                  " prefecture, quantity), '; ' order by slot_start)"
                                  " from meterd.v_enterprise_day"),
                     "E1 Works P1 5301 0.000001; E1 Works -5301 5301 0.000001");
}
END_TEST

START_TEST(readings_are_shown_one_by_one)
{
    fixture_sql(database,
                "select meterd.intern(1, 'M1'), meterd.ensure_month('reading_segment',"
                " '2026-03-01');"
                "insert into meterd.reading_segment (point, first_t, last_t, offset_ms, value,"
                " received, quality) values (1, 1772323200123, 1772323260123, '{0,60000}',"
                " '{-1500000,3}', '{1772323201000,1772323261001}', '{0,22}')");
    ck_assert_str_eq(fixture_text(database,
                                  "select string_agg(concat_ws(' ', enterprise, point,"
                                  " t at time zone 'UTC', value, quality, rounded, received_at"
                                  " at time zone 'UTC'), '; ' order by t) from meterd.v_readings"),
                     "E1 M1 2026-03-01 00:00:00.123 -1.5 good f 2026-03-01 00:00:01; "
                     "E1 M1 2026-03-01 00:01:00.123 0.000003 fault t 2026-03-01 00:01:01.001");
}
END_TEST

START_TEST(progress_counts_what_is_left)
{
    fixture_sql(database, "select * from meterd.claim('t', 3);"
                          "select meterd.intern(1, 'M1'), meterd.intern(1, 'M2');"
                          "update meterd.point set changed_revision = 2 where number = 1;"
                          "insert into meterd.point_state (point, part, applied_offset, revision,"
                          " fold_version) values (1, 3, 0, 1, 1), (2, 3, 0, 1, 1);"
                          "insert into meterd.reading_inbox values (3, 2, 5, 0, 0, 0, 0, 0)");
    ck_assert_str_eq(fixture_text(database, "select concat_ws(' ', partition, next_offset, inbox,"
                                            " refold_work, registry_revision)"
                                            " from meterd.v_progress"),
                     "3 0 1 1 0");
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("schema");
    TCase *c = tcase_create("schema");

    tcase_add_checked_fixture(c, setup, NULL);
    tcase_set_timeout(c, 120);
    tcase_add_test(c, fence_lets_each_commit_of_the_owner_through_once);
    tcase_add_test(c, rivals_make_a_month_once);
    tcase_add_test(c, only_partitioned_tables_have_months);
    tcase_add_test(c, rivals_intern_a_name_once);
    tcase_add_test(c, rivals_claim_one_after_the_other);
    tcase_add_test(c, everything_has_a_comment);
    tcase_add_test(c, reader_sees_views_only);
    tcase_add_test(c, views_are_exact_and_keep_the_civil_calendar);
    tcase_add_test(c, enterprise_is_in_the_park_of_the_day);
    tcase_add_test(c, readings_are_shown_one_by_one);
    tcase_add_test(c, progress_counts_what_is_left);
    suite_add_tcase(s, c);
    return fixture_main(s);
}
