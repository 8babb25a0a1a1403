/* After a run: what the tables hold against what the definition gives for the same log. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/reference/naive_parts.h"
#include "tests/sim/sim.h"

#define DIFFERENCES_SHOWN 12

struct check {
    const struct sim *s;
    FILE *out;
    int differences;
    struct naive_input input; /* the case's, registrations moved to where they were adopted */
    struct naive_entry log[CASE_LOG_MAX];
    struct naive_result result;
};

static bool
differs(struct check *k)
{
    return k->differences++ < DIFFERENCES_SHOWN;
}

/* --- The log as the rollup has seen it. ----------------------------------------------------- */

struct placed {
    size_t place;
    struct naive_entry entry;
};

static int
compare_placed(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    return a->place < b->place ? -1 : a->place > b->place;
}

/* Entries stand at odd places, a registration at the even one before the first reading after it. */
static size_t
place_of_registration(const struct sim *s, size_t position)
{
    const struct naive_entry *own = &s->c->log[position];
    const struct sim_point *p = &s->points[own->point];

    if (!p->adopted)
        return 2 * position + 1;
    for (size_t i = 0; i < s->c->input.log_count; i++) {
        const struct sim_place *at = &s->places[i];
        if (s->c->log[i].kind != NAIVE_ARRIVES || s->c->log[i].point != own->point)
            continue;
        if (at->offset > p->adopted_at.offset ||
            (at->offset == p->adopted_at.offset && at->idx >= p->adopted_at.idx))
            return 2 * i;
    }
    return 2 * s->c->input.log_count;
}

static void
make_input(struct check *k)
{
    const struct sim *s = k->s;
    struct placed sorted[CASE_LOG_MAX];

    k->input = s->c->input;
    for (size_t i = 0; i < k->input.log_count; i++) {
        bool registers = s->c->log[i].kind == NAIVE_REGISTERS;
        sorted[i].entry = s->c->log[i];
        sorted[i].place = registers ? place_of_registration(s, i) : 2 * i + 1;
    }
    qsort(sorted, k->input.log_count, sizeof *sorted, compare_placed);
    for (size_t i = 0; i < k->input.log_count; i++)
        k->log[i] = sorted[i].entry;
    k->input.log = k->log;
}

/* --- Sums. ---------------------------------------------------------------------------------- */

struct wanted {
    struct tx_rollup *at;
    size_t count;
};

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

static uint32_t
owner_of(enum naive_level level, int area)
{
    switch (level) {
    case NAIVE_BY_ENTERPRISE:
        return (uint32_t)area + 1;
    case NAIVE_BY_PARK:
        return sim_park_area(area);
    case NAIVE_BY_NO_PARK:
        return sim_no_park_area(area);
    case NAIVE_BY_PREFECTURE:
        return sim_prefecture_area(area);
    case NAIVE_BY_PROVINCE:
    case NAIVE_LEVEL_COUNT:
        break;
    }
    return SIM_PROVINCE;
}

static void
want_rows(struct wanted *w, const struct naive_rows *rows, enum naive_level level)
{
    w->at = realloc(w->at, (w->count + rows->count + 1) * sizeof *w->at);
    assert(w->at != NULL);
    for (size_t i = 0; i < rows->count; i++) {
        const struct naive_row *r = &rows->row[i];
        w->at[w->count++] = (struct tx_rollup){
            .owner = owner_of(level, r->area),
            .item = (uint32_t)r->item,
            .slot_ms = r->start,
            .quantity = r->counts.quantity,
            .estimated = r->counts.estimated,
            .readings = r->counts.readings,
            .late = r->counts.late,
            .suspect = r->counts.suspect,
        };
    }
}

static void
print_row(FILE *out, const char *who, const struct tx_rollup *r)
{
    char quantity[48], estimated[48];

    fprintf(out,
            "  %s owner %u item %u slot %" PRId64 ": quantity %s estimated %s readings %" PRId64
            " late %" PRId64 " suspect %" PRId64 "\n",
            who, r->owner, r->item, r->slot_ms, naive_int128_text(r->quantity, quantity),
            naive_int128_text(r->estimated, estimated), r->readings, r->late, r->suspect);
}

