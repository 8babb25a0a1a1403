/*
 * The registry's CSV files -> enterprises and points with dated rows. Rows may stand in any order
 * in their files; here they are put in order of valid_from.
 */

#include "tests/reference/ref_registry.h"

#include "tests/reference/naive_parts.h"
#include "tests/reference/ref_csv.h"
#include "tests/reference/ref_text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int
ref_names_find(const struct ref_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->name[i], name) == 0)
            return (int)i;
    }
    return -1;
}

int
ref_names_number(struct ref_names *names, const char *name)
{
    int found = ref_names_find(names, name);

    if (found >= 0)
        return found;
    names->name = naive_grown(names->name, names->count, &names->capacity, sizeof(char *));
    names->name[names->count] = strdup(name);
    assert(names->name[names->count] != NULL);
    return (int)names->count++;
}

static int64_t
time_of(const struct ref_csv *csv, const struct ref_registry *r, const char *column,
        int64_t when_empty)
{
    const char *text = ref_csv_optional(csv, column);
    int64_t t;

    if (*text == '\0')
        return when_empty;
    if (!ref_parse_time(text, r->utc_offset_ms, &t))
        ref_csv_fail(csv, "not a time", text);
    return t;
}

static int64_t
integer_of(const struct ref_csv *csv, const char *column, int64_t when_empty)
{
    const char *text = ref_csv_optional(csv, column);
    int64_t value;

    if (*text == '\0')
        return when_empty;
    if (!ref_parse_integer(text, &value))
        ref_csv_fail(csv, "not an integer", text);
    return value;
}

static int64_t
micro_of(const struct ref_csv *csv, const char *text)
{
    int64_t micro;
    bool rounded;

    if (!ref_parse_decimal(text, &micro, &rounded))
        ref_csv_fail(csv, "not a decimal", text);
    return micro;
}

static int64_t
limit_of(const struct ref_csv *csv, const char *column)
{
    const char *text = ref_csv_optional(csv, column);

    return *text == '\0' || strcmp(text, "none") == 0 ? NAIVE_NONE : micro_of(csv, text);
}

static bool
flag_of(const struct ref_csv *csv, const char *column, bool when_empty)
{
    const char *text = ref_csv_optional(csv, column);

    if (*text == '\0')
        return when_empty;
    if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
        ref_csv_fail(csv, "neither yes nor no", text);
    return *text == 'y';
}

static int64_t
duration_of(const struct ref_csv *csv, const char *column, int64_t when_empty, int *months)
{
    const char *text = ref_csv_optional(csv, column);
    int64_t ms;

    *months = 0;
    if (*text == '\0')
        return when_empty;
    if (!ref_parse_duration(text, &ms, months))
        ref_csv_fail(csv, "not a duration", text);
    return ms;
}

static void
add_area(struct ref_registry *r, const struct ref_csv *csv)
{
    int number = ref_names_number(&r->enterprise_names, ref_csv_cell(csv, "enterprise"));
    const char *park = ref_csv_optional(csv, "park_id");
    struct naive_area area = {time_of(csv, r, "valid_from", NAIVE_SINCE_EVER),
                              (int)integer_of(csv, "prefecture_code", 0), NAIVE_NO_PARK};
    struct naive_enterprise *e;
    struct naive_area *areas;
    size_t at;

    if ((size_t)number == r->enterprise_count) {
        r->enterprises = naive_grown(r->enterprises, r->enterprise_count, &r->enterprise_capacity,
                                     sizeof(*r->enterprises));
        r->enterprises[r->enterprise_count++] = (struct naive_enterprise){0};
    }
    if (time_of(csv, r, "valid_to", NAIVE_FOR_EVER) <= area.valid_from)
        return; /* Withdrawn. */
    if (*park != '\0')
        area.park = 1 + ref_names_number(&r->park_names, park);
    e = &r->enterprises[number];
    areas = calloc(e->area_count + 1, sizeof(*areas));
    assert(areas != NULL);
    for (at = 0; at < e->area_count && e->areas[at].valid_from < area.valid_from; at++)
        areas[at] = e->areas[at];
    areas[at] = area;
    for (size_t i = at; i < e->area_count; i++)
        areas[i + 1] = e->areas[i];
    e->areas = areas;
    e->area_count++;
}

static void
read_sentinels(const struct ref_csv *csv, struct naive_attributes *a)
{
    char text[1024], *rest = text, *one;

    snprintf(text, sizeof(text), "%s", ref_csv_optional(csv, "sentinels"));
    while ((one = strsep(&rest, ";")) != NULL) {
        if (*one == '\0')
            continue;
        if (a->sentinel_count == NAIVE_SENTINELS_MAX)
            ref_csv_fail(csv, "too many sentinels", text);
        a->sentinels[a->sentinel_count++] = micro_of(csv, one);
    }
}

static void
read_attributes(struct ref_registry *r, const struct ref_csv *csv, struct naive_attributes *a)
{
    int months;

    *a = (struct naive_attributes){
        .valid_from = time_of(csv, r, "valid_from", NAIVE_SINCE_EVER),
        .valid_to = time_of(csv, r, "valid_to", NAIVE_FOR_EVER),
        .item = ref_names_number(&r->item_names, ref_csv_cell(csv, "item")),
        .nominal_ms = duration_of(csv, "nominal_interval", 0, &months),
        .modulus = limit_of(csv, "modulus"),
        .max_rate = limit_of(csv, "max_rate"),
        .reverse = flag_of(csv, "reverse", false),
        .num = integer_of(csv, "factor_num", 1),
        .den = integer_of(csv, "factor_den", 1),
        .sign = (int)integer_of(csv, "sign", 1),
        .counted = flag_of(csv, "counted", true),
        .spread_max_ms = duration_of(csv, "spread_max", NAIVE_DEFAULT, &months),
        .hold_max_ms = duration_of(csv, "hold_max", NAIVE_DEFAULT, &months),
    };
    if (a->nominal_ms <= 0)
        ref_csv_fail(csv, "no nominal interval", "");
    read_sentinels(csv, a);
}

