/* What was written comes back as it was. Against a real PostgreSQL. */
#include "tests/unit/store/store_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/base/directory.h"
#include "server/base/now.h"
#include "tests/support/pg_cluster.h"

static char database[256];
static struct receiver written, asked;
static struct writer *writer;
static struct pager *pager;

static void
setup(void)
{
    fixture_database(database);
    receiver_init(&written);
    receiver_init(&asked);
    writer = fixture_writer(database, &written);
    pager = fixture_pager(database, &asked);
}

static void
teardown(void)
{
    pager_stop(pager);
    writer_stop(writer, 1000);
    receiver_fini(&written);
    receiver_fini(&asked);
}

static struct page_request *
ask(enum page_kind kind, uint32_t partition, uint32_t point, int64_t from_t_ms)
{
    struct page_request *q = page_request_new(kind);

    q->partition = partition;
    q->point = point;
    q->from_t_ms = from_t_ms;
    q->enterprise = 1;
    fixture_ask(pager, &asked, q);
    return q;
}

static struct page_claim
claim(uint32_t partition)
{
    struct page_request *q = ask(PAGE_CLAIM, partition, 0, 0);
    struct page_claim c = q->claim;

    page_request_free(q);
    return c;
}

static void
commit(struct transaction *tx)
{
    ck_assert_int_eq(fixture_commit(writer, &written, tx), TX_DONE);
}

START_TEST(first_claim_makes_the_partition)
{
    struct page_claim first = claim(7), second = claim(7), other = claim(8);

    ck_assert_int_eq(first.owner_epoch, 1);
    ck_assert_int_eq(first.commit_seq, 0);
    ck_assert_int_eq(first.next_offset, 0);
    ck_assert_int_eq(first.replay_offset, 0);
    ck_assert_int_eq(first.complete_until_ms, 0);
    ck_assert_int_eq(second.owner_epoch, 2);
    ck_assert_int_eq(other.owner_epoch, 1);
    ck_assert(pager_database_ok(pager));
}
END_TEST

static void
add_point(struct transaction *tx, uint32_t number, uint32_t partition)
{
    struct tx_point *p = TX_APPEND(&tx->points);

    p->point = number;
    p->partition = partition;
    p->applied_offset = 100 + number;
    p->revision = 3;
    p->fold_version = 1;
    p->has_last_t = number % 2 == 0;
    p->last_t_ms = p->has_last_t ? -(int64_t)number : 0;
    p->state.has_a = number % 3 == 0;
    p->state.a_t_ms = p->state.has_a ? INT64_MIN : 0;
    p->state.a_value = p->state.has_a ? INT64_MAX : 0;
    p->state.held_count = (uint8_t)(number % 4);
    for (uint32_t i = 0; i < number % 4; i++) {
        p->state.held_t_ms[i] = number * 10 + i;
        p->state.held_value[i] = -(int64_t)i;
    }
}

START_TEST(claim_brings_states_and_inbox_of_its_partition)
{
    struct page_claim c = claim(3);
    struct transaction *tx = fixture_transaction(3, c.commit_seq, c.owner_epoch);
    struct page_request *q;

    for (uint32_t n = 30; n > 0; n--)
        add_point(tx, n, n <= 20 ? 3 : 4);
    for (int32_t i = 0; i < 5; i++) {
        struct tx_inbox *in = TX_APPEND(&tx->inbox_inserts);

        *in = (struct tx_inbox){3, 9, 50 - i, i, DAY_START_MS + i, -i, 77, (uint8_t)i};
    }
    commit(tx);
    q = ask(PAGE_CLAIM, 3, 0, 0);
    ck_assert_int_eq(q->claim.owner_epoch, c.owner_epoch + 1);
    ck_assert_int_eq(q->claim.commit_seq, 1);
    ck_assert_int_eq(q->claim.next_offset, 1);
    ck_assert_int_eq(q->claim.complete_until_ms, DAY_START_MS);
    ck_assert_int_eq(q->claim.revision, 1);
    ck_assert_uint_eq(q->points.count, 20);
    for (uint32_t i = 0; i < 20; i++)
        ck_assert_mem_eq(&q->points.at[i], &tx->points.at[i], sizeof(struct tx_point));
    ck_assert_uint_eq(q->inbox_points.count, 1);
    ck_assert_uint_eq(q->inbox_points.at[0].point, 9);
    ck_assert_uint_eq(q->inbox_points.at[0].count, 5);
    ck_assert_int_eq(q->inbox_points.at[0].t_max_ms, DAY_START_MS + 4);
    page_request_free(q);
    transaction_free(tx);
}
END_TEST

