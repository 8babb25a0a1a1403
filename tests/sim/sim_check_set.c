/* After a run: stored readings, replaced readings, counters of arrivals, offsets, fold states. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/reference/naive_parts.h"
#include "tests/sim/sim.h"

#define DIFFERENCES_SHOWN 12

/* A reading as both sides can show it. */
struct shown {
    uint32_t point;
    int64_t t_ms, value, received_at_ms;
    uint8_t quality;
};

struct shown_list {
    struct shown *at;
    uint32_t count, capacity;
};

static int
compare_shown(const void *left, const void *right)
{
    const struct shown *a = left, *b = right;

    if (a->point != b->point)
        return a->point < b->point ? -1 : 1;
    if (a->t_ms != b->t_ms)
        return a->t_ms < b->t_ms ? -1 : 1;
    if (a->received_at_ms != b->received_at_ms)
        return a->received_at_ms < b->received_at_ms ? -1 : 1;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return (a->quality > b->quality) - (a->quality < b->quality);
}

static struct shown
shown_of(const struct sim *s, const struct naive_reading *r)
{
    const struct naive_entry *e = &r->entry;

    return (struct shown){s->points[r->point].number, r->t, e->value, e->received_at,
                          (uint8_t)(e->quality + (e->rounded ? QUALITY_ROUNDED : 0) +
                                    (e->time_of_arrival ? QUALITY_TIME_OF_ARRIVAL : 0))};
}

static void
print_shown(FILE *out, const char *who, const struct shown *r)
{
    fprintf(out, "  %s point %u t %" PRId64 " value %" PRId64 " quality %u received %" PRId64 "\n",
            who, r->point, r->t_ms, r->value, r->quality, r->received_at_ms);
}

static int
compare_lists(const char *what, struct shown_list *want, struct shown_list *have, FILE *out)
{
    int differences = 0;
    uint32_t i = 0, j = 0;

    if (want->count > 0)
        qsort(want->at, want->count, sizeof *want->at, compare_shown);
    if (have->count > 0)
        qsort(have->at, have->count, sizeof *have->at, compare_shown);
    while (i < want->count || j < have->count) {
        int order = i == want->count   ? 1
                    : j == have->count ? -1
                                       : compare_shown(&want->at[i], &have->at[j]);
        if (order != 0 && differences++ < DIFFERENCES_SHOWN) {
            fprintf(out, "%s differ\n", what);
            print_shown(out, order < 0 ? "wanted" : "stored",
                        order < 0 ? &want->at[i] : &have->at[j]);
        }
        i += order <= 0;
        j += order >= 0;
    }
    free(want->at);
    free(have->at);
    return differences;
}

static int
check_readings(const struct sim *s, const struct naive_result *result, FILE *out)
{
    struct shown_list want = {0}, have = {0};
    const struct tx_segment *rows;
    uint32_t count = memory_store_segments(s->store, &rows);

    for (size_t i = 0; i < result->reading_count; i++)
        *TX_APPEND(&want) = shown_of(s, &result->readings[i]);
    for (uint32_t i = 0; i < count; i++)
        for (int32_t n = 0; n < rows[i].count; n++)
            *TX_APPEND(&have) = (struct shown){
                rows[i].point, rows[i].first_t_ms + rows[i].offset_ms[n], rows[i].value[n],
                rows[i].received_at_ms[n], rows[i].all_good ? 0 : rows[i].quality[n]};
    return compare_lists("readings", &want, &have, out);
}

static int
point_of_number(const struct sim *s, uint32_t number)
{
    for (int i = 0; i < (int)s->c->input.point_count; i++)
        if (s->points[i].number == number)
            return i;
    return -1;
}

/* An interval point registered under way has rows from before, with times as sent, and from after,
 * with moved ones. */
static bool
has_moved(const struct sim *s, int point)
{
    const struct naive_point *p = &s->c->points[point];
    return p->kind == NAIVE_INTERVAL && !p->registered && s->points[point].revision != 0;
}

static int
check_superseded(const struct sim *s, const struct naive_result *result, FILE *out)
{
    struct shown_list want = {0}, have = {0};
    const struct tx_superseded *rows;
    uint32_t count = memory_store_superseded(s->store, &rows);

    for (size_t i = 0; i < result->superseded_count; i++) {
        struct shown r = shown_of(s, &result->superseded[i]);
        if (has_moved(s, result->superseded[i].point))
            r.t_ms = 0;
        *TX_APPEND(&want) = r;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct shown r = {rows[i].point, rows[i].t_ms, rows[i].value, rows[i].received_at_ms,
                          rows[i].quality};
        int point = point_of_number(s, rows[i].point);
        if (point >= 0 && has_moved(s, point))
            r.t_ms = 0;
        *TX_APPEND(&have) = r;
    }
    return compare_lists("superseded readings", &want, &have, out);
}

