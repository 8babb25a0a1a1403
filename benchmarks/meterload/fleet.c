/* Points are sorted by name, so that a meter's name finds its point, and a name that two enterprises
 * use is noticed. */
#include "benchmarks/meterload/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "benchmarks/meterload/csv.h"
#include "benchmarks/meterload/tool.h"

static struct csv *
open_in(const char *dir, const char *name)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return csv_open(path);
}

static void
load_gateways(struct fleet *f, const char *dir)
{
    struct csv *c = open_in(dir, "gateways.csv");
    unsigned gateway = csv_column(c, "gateway", true);
    unsigned enterprise = csv_column(c, "enterprise", true);

    while (csv_next(c)) {
        if ((f->gateway_count & (f->gateway_count - 1)) == 0)
            f->gateways = tool_grow(f->gateways, f->gateway_count * 2u + 1, sizeof *f->gateways);
        f->gateways[f->gateway_count++] = (struct fleet_gateway){
            .name = tool_copy(csv_cell(c, gateway)),
            .enterprise = tool_copy(csv_cell(c, enterprise)),
        };
    }
    csv_close(c);
}

static int
compare_gateways(const void *a, const void *b)
{
    return strcmp(((const struct fleet_gateway *)a)->name,
                  ((const struct fleet_gateway *)b)->name);
}

static int
compare_enterprises(const void *a, const void *b)
{
    return strcmp(((const struct fleet_gateway *)a)->enterprise,
                  ((const struct fleet_gateway *)b)->enterprise);
}

static void
load_tokens(struct fleet *f, const char *path)
{
    struct csv *c = csv_open(path);
    unsigned gateway = csv_column(c, "gateway", true), token = csv_column(c, "token", true);
    char name[256];

    qsort(f->gateways, f->gateway_count, sizeof *f->gateways, compare_gateways);
    while (csv_next(c)) {
        struct fleet_gateway key = {.name = name}, *found;

        snprintf(name, sizeof name, "%s", csv_cell(c, gateway));
        found = bsearch(&key, f->gateways, f->gateway_count, sizeof key, compare_gateways);
        if (found != NULL && found->token == NULL)
            found->token = tool_copy(csv_cell(c, token));
    }
    csv_close(c);
}

/* "15min" or ms -> ms; 0: months, or nothing. */
static int64_t
read_period(const char *text)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}};
    char *end;
    int64_t count = strtoll(text, &end, 10);

    for (unsigned i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(end, units[i].unit) == 0)
            return count * units[i].ms;
    return 0;
}

static int
compare_points(const void *a, const void *b)
{
    const struct fleet_point *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order != 0 ? order : strcmp(x->enterprise, y->enterprise);
}

/* Several rows of a point are its dated changes; what is used here is the same in all of them. */
static void
drop_doubles(struct fleet *f)
{
    uint32_t kept = 0;

    qsort(f->points, f->point_count, sizeof *f->points, compare_points);
    for (uint32_t i = 0; i < f->point_count; i++) {
        if (kept > 0 && compare_points(&f->points[kept - 1], &f->points[i]) == 0) {
            tool_drop(f->points[i].name);
            tool_drop(f->points[i].enterprise);
            continue;
        }
        f->points[kept++] = f->points[i];
    }
    f->point_count = kept;
}

static void
load_points(struct fleet *f, const char *dir)
{
    struct csv *c = open_in(dir, "points.csv");
    unsigned enterprise = csv_column(c, "enterprise", true), name = csv_column(c, "point", true);
    unsigned kind = csv_column(c, "kind", true), period = csv_column(c, "period", false);
    unsigned nominal = csv_column(c, "nominal_interval", true);
    unsigned stamp = csv_column(c, "stamp", false);

    while (csv_next(c)) {
        const char *own = csv_cell(c, period);
        struct fleet_point p = {
            .enterprise = tool_copy(csv_cell(c, enterprise)),
            .name = tool_copy(csv_cell(c, name)),
            .gateway = FLEET_NONE,
            .is_stamped_at_end = strcmp(csv_cell(c, stamp), "end") == 0,
        };

        if (strcmp(csv_cell(c, kind), "interval") == 0)
            p.period_ms = read_period(own[0] != '\0' ? own : csv_cell(c, nominal));
        if ((f->point_count & (f->point_count - 1)) == 0)
            f->points = tool_grow(f->points, f->point_count * 2u + 1, sizeof *f->points);
        f->points[f->point_count++] = p;
    }
    csv_close(c);
    drop_doubles(f);
}

