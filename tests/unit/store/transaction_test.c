/* Rows in order, texts in place. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/store/transaction.h"

START_TEST(sealing_sorts_by_key)
{
    struct transaction *tx = transaction_new();

    for (uint32_t i = 0; i < 1000; i++) {
        struct tx_rollup *r = TX_APPEND(&tx->area_slots);

        r->owner = i * 7919 % 13;
        r->item = i * 104729 % 7;
        r->slot_ms = -(int64_t)i;
        TX_APPEND(&tx->points)->point = 1000 - i;
    }
    transaction_seal(tx);
    for (uint32_t i = 1; i < 1000; i++) {
        const struct tx_rollup *a = &tx->area_slots.at[i - 1], *b = a + 1;

        ck_assert(a->owner < b->owner || (a->owner == b->owner && a->item < b->item) ||
                  (a->owner == b->owner && a->item == b->item && a->slot_ms < b->slot_ms));
        ck_assert_uint_eq(tx->points.at[i].point, i + 1);
    }
    transaction_free(tx);
}
END_TEST

START_TEST(texts_survive_growth_of_the_arena)
{
    struct transaction *tx = transaction_new();
    char text[32];

    for (int i = 0; i < 500; i++) {
        struct tx_quarantine *q = TX_APPEND(&tx->quarantine);

        snprintf(text, sizeof text, "point %d", i);
        q->point_name = transaction_text(tx, span_text(text));
        q->code = transaction_text(tx, span_text("bad_time"));
        q->detail = transaction_text(tx, span_of(NULL, 0));
    }
    transaction_seal(tx);
    for (int i = 0; i < 500; i++) {
        snprintf(text, sizeof text, "point %d", i);
        ck_assert(span_is(tx->quarantine.at[i].point_name, text));
        ck_assert(span_is(tx->quarantine.at[i].code, "bad_time"));
        ck_assert_uint_eq(tx->quarantine.at[i].detail.size, 0);
        ck_assert_uint_eq(tx->quarantine.at[i].t_text.size, 0);
    }
    transaction_free(tx);
}
END_TEST

START_TEST(clearing_keeps_memory)
{
    struct transaction *tx = transaction_new();
    uint64_t bytes;

    for (int i = 0; i < 100; i++)
        TX_APPEND(&tx->segments)->point = 1;
    bytes = transaction_bytes(tx);
    ck_assert_uint_ge(bytes, 100 * sizeof(struct tx_segment));
    transaction_clear(tx);
    ck_assert_uint_eq(tx->segments.count, 0);
    ck_assert_uint_eq(transaction_bytes(tx), bytes);
    ck_assert_uint_eq(TX_APPEND(&tx->segments)->point, 0);
    transaction_free(tx);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("transaction");
    TCase *c = tcase_create("transaction");
    SRunner *runner = srunner_create(s);
    int failed;

    tcase_add_test(c, sealing_sorts_by_key);
    tcase_add_test(c, texts_survive_growth_of_the_arena);
    tcase_add_test(c, clearing_keeps_memory);
    suite_add_tcase(s, c);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
