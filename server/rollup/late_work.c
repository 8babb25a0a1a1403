/* Late work: folding a point's inbox, and folding a name's readings from the first once it is
 * registered. Both need readings that are not in memory, so both ask the pager and go on when it
 * answers; meanwhile new readings of the point arrive as ever, behind those in the inbox.
 *
 * Commits go on meanwhile. A point with a job keeps what it has in memory, so segments that come from
 * before it fit whenever they were read. The inbox rows that come are the oldest ones in log order;
 * rows that a commit added since stay for the next job. Rows that were folded are not asked for
 * again before the commit that deletes them is done. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/counter.h"
#include "server/rollup/rollup_state.h"

static bool
wants_registration(const struct rollup *r, const struct point_memory *p)
{
    const struct point *facts = directory_point(r->dir, p->number);
    return !p->registered && facts != NULL && facts->kind != POINT_UNREGISTERED;
}

void
late_work_want(struct rollup *r, struct point_memory *p)
{
    if (p->job != JOB_NONE)
        return;
    p->job = JOB_WANTED;
    pointers_push(&r->jobs, &r->jobs_count, &r->jobs_size, p);
}

static void
job_end(struct rollup *r, struct point_memory *p)
{
    if (p->job == JOB_INBOX || p->job == JOB_READINGS)
        r->jobs_active--;
    p->job = JOB_NONE;
    if (p->job_rows != NULL)
        page_request_free(p->job_rows);
    p->job_rows = NULL;
}

static bool
job_ask(struct rollup *r, struct point_memory *p, enum page_kind kind, int64_t from_t_ms)
{
    struct page_request *q = page_request_new(kind);

    q->aggregator = r->options.aggregator;
    q->partition = p->partition->number;
    q->point = p->number;
    q->from_t_ms = from_t_ms;
    q->owner = p;
    if (r->ports.ask(r->ports.ctx, q))
        return true;
    page_request_free(q);
    return false;
}

/* --- The inbox. --------------------------------------------------------------------------------- */

static int
compare_log_order(const void *left, const void *right)
{
    const struct tx_inbox *a = left, *b = right;

    if (a->log_offset != b->log_offset)
        return a->log_offset < b->log_offset ? -1 : 1;
    return a->idx < b->idx ? -1 : a->idx > b->idx;
}

static uint32_t
count_open_rows(const struct rollup *r, const struct point_memory *p)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < r->open->inbox_inserts.count; i++)
        count += r->open->inbox_inserts.at[i].point == p->number;
    return count;
}

/* Rows of p that no commit has taken yet leave the open transaction and join the others. */
static void
take_open_rows(struct rollup *r, const struct point_memory *p, struct page_request *rows)
{
    struct transaction *tx = r->open;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < tx->inbox_inserts.count; i++) {
        const struct tx_inbox row = tx->inbox_inserts.at[i];
        if (row.point == p->number)
            *TX_APPEND(&rows->inbox) = row;
        else
            tx->inbox_inserts.at[kept++] = row;
    }
    tx->inbox_inserts.count = kept;
}

static void
fold_inbox(struct rollup *r, struct point_memory *p)
{
    struct page_request *rows = p->job_rows;

    for (uint32_t i = 0; i < rows->inbox.count; i++) {
        const struct tx_inbox *row = &rows->inbox.at[i];
        *TX_APPEND(&r->open->inbox_deletes) = (struct tx_inbox_key){
            row->partition, row->point, row->log_offset, row->idx};
        p->inbox_leaves_open = true;
    }
    /* The last in the log stays the last: rows under way go before those of the open transaction. */
    if (rows->inbox.count + count_open_rows(r, p) == p->inbox_count)
        take_open_rows(r, p, rows);
    assert(rows->inbox.count <= p->inbox_count);
    p->inbox_count -= rows->inbox.count;
    if (rows->inbox.count == 0)
        return;
    qsort(rows->inbox.at, rows->inbox.count, sizeof *rows->inbox.at, compare_log_order);
    arrival_fold_rows(r, p, rows->inbox.at, rows->inbox.count);
    point_must_write(r, p);
}

