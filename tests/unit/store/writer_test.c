/* Commits: what they add, and that each is in the database once, whatever happens to the connection
 * or to the partition's row. Against a real PostgreSQL. */
#include "tests/unit/store/store_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/now.h"
#include "server/store/db.h"
#include "tests/support/cut_proxy.h"
#include "tests/support/pg_cluster.h"

static char database[256];
static struct receiver done;

static void
setup(void)
{
    fixture_database(database);
    receiver_init(&done);
}

static void
teardown(void)
{
    receiver_fini(&done);
}

static void
claim(uint32_t partition)
{
    char sql[128];

    snprintf(sql, sizeof sql, "select (meterd.claim('" TOPIC "', %u)).owner_epoch", partition);
    fixture_i64(database, sql);
}

static int64_t
sum(const char *table)
{
    char sql[128];

    snprintf(sql, sizeof sql, "select coalesce(sum(quantity), 0) from meterd.%s", table);
    return fixture_i64(database, sql);
}

/* All four tables hold the same sum, and the partition stands at seq. */
static void
check_sums(int64_t expected, int64_t seq)
{
    ck_assert_int_eq(sum("rollup_enterprise_slot"), expected);
    ck_assert_int_eq(sum("rollup_enterprise_day"), expected);
    ck_assert_int_eq(sum("rollup_area_slot"), expected);
    ck_assert_int_eq(sum("rollup_area_day"), expected);
    ck_assert_int_eq(fixture_i64(database, "select sum(received) from meterd.enterprise_day"), seq);
    ck_assert_int_eq(fixture_i64(database, "select commit_seq from meterd.log_partition"
                                           " where part = 3"),
                     seq);
}

START_TEST(commits_add_exactly)
{
    struct writer *w = fixture_writer(database, &done);
    int64_t expected = 0;

    claim(3);
    for (int64_t seq = 0; seq < 20; seq++) {
        struct transaction *tx = fixture_transaction(3, seq, 1);

        fixture_add(tx, seq % 5, seq * 1000003 - 7);
        expected += seq * 1000003 - 7;
        ck_assert_int_eq(fixture_commit(w, &done, tx), TX_DONE);
        transaction_free(tx);
    }
    check_sums(expected, 20);
    ck_assert_int_eq(fixture_i64(database, "select count(*) from meterd.rollup_area_slot"), 5);
    ck_assert_int_eq(fixture_i64(database, "select sum(revision) from meterd.rollup_area_slot"),
                     20);
    ck_assert_str_eq(fixture_text(database, "select day::text from meterd.rollup_area_day"),
                     "2026-03-01");
    ck_assert_str_eq(fixture_text(database,
                                  "select area || ' ' || slot_start || ' ' || quantity from"
                                  " meterd.v_park_day, set_config('timezone', 'UTC', false)"),
                     "P1 2026-02-28 16:00:00+00 190.00043");
    ck_assert_int_eq(fixture_i64(database,
                                 "select (extract(epoch from complete_until) * 1000)::int8"
                                 " from meterd.log_partition"),
                     DAY_START_MS + 19);
    ck_assert(writer_database_ok(w));
    writer_stop(w, 1000);
}
END_TEST

START_TEST(sums_need_not_fit_64_bits)
{
    struct writer *w = fixture_writer(database, &done);

    claim(3);
    for (int64_t seq = 0; seq < 2; seq++) {
        struct transaction *tx = fixture_transaction(3, seq, 1);

        fixture_add(tx, 0, 1);
        tx->area_slots.at[0].quantity = -((__int128)INT64_MAX * 1000000000000);
        ck_assert_int_eq(fixture_commit(w, &done, tx), TX_DONE);
        transaction_free(tx);
    }
    ck_assert_str_eq(fixture_text(database, "select quantity::text from meterd.rollup_area_slot"),
                     "-18446744073709551614000000000000");
    writer_stop(w, 1000);
}
END_TEST

