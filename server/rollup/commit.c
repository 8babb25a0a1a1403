/* What one transaction will say: every partition's part, all deltas since the last, and the points
 * that must or should be written (design 4, "Commit" and "Writing a point"). */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/counter.h"
#include "server/rollup/areas.h"
#include "server/rollup/rollup_state.h"

#define DELTA_ROWS_MAX 262144u
#define IDLE_COMMIT_MS 10000
#define SEGMENTS_A_COMMIT 20000u

static bool
memory_presses(const struct rollup *r)
{
    return rollup_memory(r) >= r->options.memory_bytes / 10 * 8;
}

static bool
part_is_due(const struct partition_state *ps, int64_t mono_ms)
{
    return ps->live && ps->next_offset >= ps->live_offset &&
           (ps->touched || mono_ms - ps->committed_ms >= IDLE_COMMIT_MS);
}

static bool
flush_is_due(const struct rollup *r, const struct partition_state *ps, int64_t mono_ms)
{
    return ps->dirty_first != NULL &&
           mono_ms - ps->dirty_first->unwritten_since_ms >= r->options.flush_age_ms;
}

bool
commit_is_due(const struct rollup *r, int64_t mono_ms)
{
    if (r->in_flight || r->fenced || r->walk.active)
        return false;
    bool pressed = r->deltas.rows.count >= DELTA_ROWS_MAX / 10 * 8 || memory_presses(r);
    if (!pressed && mono_ms - r->handed_over_ms < r->options.commit_interval_ms)
        return false;
    for (uint32_t i = 0; i < PARTITIONS_MAX; i++) {
        const struct partition_state *ps = r->partitions[i];
        if (ps != NULL && (part_is_due(ps, mono_ms) || flush_is_due(r, ps, mono_ms)))
            return true;
    }
    return false;
}

static uint32_t
write_segments(struct transaction *tx, struct point_memory *p)
{
    struct tail *t = &p->tail;
    uint32_t written = 0;

    for (uint32_t i = 0; i < t->gone_count; i++)
        *TX_APPEND(&tx->segment_deletes) = (struct tx_segment_key){p->number, t->gone[i]};
    t->gone_count = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        struct segment *s = t->at[i];
        if (!s->dirty)
            continue;
        segment_to_row(s, p->number, TX_APPEND(&tx->segments));
        s->dirty = false;
        s->stored = true;
        s->stored_first_t_ms = segment_first_t(s);
        written++;
    }
    return written;
}

static uint32_t
write_point(struct rollup *r, struct point_memory *p)
{
    struct transaction *tx = r->open;
    uint32_t written = write_segments(tx, p);
    struct tx_point *row = TX_APPEND(&tx->points);

    p->applied_offset = p->partition->next_offset;
    p->stored = true;
    p->must_write = false;
    point_clear_dirty(p);
    *row = (struct tx_point){
        .point = p->number,
        .partition = p->partition->number,
        .applied_offset = p->applied_offset,
        .revision = p->revision,
        .fold_version = r->dep->fold_version,
        .has_last_t = p->has_last,
        .last_t_ms = p->last_t_ms,
    };
    fold_state_to_row(&p->state, &row->state);
    p->in_flight = true;
    p->inbox_leaves_flying = p->inbox_leaves_open;
    p->inbox_leaves_open = false;
    p->partition->touched = true;
    pointers_push(&r->flying, &r->flying_count, &r->flying_size, p);
    counter_add(COUNT_points_written, 1);
    counter_add(COUNT_segments_written, written);
    return written + 1;
}

static void
write_points(struct rollup *r, int64_t mono_ms, bool everything)
{
    uint32_t written = 0;
    bool pressed = memory_presses(r);

    for (uint32_t i = 0; i < r->must_count; i++)
        written += write_point(r, r->must[i]);
    r->must_count = 0;
    for (uint32_t i = 0; i < PARTITIONS_MAX; i++) {
        struct partition_state *ps = r->partitions[i];
        /* During replay memory is behind what the database holds. */
        if (ps == NULL || !ps->live || ps->next_offset < ps->live_offset)
            continue;
        while (ps->dirty_first != NULL &&
               (everything || (written < SEGMENTS_A_COMMIT &&
                               (pressed || flush_is_due(r, ps, mono_ms)))))
            written += write_point(r, ps->dirty_first);
    }
}

static void
write_parts(struct rollup *r, int64_t mono_ms)
{
    for (uint32_t i = 0; i < PARTITIONS_MAX; i++) {
        struct partition_state *ps = r->partitions[i];
        if (ps == NULL || !part_is_due(ps, mono_ms))
            continue;
        ps->replay_offset =
            ps->dirty_first != NULL ? ps->dirty_first->unwritten_offset : ps->next_offset;
        *TX_APPEND(&r->open->parts) = (struct tx_part){
            .partition = ps->number,
            .commit_seq = ps->commit_seq,
            .owner_epoch = ps->owner_epoch,
            .next_offset = ps->next_offset,
            .replay_offset = ps->replay_offset,
            .complete_until_ms = ps->complete_until_ms,
            .revision = directory_revision(r->dir),
        };
        ps->touched = false;
        ps->committed_ms = mono_ms;
    }
}

static int
compare_arrivals(const void *left, const void *right)
{
    const struct tx_arrivals *a = left, *b = right;

    if (a->enterprise != b->enterprise)
        return a->enterprise < b->enterprise ? -1 : 1;
    return (a->day > b->day) - (a->day < b->day);
}

static void
write_deltas(struct rollup *r)
{
    struct transaction *tx = r->open;

    for (uint32_t i = 0; i < r->deltas.rows.count; i++)
        *TX_APPEND(&tx->enterprise_slots) = r->deltas.rows.at[i];
    for (uint32_t i = 0; i < r->deltas.arrivals.count; i++)
        *TX_APPEND(&tx->arrivals) = r->deltas.arrivals.at[i];
    if (tx->arrivals.count > 1)
        qsort(tx->arrivals.at, tx->arrivals.count, sizeof *tx->arrivals.at, compare_arrivals);
    deltas_clear(&r->deltas);
    areas_derive(tx, r->dir);
}

void
commit_hand_over(struct rollup *r, int64_t mono_ms, bool everything)
{
    struct transaction *tx = r->open;

    assert(!r->in_flight && !r->walk.active);
    write_points(r, mono_ms, everything);
    write_parts(r, mono_ms);
    if (tx->parts.count == 0)
        return;
    write_deltas(r);
    counter_add(COUNT_rows_upserted, (uint64_t)tx->enterprise_slots.count + tx->area_slots.count +
                                         tx->enterprise_days.count + tx->area_days.count);
    transaction_seal(tx);
    tx->aggregator = r->options.aggregator;
    tx->fate = TX_PENDING;
    r->open = r->other;
    r->other = NULL;
    r->in_flight = true;
    r->handed_over_ms = mono_ms;
    r->ports.submit(r->ports.ctx, tx);
}
