/* A point's readings in memory: a sorted vector of segments. Inserting into a full segment splits it
 * in two; the key of a segment's row is the time of its first reading, so that a new first reading
 * means a new key, and the old row is remembered as gone. */
#include "server/rollup/tail.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void
forget_row(struct tail *t, struct segment *s)
{
    if (!s->stored)
        return;
    if (t->gone_count == t->gone_capacity)
        tx_grow((void **)&t->gone, &t->gone_capacity, sizeof *t->gone);
    t->gone[t->gone_count++] = s->stored_first_t_ms;
    s->stored = false;
}

static void
insert_segments(struct tail *t, uint32_t place, struct segment **s, uint32_t count)
{
    assert(place <= t->count);
    while (t->capacity < t->count + count)
        tx_grow((void **)&t->at, &t->capacity, sizeof *t->at);
    if (t->count > place)
        memmove(t->at + place + count, t->at + place, (t->count - place) * sizeof *t->at);
    memcpy(t->at + place, s, count * sizeof *s);
    t->count += count;
}

void
tail_free(struct tail *t, struct segment_pool *pool)
{
    for (uint32_t i = 0; i < t->count; i++)
        segment_free(pool, t->at[i]);
    free(t->at);
    free(t->gone);
    memset(t, 0, sizeof *t);
}

struct tail_place
tail_find(const struct tail *t, int64_t t_ms)
{
    struct tail_place p = {0};
    uint32_t low = 0, high = t->count;

    /* The last segment that begins at or before t_ms. */
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (segment_first_t(t->at[middle]) <= t_ms)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0) {
        p.before_first = true;
        return p;
    }
    p.segment = low - 1;
    const struct segment *s = t->at[p.segment];
    p.reading = segment_find(s, t_ms);
    p.found = p.reading < s->count && s->r[p.reading].t_ms == t_ms;
    return p;
}

bool
tail_covers(const struct tail *t, int64_t t_ms)
{
    return t->whole || (t->count > 0 && segment_first_t(t->at[0]) <= t_ms);
}

static bool
span_allows(int64_t first_t_ms, int64_t last_t_ms)
{
    return last_t_ms - first_t_ms <= SEGMENT_SPAN_MS_MAX;
}

/* A segment of its own for r. */
static struct segment *
segment_of(struct segment_pool *pool, const struct reading *r)
{
    struct segment *s = segment_new(pool, 1);
    s->r[0] = *r;
    s->count = 1;
    s->dirty = true;
    return s;
}

void
tail_append(struct tail *t, struct segment_pool *pool, const struct reading *r,
            const struct fold_state *before)
{
    struct segment **last = t->count > 0 ? &t->at[t->count - 1] : NULL;

    if (last != NULL && (*last)->count < SEGMENT_READINGS_MAX &&
        span_allows(segment_first_t(*last), r->t_ms)) {
        assert(segment_last_t(*last) < r->t_ms);
        segment_make_room(pool, last);
        (*last)->r[(*last)->count++] = *r;
        (*last)->dirty = true;
        return;
    }
    struct segment *s = segment_of(pool, r);
    s->before = *before;
    insert_segments(t, t->count, &s, 1);
}

static void
split(struct tail *t, struct segment_pool *pool, uint32_t place)
{
    struct segment *s = t->at[place];
    uint8_t keep = s->count / 2;
    struct segment *upper = segment_new(pool, (uint32_t)(s->count - keep) + 1);

    upper->count = (uint8_t)(s->count - keep);
    memcpy(upper->r, s->r + keep, upper->count * sizeof *upper->r);
    upper->dirty = true;
    upper->stale = true;
    s->count = keep;
    s->dirty = true;
    insert_segments(t, place + 1, &upper, 1);
}

static void
insert_into(struct tail *t, struct segment_pool *pool, uint32_t place, const struct reading *r)
{
    segment_make_room(pool, &t->at[place]);
    struct segment *s = t->at[place];
    uint32_t at = segment_find(s, r->t_ms);

    if (at == 0) {
        forget_row(t, s);
        s->stale = true;
    }
    memmove(s->r + at + 1, s->r + at, (s->count - at) * sizeof *s->r);
    s->r[at] = *r;
    s->count++;
    s->dirty = true;
}

static uint32_t
insert_alone(struct tail *t, struct segment_pool *pool, uint32_t place, const struct reading *r)
{
    struct segment *s = segment_of(pool, r);
    s->stale = true;
    insert_segments(t, place, &s, 1);
    return place;
}

uint32_t
tail_put(struct tail *t, struct segment_pool *pool, const struct reading *r)
{
    struct tail_place p = tail_find(t, r->t_ms);

    if (p.found) {
        t->at[p.segment]->r[p.reading] = *r;
        t->at[p.segment]->dirty = true;
        return p.segment;
    }
    if (p.before_first) {
        assert(t->whole);
        if (t->count == 0 || !span_allows(r->t_ms, segment_last_t(t->at[0])))
            return insert_alone(t, pool, 0, r);
    } else if (!span_allows(segment_first_t(t->at[p.segment]), r->t_ms)) {
        return insert_alone(t, pool, p.segment + 1, r);
    }
    if (t->at[p.segment]->count == SEGMENT_READINGS_MAX) {
        split(t, pool, p.segment);
        if (r->t_ms > segment_last_t(t->at[p.segment]))
            p.segment += r->t_ms > segment_first_t(t->at[p.segment + 1]);
    }
    insert_into(t, pool, p.segment, r);
    return p.segment;
}

void
tail_prepend(struct tail *t, struct segment **segments, uint32_t count)
{
    if (count == 0)
        return;
    assert(t->count == 0 || segment_last_t(segments[count - 1]) < segment_first_t(t->at[0]));
    insert_segments(t, 0, segments, count);
}

void
tail_clear(struct tail *t, struct segment_pool *pool)
{
    for (uint32_t i = 0; i < t->count; i++) {
        forget_row(t, t->at[i]);
        segment_free(pool, t->at[i]);
    }
    t->count = 0;
}

uint32_t
tail_drop_clean(struct tail *t, struct segment_pool *pool, uint32_t keep)
{
    uint32_t n = 0;

    while (n + keep < t->count && !t->at[n]->dirty)
        segment_free(pool, t->at[n++]);
    if (n == 0)
        return 0;
    t->count -= n;
    memmove(t->at, t->at + n, t->count * sizeof *t->at);
    t->whole = false;
    return n;
}