/* --- Arrivals. ------------------------------------------------------------------------------ */

static struct tx_arrivals
arrivals_stored(const struct sim *s, int enterprise)
{
    struct tx_arrivals sum = {0};
    const struct tx_arrivals *rows;
    uint32_t count = memory_store_arrivals(s->store, &rows);

    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].enterprise != (uint32_t)enterprise + 1)
            continue;
        sum.received += rows[i].received;
        sum.counted += rows[i].counted;
        sum.superseding += rows[i].superseding;
        sum.repeated += rows[i].repeated;
        sum.quarantined += rows[i].quarantined;
        sum.late += rows[i].late;
        sum.suspect += rows[i].suspect;
        sum.unregistered += rows[i].unregistered;
    }
    return sum;
}

/* late, suspect and the classes are known beforehand where no registration happens under way. */
static bool
is_settled(const struct sim *s, int enterprise)
{
    for (int i = 0; i < (int)s->c->input.point_count; i++)
        if (s->c->points[i].enterprise == enterprise && !s->c->points[i].registered &&
            s->points[i].revision != 0)
            return false;
    return true;
}

static void
add_arrival(const struct naive_input *in, const struct naive_entry *e, struct tx_arrivals *sum)
{
    const struct naive_point *p = &in->points[e->point];
    int64_t t = e->t, due = e->t, start;

    sum->received++;
    if (!p->registered) {
        sum->unregistered++;
        sum->suspect += e->quality > NAIVE_MANUAL;
    } else {
        if (p->kind == NAIVE_INTERVAL) {
            t = naive_moved(&in->deployment, p, e->t);
            naive_civil_period(&in->deployment, p, t, &start, &due);
        }
        sum->suspect += !naive_is_usable(p, t, e);
    }
    sum->late += e->received_at - due > in->deployment.late_after_ms;
}

static struct tx_arrivals
arrivals_wanted(const struct sim *s, const struct naive_input *in,
                const struct naive_result *result, int enterprise)
{
    struct tx_arrivals sum = {.received = s->strays[enterprise],
                              .quarantined = s->strays[enterprise]};

    for (size_t i = 0; i < in->log_count; i++)
        if (in->log[i].kind == NAIVE_ARRIVES &&
            in->points[in->log[i].point].enterprise == enterprise)
            add_arrival(in, &in->log[i], &sum);
    for (size_t i = 0; i < result->reading_count; i++)
        sum.counted += in->points[result->readings[i].point].enterprise == enterprise;
    for (size_t i = 0; i < result->superseded_count; i++)
        sum.superseding += in->points[result->superseded[i].point].enterprise == enterprise;
    sum.repeated = sum.received - sum.quarantined - sum.counted - sum.superseding;
    return sum;
}

static void
print_arrivals(FILE *out, const char *who, const struct tx_arrivals *a)
{
    fprintf(out,
            "  %s received %" PRId64 " counted %" PRId64 " superseding %" PRId64
            " repeated %" PRId64 " quarantined %" PRId64 " late %" PRId64 " suspect %" PRId64
            " unregistered %" PRId64 "\n",
            who, a->received, a->counted, a->superseding, a->repeated, a->quarantined, a->late,
            a->suspect, a->unregistered);
}

static int
check_arrivals(const struct sim *s, const struct naive_input *in,
               const struct naive_result *result, FILE *out)
{
    int differences = 0;
    int64_t strays = s->odd_blocks;

    for (int e = 0; e < (int)in->enterprise_count; e++) {
        struct tx_arrivals have = arrivals_stored(s, e);
        struct tx_arrivals want = arrivals_wanted(s, in, result, e);
        bool same = have.received == want.received && have.quarantined == want.quarantined &&
                    have.received ==
                        have.counted + have.superseding + have.repeated + have.quarantined;
        if (is_settled(s, e))
            same = same && memcmp(&have, &want, sizeof have) == 0;
        strays += s->strays[e];
        if (same)
            continue;
        differences++;
        fprintf(out, "arrivals of enterprise %d differ\n", e);
        print_arrivals(out, "wanted", &want);
        print_arrivals(out, "stored", &have);
    }
    if (memory_store_quarantine_count(s->store) != strays) {
        differences++;
        fprintf(out, "quarantine has %u rows, wanted %" PRId64 "\n",
                memory_store_quarantine_count(s->store), strays);
    }
    return differences;
}

int
sim_check_set(const struct sim *s, const struct naive_input *in,
              const struct naive_result *result, FILE *out)
{
    return check_readings(s, result, out) + check_superseded(s, result, out) +
           check_arrivals(s, in, result, out);
}