START_TEST(large_commits_are_cut_into_statements)
{
    struct writer *w = fixture_writer(database, &done);
    struct transaction *tx = fixture_transaction(3, 0, 1);

    claim(3);
    for (uint32_t i = 0; i < 25000; i++) {
        struct tx_rollup *r = TX_APPEND(&tx->area_slots);

        r->owner = 25000 - i;
        r->item = 1;
        r->slot_ms = DAY_START_MS;
        r->quantity = i;
    }
    for (uint32_t i = 0; i < 1700; i++)
        fixture_add_segment(tx, 1 + i, DAY_START_MS, 64, i);
    ck_assert_int_eq(fixture_commit(w, &done, tx), TX_DONE);
    ck_assert_int_eq(sum("rollup_area_slot"), 25000LL * 24999 / 2);
    ck_assert_int_eq(fixture_i64(database, "select sum(cardinality(value))"
                                           " from meterd.reading_segment"),
                     1700 * 64);
    transaction_free(tx);
    writer_stop(w, 1000);
}
END_TEST

START_TEST(old_owner_is_fenced)
{
    struct writer *w = fixture_writer(database, &done);
    struct transaction *tx = fixture_transaction(3, 0, 1);

    claim(3);
    claim(3); /* another owner: epoch 2 */
    fixture_add(tx, 0, 5);
    ck_assert_int_eq(fixture_commit(w, &done, tx), TX_DROPPED);
    ck_assert_int_eq(sum("rollup_area_slot"), 0);
    ck_assert_int_eq(fixture_i64(database, "select count(*) from meterd.enterprise_day"), 0);
    transaction_free(tx);
    writer_stop(w, 1000);
}
END_TEST

START_TEST(one_fenced_part_holds_back_all)
{
    struct writer *w = fixture_writer(database, &done);
    struct transaction *tx = fixture_transaction(3, 0, 1);

    claim(3);
    claim(4);
    *TX_APPEND(&tx->parts) = tx->parts.at[0];
    tx->parts.at[1].partition = 4;
    tx->parts.at[1].owner_epoch = 7;
    fixture_add(tx, 0, 5);
    ck_assert_int_eq(fixture_commit(w, &done, tx), TX_DROPPED);
    ck_assert_int_eq(fixture_i64(database, "select sum(commit_seq) from meterd.log_partition"), 0);
    ck_assert_int_eq(sum("rollup_area_slot"), 0);
    transaction_free(tx);
    writer_stop(w, 1000);
}
END_TEST

START_TEST(database_that_lost_commits_is_fenced)
{
    struct writer *w = fixture_writer(database, &done);
    struct transaction *tx = fixture_transaction(3, 5, 1);

    claim(3); /* stands at 0, we are at 5 */
    fixture_add(tx, 0, 5);
    ck_assert_int_eq(fixture_commit(w, &done, tx), TX_DROPPED);
    transaction_free(tx);
    writer_stop(w, 1000);
}
END_TEST

static void
proxied(const struct cut_proxy *p, char conninfo[256])
{
    snprintf(conninfo, 256, "host=%s user=postgres %s", cut_proxy_dir(p),
             strstr(database, "dbname="));
}

/* Commits, each with a cut somewhere, and nothing lost or doubled. */
static void
commit_with_cuts(enum cut_when when, uint64_t first_byte, int64_t count)
{
    struct cut_proxy *p = cut_proxy_start(pg_cluster_dir());
    char conninfo[256];
    struct writer *w;

    proxied(p, conninfo);
    w = fixture_writer(conninfo, &done);
    claim(3);
    for (int64_t seq = 0; seq < count; seq++) {
        struct transaction *tx = fixture_transaction(3, seq, 1);

        fixture_add(tx, seq % 3, 1000);
        fixture_add_segment(tx, 1, DAY_START_MS + seq * 6000000, 10, (uint32_t)seq);
        /* The number of this one cannot change twice: an insert that happened twice would show. */
        TX_APPEND(&tx->superseded)->point = (uint32_t)seq + 1;
        if (seq % 2 == 1) /* the even ones leave a settled connection behind */
            cut_proxy_arm(p, when, first_byte + (uint64_t)seq * 37, 1);
        ck_assert_int_eq(fixture_commit(w, &done, tx), TX_DONE);
        cut_proxy_arm(p, CUT_NEVER, 0, 0);
        transaction_free(tx);
    }
    check_sums(1000 * count, count);
    ck_assert_int_eq(fixture_i64(database, "select count(*) from meterd.reading_superseded"),
                     count);
    ck_assert_int_ge(cut_proxy_cuts(p), (int)count / 2 - 1);
    writer_stop(w, 1000);
    cut_proxy_stop(p);
}