/* --- Registration. ------------------------------------------------------------------------------- */

static int
compare_received(const void *left, const void *right)
{
    const struct reading *a = left, *b = right;

    if (a->received_at_ms != b->received_at_ms)
        return a->received_at_ms < b->received_at_ms ? -1 : 1;
    return (a->t_ms > b->t_ms) - (a->t_ms < b->t_ms);
}

static struct reading *
all_readings(const struct tail *t, uint32_t *count)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->count; i++)
        n += t->at[i]->count;
    struct reading *all = calloc(n > 0 ? n : 1, sizeof *all);
    if (all == NULL)
        abort();
    *count = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        memcpy(all + *count, t->at[i]->r, t->at[i]->count * sizeof *all);
        *count += t->at[i]->count;
    }
    return all;
}

/* An interval point's readings move to the boundaries of its period, and enter the set anew in the
 * order in which they were received (semantics 1). */
static void
move_to_periods(struct rollup *r, struct point_memory *p, const struct point *facts)
{
    uint32_t count;
    struct reading *all = all_readings(&p->tail, &count);

    qsort(all, count, sizeof *all, compare_received);
    tail_clear(&p->tail, &r->pool);
    p->has_last = false;
    for (uint32_t i = 0; i < count; i++) {
        struct reading *now = &all[i];
        now->t_ms = interval_time_moved(facts, r->dep, now->t_ms);
        struct tail_place place = tail_find(&p->tail, now->t_ms);
        if (place.found) {
            const struct reading was = p->tail.at[place.segment]->r[place.reading];
            if (was.value == now->value &&
                ((was.quality ^ now->quality) & QUALITY_WORD_MASK) == 0)
                continue;
            *TX_APPEND(&r->open->superseded) = (struct tx_superseded){
                p->number, was.t_ms, was.value, was.received_at_ms, now->received_at_ms,
                was.quality};
        }
        tail_put(&p->tail, &r->pool, now);
        if (!p->has_last || p->last_t_ms < now->t_ms)
            p->last_t_ms = now->t_ms;
        p->has_last = true;
    }
    free(all);
}

static void
adopt_registration(struct rollup *r, struct point_memory *p)
{
    const struct point *facts = directory_point(r->dir, p->number);
    int64_t imported_ms = directory_imported_at_ms(r->dir);

    assert(p->tail.whole && p->inbox_count == 0);
    p->registered = true;
    p->revision = directory_revision(r->dir);
    if (facts->kind == POINT_INTERVAL)
        move_to_periods(r, p, facts);
    struct sink sink = {r, p->enterprise, imported_ms};
    struct fold f = point_fold(r, facts, sink_give, &sink);
    refold_from_nothing(&f, &p->tail, &p->state);
    point_must_write(r, p);
    counter_add(COUNT_revisions_adopted, 1);
}

/* --- A job's way. -------------------------------------------------------------------------------- */

static int64_t
least_time(const struct rollup *r, const struct point_memory *p)
{
    int64_t t_ms = TIME_MAX;

    if (wants_registration(r, p))
        return TIME_MIN;
    for (uint32_t i = 0; i < p->job_rows->inbox.count; i++)
        if (p->job_rows->inbox.at[i].t_ms < t_ms)
            t_ms = p->job_rows->inbox.at[i].t_ms;
    for (uint32_t i = 0; i < r->open->inbox_inserts.count; i++)
        if (r->open->inbox_inserts.at[i].point == p->number &&
            r->open->inbox_inserts.at[i].t_ms < t_ms)
            t_ms = r->open->inbox_inserts.at[i].t_ms;
    return t_ms;
}

