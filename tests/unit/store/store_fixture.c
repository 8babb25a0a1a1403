/* Helpers of the store's tests. */
#include "tests/unit/store/store_fixture.h"

#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/now.h"
#include "tests/support/pg_cluster.h"

static PGresult *
query(const char *conninfo, const char *sql)
{
    PGconn *conn = PQconnectdb(conninfo);
    PGresult *res = PQexec(conn, sql);
    ExecStatusType kind = PQresultStatus(res);

    ck_assert_msg(kind == PGRES_TUPLES_OK || kind == PGRES_COMMAND_OK, "%s: %s", sql,
                  PQerrorMessage(conn));
    PQfinish(conn);
    return res;
}

void
fixture_sql(const char *conninfo, const char *sql)
{
    PQclear(query(conninfo, sql));
}

int64_t
fixture_i64(const char *conninfo, const char *sql)
{
    PGresult *res = query(conninfo, sql);
    int64_t v;

    ck_assert_int_eq(PQntuples(res), 1);
    v = PQgetisnull(res, 0, 0) ? -1 : strtoll(PQgetvalue(res, 0, 0), NULL, 10);
    PQclear(res);
    return v;
}

const char *
fixture_text(const char *conninfo, const char *sql)
{
    static char text[4096];
    PGresult *res = query(conninfo, sql);

    ck_assert_int_eq(PQntuples(res), 1);
    snprintf(text, sizeof text, "%s", PQgetvalue(res, 0, 0));
    PQclear(res);
    return text;
}

void
fixture_database(char conninfo[256])
{
    pg_cluster_database(conninfo);
    fixture_sql(
        conninfo,
        "insert into meterd.revision values (1);"
        "insert into meterd.area (kind, code, name, prefecture) values"
        " ('province', '53', 'Province', null), ('prefecture', '5301', 'Kunming', '5301'),"
        " ('no_park', '-5301', 'Kunming, no park', '5301'), ('park', 'P1', 'Park', '5301');"
        "insert into meterd.deployment (slot_ms, utc_offset_ms, future_max_ms, past_max_ms,"
        " late_after_ms, partitions, province_code, province_name, province_area, fold_version)"
        " values (900000, 28800000, 600000, 34560000000, 3600000, 16, '53', 'Province', 1, 1);"
        "insert into meterd.prefecture values ('5301', 'Kunming', '', 2, 3);"
        "insert into meterd.park values ('P1', 'Park', '', '5301', '', 4);"
        "insert into meterd.item (item) values ('electricity');"
        "insert into meterd.item_attr values"
        " (1, -9223372036854775808, 'Electricity', 'kWh', null, null, 1);"
        "insert into meterd.enterprise (name, part) values ('E1', 3), ('E2', 4);"
        "insert into meterd.enterprise_attr (enterprise, name, prefecture_code, park_id,"
        " added_revision) values (1, 'Works', '5301', 'P1', 1), (2, 'Mill', '5301', null, 1);");
}

void
receiver_init(struct receiver *r)
{
    ck_assert_int_eq(waker_init(&r->waker), ST_OK);
    ck_assert_int_eq(mailbox_init(&r->mailbox, 128, &r->waker), ST_OK);
    r->mailboxes[0] = &r->mailbox;
}

void
receiver_fini(struct receiver *r)
{
    mailbox_fini(&r->mailbox);
    waker_fini(&r->waker);
}

void *
receiver_wait(struct receiver *r, int timeout_ms)
{
    int64_t until_ms = now_mono_ms() + timeout_ms;

    for (;;) {
        void *message = mailbox_take(&r->mailbox);
        int64_t left = until_ms - now_mono_ms();

        if (message != NULL || left <= 0)
            return message;
        waker_prepare(&r->waker);
        if (!mailbox_is_empty(&r->mailbox)) {
            waker_cancel(&r->waker);
            continue;
        }
        waker_wait(&r->waker, (int)left);
    }
}

struct writer *
fixture_writer(const char *conninfo, struct receiver *r)
{
    struct writer_options o = {
        .conninfo = conninfo, .topic = TOPIC, .aggregators = 1, .done = r->mailboxes};

    return writer_start(&o);
}

