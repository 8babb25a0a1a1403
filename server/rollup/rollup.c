/* The rollup's outside: partitions come and go, answers arrive, time passes (rollup.h). */
#include "server/rollup/rollup.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/counter.h"
#include "server/base/log_line.h"
#include "server/rollup/record_walk.h"
#include "server/rollup/rollup_state.h"

#define IDLE_TICK_MS 500
#define NAMES_MAX 4000000u
#define NAMES_BYTES_MAX (512u * 1024 * 1024)

struct rollup *
rollup_new(const struct rollup_options *o, const struct rollup_ports *ports,
           const struct directory *dir)
{
    struct rollup *r = calloc(1, sizeof *r);

    if (r == NULL)
        abort();
    r->options = *o;
    r->ports = *ports;
    r->dir = dir;
    r->dep = directory_deployment(dir);
    segment_pool_init(&r->pool);
    deltas_init(&r->deltas);
    r->open = transaction_new();
    r->other = transaction_new();
    r->partitions = calloc(PARTITIONS_MAX, sizeof *r->partitions);
    r->names = name_table_new(NAMES_MAX, NAMES_BYTES_MAX);
    if (r->partitions == NULL || r->names == NULL)
        abort();
    return r;
}

static void
partition_forget(struct rollup *r, struct partition_state *ps)
{
    while (ps->points != NULL)
        point_forget(r, ps->points);
    r->partitions[ps->number] = NULL;
    free(ps);
}

void
rollup_free(struct rollup *r)
{
    for (uint32_t i = 0; i < PARTITIONS_MAX; i++)
        if (r->partitions[i] != NULL)
            partition_forget(r, r->partitions[i]);
    segment_pool_fini(&r->pool);
    deltas_fini(&r->deltas);
    transaction_free(r->open);
    if (r->other != NULL)
        transaction_free(r->other);
    name_table_free(r->names);
    free(r->partitions);
    free(r->points);
    free(r->must);
    free(r->flying);
    free(r->jobs);
    free(r);
}

/* --- Claiming. ----------------------------------------------------------------------------------- */

static void
ask_claim(struct rollup *r, uint32_t partition)
{
    struct page_request *q = page_request_new(PAGE_CLAIM);

    q->aggregator = r->options.aggregator;
    q->partition = partition;
    if (!r->ports.ask(r->ports.ctx, q))
        page_request_free(q); /* The next tick asks again. */
    else
        r->partitions[partition]->touched = true;
}

void
rollup_assign(struct rollup *r, uint32_t partition)
{
    assert(partition < PARTITIONS_MAX && r->partitions[partition] == NULL);
    struct partition_state *ps = calloc(1, sizeof *ps);
    if (ps == NULL)
        abort();
    ps->number = partition;
    r->partitions[partition] = ps;
    ask_claim(r, partition);
}

void
rollup_revoke(struct rollup *r, uint32_t partition)
{
    if (r->walk.active && r->walk.partition == partition) {
        r->walk.active = false;
        r->stalled_on = NULL;
        rollup_settle_revision(r);
    }
    if (r->partitions[partition] != NULL)
        partition_forget(r, r->partitions[partition]);
}

static void
load_point(struct rollup *r, struct partition_state *ps, const struct tx_point *row)
{
    const struct point *facts = directory_point(r->dir, row->point);

    assert(facts != NULL); /* The directory is at least as new as the rows. */
    struct point_memory *p = point_create(r, ps, row->point, facts->enterprise);
    p->stored = true;
    p->applied_offset = row->applied_offset;
    p->revision = row->revision;
    p->registered = facts->kind != POINT_UNREGISTERED &&
                    facts->registered_revision <= row->revision;
    p->has_last = row->has_last_t;
    p->last_t_ms = row->last_t_ms;
    p->tail.whole = !row->has_last_t;
    fold_state_from_row(&row->state, &p->state);
}

static void
take_claim(struct rollup *r, struct page_request *answer)
{
    struct partition_state *ps = r->partitions[answer->partition];

    if (ps == NULL || ps->live)
        return;
    ps->owner_epoch = answer->claim.owner_epoch;
    ps->commit_seq = answer->claim.commit_seq;
    ps->live_offset = answer->claim.next_offset;
    ps->next_offset = ps->replay_offset = answer->claim.replay_offset;
    ps->complete_until_ms = answer->claim.complete_until_ms;
    ps->committed_ms = r->mono_ms;
    ps->touched = false;
    ps->live = true;
    for (uint32_t i = 0; i < answer->points.count; i++)
        load_point(r, ps, &answer->points.at[i]);
    for (uint32_t i = 0; i < answer->inbox_points.count; i++) {
        const struct page_inbox_point *row = &answer->inbox_points.at[i];
        struct point_memory *p = point_find(r, row->point);
        assert(p != NULL); /* A point in the inbox was written with it. */
        p->inbox_count = row->count;
        p->inbox_t_max_ms = row->t_max_ms;
        late_work_want(r, p);
    }
    log_line(LOG_INFO, "event=partition_claimed partition=%u epoch=%lld next_offset=%lld"
             " replay_offset=%lld points=%u", ps->number, (long long)ps->owner_epoch,
             (long long)ps->live_offset, (long long)ps->replay_offset, answer->points.count);
    if (ps->next_offset >= ps->live_offset)
        late_work_derive(r, ps);
    r->ports.seek(r->ports.ctx, ps->number, ps->next_offset);
}

