/* Points in memory: found by number, listed by partition, and in the order of their oldest unwritten
 * reading, which is what replay must start from. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/counter.h"
#include "server/rollup/rollup_state.h"

void
sink_give(void *ctx, uint32_t item, int64_t slot_ms, const struct slot_delta *d)
{
    const struct sink *s = ctx;
    deltas_add(&s->rollup->deltas, s->enterprise, item, slot_ms, d, 1, s->changed_at_ms);
}

void
sink_take_back(void *ctx, uint32_t item, int64_t slot_ms, const struct slot_delta *d)
{
    const struct sink *s = ctx;
    deltas_add(&s->rollup->deltas, s->enterprise, item, slot_ms, d, -1, s->changed_at_ms);
}

void
pointers_push(struct point_memory ***at, uint32_t *count, uint32_t *size, struct point_memory *p)
{
    if (*count == *size)
        tx_grow((void **)at, size, sizeof **at);
    (*at)[(*count)++] = p;
}

struct point_memory *
point_find(const struct rollup *r, uint32_t number)
{
    return number < r->points_size ? r->points[number] : NULL;
}

static void
make_room_for(struct rollup *r, uint32_t number)
{
    if (number < r->points_size)
        return;
    uint32_t size = r->points_size > 0 ? r->points_size : 1024;
    while (size <= number)
        size *= 2;
    r->points = realloc(r->points, size * sizeof *r->points);
    if (r->points == NULL)
        abort();
    memset(r->points + r->points_size, 0, (size - r->points_size) * sizeof *r->points);
    r->points_size = size;
}

struct point_memory *
point_create(struct rollup *r, struct partition_state *ps, uint32_t number, uint32_t enterprise)
{
    assert(number > 0 && point_find(r, number) == NULL);
    make_room_for(r, number);
    struct point_memory *p = calloc(1, sizeof *p);
    if (p == NULL)
        abort();
    p->number = number;
    p->enterprise = enterprise;
    p->partition = ps;
    p->revision = directory_revision(r->dir);
    p->peer_next = ps->points;
    if (ps->points != NULL)
        ps->points->peer_prev = p;
    ps->points = p;
    r->points[number] = p;
    r->point_bytes += sizeof *p + sizeof(struct segment *) * 2;
    gauge_add(GAUGE_points_in_memory, 1);
    return p;
}

static void
remove_from(struct point_memory **at, uint32_t *count, const struct point_memory *p)
{
    for (uint32_t i = 0; i < *count; i++)
        if (at[i] == p) {
            at[i] = at[--*count];
            return;
        }
}

void
point_forget(struct rollup *r, struct point_memory *p)
{
    point_clear_dirty(p);
    if (p->must_write)
        remove_from(r->must, &r->must_count, p);
    if (p->in_flight)
        remove_from(r->flying, &r->flying_count, p);
    if (p->job == JOB_WANTED)
        remove_from(r->jobs, &r->jobs_count, p);
    if (p->job_rows != NULL)
        page_request_free(p->job_rows);
    if (p->peer_prev != NULL)
        p->peer_prev->peer_next = p->peer_next;
    else
        p->partition->points = p->peer_next;
    if (p->peer_next != NULL)
        p->peer_next->peer_prev = p->peer_prev;
    tail_free(&p->tail, &r->pool);
    r->points[p->number] = NULL;
    r->point_bytes -= sizeof *p + sizeof(struct segment *) * 2;
    gauge_add(GAUGE_points_in_memory, -1);
    free(p);
}

void
point_mark_dirty(struct rollup *r, struct point_memory *p, int64_t offset)
{
    struct partition_state *ps = p->partition;

    if (p->dirty)
        return;
    assert(ps->dirty_last == NULL || ps->dirty_last->unwritten_offset <= offset);
    p->dirty = true;
    p->unwritten_offset = offset;
    p->unwritten_since_ms = r->mono_ms;
    p->dirty_prev = ps->dirty_last;
    p->dirty_next = NULL;
    if (ps->dirty_last != NULL)
        ps->dirty_last->dirty_next = p;
    else
        ps->dirty_first = p;
    ps->dirty_last = p;
    gauge_add(GAUGE_points_unwritten, 1);
}

void
point_clear_dirty(struct point_memory *p)
{
    struct partition_state *ps = p->partition;

    if (!p->dirty)
        return;
    if (p->dirty_prev != NULL)
        p->dirty_prev->dirty_next = p->dirty_next;
    else
        ps->dirty_first = p->dirty_next;
    if (p->dirty_next != NULL)
        p->dirty_next->dirty_prev = p->dirty_prev;
    else
        ps->dirty_last = p->dirty_prev;
    p->dirty = false;
    p->dirty_prev = p->dirty_next = NULL;
    gauge_add(GAUGE_points_unwritten, -1);
}

void
point_must_write(struct rollup *r, struct point_memory *p)
{
    p->partition->touched = true;
    if (p->must_write)
        return;
    p->must_write = true;
    pointers_push(&r->must, &r->must_count, &r->must_size, p);
}

const struct point *
point_facts(const struct rollup *r, const struct point_memory *p)
{
    if (!p->registered)
        return NULL;
    const struct point *facts = directory_point(r->dir, p->number);
    assert(facts != NULL && facts->kind != POINT_UNREGISTERED);
    return facts;
}

struct fold
point_fold(const struct rollup *r, const struct point *facts, fold_emit_fn emit, struct sink *sink)
{
    return (struct fold){.point = facts, .deployment = r->dep, .emit = emit, .ctx = sink};
}

void
point_take_segments(struct rollup *r, struct point_memory *p, const struct page_request *answer)
{
    uint32_t count = 0;
    int64_t front_ms = p->tail.count > 0 ? segment_first_t(p->tail.at[0]) : TIME_MAX;

    /* What memory holds is newer than the rows of the same readings. */
    while (count < answer->segments.count && answer->segments.at[count].first_t_ms < front_ms)
        count++;
    struct segment **loaded = count > 0 ? calloc(count, sizeof(struct segment *)) : NULL;
    if (count > 0 && loaded == NULL)
        abort();
    for (uint32_t i = 0; i < count; i++)
        loaded[i] = segment_from_row(&r->pool, &answer->segments.at[i]);
    tail_prepend(&p->tail, loaded, count);
    free(loaded);
    if (answer->segments.count == 0 || answer->segments.at[0].first_t_ms > answer->from_t_ms)
        p->tail.whole = true;
    counter_add(COUNT_pager_loads, 1);
}
