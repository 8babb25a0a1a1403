/*
 * Which readings of a register are accepted (semantics 2.1): a walk in order of time over usable
 * readings and exchange events, with at most three readings held until the next ones tell whether
 * they are a spike or a new course.
 */

#include "tests/reference/naive_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define HELD_MAX 3

struct walk {
    struct naive_work *work;
    bool has_last;
    struct naive_mark last; /* the last accepted one */
    struct naive_reading *held[HELD_MAX];
    int held_count;
};

static const char *const verdict_names[] = {"not judged", "not usable", "accepted",
                                            "held",       "rejected",   "displaced"};

static struct naive_mark
mark_of(const struct naive_reading *r)
{
    return (struct naive_mark){r->t, r->entry.value};
}

static void
judge(struct walk *k, struct naive_reading *r, enum naive_verdict verdict)
{
    r->verdict = verdict;
    naive_trace(k->work, "  %lld at %lld is %s\n", (long long)r->entry.value, (long long)r->t,
                verdict_names[verdict]);
}

static bool
is_plausible(const struct walk *k, struct naive_mark from, struct naive_mark to)
{
    struct naive_attributes a = naive_attributes_at(k->work->point, to.t);
    __int128 d = (__int128)to.value - from.value;
    int64_t span_ms = to.t - from.t;

    assert(span_ms > 0);
    if (d >= 0 && (a.max_rate == NAIVE_NONE || d <= naive_limit(&a, span_ms)))
        return true;
    if (naive_is_rollover(&a, from, to))
        return true;
    if (d < 0 && a.reverse && a.max_rate != NAIVE_NONE) {
        int64_t back_ms = span_ms < 2 * a.nominal_ms ? span_ms : 2 * a.nominal_ms;

        return -d <= naive_limit(&a, back_ms);
    }
    return false;
}

static void
reject_held(struct walk *k)
{
    for (int i = 0; i < k->held_count; i++)
        judge(k, k->held[i], NAIVE_REJECTED);
    k->held_count = 0;
}

static void
accept(struct walk *k, struct naive_reading *r)
{
    judge(k, r, NAIVE_ACCEPTED);
    k->has_last = true;
    k->last = mark_of(r);
}

static void
accept_new_course(struct walk *k)
{
    naive_trace(k->work, "  new course at %lld: %s of %lld -> %lld\n", (long long)k->held[0]->t,
                k->held[0]->entry.value < k->last.value ? "reset" : "jump",
                (long long)k->last.value, (long long)k->held[0]->entry.value);
    accept(k, k->held[0]);
    for (int i = 1; i < k->held_count; i++) {
        naive_add_step(k->work, k->last, mark_of(k->held[i]), k->held[i]->t);
        accept(k, k->held[i]);
    }
    k->held_count = 0;
}

static void
hold(struct walk *k, struct naive_reading *r)
{
    assert(k->held_count < HELD_MAX);
    judge(k, r, NAIVE_HELD);
    k->held[k->held_count++] = r;
}

static void
walk_reading(struct walk *k, struct naive_reading *r)
{
    struct naive_reading *tip = k->held_count > 0 ? k->held[k->held_count - 1] : NULL;

    if (!k->has_last) {
        accept(k, r);
    } else if (is_plausible(k, k->last, mark_of(r))) {
        reject_held(k);
        naive_add_step(k->work, k->last, mark_of(r), r->t);
        accept(k, r);
    } else if (tip != NULL && is_plausible(k, mark_of(tip), mark_of(r))) {
        if (r->entry.value == tip->entry.value) {
            judge(k, tip, NAIVE_REJECTED); /* Standing still proves no new course. */
            k->held_count--;
        }
        hold(k, r);
        if (k->held_count == HELD_MAX)
            accept_new_course(k);
    } else {
        reject_held(k);
        hold(k, r);
    }
}

static void
walk_exchange(struct walk *k, const struct naive_exchange *x)
{
    naive_trace(k->work, "  exchange at %lld: %lld, %lld\n", (long long)x->t, (long long)x->end,
                (long long)x->start);
    reject_held(k);
    if (k->has_last)
        naive_add_step(k->work, k->last, (struct naive_mark){x->t, x->end}, x->t - 1);
    k->has_last = true;
    k->last = (struct naive_mark){x->t, x->start};
}

static int
by_time(const void *a, const void *b)
{
    const struct naive_exchange *x = a, *y = b;

    return x->t < y->t ? -1 : x->t > y->t;
}

static struct naive_exchange *
sorted_exchanges(const struct naive_point *p)
{
    struct naive_exchange *sorted = calloc(p->exchange_count + 1, sizeof(*sorted));

    assert(sorted != NULL);
    if (p->exchange_count > 0) {
        memcpy(sorted, p->exchanges, p->exchange_count * sizeof(*sorted));
        qsort(sorted, p->exchange_count, sizeof(*sorted), by_time);
    }
    return sorted;
}

void
naive_walk_register(struct naive_work *w)
{
    struct naive_exchange *exchange = sorted_exchanges(w->point);
    struct walk k = {.work = w};
    size_t next = 0, count = w->point->exchange_count;

    for (size_t i = 0; i < w->reading_count; i++) {
        struct naive_reading *r = &w->readings[i];

        while (next < count && exchange[next].t <= r->t)
            walk_exchange(&k, &exchange[next++]);
        if (next > 0 && exchange[next - 1].t == r->t)
            judge(&k, r, NAIVE_DISPLACED);
        else if (r->usable)
            walk_reading(&k, r);
    }
    while (next < count)
        walk_exchange(&k, &exchange[next++]);
    free(exchange);
}