START_TEST(points_are_replaced)
{
    struct page_claim c = claim(3);
    struct transaction *tx = fixture_transaction(3, 0, c.owner_epoch);
    struct page_request *q;

    add_point(tx, 6, 3);
    commit(tx);
    transaction_clear(tx);
    *TX_APPEND(&tx->parts) = (struct tx_part){3, 1, c.owner_epoch, 2, 0, 0, 1};
    add_point(tx, 6, 3);
    memset(&tx->points.at[0].state, 0, sizeof(struct tx_state));
    tx->points.at[0].applied_offset = 999;
    commit(tx);
    q = ask(PAGE_CLAIM, 3, 0, 0);
    ck_assert_uint_eq(q->points.count, 1);
    ck_assert_mem_eq(&q->points.at[0], &tx->points.at[0], sizeof(struct tx_point));
    page_request_free(q);
    transaction_free(tx);
}
END_TEST

START_TEST(segments_come_back_as_written)
{
    struct page_claim c = claim(3);
    struct transaction *tx = fixture_transaction(3, 0, c.owner_epoch);
    struct page_request *q;

    for (uint32_t i = 0; i < 100; i++)
        fixture_add_segment(tx, 5, DAY_START_MS + i * 86400000LL, 1 + (int32_t)i % 64, i);
    commit(tx);
    q = ask(PAGE_READINGS, 3, 5, TIME_MIN);
    ck_assert_uint_eq(q->segments.count, 100);
    for (uint32_t i = 0; i < 100; i++) {
        const struct tx_segment *a = &q->segments.at[i], *b = &tx->segments.at[i];

        ck_assert_mem_eq(a, b, sizeof *a);
    }
    page_request_free(q);
    transaction_free(tx);
}
END_TEST

START_TEST(segments_are_replaced_and_deleted)
{
    struct page_claim c = claim(3);
    struct transaction *tx = fixture_transaction(3, 0, c.owner_epoch);
    struct tx_segment_key *key;
    struct page_request *q;

    fixture_add_segment(tx, 5, DAY_START_MS, 10, 1);
    fixture_add_segment(tx, 5, DAY_START_MS + 86400000, 10, 2);
    fixture_add_segment(tx, 6, DAY_START_MS + 86400000, 10, 2);
    commit(tx);
    transaction_clear(tx);
    *TX_APPEND(&tx->parts) = (struct tx_part){3, 1, c.owner_epoch, 2, 0, 0, 1};
    fixture_add_segment(tx, 5, DAY_START_MS, 64, 4);
    key = TX_APPEND(&tx->segment_deletes);
    key->point = 5;
    key->first_t_ms = DAY_START_MS + 86400000;
    commit(tx);
    q = ask(PAGE_READINGS, 3, 5, TIME_MIN);
    ck_assert_uint_eq(q->segments.count, 1);
    ck_assert_mem_eq(&q->segments.at[0], &tx->segments.at[0], sizeof(struct tx_segment));
    page_request_free(q);
    ck_assert_int_eq(fixture_i64(database, "select count(*) from meterd.reading_segment"), 2);
    transaction_free(tx);
}
END_TEST

START_TEST(readings_begin_with_the_segment_at_or_before)
{
    static const struct {
        int64_t from_days;
        int64_t first_days;
        uint32_t count;
    } rows[] = {{-1, 0, 1300}, {0, 0, 1300}, {1, 0, 1300}, {3, 2, 1299}, {5000, 2598, 1}};
    struct page_claim c = claim(3);
    struct transaction *tx = fixture_transaction(3, 0, c.owner_epoch);

    for (uint32_t i = 0; i < 1300; i++)
        fixture_add_segment(tx, 5, DAY_START_MS - 1200 * 86400000LL + i * 2 * 86400000LL, 2, i);
    commit(tx);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t zero = DAY_START_MS - 1200 * 86400000LL;
        struct page_request *q = ask(PAGE_READINGS, 3, 5, zero + rows[i].from_days * 86400000LL);

        ck_assert_uint_eq(q->segments.count, rows[i].count);
        ck_assert_int_eq(q->segments.at[0].first_t_ms, zero + rows[i].first_days * 86400000LL);
        for (uint32_t n = 1; n < q->segments.count; n++)
            ck_assert_int_eq(q->segments.at[n].first_t_ms,
                             q->segments.at[n - 1].first_t_ms + 2 * 86400000LL);
        page_request_free(q);
    }
    transaction_free(tx);
}
END_TEST

START_TEST(readings_of_an_unknown_point_are_none)
{
    struct page_request *q = ask(PAGE_READINGS, 3, 12345, DAY_START_MS);

    ck_assert_uint_eq(q->segments.count, 0);
    page_request_free(q);
}
END_TEST

