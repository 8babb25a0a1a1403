/* Tables are unsorted arrays searched from end to end, sorted when asked for: cases are small, and
 * nothing here may be wrong in a clever way. */
#include "tests/sim/memory_tables.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct memory_store *
memory_store_new(void)
{
    struct memory_store *m = calloc(1, sizeof *m);
    assert(m != NULL);
    return m;
}

void
memory_store_free(struct memory_store *m)
{
    for (int i = 0; i < 4; i++)
        free(m->rollups[i].at);
    free(m->arrivals.at);
    free(m->points.at);
    free(m->segments.at);
    free(m->inbox.at);
    free(m->superseded.at);
    free(m->names.at);
    free(m);
}

/* --- Commit. -------------------------------------------------------------------------------- */

static bool
parts_stand(const struct memory_store *m, const struct transaction *tx)
{
    for (uint32_t i = 0; i < tx->parts.count; i++) {
        const struct tx_part *p = &tx->parts.at[i];
        const struct partition_row *row = &m->partitions[p->partition];
        if (!row->there || row->row.commit_seq != p->commit_seq ||
            row->row.owner_epoch != p->owner_epoch)
            return false;
        assert(p->next_offset >= row->row.next_offset);
        assert(p->replay_offset <= p->next_offset);
    }
    return true;
}

static void
advance(struct memory_store *m, const struct tx_part *p)
{
    struct page_claim *row = &m->partitions[p->partition].row;
    row->commit_seq++;
    row->next_offset = p->next_offset;
    row->replay_offset = p->replay_offset;
    row->complete_until_ms = p->complete_until_ms;
    row->revision = p->revision;
}

static int
compare_rollups(const void *left, const void *right)
{
    const struct tx_rollup *a = left, *b = right;

    if (a->owner != b->owner)
        return a->owner < b->owner ? -1 : 1;
    if (a->item != b->item)
        return a->item < b->item ? -1 : 1;
    return (a->slot_ms > b->slot_ms) - (a->slot_ms < b->slot_ms);
}

static void
add_rollup(struct tx_rollup *row, const struct tx_rollup *r)
{
    row->quantity += r->quantity;
    row->estimated += r->estimated;
    row->readings += r->readings;
    row->late += r->late;
    row->suspect += r->suspect;
    if (row->changed_at_ms < r->changed_at_ms)
        row->changed_at_ms = r->changed_at_ms;
}

/* Both sides are sorted by key, each key once: two such lists become one. */
static void
add_rollups(struct rollup_table *t, const struct tx_rollup *rows, uint32_t count)
{
    uint32_t i = 0, j = 0, merged = 0;

    if (count == 0)
        return;
    struct tx_rollup *all = calloc(t->count + count, sizeof *all);
    assert(all != NULL);
    while (i < t->count || j < count) {
        int order = i == t->count ? 1 : j == count ? -1 : compare_rollups(&t->at[i], &rows[j]);
        assert(j == 0 || j == count || compare_rollups(&rows[j - 1], &rows[j]) < 0);
        all[merged] = order <= 0 ? t->at[i++] : rows[j];
        if (order == 0)
            add_rollup(&all[merged], &rows[j]);
        j += order >= 0;
        merged++;
    }
    free(t->at);
    t->at = all;
    t->count = merged;
}

static void
add_arrivals(struct memory_store *m, const struct tx_arrivals *a)
{
    struct tx_arrivals *row = NULL;

    for (uint32_t i = 0; i < m->arrivals.count && row == NULL; i++)
        if (m->arrivals.at[i].enterprise == a->enterprise && m->arrivals.at[i].day == a->day)
            row = &m->arrivals.at[i];
    if (row == NULL) {
        *TX_APPEND(&m->arrivals) = *a;
        return;
    }
    row->received += a->received;
    row->counted += a->counted;
    row->superseding += a->superseding;
    row->repeated += a->repeated;
    row->quarantined += a->quarantined;
    row->late += a->late;
    row->suspect += a->suspect;
    row->unregistered += a->unregistered;
}

static void
put_point(struct memory_store *m, const struct tx_point *p)
{
    for (uint32_t i = 0; i < m->points.count; i++)
        if (m->points.at[i].point == p->point) {
            m->points.at[i] = *p;
            return;
        }
    *TX_APPEND(&m->points) = *p;
}

static void
delete_segment(struct memory_store *m, const struct tx_segment_key *k)
{
    for (uint32_t i = 0; i < m->segments.count; i++)
        if (m->segments.at[i].point == k->point && m->segments.at[i].first_t_ms == k->first_t_ms) {
            m->segments.at[i] = m->segments.at[--m->segments.count];
            return;
        }
    assert(!"a segment is deleted that is not there");
}

static void
put_segment(struct memory_store *m, const struct tx_segment *s)
{
    assert(s->count >= 1 && s->count <= SEGMENT_READINGS_MAX);
    assert(s->last_t_ms - s->first_t_ms <= SEGMENT_SPAN_MS_MAX);
    for (int32_t i = 1; i < s->count; i++)
        assert(s->offset_ms[i] > s->offset_ms[i - 1]);
    for (uint32_t i = 0; i < m->segments.count; i++)
        if (m->segments.at[i].point == s->point && m->segments.at[i].first_t_ms == s->first_t_ms) {
            m->segments.at[i] = *s;
            return;
        }
    *TX_APPEND(&m->segments) = *s;
}

