/* The rows of one commit in growable arrays. Rows are put in order once, before the hand-over: rows
 * of one table are then locked in the same order by every writer, and neighbours share pages. */
#include "server/store/transaction.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ARRAYS(X)                                                                                  \
    X(parts)                                                                                       \
    X(enterprise_slots)                                                                            \
    X(enterprise_days)                                                                             \
    X(area_slots)                                                                                  \
    X(area_days)                                                                                   \
    X(arrivals)                                                                                    \
    X(points)                                                                                      \
    X(segment_deletes)                                                                             \
    X(segments)                                                                                    \
    X(inbox_deletes)                                                                               \
    X(inbox_inserts)                                                                               \
    X(superseded)                                                                                  \
    X(quarantine)

struct transaction *
transaction_new(void)
{
    struct transaction *tx = calloc(1, sizeof *tx);

    if (tx == NULL)
        abort();
    return tx;
}

void
transaction_free(struct transaction *tx)
{
    if (tx == NULL)
        return;
#define FREE_ARRAY(name) free(tx->name.at);
    ARRAYS(FREE_ARRAY)
#undef FREE_ARRAY
    free(tx->text.at);
    free(tx);
}

void
transaction_clear(struct transaction *tx)
{
#define CLEAR_ARRAY(name) tx->name.count = 0;
    ARRAYS(CLEAR_ARRAY)
#undef CLEAR_ARRAY
    tx->text.size = 0;
    tx->fate = TX_PENDING;
}

uint64_t
transaction_bytes(const struct transaction *tx)
{
    uint64_t bytes = sizeof *tx + tx->text.capacity;

#define ADD_ARRAY(name) bytes += (uint64_t)tx->name.capacity * sizeof *tx->name.at;
    ARRAYS(ADD_ARRAY)
#undef ADD_ARRAY
    return bytes;
}

void
tx_grow(void **at, uint32_t *capacity, size_t item_size)
{
    uint32_t wanted = *capacity == 0 ? 16 : *capacity * 2;

    assert(wanted > *capacity);
    *at = reallocarray(*at, wanted, item_size);
    if (*at == NULL)
        abort();
    *capacity = wanted;
}

struct span
transaction_text(struct transaction *tx, struct span text)
{
    uint32_t offset = tx->text.size;

    assert(text.size <= UINT32_MAX / 4);
    assert(tx->text.size <= UINT32_MAX / 4);
    while (tx->text.capacity - offset < text.size) {
        void *at = tx->text.at;

        tx_grow(&at, &tx->text.capacity, 1);
        tx->text.at = at;
    }
    if (text.size > 0)
        memcpy(tx->text.at + offset, text.at, text.size);
    tx->text.size += (uint32_t)text.size;
    return (struct span){(const uint8_t *)(uintptr_t)offset, text.size};
}

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))
#define COMPARE_BY(field)                                                                          \
    if (a->field != b->field)                                                                      \
    return COMPARE(a->field, b->field)

static int
by_partition(const void *left, const void *right)
{
    const struct tx_part *a = left, *b = right;

    return COMPARE(a->partition, b->partition);
}

static int
by_rollup_key(const void *left, const void *right)
{
    const struct tx_rollup *a = left, *b = right;

    COMPARE_BY(owner);
    COMPARE_BY(item);
    return COMPARE(a->slot_ms, b->slot_ms);
}

static int
by_enterprise_day(const void *left, const void *right)
{
    const struct tx_arrivals *a = left, *b = right;

    COMPARE_BY(enterprise);
    return COMPARE(a->day, b->day);
}

static int
by_point(const void *left, const void *right)
{
    const struct tx_point *a = left, *b = right;

    return COMPARE(a->point, b->point);
}

static int
by_segment(const void *left, const void *right)
{
    const struct tx_segment *a = left, *b = right;

    COMPARE_BY(point);
    return COMPARE(a->first_t_ms, b->first_t_ms);
}

static int
by_segment_key(const void *left, const void *right)
{
    const struct tx_segment_key *a = left, *b = right;

    COMPARE_BY(point);
    return COMPARE(a->first_t_ms, b->first_t_ms);
}

static int
by_inbox(const void *left, const void *right)
{
    const struct tx_inbox *a = left, *b = right;

    COMPARE_BY(partition);
    COMPARE_BY(point);
    COMPARE_BY(log_offset);
    return COMPARE(a->idx, b->idx);
}

static int
by_inbox_key(const void *left, const void *right)
{
    const struct tx_inbox_key *a = left, *b = right;

    COMPARE_BY(partition);
    COMPARE_BY(point);
    COMPARE_BY(log_offset);
    return COMPARE(a->idx, b->idx);
}

static void
sort(void *at, uint32_t count, size_t size, int (*compare)(const void *, const void *))
{
    bool in_order = true;

    for (uint32_t i = 1; i < count && in_order; i++)
        in_order = compare((uint8_t *)at + (i - 1) * size, (uint8_t *)at + i * size) <= 0;
    if (!in_order)
        qsort(at, count, size, compare);
}

static void
fix_text(const struct transaction *tx, struct span *text)
{
    assert((uintptr_t)text->at + text->size <= tx->text.size);
    *text =
        text->size == 0 ? span_of(NULL, 0) : span_of(tx->text.at + (uintptr_t)text->at, text->size);
}

void
transaction_seal(struct transaction *tx)
{
#define SORT(name, compare) sort(tx->name.at, tx->name.count, sizeof *tx->name.at, compare)
    SORT(parts, by_partition);
    SORT(enterprise_slots, by_rollup_key);
    SORT(enterprise_days, by_rollup_key);
    SORT(area_slots, by_rollup_key);
    SORT(area_days, by_rollup_key);
    SORT(arrivals, by_enterprise_day);
    SORT(points, by_point);
    SORT(segment_deletes, by_segment_key);
    SORT(segments, by_segment);
    SORT(inbox_deletes, by_inbox_key);
    SORT(inbox_inserts, by_inbox);
#undef SORT
    for (uint32_t i = 0; i < tx->quarantine.count; i++) {
        struct tx_quarantine *q = &tx->quarantine.at[i];

        fix_text(tx, &q->point_name);
        fix_text(tx, &q->t_text);
        fix_text(tx, &q->value_text);
        fix_text(tx, &q->code);
        fix_text(tx, &q->detail);
    }
}
