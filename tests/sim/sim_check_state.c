/* After a run: offsets of partitions and points, and the fold states stored with them. A state that
 * is wrong shows in no row until a late reading needs it; here it shows at once. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "tests/sim/sim.h"

struct states {
    const struct sim *s;
    FILE *out;
    int differences;
};

static int
check_offsets(const struct sim *s, FILE *out)
{
    const struct tx_inbox *inbox;
    int differences = 0;

    for (uint32_t i = 0; i < s->options.partitions; i++) {
        struct page_claim row = memory_store_partition(s->store, i);
        int64_t end = s->partitions[i].end;
        if (row.next_offset == end && row.replay_offset == end)
            continue;
        differences++;
        fprintf(out, "partition %u stands at next %" PRId64 " replay %" PRId64 ", log %" PRId64
                "\n", i, row.next_offset, row.replay_offset, end);
    }
    if (memory_store_inbox(s->store, &inbox) != 0) {
        differences++;
        fprintf(out, "the inbox is not empty\n");
    }
    return differences;
}

static void
expect_state(struct states *k, uint32_t point, int64_t t_ms, const struct fold_state *want,
             const struct tx_state *have)
{
    struct fold_state stored;

    fold_state_from_row(have, &stored);
    if (fold_state_equal(want, &stored))
        return;
    k->differences++;
    fprintf(k->out,
            "state of point %u before %" PRId64 " differs: wanted a %d %" PRId64 " %" PRId64
            " held %u, stored a %d %" PRId64 " %" PRId64 " held %u\n",
            point, t_ms, want->has_a, want->a_t_ms, want->a_value, want->held_count,
            stored.has_a, stored.a_t_ms, stored.a_value, stored.held_count);
}

static void
pass_exchanges(const struct fold *f, struct fold_state *state, uint32_t *next, int64_t before_ms)
{
    for (; *next < f->point->exchange_count && f->point->exchanges[*next].t_ms < before_ms;
         ++*next)
        fold_exchange(f, state, &f->point->exchanges[*next]);
}

static void
fold_row(const struct fold *f, struct fold_state *state, uint32_t *next,
         const struct tx_segment *row)
{
    for (int32_t i = 0; i < row->count; i++) {
        struct reading r = {row->first_t_ms + row->offset_ms[i], row->value[i],
                            row->received_at_ms[i], row->all_good ? 0 : row->quality[i]};
        pass_exchanges(f, state, next, r.t_ms);
        bool displaced = *next < f->point->exchange_count &&
                         f->point->exchanges[*next].t_ms == r.t_ms;
        pass_exchanges(f, state, next, r.t_ms + 1);
        fold_reading(f, state, &r, displaced);
    }
}

static void
check_point(struct states *k, const struct tx_point *row, const struct point *facts)
{
    struct fold f = {.point = facts, .deployment = directory_deployment(k->s->dir)};
    const struct tx_segment *segments;
    uint32_t count = memory_store_segments(k->s->store, &segments), next = 0;
    struct fold_state state;
    int64_t last_ms = TIME_MIN;

    fold_state_clear(&state);
    for (uint32_t i = 0; i < count; i++) {
        if (segments[i].point != row->point)
            continue;
        last_ms = segments[i].last_t_ms;
        if (facts->kind == POINT_UNREGISTERED)
            continue;
        pass_exchanges(&f, &state, &next, segments[i].first_t_ms);
        expect_state(k, row->point, segments[i].first_t_ms, &state, &segments[i].before);
        fold_row(&f, &state, &next, &segments[i]);
    }
    if (facts->kind != POINT_UNREGISTERED) {
        pass_exchanges(&f, &state, &next, TIME_MAX);
        expect_state(k, row->point, TIME_MAX, &state, &row->state);
    }
    if ((last_ms != TIME_MIN) != row->has_last_t ||
        (row->has_last_t && row->last_t_ms != last_ms)) {
        k->differences++;
        fprintf(k->out, "last_t of point %u differs\n", row->point);
    }
}

int
sim_check_state(const struct sim *s, FILE *out)
{
    struct states k = {.s = s, .out = out};
    const struct tx_point *rows;
    uint32_t count = memory_store_points(s->store, &rows);

    for (uint32_t i = 0; i < count; i++) {
        const struct point *facts = directory_point(s->dir, rows[i].point);
        struct point unregistered = {.kind = POINT_UNREGISTERED};
        check_point(&k, &rows[i], facts != NULL ? facts : &unregistered);
    }
    return k.differences + check_offsets(s, out);
}