struct pager *
fixture_pager(const char *conninfo, struct receiver *r)
{
    struct pager_options o = {
        .conninfo = conninfo, .topic = TOPIC, .aggregators = 1, .done = r->mailboxes};

    return pager_start(&o);
}

enum tx_fate
fixture_commit(struct writer *w, struct receiver *r, struct transaction *tx)
{
    transaction_seal(tx);
    writer_submit(w, 0, tx);
    ck_assert_ptr_eq(receiver_wait(r, 30000), tx);
    return tx->fate;
}

void
fixture_ask(struct pager *p, struct receiver *r, struct page_request *q)
{
    ck_assert(pager_ask(p, q));
    ck_assert_ptr_eq(receiver_wait(r, 30000), q);
}

struct transaction *
fixture_transaction(uint32_t partition, int64_t seq, int64_t epoch)
{
    struct transaction *tx = transaction_new();
    struct tx_part *part = TX_APPEND(&tx->parts);

    part->partition = partition;
    part->commit_seq = seq;
    part->owner_epoch = epoch;
    part->next_offset = seq + 1;
    part->replay_offset = seq;
    part->complete_until_ms = DAY_START_MS + seq;
    part->revision = 1;
    return tx;
}

static void
add_rollup(struct tx_rollup *row, uint32_t owner, int64_t slot_ms, int64_t quantity)
{
    row->owner = owner;
    row->item = 1;
    row->slot_ms = slot_ms;
    row->quantity = quantity;
    row->estimated = quantity / 2;
    row->readings = 1;
    row->changed_at_ms = slot_ms;
}

void
fixture_add(struct transaction *tx, int64_t slot, int64_t quantity)
{
    struct tx_arrivals *a = TX_APPEND(&tx->arrivals);

    a->enterprise = 1;
    a->day = (int32_t)((DAY_START_MS + 28800000) / 86400000);
    a->received = 1;
    a->counted = 1;
    add_rollup(TX_APPEND(&tx->enterprise_slots), 1, DAY_START_MS + slot * SLOT_MS, quantity);
    add_rollup(TX_APPEND(&tx->area_slots), 4, DAY_START_MS + slot * SLOT_MS, quantity);
    add_rollup(TX_APPEND(&tx->enterprise_days), 1, DAY_START_MS, quantity);
    add_rollup(TX_APPEND(&tx->area_days), 4, DAY_START_MS, quantity);
}

void
fixture_add_segment(struct transaction *tx, uint32_t point, int64_t first_t_ms, int32_t count,
                    uint32_t seed)
{
    struct tx_segment *s = TX_APPEND(&tx->segments);

    s->point = point;
    s->first_t_ms = first_t_ms;
    s->count = count;
    s->all_good = seed % 2 == 0;
    for (int32_t i = 0; i < count; i++) {
        s->offset_ms[i] = i * 60000;
        s->value[i] = (int64_t)seed * 1000003 - i;
        s->received_at_ms[i] = first_t_ms + i * 60001;
        s->quality[i] = s->all_good ? 0 : (uint8_t)((seed + (uint32_t)i) % 64);
    }
    s->last_t_ms = first_t_ms + s->offset_ms[count - 1];
    s->before.has_a = seed % 3 != 0;
    s->before.a_t_ms = s->before.has_a ? first_t_ms - 1 : 0;
    s->before.a_value = s->before.has_a ? -(int64_t)seed : 0;
    s->before.held_count = (uint8_t)(seed % (HELD_MAX + 1));
    for (uint32_t i = 0; i < s->before.held_count; i++) {
        s->before.held_t_ms[i] = first_t_ms - 100 + i;
        s->before.held_value[i] = INT64_MAX - i;
    }
}

int
fixture_main(Suite *s)
{
    SRunner *runner;
    int failed;

    signal(SIGPIPE, SIG_IGN);
    pg_cluster_start();
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    pg_cluster_stop();
    return failed == 0 ? 0 : 1;
}
