/*
 * meterd_reference: the rollup of a registry directory and files of readings, by definition, as
 * sorted tab-separated rows, to be compared with what meterd wrote.
 */

#include "tests/reference/naive.h"
#include "tests/reference/ref_readings.h"
#include "tests/reference/ref_registry.h"
#include "tests/reference/ref_text.h"

#include <assert.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define AREA_BYTES_MAX 256

struct options {
    const char *registry;
    const char *level;
    const char *province;
    const char *arrivals;
    int64_t received_at;
    bool explain;
    struct naive_deployment deployment;
};

struct lines {
    char **line;
    size_t count;
};

static const char usage[] =
    "usage: meterd_reference --registry DIR [--level enterprise-slot|enterprise-day|area-slot|\n"
    "    area-day] [--slot 15min] [--utc-offset +08:00] [--late-after 1h] [--past-max 400d]\n"
    "    [--future-max 10min] [--province 530000] [--received-at MS] [--explain]\n"
    "    (--arrivals FILE | FILE.csv.gz ...)\n"
    "Rows on stdout, sorted bytewise: enterprise or area, item, slot_start, quantity_micro,\n"
    "estimated_micro, readings, late, suspect. Arrivals: point,t_ms,value,quality,received_at_ms.\n"
    "Without --received-at a reading of a data file is received at its own time.\n";

static const struct option long_options[] = {
    {"registry", required_argument, NULL, 'r'},    {"level", required_argument, NULL, 'l'},
    {"province", required_argument, NULL, 'p'},    {"arrivals", required_argument, NULL, 'a'},
    {"received-at", required_argument, NULL, 't'}, {"slot", required_argument, NULL, 's'},
    {"utc-offset", required_argument, NULL, 'o'},  {"late-after", required_argument, NULL, 'L'},
    {"past-max", required_argument, NULL, 'P'},    {"future-max", required_argument, NULL, 'F'},
    {"explain", no_argument, NULL, 'e'},           {NULL, 0, NULL, 0}};

static void
fail(const char *what)
{
    fprintf(stderr, "meterd_reference: %s\n%s", what, usage);
    exit(64);
}

static void
set_duration(int64_t *ms, const char *text)
{
    int months;

    if (!ref_parse_duration(text, ms, &months) || months != 0)
        fail("not a duration");
}

static void
set_option(struct options *o, int option, const char *value)
{
    switch (option) {
    case 'r':
        o->registry = value;
        break;
    case 'l':
        o->level = value;
        break;
    case 'p':
        o->province = value;
        break;
    case 'a':
        o->arrivals = value;
        break;
    case 't':
        if (!ref_parse_integer(value, &o->received_at))
            fail("--received-at is not an integer of ms");
        break;
    case 's':
        set_duration(&o->deployment.slot_ms, value);
        break;
    case 'o':
        if (!ref_parse_offset(value, &o->deployment.utc_offset_ms))
            fail("--utc-offset is not like +08:00");
        break;
    case 'L':
        set_duration(&o->deployment.late_after_ms, value);
        break;
    case 'P':
        set_duration(&o->deployment.past_max_ms, value);
        break;
    case 'F':
        set_duration(&o->deployment.future_max_ms, value);
        break;
    case 'e':
        o->explain = true;
        break;
    default:
        fail("what is this option");
    }
}

static const char *
area_name(const struct options *o, const struct ref_registry *r, enum naive_level level, int area,
          char *text)
{
    if (level == NAIVE_BY_ENTERPRISE)
        return r->enterprise_names.name[area];
    if (level == NAIVE_BY_PARK)
        return r->park_names.name[area - 1];
    if (level == NAIVE_BY_PROVINCE)
        return o->province;
    snprintf(text, AREA_BYTES_MAX, "%s%06d", level == NAIVE_BY_NO_PARK ? "-" : "", area);
    return text;
}

