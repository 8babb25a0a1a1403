/*
 * Rows by (area, item, start): gathered in any order, then sorted and added up. Areas are sums of
 * their enterprises, decided by the start of each slot; days are sums of their slots.
 */

#include "tests/reference/naive_parts.h"

#include <assert.h>
#include <stdlib.h>

static int
by_key(const void *a, const void *b)
{
    const struct naive_row *x = a, *y = b;

    if (x->area != y->area)
        return x->area < y->area ? -1 : 1;
    if (x->item != y->item)
        return x->item < y->item ? -1 : 1;
    return x->start < y->start ? -1 : x->start > y->start;
}

static void
add_counts(struct naive_counts *to, const struct naive_counts *from)
{
    to->quantity += from->quantity;
    to->estimated += from->estimated;
    to->readings += from->readings;
    to->late += from->late;
    to->suspect += from->suspect;
}

static bool
is_zero(const struct naive_counts *c)
{
    return c->quantity == 0 && c->estimated == 0 && c->readings == 0 && c->late == 0 &&
           c->suspect == 0;
}

void
naive_rows_add(struct naive_rows *rows, int area, int item, int64_t start,
               const struct naive_counts *counts)
{
    struct naive_row row = {.area = area, .item = item, .start = start, .counts = *counts};

    if (rows->count > 0 && by_key(&rows->row[rows->count - 1], &row) == 0) {
        add_counts(&rows->row[rows->count - 1].counts, counts);
        return;
    }
    rows->row = naive_grown(rows->row, rows->count, &rows->capacity, sizeof(*rows->row));
    rows->row[rows->count++] = row;
}

void
naive_rows_settle(struct naive_rows *rows)
{
    size_t kept = 0;

    if (rows->count > 1)
        qsort(rows->row, rows->count, sizeof(*rows->row), by_key);
    for (size_t i = 0; i < rows->count; i++) {
        if (kept > 0 && by_key(&rows->row[kept - 1], &rows->row[i]) == 0)
            add_counts(&rows->row[kept - 1].counts, &rows->row[i].counts);
        else
            rows->row[kept++] = rows->row[i];
    }
    rows->count = kept;
    kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (!is_zero(&rows->row[i].counts))
            rows->row[kept++] = rows->row[i];
    }
    rows->count = kept;
}

static void
add_to_areas(const struct naive_input *in, const struct naive_row *r, struct naive_result *out)
{
    const struct naive_area *a = naive_area_at(&in->enterprises[r->area], r->start);

    if (a->park != NAIVE_NO_PARK)
        naive_rows_add(&out->slots[NAIVE_BY_PARK], a->park, r->item, r->start, &r->counts);
    else
        naive_rows_add(&out->slots[NAIVE_BY_NO_PARK], a->prefecture, r->item, r->start, &r->counts);
    naive_rows_add(&out->slots[NAIVE_BY_PREFECTURE], a->prefecture, r->item, r->start, &r->counts);
    naive_rows_add(&out->slots[NAIVE_BY_PROVINCE], 0, r->item, r->start, &r->counts);
}

static void
make_days(const struct naive_input *in, const struct naive_rows *slots, struct naive_rows *days)
{
    for (size_t i = 0; i < slots->count; i++) {
        const struct naive_row *r = &slots->row[i];

        naive_rows_add(days, r->area, r->item, naive_day_start(&in->deployment, r->start),
                       &r->counts);
    }
    naive_rows_settle(days);
}

void
naive_make_areas(const struct naive_input *in, struct naive_result *out)
{
    const struct naive_rows *enterprises = &out->slots[NAIVE_BY_ENTERPRISE];

    for (size_t i = 0; i < enterprises->count; i++)
        add_to_areas(in, &enterprises->row[i], out);
    for (int level = 0; level < NAIVE_LEVEL_COUNT; level++) {
        if (level != NAIVE_BY_ENTERPRISE)
            naive_rows_settle(&out->slots[level]);
        make_days(in, &out->slots[level], &out->days[level]);
    }
}

const struct naive_row *
naive_rows_find(const struct naive_rows *rows, int area, int item, int64_t start)
{
    struct naive_row key = {.area = area, .item = item, .start = start};

    for (size_t i = 0; i < rows->count; i++) {
        if (by_key(&rows->row[i], &key) == 0)
            return &rows->row[i];
    }
    return NULL;
}
