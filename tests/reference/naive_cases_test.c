/*
 * What must hold of any case (semantics 5): a day is the sum of its slots, areas add up to the
 * province, only the order within one (point, t) matters, a register's slots sum to its advance.
 */

#include "tests/reference/case_parts.h"
#include "tests/reference/naive_parts.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS 3000

static struct case_data c;

static bool
counts_equal(const struct naive_counts *a, const struct naive_counts *b)
{
    return a->quantity == b->quantity && a->estimated == b->estimated &&
           a->readings == b->readings && a->late == b->late && a->suspect == b->suspect;
}

static bool
rows_equal(const struct naive_rows *a, const struct naive_rows *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct naive_row *x = &a->row[i], *y = &b->row[i];

        if (x->area != y->area || x->item != y->item || x->start != y->start ||
            !counts_equal(&x->counts, &y->counts))
            return false;
    }
    return true;
}

/* All rows of `from` under one area, with the starts mapped to days or kept. */
static void
gather(struct naive_rows *to, const struct naive_rows *from, bool one_area, bool by_day)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct naive_row *r = &from->row[i];
        int64_t start = by_day ? naive_day_start(&c.input.deployment, r->start) : r->start;

        naive_rows_add(to, one_area ? 0 : r->area, r->item, start, &r->counts);
    }
}

static void
check_days(const struct naive_result *result)
{
    for (int level = 0; level < NAIVE_LEVEL_COUNT; level++) {
        struct naive_rows sum = {0};

        gather(&sum, &result->slots[level], false, true);
        naive_rows_settle(&sum);
        ck_assert_msg(rows_equal(&sum, &result->days[level]), "seed %llu level %d",
                      (unsigned long long)c.seed, level);
        free(sum.row);
    }
}

static void
check_areas(const struct naive_rows *levels)
{
    struct naive_rows parks = {0}, prefectures = {0}, enterprises = {0};

    gather(&parks, &levels[NAIVE_BY_PARK], true, false);
    gather(&parks, &levels[NAIVE_BY_NO_PARK], true, false);
    gather(&prefectures, &levels[NAIVE_BY_PREFECTURE], true, false);
    gather(&enterprises, &levels[NAIVE_BY_ENTERPRISE], true, false);
    naive_rows_settle(&parks);
    naive_rows_settle(&prefectures);
    naive_rows_settle(&enterprises);
    ck_assert(rows_equal(&parks, &levels[NAIVE_BY_PROVINCE]));
    ck_assert(rows_equal(&prefectures, &levels[NAIVE_BY_PROVINCE]));
    ck_assert(rows_equal(&enterprises, &levels[NAIVE_BY_PROVINCE]));
    free(parks.row);
    free(prefectures.row);
    free(enterprises.row);
}

START_TEST(days_and_areas_are_sums)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct naive_result result;

        case_generate(seed, &c);
        naive_compute(&c.input, &result, NULL);
        check_days(&result);
        check_areas(result.slots);
        check_areas(result.days);
        naive_result_fini(&result);
    }
}
END_TEST

/* By point and the t that decides which arrivals concern the same reading; log order inside. */
static int64_t
key_of(const struct naive_entry *e)
{
    const struct naive_point *p = &c.points[e->point];

    return p->kind == NAIVE_INTERVAL ? naive_moved(&c.input.deployment, p, e->t) : e->t;
}

static void
sort_log_by_reading(void)
{
    for (size_t i = 1; i < c.input.log_count; i++) {
        struct naive_entry e = c.log[i];
        size_t at = i;

        for (; at > 0 && (c.log[at - 1].point > e.point ||
                          (c.log[at - 1].point == e.point && key_of(&c.log[at - 1]) > key_of(&e)));
             at--)
            c.log[at] = c.log[at - 1];
        c.log[at] = e;
    }
}

static bool
all_registered_at_first(void)
{
    for (size_t i = 0; i < c.input.point_count; i++) {
        if (!c.points[i].registered)
            return false;
    }
    return true;
}

START_TEST(order_of_different_readings_does_not_matter)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct naive_result as_arrived, sorted;

        case_generate(seed, &c);
        if (!all_registered_at_first())
            continue;
        naive_compute(&c.input, &as_arrived, NULL);
        sort_log_by_reading();
        naive_compute(&c.input, &sorted, NULL);
        for (int level = 0; level < NAIVE_LEVEL_COUNT; level++)
            ck_assert(rows_equal(&as_arrived.slots[level], &sorted.slots[level]));
        ck_assert_uint_eq(as_arrived.reading_count, sorted.reading_count);
        ck_assert_uint_eq(as_arrived.superseded_count, sorted.superseded_count);
        naive_result_fini(&as_arrived);
        naive_result_fini(&sorted);
    }
}
END_TEST

START_TEST(same_seed_gives_the_same_case)
{
    static struct case_data again;

    case_generate(42, &c);
    case_generate(42, &again);
    ck_assert_uint_eq(c.input.log_count, again.input.log_count);
    ck_assert(memcmp(c.log, again.log, sizeof(c.log)) == 0);
    ck_assert(memcmp(c.rows, again.rows, sizeof(c.rows)) == 0);
}
END_TEST

/* A register that only rises and wraps; returns how often it wrapped. */
static int
make_plain_register(struct case_maker *m, int count)
{
    struct naive_attributes *a = &m->c->rows[0][0];
    int64_t t = INT64_C(1772294400000), value = case_below(m, a->modulus);
    int turns = 0;

    for (int i = 0; i < count; i++) {
        m->c->log[i] =
            (struct naive_entry){.kind = NAIVE_ARRIVES, .t = t, .value = value, .received_at = t};
        t += 1 + case_below(m, 4 * CASE_HOUR_MS);
        value += case_below(m, a->modulus / 20);
        turns += value >= a->modulus && i + 1 < count;
        value %= a->modulus;
    }
    return turns;
}

START_TEST(slots_of_a_register_sum_to_its_advance)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct case_maker m = {.state = seed, .c = &c};
        struct naive_attributes *a = &c.rows[0][0];
        struct naive_result result;
        __int128 sum = 0, expected;
        int count = 40, turns;

        case_generate(seed, &c);
        c.points[0] = (struct naive_point){.registered = true, .rows = a, .row_count = 1};
        a->valid_from = NAIVE_SINCE_EVER;
        a->valid_to = NAIVE_FOR_EVER;
        a->modulus = 1000000 + case_below(&m, INT64_C(1000000000000));
        a->max_rate = NAIVE_NONE;
        a->sentinel_count = 0;
        a->counted = true;
        turns = make_plain_register(&m, count);
        c.input.point_count = 1;
        c.input.log_count = (size_t)count;
        naive_compute(&c.input, &result, NULL);
        for (size_t i = 0; i < result.slots[NAIVE_BY_ENTERPRISE].count; i++)
            sum += result.slots[NAIVE_BY_ENTERPRISE].row[i].counts.quantity;
        expected = naive_factored(a, c.log[count - 1].value) - naive_factored(a, c.log[0].value) +
                   turns * naive_factored(a, a->modulus);
        ck_assert_msg(sum == a->sign * expected, "seed %llu", (unsigned long long)seed);
        naive_result_fini(&result);
    }
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("naive_cases");
    TCase *t = tcase_create("naive_cases");
    SRunner *r;
    int failed;

    tcase_set_timeout(t, 120);
    tcase_add_test(t, days_and_areas_are_sums);
    tcase_add_test(t, order_of_different_readings_does_not_matter);
    tcase_add_test(t, same_seed_gives_the_same_case);
    tcase_add_test(t, slots_of_a_register_sum_to_its_advance);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