START_TEST(inbox_comes_in_log_order_and_goes_by_key)
{
    struct page_claim c = claim(3);
    struct transaction *tx = fixture_transaction(3, 0, c.owner_epoch);
    struct page_request *q;

    for (int32_t i = 0; i < 10; i++) {
        struct tx_inbox *in = TX_APPEND(&tx->inbox_inserts);

        *in = (struct tx_inbox){3, 5, 100 - i / 2, 1 - i % 2, -i, i * 7, i, (uint8_t)(i * 6)};
        *TX_APPEND(&tx->inbox_inserts) = (struct tx_inbox){3, 6, i, 0, 0, 0, 0, 0};
    }
    commit(tx);
    q = ask(PAGE_INBOX, 3, 5, 0);
    ck_assert_uint_eq(q->inbox.count, 10);
    for (uint32_t i = 0; i < 10; i++)
        ck_assert_mem_eq(&q->inbox.at[i], &tx->inbox_inserts.at[i], sizeof(struct tx_inbox));
    transaction_clear(tx);
    *TX_APPEND(&tx->parts) = (struct tx_part){3, 1, c.owner_epoch, 2, 0, 0, 1};
    for (uint32_t i = 0; i < 9; i++) {
        const struct tx_inbox *in = &q->inbox.at[i];

        *TX_APPEND(&tx->inbox_deletes) =
            (struct tx_inbox_key){in->partition, in->point, in->log_offset, in->idx};
    }
    commit(tx);
    page_request_free(q);
    q = ask(PAGE_INBOX, 3, 5, 0);
    ck_assert_uint_eq(q->inbox.count, 1);
    ck_assert_int_eq(q->inbox.at[0].log_offset, 100);
    page_request_free(q);
    transaction_free(tx);
}
END_TEST

static void
add_name(struct page_request *q, const char *name)
{
    struct page_name *n = TX_APPEND(&q->names);
    uint32_t size = (uint32_t)strlen(name);

    while (q->text.capacity - q->text.size < size) {
        void *at = q->text.at;

        tx_grow(&at, &q->text.capacity, 1);
        q->text.at = at;
    }
    memcpy(q->text.at + q->text.size, name, size);
    n->text_at = q->text.size;
    n->text_size = size;
    q->text.size += size;
}

START_TEST(names_get_numbers_once)
{
    struct page_request *q[2];
    char name[64];

    for (int i = 0; i < 2; i++) {
        q[i] = page_request_new(PAGE_INTERN);
        q[i]->enterprise = 1;
        for (int n = 0; n < 300; n++) {
            snprintf(name, sizeof name, "电表 \"%d\"", n * 7919 % 300);
            add_name(q[i], name);
        }
        fixture_ask(pager, &asked, q[i]);
    }
    for (int n = 0; n < 300; n++) {
        ck_assert_uint_gt(q[0]->names.at[n].number, 0);
        ck_assert_uint_eq(q[0]->names.at[n].number, q[1]->names.at[n].number);
    }
    ck_assert_int_eq(fixture_i64(database, "select count(*) from meterd.point"), 300);
    snprintf(name, sizeof name, "select number from meterd.point where name = '电表 \"%d\"'",
             7919 % 300);
    ck_assert_int_eq(fixture_i64(database, name), q[0]->names.at[1].number);
    page_request_free(q[0]);
    page_request_free(q[1]);
}
END_TEST

START_TEST(revision_is_the_newest)
{
    struct page_request *q;

    fixture_sql(database, "insert into meterd.revision values (5)");
    q = ask(PAGE_REVISION, 0, 0, 0);
    ck_assert_int_eq(q->revision, 5);
    page_request_free(q);
}
END_TEST

START_TEST(questions_are_bounded)
{
    struct receiver r;
    struct pager *away;
    uint32_t taken = 0;

    receiver_init(&r);
    away = fixture_pager("host=/nonexistent dbname=x", &r);
    for (int i = 0; i < 1000; i++) {
        struct page_request *q = page_request_new(PAGE_REVISION);

        if (pager_ask(away, q))
            taken++;
        else
            page_request_free(q);
    }
    ck_assert_uint_ge(taken, PAGER_REQUESTS_MAX);
    ck_assert_uint_le(taken, PAGER_REQUESTS_MAX + 1);
    for (int n = 0; n < 1000 && pager_database_ok(away); n++)
        usleep(10000); /* It learns that there is none when it first asks. */
    ck_assert(!pager_database_ok(away));
    pager_stop(away); /* at once, and frees what it has */
    receiver_fini(&r);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("pager");
    TCase *c = tcase_create("pager");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 120);
    tcase_add_test(c, first_claim_makes_the_partition);
    tcase_add_test(c, claim_brings_states_and_inbox_of_its_partition);
    tcase_add_test(c, points_are_replaced);
    tcase_add_test(c, segments_come_back_as_written);
    tcase_add_test(c, segments_are_replaced_and_deleted);
    tcase_add_test(c, readings_begin_with_the_segment_at_or_before);
    tcase_add_test(c, readings_of_an_unknown_point_are_none);
    tcase_add_test(c, inbox_comes_in_log_order_and_goes_by_key);
    tcase_add_test(c, names_get_numbers_once);
    tcase_add_test(c, revision_is_the_newest);
    tcase_add_test(c, questions_are_bounded);
    suite_add_tcase(s, c);
    return fixture_main(s);
}