START_TEST(commit_that_did_not_arrive_is_sent_again)
{
    commit_with_cuts(CUT_BEFORE_COMMIT, 0, 10);
}
END_TEST

START_TEST(commit_whose_answer_is_lost_is_not_sent_again)
{
    commit_with_cuts(CUT_BEFORE_ANSWER, 0, 10);
}
END_TEST

START_TEST(connection_cut_anywhere_loses_and_doubles_nothing)
{
    commit_with_cuts(CUT_AT_BYTE, 1, 60);
}
END_TEST

START_TEST(server_that_ends_connections_loses_nothing)
{
    struct writer *w = fixture_writer(database, &done);

    claim(3);
    for (int64_t seq = 0; seq < 5; seq++) {
        struct transaction *tx = fixture_transaction(3, seq, 1);

        fixture_add(tx, 0, 10);
        ck_assert_int_eq(fixture_commit(w, &done, tx), TX_DONE);
        fixture_sql(database, "select pg_terminate_backend(pid) from pg_stat_activity"
                              " where application_name = 'meterd-writer'"
                              " and datname = current_database()");
        transaction_free(tx);
    }
    check_sums(50, 5);
    writer_stop(w, 1000);
}
END_TEST

START_TEST(commit_waits_for_a_database_that_is_away)
{
    const char *name = strstr(database, "dbname=") + 7;
    struct transaction *tx = fixture_transaction(3, 0, 1);
    char admin[256], sql[128];
    struct writer *w;

    claim(3);
    snprintf(admin, sizeof admin, "host=%s user=postgres dbname=postgres", pg_cluster_dir());
    snprintf(sql, sizeof sql, "alter database %s allow_connections false", name);
    fixture_sql(admin, sql);
    w = fixture_writer(database, &done);
    fixture_add(tx, 0, 10);
    transaction_seal(tx);
    writer_submit(w, 0, tx);
    ck_assert_ptr_null(receiver_wait(&done, 500));
    ck_assert(!writer_database_ok(w));
    snprintf(sql, sizeof sql, "alter database %s allow_connections true", name);
    fixture_sql(admin, sql);
    ck_assert_ptr_eq(receiver_wait(&done, 30000), tx);
    ck_assert_int_eq(tx->fate, TX_DONE);
    ck_assert(writer_database_ok(w));
    transaction_free(tx);
    writer_stop(w, 1000);
}
END_TEST

START_TEST(deadlocks_are_tried_again)
{
    struct writer *w = fixture_writer(database, &done);
    struct db_options o = {.conninfo = database, .application_name = "rival"};
    struct db *rival = db_new(&o);
    struct transaction *tx = fixture_transaction(3, 0, 1);

    claim(3);
    fixture_add(tx, 0, 10);
    ck_assert_int_eq(fixture_commit(w, &done, tx), TX_DONE);
    transaction_clear(tx);
    *TX_APPEND(&tx->parts) = (struct tx_part){3, 1, 1, 2, 0, DAY_START_MS, 1};
    fixture_add(tx, 0, 10);
    /* The rival holds the area's row, lets the writer wait for it, then asks for what it holds. */
    ck_assert_int_eq(db_query(rival, "begin", NULL), DB_OK);
    ck_assert_int_eq(db_query(rival, "update meterd.rollup_area_slot set late = 0", NULL), DB_OK);
    transaction_seal(tx);
    writer_submit(w, 0, tx);
    ck_assert(db_sleep(rival, 200));
    ck_assert_int_ne(db_query(rival, "update meterd.log_partition set revision = 9", NULL),
                     DB_OURS);
    db_free(rival);
    ck_assert_ptr_eq(receiver_wait(&done, 30000), tx);
    ck_assert_int_eq(tx->fate, TX_DONE);
    check_sums(20, 2);
    transaction_free(tx);
    writer_stop(w, 1000);
}
END_TEST