/* The first gateway of an enterprise that has a token sends for it. */
static void
join(struct fleet *f)
{
    qsort(f->gateways, f->gateway_count, sizeof *f->gateways, compare_enterprises);
    for (uint32_t i = 0; i < f->point_count; i++) {
        struct fleet_gateway key = {.enterprise = f->points[i].enterprise};
        struct fleet_gateway *g =
            bsearch(&key, f->gateways, f->gateway_count, sizeof key, compare_enterprises);

        while (g != NULL && g > f->gateways && compare_enterprises(g - 1, &key) == 0)
            g--;
        while (g != NULL && g < f->gateways + f->gateway_count &&
               compare_enterprises(g, &key) == 0 && g->token == NULL)
            g++;
        if (g != NULL && g < f->gateways + f->gateway_count && compare_enterprises(g, &key) == 0)
            f->points[i].gateway = (uint32_t)(g - f->gateways);
    }
}

void
fleet_load(struct fleet *f, const char *registry_dir, const char *tokens_path)
{
    *f = (struct fleet){0};
    load_gateways(f, registry_dir);
    load_tokens(f, tokens_path);
    load_points(f, registry_dir);
    join(f);
}

void
fleet_free(struct fleet *f)
{
    for (uint32_t i = 0; i < f->gateway_count; i++) {
        tool_drop(f->gateways[i].name);
        tool_drop(f->gateways[i].enterprise);
        tool_drop(f->gateways[i].token);
    }
    for (uint32_t i = 0; i < f->point_count; i++) {
        tool_drop(f->points[i].name);
        tool_drop(f->points[i].enterprise);
    }
    free(f->gateways);
    free(f->points);
    *f = (struct fleet){0};
}

static uint32_t
first_not_before(const struct fleet *f, const struct fleet_point *key)
{
    uint32_t low = 0, high = f->point_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (compare_points(&f->points[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t
fleet_find_own_point(const struct fleet *f, const char *enterprise, const char *name)
{
    struct fleet_point key = {.name = name, .enterprise = enterprise};
    uint32_t at = first_not_before(f, &key);

    return at < f->point_count && compare_points(&f->points[at], &key) == 0 ? at : FLEET_NONE;
}

uint32_t
fleet_find_point(const struct fleet *f, const char *name)
{
    struct fleet_point key = {.name = name, .enterprise = ""};
    uint32_t at = first_not_before(f, &key);

    if (at == f->point_count || strcmp(f->points[at].name, name) != 0)
        return FLEET_NONE;
    if (at + 1 < f->point_count && strcmp(f->points[at + 1].name, name) == 0)
        tool_die(EX_DATAERR, "%s: enterprises %s and %s both have a point of this name", name,
                 f->points[at].enterprise, f->points[at + 1].enterprise);
    return at;
}

static int64_t
floor_to(int64_t x, int64_t step)
{
    int64_t rest = x % step;

    return x - (rest < 0 ? rest + step : rest);
}

int64_t
fleet_moved_ms(const struct fleet_point *p, int64_t t_ms, int64_t utc_offset_ms)
{
    int64_t start, early;

    if (p->period_ms == 0)
        return t_ms;
    start = floor_to(t_ms + utc_offset_ms, p->period_ms) - utc_offset_ms;
    early = start + p->period_ms - t_ms;
    if (early < 60000 && early * 10 < p->period_ms)
        start += p->period_ms;
    return p->is_stamped_at_end ? start - p->period_ms : start;
}
