/* A meter's name is its point's name. The value's text is kept as the publisher wrote it, since that
 * is what a gateway would send; its micro-units are what meterd should make of it. */
#include "benchmarks/meterload/plan_files.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "benchmarks/meterload/csv.h"
#include "proto/decimal.h"
#include "proto/timestamp.h"

struct reader {
    struct plan *plan;
    struct csv *csv;
    unsigned meter, time, value, flag;
    char name[256]; /* of the meter of the row before */
    uint32_t point;
    uint64_t capacity;
    struct bytes texts;
};

static void
find_point(struct reader *r)
{
    const char *name = csv_cell(r->csv, r->meter);
    uint32_t point;

    if (r->name[0] != '\0' && strcmp(name, r->name) == 0)
        return;
    point = fleet_find_point(&r->plan->fleet, name);
    if (point == FLEET_NONE)
        tool_die(EX_DATAERR, "%s:%u: meter %s is no point of points.csv", csv_path(r->csv),
                 csv_line_number(r->csv), name);
    if (r->plan->fleet.points[point].gateway == FLEET_NONE)
        tool_die(EX_DATAERR, "meter %s: enterprise %s has no gateway with a known token", name,
                 r->plan->fleet.points[point].enterprise);
    snprintf(r->name, sizeof r->name, "%s", name);
    r->point = point;
    r->plan->meter_count++;
}

static void
add_row(struct reader *r)
{
    const char *time = csv_cell(r->csv, r->time), *value = csv_cell(r->csv, r->value);
    const char *flag = csv_cell(r->csv, r->flag);
    struct plan *p = r->plan;
    struct reading *out;
    bool rounded;

    find_point(r);
    if (p->reading_count == r->capacity) {
        r->capacity = r->capacity == 0 ? 1 << 16 : r->capacity * 2;
        p->readings = tool_grow(p->readings, r->capacity, sizeof *p->readings);
    }
    out = &p->readings[p->reading_count++];
    *out = (struct reading){.point = r->point};
    if (timestamp_parse_rfc3339(span_text(time), &out->t_ms) != ST_OK)
        tool_die(EX_DATAERR, "%s:%u: \"%s\" is no time", csv_path(r->csv),
                 csv_line_number(r->csv), time);
    if (decimal_parse(span_text(value), &out->micro, &rounded) != ST_OK)
        tool_die(EX_DATAERR, "%s:%u: \"%s\" is no value", csv_path(r->csv),
                 csv_line_number(r->csv), value);
    if (r->texts.size + DECIMAL_TEXT_MAX + 1 >= READING_NO_TEXT)
        tool_die(EX_DATAERR, "%s: too much at once: give fewer files", csv_path(r->csv));
    out->text = (uint32_t)r->texts.size & READING_NO_TEXT;
    bytes_add(&r->texts, value, strlen(value) + 1);
    out->is_estimated = strcmp(flag, "publisher_imputed") == 0 ||
                        strcmp(flag, "publisher_interpolated") == 0;
}

void
plan_files_read(struct plan *p, const struct plan_options *o)
{
    struct reader r = {.plan = p};

    for (uint32_t i = 0; i < o->file_count; i++) {
        r.csv = csv_open(o->files[i]);
        r.meter = csv_column(r.csv, "meter", true);
        r.time = csv_column(r.csv, "timestamp_utc", true);
        r.value = csv_column(r.csv, "value", true);
        r.flag = csv_column(r.csv, "flag", false);
        while (csv_next(r.csv))
            add_row(&r);
        p->crcs[i] = csv_crc(r.csv);
        csv_close(r.csv);
    }
    p->texts = (char *)r.texts.at;
}