/* Rows under way were not in the answer: their commit wants the point again when it is done. */
static void
job_finish(struct rollup *r, struct point_memory *p)
{
    fold_inbox(r, p);
    if (wants_registration(r, p) && p->inbox_count == 0)
        adopt_registration(r, p);
    job_end(r, p);
    if (p->inbox_count > 0 && !p->in_flight && !p->must_write)
        late_work_want(r, p);
}

/* Its inbox rows are here; are its readings? */
static void
job_go_on(struct rollup *r, struct point_memory *p)
{
    int64_t t_ms = least_time(r, p);

    if (t_ms == TIME_MAX || (t_ms == TIME_MIN ? p->tail.whole : tail_covers(&p->tail, t_ms))) {
        job_finish(r, p);
        return;
    }
    if (!job_ask(r, p, PAGE_READINGS, t_ms)) {
        job_end(r, p);
        late_work_want(r, p);
        return;
    }
    p->job = JOB_READINGS;
}

void
late_work_answer(struct rollup *r, struct page_request *answer)
{
    struct point_memory *p = point_find(r, answer->point);

    if (p == NULL || p != answer->owner || p->job < JOB_INBOX) {
        page_request_free(answer); /* The partition was lost meanwhile. */
        return;
    }
    if (answer->kind == PAGE_INBOX) {
        p->job_rows = answer;
        job_go_on(r, p);
        return;
    }
    point_take_segments(r, p, answer);
    page_request_free(answer);
    job_go_on(r, p);
}

static bool
may_start(const struct point_memory *p)
{
    return p->partition->next_offset >= p->partition->live_offset && !p->inbox_leaves_open &&
           !p->inbox_leaves_flying;
}

void
late_work_pump(struct rollup *r)
{
    uint32_t count = r->jobs_count;

    for (uint32_t i = 0; i < count && r->jobs_active < JOBS_MAX;) {
        struct point_memory *p = r->jobs[i];
        if (!may_start(p) || !job_ask(r, p, PAGE_INBOX, 0)) {
            i++;
            continue;
        }
        p->job = JOB_INBOX;
        r->jobs_active++;
        r->jobs[i] = r->jobs[--r->jobs_count];
        count--;
    }
}

/* Exchanges among themselves have amounts even when the point has no reading (semantics 2.1). */
static void
begin_with_exchanges(struct rollup *r, struct partition_state *ps, const struct point *facts)
{
    struct point_memory *p = point_create(r, ps, facts->number, facts->enterprise);
    struct sink sink = {r, p->enterprise, directory_imported_at_ms(r->dir)};
    struct fold f = point_fold(r, facts, sink_give, &sink);

    p->tail.whole = true;
    p->registered = true;
    refold_start(&f, &p->state, TIME_MAX);
    point_must_write(r, p);
}

void
late_work_derive(struct rollup *r, struct partition_state *ps)
{
    for (struct point_memory *p = ps->points; p != NULL; p = p->peer_next) {
        const struct point *facts = directory_point(r->dir, p->number);
        if (facts == NULL || facts->kind == POINT_UNREGISTERED)
            continue;
        if (p->inbox_count > 0 || wants_registration(r, p)) {
            late_work_want(r, p);
        } else if (p->registered && p->revision < facts->changed_revision) {
            /* Changes of facts of a known point begin in the future: nothing to take back. */
            p->revision = directory_revision(r->dir);
            point_must_write(r, p);
            counter_add(COUNT_revisions_adopted, 1);
        }
    }
    uint32_t max = directory_point_number_max(r->dir);
    for (uint32_t number = 1; number <= max; number++) {
        const struct point *facts = directory_point(r->dir, number);
        if (facts == NULL || facts->exchange_count < 2 || point_find(r, number) != NULL)
            continue;
        const struct enterprise *e = directory_enterprise(r->dir, facts->enterprise);
        if (e != NULL && e->partition == ps->number)
            begin_with_exchanges(r, ps, facts);
    }
}