START_TEST(month_removed_behind_our_back_is_made_again)
{
    struct writer *w = fixture_writer(database, &done);

    claim(3);
    for (int64_t seq = 0; seq < 2; seq++) {
        struct transaction *tx = fixture_transaction(3, seq, 1);

        fixture_add(tx, 0, 10);
        ck_assert_int_eq(fixture_commit(w, &done, tx), TX_DONE);
        if (seq == 0)
            fixture_sql(database, "drop table meterd.rollup_area_slot_2026_02");
        transaction_free(tx);
    }
    ck_assert_int_eq(sum("rollup_area_slot"), 10);
    ck_assert_int_eq(sum("rollup_area_day"), 20);
    writer_stop(w, 1000);
}
END_TEST

START_TEST(stop_gives_up_after_the_grace)
{
    struct writer *w = fixture_writer("host=/nonexistent dbname=x", &done);
    struct transaction *tx = fixture_transaction(3, 0, 1);
    int64_t before_ms = now_mono_ms();

    fixture_add(tx, 0, 10);
    transaction_seal(tx);
    writer_submit(w, 0, tx);
    writer_stop(w, 300);
    ck_assert_int_lt(now_mono_ms() - before_ms, 2000);
    ck_assert_ptr_eq(receiver_wait(&done, 0), tx);
    ck_assert_int_eq(tx->fate, TX_PENDING);
    transaction_free(tx);
}
END_TEST

START_TEST(refused_readings_are_kept_with_their_texts)
{
    struct writer *w = fixture_writer(database, &done);
    struct transaction *tx = fixture_transaction(3, 0, 1);
    struct tx_quarantine *q = TX_APPEND(&tx->quarantine);

    claim(3);
    q->enterprise = 1;
    q->received_at_ms = DAY_START_MS + 1;
    q->point_name = transaction_text(tx, span_text("'; drop table meterd.point; --"));
    q->t_text = transaction_text(tx, span_text("{\"NULL\",\\}"));
    q->code = transaction_text(tx, span_text("bad_time"));
    ck_assert_int_eq(fixture_commit(w, &done, tx), TX_DONE);
    ck_assert_str_eq(fixture_text(database,
                                  "select concat_ws('|', enterprise, gateway, point, t_text,"
                                  " value_text, code, detail) from meterd.v_quarantine"),
                     "E1|'; drop table meterd.point; --|{\"NULL\",\\}||bad_time|");
    transaction_free(tx);
    writer_stop(w, 1000);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("writer");
    TCase *c = tcase_create("writer");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 120);
    tcase_add_test(c, commits_add_exactly);
    tcase_add_test(c, sums_need_not_fit_64_bits);
    tcase_add_test(c, large_commits_are_cut_into_statements);
    tcase_add_test(c, old_owner_is_fenced);
    tcase_add_test(c, one_fenced_part_holds_back_all);
    tcase_add_test(c, database_that_lost_commits_is_fenced);
    tcase_add_test(c, commit_that_did_not_arrive_is_sent_again);
    tcase_add_test(c, commit_whose_answer_is_lost_is_not_sent_again);
    tcase_add_test(c, connection_cut_anywhere_loses_and_doubles_nothing);
    tcase_add_test(c, server_that_ends_connections_loses_nothing);
    tcase_add_test(c, commit_waits_for_a_database_that_is_away);
    tcase_add_test(c, deadlocks_are_tried_again);
    tcase_add_test(c, month_removed_behind_our_back_is_made_again);
    tcase_add_test(c, stop_gives_up_after_the_grace);
    tcase_add_test(c, refused_readings_are_kept_with_their_texts);
    suite_add_tcase(s, c);
    return fixture_main(s);
}
