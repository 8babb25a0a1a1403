/* The pager's questions, answered from the tables in memory: what store/pager and PostgreSQL do. */
#include "tests/sim/memory_tables.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void
answer_claim(struct memory_store *m, struct page_request *r)
{
    struct partition_row *row = &m->partitions[r->partition];

    row->there = true;
    row->row.owner_epoch++;
    r->claim = row->row;
    for (uint32_t i = 0; i < m->points.count; i++)
        if (m->points.at[i].partition == r->partition)
            *TX_APPEND(&r->points) = m->points.at[i];
    for (uint32_t i = 0; i < m->inbox.count; i++) {
        const struct tx_inbox *in = &m->inbox.at[i];
        struct page_inbox_point *at = NULL;
        if (in->partition != r->partition)
            continue;
        for (uint32_t k = 0; k < r->inbox_points.count && at == NULL; k++)
            if (r->inbox_points.at[k].point == in->point)
                at = &r->inbox_points.at[k];
        if (at == NULL) {
            at = TX_APPEND(&r->inbox_points);
            at->point = in->point;
            at->t_max_ms = in->t_ms;
        }
        at->count++;
        if (at->t_max_ms < in->t_ms)
            at->t_max_ms = in->t_ms;
    }
}

uint32_t
memory_store_number(const struct memory_store *m, uint32_t enterprise, struct span name)
{
    for (uint32_t i = 0; i < m->names.count; i++) {
        const struct name_row *row = &m->names.at[i];
        if (row->enterprise == enterprise && span_equal(span_of(row->name, row->size), name))
            return row->number;
    }
    return 0;
}

uint32_t
memory_store_intern(struct memory_store *m, uint32_t enterprise, struct span name)
{
    uint32_t known = memory_store_number(m, enterprise, name);

    if (known != 0)
        return known;
    struct name_row *row = TX_APPEND(&m->names);
    row->enterprise = enterprise;
    row->number = m->names.count;
    row->size = name.size;
    assert(name.size <= sizeof row->name);
    memcpy(row->name, name.at, name.size);
    return row->number;
}

static void
answer_readings(const struct memory_store *m, struct page_request *r)
{
    const struct tx_segment *first = NULL;

    for (uint32_t i = 0; i < m->segments.count; i++) { /* sorted */
        const struct tx_segment *s = &m->segments.at[i];
        if (s->point == r->point && (first == NULL || s->first_t_ms <= r->from_t_ms))
            first = s;
    }
    for (; first != NULL && first < m->segments.at + m->segments.count &&
           first->point == r->point;
         first++)
        *TX_APPEND(&r->segments) = *first;
}

static int
compare_inbox(const void *left, const void *right)
{
    const struct tx_inbox *a = left, *b = right;

    if (a->log_offset != b->log_offset)
        return a->log_offset < b->log_offset ? -1 : 1;
    return a->idx < b->idx ? -1 : a->idx > b->idx;
}

static void
answer_inbox(const struct memory_store *m, struct page_request *r)
{
    for (uint32_t i = 0; i < m->inbox.count; i++)
        if (m->inbox.at[i].partition == r->partition && m->inbox.at[i].point == r->point)
            *TX_APPEND(&r->inbox) = m->inbox.at[i];
    if (r->inbox.count > 1)
        qsort(r->inbox.at, r->inbox.count, sizeof *r->inbox.at, compare_inbox);
}

void
memory_store_answer(struct memory_store *m, struct page_request *r, int64_t revision)
{
    switch (r->kind) {
    case PAGE_CLAIM:
        answer_claim(m, r);
        return;
    case PAGE_INTERN:
        for (uint32_t i = 0; i < r->names.count; i++)
            r->names.at[i].number = memory_store_intern(
                m, r->enterprise,
                span_of(r->text.at + r->names.at[i].text_at, r->names.at[i].text_size));
        return;
    case PAGE_READINGS:
        answer_readings(m, r);
        return;
    case PAGE_INBOX:
        answer_inbox(m, r);
        return;
    case PAGE_REVISION:
        r->revision = revision;
        return;
    }
}

struct page_claim
memory_store_partition(const struct memory_store *m, uint32_t partition)
{
    return m->partitions[partition].row;
}
