/*
 * The log -> the set (semantics 1). Each point's arrivals are put into the order in which they
 * enter the set; then, of those with one t, the last counts, equal ones in a row are repeats, and
 * what is replaced by another is superseded.
 */

#include "tests/reference/naive_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* One point's arrivals: all of them, then those that wait for their turn. */
struct queue {
    struct naive_reading *reading;
    size_t count;
    size_t capacity;
};

static void
queue_push(struct queue *q, const struct naive_reading *r)
{
    q->reading = naive_grown(q->reading, q->count, &q->capacity, sizeof(*q->reading));
    q->reading[q->count++] = *r;
}

static int
compare(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int
by_t_then_rank(const void *a, const void *b)
{
    const struct naive_reading *x = a, *y = b;
    int c = compare(x->t, y->t);

    return c != 0 ? c : compare((int64_t)x->rank, (int64_t)y->rank);
}

static int
by_received_then_t(const void *a, const void *b)
{
    const struct naive_reading *x = a, *y = b;
    int c = compare(x->entry.received_at, y->entry.received_at);

    return c != 0 ? c : by_t_then_rank(a, b);
}

static bool
is_repeat(const struct naive_reading *a, const struct naive_reading *b)
{
    return a->entry.value == b->entry.value && a->entry.quality == b->entry.quality;
}

static void
sort_queue(struct queue *q, int (*order)(const void *, const void *))
{
    if (q->count > 1)
        qsort(q->reading, q->count, sizeof(*q->reading), order);
}

/* Leaves in q the reading that counts of each t, in order of t; pushes what they replaced. */
static void
settle(struct queue *q, struct queue *superseded)
{
    size_t kept = 0;

    sort_queue(q, by_t_then_rank);
    for (size_t i = 0; i < q->count; i++) {
        struct naive_reading *r = &q->reading[i];

        if (kept == 0 || q->reading[kept - 1].t != r->t) {
            q->reading[kept++] = *r;
        } else if (!is_repeat(&q->reading[kept - 1], r)) {
            queue_push(superseded, &q->reading[kept - 1]);
            q->reading[kept - 1] = *r;
        }
    }
    q->count = kept;
}

/* The inbox of a name is a set of its own, by t as sent; on becoming an interval point what
 * counts in it enters by received_at, then t. Leaves those, ranked in that order, in q. */
static void
open_inbox(struct queue *q, struct queue *superseded, size_t first_rank)
{
    settle(q, superseded);
    sort_queue(q, by_received_then_t);
    for (size_t i = 0; i < q->count; i++)
        q->reading[i].rank = first_rank + i;
}

static void
move_all(const struct naive_input *in, const struct naive_point *p, struct queue *q)
{
    for (size_t i = 0; i < q->count; i++)
        q->reading[i].t = naive_moved(&in->deployment, p, q->reading[i].t);
}

/* The entries of one point, by position in the log. */
struct entries {
    const size_t *position;
    size_t count;
};

static void
make_point_set(const struct naive_input *in, size_t point, struct entries own, struct queue *set,
               struct queue *superseded)
{
    const struct naive_point *p = &in->points[point];
    bool registered = p->registered;
    size_t first_rank = 0; /* Then comes the inbox as it was opened, then what follows it. */

    for (size_t i = 0; i < own.count; i++) {
        const struct naive_entry *e = &in->log[own.position[i]];
        struct naive_reading r = {.point = (int)point, .t = e->t, .entry = *e};

        if (e->kind == NAIVE_REGISTERS) {
            assert(!registered);
            registered = true;
            if (p->kind == NAIVE_INTERVAL)
                open_inbox(set, superseded, in->log_count);
            first_rank = 2 * in->log_count;
            continue;
        }
        r.position = own.position[i];
        r.rank = first_rank + own.position[i];
        queue_push(set, &r);
    }
    if (registered && p->kind == NAIVE_INTERVAL) {
        move_all(in, p, set);
        move_all(in, p, superseded);
    }
    settle(set, superseded);
    sort_queue(superseded, by_t_then_rank);
}

static void
append(struct naive_reading **array, size_t *count, const struct queue *q)
{
    size_t size = sizeof(struct naive_reading);

    if (q->count == 0)
        return;
    *array = realloc(*array, (*count + q->count) * size);
    assert(*array != NULL);
    memcpy(*array + *count, q->reading, q->count * size);
    *count += q->count;
}

/* Positions of the log grouped by point, in log order inside a point; first[n] is where point n
 * begins, first[point_count] the end. */
static size_t *
group_by_point(const struct naive_input *in, size_t *first)
{
    size_t *position = calloc(in->log_count + 1, sizeof(*position));
    size_t *next = calloc(in->point_count + 1, sizeof(*next));

    assert(position != NULL && next != NULL);
    for (size_t i = 0; i < in->log_count; i++) {
        assert(in->log[i].point >= 0 && (size_t)in->log[i].point < in->point_count);
        first[in->log[i].point + 1]++;
    }
    for (size_t p = 0; p < in->point_count; p++)
        first[p + 1] += first[p];
    memcpy(next, first, (in->point_count + 1) * sizeof(*next));
    for (size_t i = 0; i < in->log_count; i++)
        position[next[in->log[i].point]++] = i;
    free(next);
    return position;
}

void
naive_make_set(const struct naive_input *in, struct naive_result *out)
{
    size_t *first = calloc(in->point_count + 1, sizeof(*first));
    struct queue set = {0}, superseded = {0};
    size_t *position;

    assert(first != NULL);
    position = group_by_point(in, first);
    for (size_t p = 0; p < in->point_count; p++) {
        struct entries own = {&position[first[p]], first[p + 1] - first[p]};

        set.count = 0;
        superseded.count = 0;
        make_point_set(in, p, own, &set, &superseded);
        append(&out->readings, &out->reading_count, &set);
        append(&out->superseded, &out->superseded_count, &superseded);
    }
    free(set.reading);
    free(superseded.reading);
    free(position);
    free(first);
}