static void
delete_inbox(struct memory_store *m, const struct tx_inbox_key *k)
{
    for (uint32_t i = 0; i < m->inbox.count; i++) {
        const struct tx_inbox *row = &m->inbox.at[i];
        if (row->partition == k->partition && row->point == k->point &&
            row->log_offset == k->log_offset && row->idx == k->idx) {
            m->inbox.at[i] = m->inbox.at[--m->inbox.count];
            return;
        }
    }
    assert(!"an inbox row is deleted that is not there");
}

static int
compare_segments(const void *left, const void *right)
{
    const struct tx_segment *a = left, *b = right;

    if (a->point != b->point)
        return a->point < b->point ? -1 : 1;
    return (a->first_t_ms > b->first_t_ms) - (a->first_t_ms < b->first_t_ms);
}

static void
check_segments(struct memory_store *m)
{
    if (m->segments.count > 1)
        qsort(m->segments.at, m->segments.count, sizeof *m->segments.at, compare_segments);
    for (uint32_t i = 1; i < m->segments.count; i++) {
        const struct tx_segment *a = &m->segments.at[i - 1], *b = &m->segments.at[i];
        assert(a->point != b->point || a->last_t_ms < b->first_t_ms);
    }
}

#define ADD_ROLLUPS(m, table, array)                                                               \
    add_rollups(&(m)->rollups[table], (array).at, (array).count)

/* What is written of a point is true only together with the offset of its partition. */
static bool
has_part(const struct transaction *tx, uint32_t partition)
{
    for (uint32_t i = 0; i < tx->parts.count; i++)
        if (tx->parts.at[i].partition == partition)
            return true;
    return false;
}

static void
check_parts(const struct transaction *tx)
{
    for (uint32_t i = 0; i < tx->points.count; i++)
        assert(has_part(tx, tx->points.at[i].partition));
    for (uint32_t i = 0; i < tx->inbox_inserts.count; i++)
        assert(has_part(tx, tx->inbox_inserts.at[i].partition));
    for (uint32_t i = 0; i < tx->inbox_deletes.count; i++)
        assert(has_part(tx, tx->inbox_deletes.at[i].partition));
}

bool
memory_store_commit(struct memory_store *m, const struct transaction *tx)
{
    if (!parts_stand(m, tx))
        return false;
    check_parts(tx);
    for (uint32_t i = 0; i < tx->parts.count; i++)
        advance(m, &tx->parts.at[i]);
    ADD_ROLLUPS(m, STORE_ENTERPRISE_SLOT, tx->enterprise_slots);
    ADD_ROLLUPS(m, STORE_ENTERPRISE_DAY, tx->enterprise_days);
    ADD_ROLLUPS(m, STORE_AREA_SLOT, tx->area_slots);
    ADD_ROLLUPS(m, STORE_AREA_DAY, tx->area_days);
    for (uint32_t i = 0; i < tx->arrivals.count; i++)
        add_arrivals(m, &tx->arrivals.at[i]);
    for (uint32_t i = 0; i < tx->points.count; i++)
        put_point(m, &tx->points.at[i]);
    for (uint32_t i = 0; i < tx->segment_deletes.count; i++)
        delete_segment(m, &tx->segment_deletes.at[i]);
    for (uint32_t i = 0; i < tx->segments.count; i++)
        put_segment(m, &tx->segments.at[i]);
    for (uint32_t i = 0; i < tx->inbox_deletes.count; i++)
        delete_inbox(m, &tx->inbox_deletes.at[i]);
    for (uint32_t i = 0; i < tx->inbox_inserts.count; i++)
        *TX_APPEND(&m->inbox) = tx->inbox_inserts.at[i];
    for (uint32_t i = 0; i < tx->superseded.count; i++)
        *TX_APPEND(&m->superseded) = tx->superseded.at[i];
    m->quarantine_count += tx->quarantine.count;
    check_segments(m);
    return true;
}

/* --- What is stored. ------------------------------------------------------------------------ */

uint32_t
memory_store_rows(const struct memory_store *m, enum store_table table,
                  const struct tx_rollup **rows)
{
    struct tx_rollup *at = m->rollups[table].at;
    uint32_t kept = 0;

    /* Rows that have become zero stay in the real table; for comparing they are nothing. */
    for (uint32_t i = 0; i < m->rollups[table].count; i++)
        if (at[i].quantity != 0 || at[i].estimated != 0 || at[i].readings != 0 ||
            at[i].late != 0 || at[i].suspect != 0)
            at[kept++] = at[i];
    ((struct memory_store *)(uintptr_t)m)->rollups[table].count = kept;
    *rows = at;
    return kept;
}

uint32_t
memory_store_segments(const struct memory_store *m, const struct tx_segment **rows)
{
    *rows = m->segments.at;
    return m->segments.count;
}

uint32_t
memory_store_superseded(const struct memory_store *m, const struct tx_superseded **rows)
{
    *rows = m->superseded.at;
    return m->superseded.count;
}

uint32_t
memory_store_arrivals(const struct memory_store *m, const struct tx_arrivals **rows)
{
    *rows = m->arrivals.at;
    return m->arrivals.count;
}

uint32_t
memory_store_inbox(const struct memory_store *m, const struct tx_inbox **rows)
{
    *rows = m->inbox.at;
    return m->inbox.count;
}

uint32_t
memory_store_points(const struct memory_store *m, const struct tx_point **rows)
{
    *rows = m->points.at;
    return m->points.count;
}

uint32_t
memory_store_quarantine_count(const struct memory_store *m)
{
    return m->quarantine_count;
}
