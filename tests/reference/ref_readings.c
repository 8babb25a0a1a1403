/*
 * Reading files into a log. Names are looked up once for each run of lines of one meter, since the
 * sample data are grouped by meter.
 */

#include "tests/reference/ref_readings.h"

#include "tests/reference/naive_parts.h"
#include "tests/reference/ref_csv.h"
#include "tests/reference/ref_text.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 512

struct lookup {
    char name[NAME_MAX_BYTES];
    int point;
};

static int
look_up(struct lookup *last, const struct ref_registry *r, const char *name)
{
    if (strcmp(last->name, name) != 0) {
        snprintf(last->name, sizeof(last->name), "%s", name);
        last->point = ref_registry_find_point(r, name);
    }
    return last->point;
}

static enum naive_quality
quality_of(const char *word)
{
    static const char *const words[NAIVE_QUALITY_COUNT] = {
        "good",        "estimated", "manual",     "stopped", "maintenance",
        "calibrating", "fault",     "over_range", "stale",   "unknown"};

    if (*word == '\0')
        return NAIVE_GOOD;
    for (int q = 0; q < NAIVE_QUALITY_COUNT; q++) {
        if (strcmp(word, words[q]) == 0)
            return (enum naive_quality)q;
    }
    return NAIVE_UNKNOWN;
}

static void
add(struct ref_readings *out, const struct naive_deployment *d, struct naive_entry *e,
    const char *value)
{
    if (e->point < 0) {
        out->unregistered++;
        return;
    }
    if (!ref_parse_decimal(value, &e->value, &e->rounded) || naive_is_refused(d, e)) {
        out->refused++;
        return;
    }
    out->entry = naive_grown(out->entry, out->count, &out->capacity, sizeof(*out->entry));
    out->entry[out->count++] = *e;
}

static void
open_or_exit(struct ref_csv *csv, const char *path, bool has_header)
{
    if (ref_csv_open(csv, path, has_header))
        return;
    fprintf(stderr, "%s: cannot be opened\n", path);
    exit(66);
}

void
ref_readings_load_data(struct ref_readings *out, const struct ref_registry *r,
                       const struct naive_deployment *d, const char *path, int64_t received_at)
{
    static struct ref_csv csv;
    struct lookup last = {.point = -1};

    open_or_exit(&csv, path, true);
    while (ref_csv_next(&csv)) {
        struct naive_entry e = {.kind = NAIVE_ARRIVES};

        e.point = look_up(&last, r, ref_csv_cell(&csv, "meter"));
        if (!ref_parse_time(ref_csv_cell(&csv, "timestamp_utc"), 0, &e.t))
            ref_csv_fail(&csv, "not a time", ref_csv_cell(&csv, "timestamp_utc"));
        e.received_at = received_at != NAIVE_NONE ? received_at : e.t;
        add(out, d, &e, ref_csv_cell(&csv, "value"));
    }
    ref_csv_close(&csv);
}

void
ref_readings_load_arrivals(struct ref_readings *out, const struct ref_registry *r,
                           const struct naive_deployment *d, const char *path)
{
    static struct ref_csv csv;
    struct lookup last = {.point = -1};

    open_or_exit(&csv, path, false);
    while (ref_csv_next(&csv)) {
        struct naive_entry e = {.kind = NAIVE_ARRIVES};

        if (csv.cell_count != 5)
            ref_csv_fail(&csv, "not point,t_ms,value,quality,received_at_ms", csv.cell[0]);
        e.point = look_up(&last, r, csv.cell[0]);
        e.quality = quality_of(csv.cell[3]);
        if (!ref_parse_integer(csv.cell[1], &e.t) ||
            !ref_parse_integer(csv.cell[4], &e.received_at))
            ref_csv_fail(&csv, "not a time in ms", csv.cell[1]);
        add(out, d, &e, csv.cell[2]);
    }
    ref_csv_close(&csv);
}