static bool
same_counts(const struct tx_rollup *a, const struct tx_rollup *b)
{
    return a->quantity == b->quantity && a->estimated == b->estimated &&
           a->readings == b->readings && a->late == b->late && a->suspect == b->suspect;
}

static void
compare_tables(struct check *k, const char *table, const struct wanted *w,
               enum store_table which)
{
    const struct tx_rollup *have;
    uint32_t count = memory_store_rows(k->s->store, which, &have);
    size_t i = 0, j = 0;

    while (i < w->count || j < count) {
        int order = i == w->count ? 1 : j == count ? -1 : compare_rollups(&w->at[i], &have[j]);
        if (order == 0 && same_counts(&w->at[i], &have[j])) {
            i++, j++;
            continue;
        }
        if (differs(k)) {
            fprintf(k->out, "%s differs\n", table);
            if (order <= 0)
                print_row(k->out, "wanted", &w->at[i]);
            if (order >= 0)
                print_row(k->out, "stored", &have[j]);
        }
        i += order <= 0;
        j += order >= 0;
    }
}

static void
check_sums(struct check *k)
{
    struct naive_rows *const tables[2] = {k->result.slots, k->result.days};
    static const char *const names[2][2] = {{"enterprise_slot", "area_slot"},
                                            {"enterprise_day", "area_day"}};
    static const enum store_table which[2][2] = {{STORE_ENTERPRISE_SLOT, STORE_AREA_SLOT},
                                                 {STORE_ENTERPRISE_DAY, STORE_AREA_DAY}};

    for (int t = 0; t < 2; t++) {
        struct wanted own = {0}, areas = {0};
        want_rows(&own, &tables[t][NAIVE_BY_ENTERPRISE], NAIVE_BY_ENTERPRISE);
        for (int level = NAIVE_BY_PARK; level < NAIVE_LEVEL_COUNT; level++)
            want_rows(&areas, &tables[t][level], (enum naive_level)level);
        qsort(areas.at, areas.count, sizeof *areas.at, compare_rollups);
        compare_tables(k, names[t][0], &own, which[t][0]);
        compare_tables(k, names[t][1], &areas, which[t][1]);
        free(own.at);
        free(areas.at);
    }
}

/* --- Conservation, from the stored tables alone. -------------------------------------------- */

static __int128
sum_of(const struct sim *s, enum store_table table, uint32_t first, uint32_t last)
{
    const struct tx_rollup *rows;
    uint32_t count = memory_store_rows(s->store, table, &rows);
    __int128 sum = 0;

    for (uint32_t i = 0; i < count; i++)
        if (rows[i].owner >= first && rows[i].owner <= last)
            sum += rows[i].quantity;
    return sum;
}

static void
check_conservation(struct check *k)
{
    for (int t = 0; t < 2; t++) {
        enum store_table own = t == 0 ? STORE_ENTERPRISE_SLOT : STORE_ENTERPRISE_DAY;
        enum store_table areas = t == 0 ? STORE_AREA_SLOT : STORE_AREA_DAY;
        __int128 enterprises = sum_of(k->s, own, 0, UINT32_MAX);
        __int128 parks = sum_of(k->s, areas, 10, 99) + sum_of(k->s, areas, 200, 299);
        __int128 prefectures = sum_of(k->s, areas, 100, 199);
        __int128 province = sum_of(k->s, areas, SIM_PROVINCE, SIM_PROVINCE);

        if ((parks != enterprises || prefectures != enterprises || province != enterprises) &&
            differs(k))
            fprintf(k->out, "areas do not add up\n");
    }
}

bool
sim_check(const struct sim *s, FILE *out)
{
    struct check *k = calloc(1, sizeof *k);

    assert(k != NULL);
    k->s = s;
    k->out = out;
    make_input(k);
    naive_compute(&k->input, &k->result, NULL);
    check_sums(k);
    check_conservation(k);
    k->differences += sim_check_set(s, &k->input, &k->result, out);
    k->differences += sim_check_state(s, out);
    bool same = k->differences == 0;
    naive_result_fini(&k->result);
    free(k);
    return same;
}