static char *
line_of(const struct options *o, const struct ref_registry *r, enum naive_level level,
        const struct naive_row *row)
{
    char area[AREA_BYTES_MAX], quantity[48], estimated[48], start[32], *line;
    const struct naive_counts *c = &row->counts;
    int length = asprintf(
        &line, "%s\t%s\t%s\t%s\t%s\t%lld\t%lld\t%lld", area_name(o, r, level, row->area, area),
        r->item_names.name[row->item], ref_time_text(row->start, start, sizeof(start)),
        naive_int128_text(c->quantity, quantity), naive_int128_text(c->estimated, estimated),
        (long long)c->readings, (long long)c->late, (long long)c->suspect);

    assert(length > 0);
    return line;
}

static void
add_lines(struct lines *lines, const struct options *o, const struct ref_registry *r,
          enum naive_level level, const struct naive_rows *rows)
{
    lines->line = realloc(lines->line, (lines->count + rows->count + 1) * sizeof(char *));
    assert(lines->line != NULL);
    for (size_t i = 0; i < rows->count; i++)
        lines->line[lines->count++] = line_of(o, r, level, &rows->row[i]);
}

static int
by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
print_rows(const struct options *o, const struct ref_registry *r, const struct naive_result *result)
{
    bool by_day = strstr(o->level, "-day") != NULL;
    bool by_area = strncmp(o->level, "area-", 5) == 0;
    const struct naive_rows *levels = by_day ? result->days : result->slots;
    struct lines lines = {0};

    for (int level = 0; level < NAIVE_LEVEL_COUNT; level++) {
        if ((level != NAIVE_BY_ENTERPRISE) == by_area)
            add_lines(&lines, o, r, (enum naive_level)level, &levels[level]);
    }
    if (lines.count > 1)
        qsort(lines.line, lines.count, sizeof(char *), by_bytes);
    for (size_t i = 0; i < lines.count; i++) {
        puts(lines.line[i]);
        free(lines.line[i]);
    }
    free(lines.line);
}

static struct options
options_of(int argc, char **argv)
{
    struct options o = {.level = "enterprise-slot", .province = "530000"};
    int option;

    o.received_at = NAIVE_NONE;
    o.deployment = (struct naive_deployment){
        .slot_ms = 15 * INT64_C(60000),
        .utc_offset_ms = 8 * INT64_C(3600000),
        .late_after_ms = INT64_C(3600000),
        .future_max_ms = 10 * INT64_C(60000),
        .past_max_ms = 400 * INT64_C(86400000),
    };
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        set_option(&o, option, optarg);
    if (o.registry == NULL)
        fail("--registry is missing");
    if (strcmp(o.level, "enterprise-slot") != 0 && strcmp(o.level, "enterprise-day") != 0 &&
        strcmp(o.level, "area-slot") != 0 && strcmp(o.level, "area-day") != 0)
        fail("what is this --level");
    return o;
}

int
main(int argc, char **argv)
{
    struct options o = options_of(argc, argv);
    struct ref_registry registry;
    struct ref_readings readings = {0};
    struct naive_input in = {.deployment = o.deployment};
    struct naive_result result;

    ref_registry_load(&registry, o.registry, o.deployment.utc_offset_ms);
    if (o.arrivals != NULL)
        ref_readings_load_arrivals(&readings, &registry, &o.deployment, o.arrivals);
    for (int i = optind; i < argc; i++)
        ref_readings_load_data(&readings, &registry, &o.deployment, argv[i], o.received_at);
    fprintf(stderr, "meterd_reference: %zu readings, %zu unregistered, %zu refused\n",
            readings.count, readings.unregistered, readings.refused);
    in.enterprises = registry.enterprises;
    in.enterprise_count = registry.enterprise_count;
    in.points = registry.points;
    in.point_count = registry.point_count;
    in.log = readings.entry;
    in.log_count = readings.count;
    naive_compute(&in, &result, o.explain ? stderr : NULL);
    print_rows(&o, &registry, &result);
    naive_result_fini(&result);
    return EXIT_SUCCESS;
}