/* --- Records. ------------------------------------------------------------------------------------ */

enum status
rollup_record(struct rollup *r, uint32_t partition, int64_t offset, struct span bytes)
{
    struct partition_state *ps = r->partitions[partition];

    if (ps == NULL || !ps->live || offset < ps->next_offset)
        return ST_OK; /* Of a partition lost meanwhile, or fetched twice. */
    r->stalled = false;
    if (record_walk_go(r, partition, offset, bytes) == ST_AGAIN) {
        r->stalled = true;
        return ST_AGAIN;
    }
    bool was_replay = ps->next_offset < ps->live_offset;
    ps->next_offset = offset + 1;
    ps->touched = true;
    counter_add(was_replay ? COUNT_records_replayed : COUNT_records_folded, 1);
    if (was_replay && ps->next_offset >= ps->live_offset)
        late_work_derive(r, ps);
    return ST_OK;
}

bool
rollup_is_stalled(const struct rollup *r)
{
    return r->walk.active;
}

uint64_t
rollup_memory(const struct rollup *r)
{
    return r->pool.used_bytes + r->point_bytes;
}

bool
rollup_wants_rest(const struct rollup *r)
{
    if (r->fenced)
        return true;
    return r->in_flight && (rollup_memory(r) >= r->options.memory_bytes / 100 * 95 ||
                            r->deltas.rows.count >= 262144);
}

/* --- Answers. ------------------------------------------------------------------------------------ */

static void
take_names(struct rollup *r, const struct page_request *answer)
{
    for (uint32_t i = 0; i < answer->names.count; i++) {
        const struct page_name *n = &answer->names.at[i];
        struct span name = span_of(answer->text.at + n->text_at, n->text_size);
        enum status st = name_table_put(r->names, answer->enterprise, name, n->number);
        if (st == ST_FULL) { /* The directory knows the old ones by now. */
            name_table_clear(r->names);
            st = name_table_put(r->names, answer->enterprise, name, n->number);
        }
        assert(st == ST_OK);
    }
    counter_add(COUNT_points_interned, answer->names.count);
}

static void
take_stalled(struct rollup *r, struct page_request *answer)
{
    r->stalled_on = NULL;
    if (answer->kind == PAGE_INTERN) {
        take_names(r, answer);
    } else if (answer->kind == PAGE_REVISION) {
        if (!r->revision_asked)
            return; /* It was about an earlier reading and may be too old for this one. */
        r->revision_wanted = answer->revision;
        if (directory_revision(r->dir) >= r->revision_wanted) {
            r->revision_wanted = 0;
            r->revision_known = true;
        }
    } else {
        assert(answer->kind == PAGE_READINGS);
        struct point_memory *p = point_find(r, answer->point);
        if (p != NULL)
            point_take_segments(r, p, answer);
    }
}

void
rollup_answer(struct rollup *r, struct page_request *answer)
{
    if (answer == r->stalled_on) {
        take_stalled(r, answer);
    } else if (answer->kind == PAGE_CLAIM) {
        take_claim(r, answer);
    } else if (answer->owner != NULL) {
        late_work_answer(r, answer);
        return;
    }
    page_request_free(answer);
}

/* Keeps the newest `keep` segments of a point: with one, readings that follow join its row. */
static void
drop_down_to(struct rollup *r, uint64_t goal, uint32_t keep)
{
    for (uint32_t n = 0; n < r->points_size && rollup_memory(r) > goal; n++) {
        r->sweep = (r->sweep + 1) % r->points_size;
        struct point_memory *p = r->points[r->sweep];
        bool asked = r->stalled_on != NULL && r->stalled_on->point == r->sweep;
        if (p != NULL && !p->in_flight && !asked && (p->job == JOB_NONE || p->job == JOB_WANTED))
            tail_drop_clean(&p->tail, &r->pool, keep);
    }
}

static void
drop_clean_segments(struct rollup *r)
{
    uint64_t goal = r->options.memory_bytes / 10 * 6;

    drop_down_to(r, goal, 1);
    /* Else so many points would keep memory pressed for ever, and every reading written at once. */
    drop_down_to(r, goal, 0);
}

static void
parts_done(struct rollup *r, const struct transaction *tx)
{
    for (uint32_t i = 0; i < tx->parts.count; i++) {
        const struct tx_part *part = &tx->parts.at[i];
        struct partition_state *ps = r->partitions[part->partition];
        if (ps == NULL || ps->owner_epoch != part->owner_epoch)
            continue;
        if (tx->fate == TX_DONE) {
            ps->commit_seq = part->commit_seq + 1;
            continue;
        }
        log_line(LOG_ERROR, "event=partition_lost partition=%u", part->partition);
        counter_add(COUNT_commits_fenced, 1);
        /* What was folded of it since the hand-over lies among the others' rows and must not be
         * written with them: its next owner folds the same records. */
        r->fenced = true;
        rollup_revoke(r, part->partition);
        r->ports.lost(r->ports.ctx, part->partition);
    }
}