static int
find_point(const struct ref_registry *r, int enterprise, const char *name)
{
    for (size_t i = 0; i < r->point_count; i++) {
        if (r->points[i].enterprise == enterprise && strcmp(r->point_names.name[i], name) == 0)
            return (int)i;
    }
    return -1;
}

static struct naive_point *
add_point(struct ref_registry *r, const struct ref_csv *csv, const struct naive_attributes *a)
{
    const char *kind = ref_csv_cell(csv, "kind");
    struct naive_point p = {.registered = true};

    p.enterprise = ref_names_find(&r->enterprise_names, ref_csv_cell(csv, "enterprise"));
    if (p.enterprise < 0)
        ref_csv_fail(csv, "no such enterprise", ref_csv_cell(csv, "enterprise"));
    p.kind = strcmp(kind, "register") == 0   ? NAIVE_REGISTER
             : strcmp(kind, "interval") == 0 ? NAIVE_INTERVAL
                                             : NAIVE_RATE;
    if (p.kind == NAIVE_RATE && strcmp(kind, "rate") != 0)
        ref_csv_fail(csv, "not a kind of point", kind);
    p.period_ms = duration_of(csv, "period", a->nominal_ms, &p.period_months);
    p.stamp_end = strcmp(ref_csv_optional(csv, "stamp"), "end") == 0;
    r->points = naive_grown(r->points, r->point_count, &r->point_capacity, sizeof(*r->points));
    r->points[r->point_count++] = p;
    r->point_names.name = naive_grown(r->point_names.name, r->point_names.count,
                                      &r->point_names.capacity, sizeof(char *));
    r->point_names.name[r->point_names.count++] = strdup(ref_csv_cell(csv, "point"));
    return &r->points[r->point_count - 1];
}

static void
add_point_row(struct ref_registry *r, const struct ref_csv *csv)
{
    int enterprise = ref_names_find(&r->enterprise_names, ref_csv_cell(csv, "enterprise"));
    int found = find_point(r, enterprise, ref_csv_cell(csv, "point"));
    struct naive_attributes a, *rows;
    struct naive_point *p;
    size_t at;

    read_attributes(r, csv, &a);
    p = found >= 0 ? &r->points[found] : add_point(r, csv, &a);
    rows = calloc(p->row_count + 1, sizeof(*rows));
    assert(rows != NULL);
    for (at = 0; at < p->row_count && p->rows[at].valid_from < a.valid_from; at++)
        rows[at] = p->rows[at];
    rows[at] = a;
    for (size_t i = at; i < p->row_count; i++)
        rows[i + 1] = p->rows[i];
    p->rows = rows;
    p->row_count++;
}

static void
add_exchange(struct ref_registry *r, const struct ref_csv *csv)
{
    int enterprise = ref_names_find(&r->enterprise_names, ref_csv_cell(csv, "enterprise"));
    int found = find_point(r, enterprise, ref_csv_cell(csv, "point"));
    const char *end = ref_csv_cell(csv, "end"), *start = ref_csv_cell(csv, "start");
    struct naive_exchange *exchanges;
    struct naive_point *p;

    if (*end == '\0' && *start == '\0')
        return; /* Withdrawn. */
    if (found < 0)
        ref_csv_fail(csv, "no such point", ref_csv_cell(csv, "point"));
    p = &r->points[found];
    exchanges = calloc(p->exchange_count + 1, sizeof(*exchanges));
    assert(exchanges != NULL);
    for (size_t i = 0; i < p->exchange_count; i++)
        exchanges[i] = p->exchanges[i];
    exchanges[p->exchange_count++] =
        (struct naive_exchange){time_of(csv, r, "t", 0), micro_of(csv, end), micro_of(csv, start)};
    p->exchanges = exchanges;
}

static void
load_file(struct ref_registry *r, const char *directory, const char *name,
          void (*add)(struct ref_registry *, const struct ref_csv *))
{
    static struct ref_csv csv;
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    if (!ref_csv_open(&csv, path, true)) {
        fprintf(stderr, "%s: no such file\n", path);
        return;
    }
    while (ref_csv_next(&csv))
        add(r, &csv);
    ref_csv_close(&csv);
}

void
ref_registry_load(struct ref_registry *r, const char *directory, int64_t utc_offset_ms)
{
    *r = (struct ref_registry){.utc_offset_ms = utc_offset_ms};
    load_file(r, directory, "enterprises.csv", add_area);
    load_file(r, directory, "points.csv", add_point_row);
    load_file(r, directory, "exchanges.csv", add_exchange);
}

int
ref_registry_find_point(const struct ref_registry *r, const char *name)
{
    int found = -1;

    for (size_t i = 0; i < r->point_count; i++) {
        if (strcmp(r->point_names.name[i], name) != 0)
            continue;
        if (found >= 0) {
            fprintf(stderr, "point %s: of two enterprises\n", name);
            exit(65);
        }
        found = (int)i;
    }
    return found;
}
