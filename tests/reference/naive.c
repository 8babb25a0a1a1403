/*
 * The rollup by definition, from log to rows: make the set, judge each reading, turn each point's
 * readings into amounts, add up. Each sentence of the definition is in one of the other files.
 */

#include "tests/reference/naive_parts.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

void *
naive_grown(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count == *capacity) {
        *capacity = *capacity == 0 ? 64 : *capacity * 2;
        array = realloc(array, *capacity * size);
        assert(array != NULL);
    }
    return array;
}

void
naive_trace(const struct naive_work *w, const char *format, ...)
{
    va_list arguments;

    if (w->trace == NULL)
        return;
    va_start(arguments, format);
    vfprintf(w->trace, format, arguments);
    va_end(arguments);
}

char *
naive_int128_text(__int128 value, char *text)
{
    unsigned __int128 rest = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
    char digits[40];
    int count = 0, length = 0;

    do {
        digits[count++] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        text[length++] = '-';
    while (count > 0)
        text[length++] = digits[--count];
    text[length] = '\0';
    return text;
}

static bool
is_registered(const struct naive_input *in, int point)
{
    if (in->points[point].registered)
        return true;
    for (size_t i = 0; i < in->log_count; i++) {
        if (in->log[i].kind == NAIVE_REGISTERS && in->log[i].point == point)
            return true;
    }
    return false;
}

static void
judge_usable(struct naive_work *w)
{
    for (size_t i = 0; i < w->reading_count; i++) {
        struct naive_reading *r = &w->readings[i];

        r->usable = naive_is_usable(w->point, r->t, &r->entry);
        r->verdict = r->usable ? NAIVE_ACCEPTED : NAIVE_NOT_USABLE;
        naive_trace(w, "  reading %lld at %lld quality %d, log %zu%s\n", (long long)r->entry.value,
                    (long long)r->t, (int)r->entry.quality, r->position,
                    r->usable ? "" : ", not usable");
    }
}

static void
fold_point(struct naive_work *w)
{
    judge_usable(w);
    if (w->point->kind == NAIVE_REGISTER)
        naive_walk_register(w);
    else if (w->point->kind == NAIVE_INTERVAL)
        naive_add_intervals(w);
    else
        naive_add_rates(w);
    naive_add_counts(w);
}

static void
fold_all(const struct naive_input *in, struct naive_result *out, FILE *trace)
{
    struct naive_rows *rows = &out->slots[NAIVE_BY_ENTERPRISE];
    size_t first = 0, end;

    for (int p = 0; p < (int)in->point_count; p++, first = end) {
        struct naive_work w = {.in = in, .point = &in->points[p], .rows = rows, .trace = trace};

        for (end = first; end < out->reading_count && out->readings[end].point == p; end++)
            ;
        w.readings = &out->readings[first];
        w.reading_count = end - first;
        assert(w.point->enterprise >= 0 && (size_t)w.point->enterprise < in->enterprise_count);
        if (w.reading_count > 0)
            naive_trace(&w, "point %d of enterprise %d\n", p, w.point->enterprise);
        if (is_registered(in, p))
            fold_point(&w);
        else
            naive_trace(&w, "  not registered\n");
    }
    naive_rows_settle(rows);
}

void
naive_compute(const struct naive_input *in, struct naive_result *out, FILE *trace)
{
    *out = (struct naive_result){0};
    naive_make_set(in, out);
    fold_all(in, out, trace);
    naive_make_areas(in, out);
}

void
naive_result_fini(struct naive_result *r)
{
    free(r->readings);
    free(r->superseded);
    for (int level = 0; level < NAIVE_LEVEL_COUNT; level++) {
        free(r->slots[level].row);
        free(r->days[level].row);
    }
    *r = (struct naive_result){0};
}

void
naive_explain(const struct naive_input *in, FILE *trace)
{
    struct naive_result result;
    const struct naive_rows *rows = &result.slots[NAIVE_BY_ENTERPRISE];
    char quantity[48], estimated[48];

    naive_compute(in, &result, trace);
    for (size_t i = 0; i < rows->count; i++) {
        const struct naive_row *r = &rows->row[i];

        fprintf(trace, "row %d item %d slot %lld: %s %s readings %lld late %lld suspect %lld\n",
                r->area, r->item, (long long)r->start,
                naive_int128_text(r->counts.quantity, quantity),
                naive_int128_text(r->counts.estimated, estimated), (long long)r->counts.readings,
                (long long)r->counts.late, (long long)r->counts.suspect);
    }
    naive_result_fini(&result);
}