void
rollup_committed(struct rollup *r, struct transaction *tx)
{
    assert(r->in_flight && tx->fate != TX_PENDING);
    parts_done(r, tx);
    for (uint32_t i = 0; i < r->flying_count; i++) {
        struct point_memory *p = r->flying[i];
        p->in_flight = p->inbox_leaves_flying = false;
        if (p->inbox_count > 0)
            late_work_want(r, p);
    }
    r->flying_count = 0;
    r->in_flight = false;
    transaction_clear(tx);
    r->other = tx;
    drop_clean_segments(r);
    late_work_pump(r);
}

void
rollup_take_directory(struct rollup *r, const struct directory *dir)
{
    r->dir = dir;
    r->dep = directory_deployment(dir);
    if (r->revision_wanted > 0 && directory_revision(dir) >= r->revision_wanted) {
        r->revision_wanted = 0;
        r->revision_known = true;
    }
    for (uint32_t i = 0; i < PARTITIONS_MAX; i++) {
        struct partition_state *ps = r->partitions[i];
        if (ps != NULL && ps->live && ps->next_offset >= ps->live_offset)
            late_work_derive(r, ps);
    }
    late_work_pump(r);
}

/* --- Time. --------------------------------------------------------------------------------------- */

/* A reading received this long ago is in the log, or was not acknowledged. */
#define COMPLETE_AFTER_MS 5000

static void
note_completeness(struct rollup *r, int64_t wall_ms)
{
    for (uint32_t i = 0; i < PARTITIONS_MAX; i++) {
        struct partition_state *ps = r->partitions[i];
        if (ps == NULL || !ps->live)
            continue;
        if (ps->next_offset >= ps->live_offset && ps->complete_until_ms < wall_ms - COMPLETE_AFTER_MS &&
            r->ports.log_end(r->ports.ctx, ps->number) <= ps->next_offset)
            ps->complete_until_ms = wall_ms - COMPLETE_AFTER_MS;
    }
}

static void
ask_claims_again(struct rollup *r)
{
    for (uint32_t i = 0; i < PARTITIONS_MAX; i++)
        if (r->partitions[i] != NULL && !r->partitions[i]->live && !r->partitions[i]->touched)
            ask_claim(r, i);
}

void
rollup_tick(struct rollup *r, int64_t mono_ms, int64_t wall_ms)
{
    r->mono_ms = mono_ms;
    gauge_set(GAUGE_rollup_memory_bytes, (int64_t)rollup_memory(r));
    ask_claims_again(r);
    late_work_pump(r);
    if (!commit_is_due(r, mono_ms))
        return;
    note_completeness(r, wall_ms);
    commit_hand_over(r, mono_ms, false);
}

void
rollup_flush(struct rollup *r, int64_t mono_ms, int64_t wall_ms)
{
    r->mono_ms = mono_ms;
    if (r->in_flight || r->fenced || r->walk.active || rollup_is_flushed(r))
        return;
    note_completeness(r, wall_ms);
    commit_hand_over(r, mono_ms, true);
}

bool
rollup_is_flushed(const struct rollup *r)
{
    if (r->fenced)
        return true;
    if (r->in_flight || r->walk.active || r->must_count > 0)
        return false;
    for (uint32_t i = 0; i < PARTITIONS_MAX; i++) {
        const struct partition_state *ps = r->partitions[i];
        if (ps != NULL && ps->live && ps->next_offset >= ps->live_offset &&
            (ps->touched || ps->dirty_first != NULL))
            return false;
    }
    return true;
}

int64_t
rollup_next_due_ms(const struct rollup *r, int64_t mono_ms)
{
    int64_t due_ms = r->handed_over_ms + r->options.commit_interval_ms - mono_ms;

    /* What arrives wakes the thread; without anything to commit only idle partitions wait. */
    if (r->in_flight || due_ms <= 0)
        return commit_is_due(r, mono_ms) ? 0 : IDLE_TICK_MS;
    return due_ms;
}

uint32_t
rollup_view(const struct rollup *r, struct rollup_partition_view *out, uint32_t max)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < PARTITIONS_MAX && count < max; i++) {
        const struct partition_state *ps = r->partitions[i];
        if (ps == NULL)
            continue;
        out[count] = (struct rollup_partition_view){
            .partition = i,
            .live = ps->live,
            .next_offset = ps->next_offset,
            .replay_offset = ps->replay_offset,
            .owner_epoch = ps->owner_epoch,
            .commit_seq = ps->commit_seq,
            .complete_until_ms = ps->complete_until_ms,
        };
        for (const struct point_memory *p = ps->points; p != NULL; p = p->peer_next)
            out[count].inbox += p->inbox_count;
        count++;
    }
    return count;
}
