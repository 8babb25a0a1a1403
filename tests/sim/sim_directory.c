/* The registry of a case as a directory: what is registered as of a revision, and the names that
 * have numbers without being registered. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

uint32_t
sim_partition_of(const struct sim *s, int enterprise)
{
    return (uint32_t)enterprise % s->options.partitions;
}

uint32_t
sim_prefecture_area(int prefecture)
{
    return 100 + (uint32_t)(prefecture / 100 % 100); /* 530300: 103 */
}

uint32_t
sim_park_area(int park)
{
    return park == NAIVE_NO_PARK ? 0 : 10 + (uint32_t)park;
}

uint32_t
sim_no_park_area(int prefecture)
{
    return 100 + sim_prefecture_area(prefecture);
}

struct span
sim_point_name(int point, char text[16])
{
    return span_of(text, (size_t)snprintf(text, 16, "meter-%d", point));
}

static struct deployment
deployment_of(const struct sim *s)
{
    const struct naive_deployment *d = &s->c->input.deployment;

    return (struct deployment){
        .slot_ms = d->slot_ms,
        .utc_offset_ms = d->utc_offset_ms,
        .future_max_ms = d->future_max_ms,
        .past_max_ms = d->past_max_ms,
        .late_after_ms = d->late_after_ms,
        .partitions = s->options.partitions,
        .province_area = SIM_PROVINCE,
        .fold_version = 1,
    };
}

static void
add_enterprise(const struct sim *s, struct directory_builder *b, int enterprise)
{
    const struct naive_enterprise *e = &s->c->enterprises[enterprise];
    struct area_row rows[CASE_AREAS_MAX];
    char name[16];
    struct enterprise to = {
        .number = (uint32_t)enterprise + 1,
        .partition = sim_partition_of(s, enterprise),
        .name = span_of(name, (size_t)snprintf(name, sizeof name, "e%d", enterprise)),
        .changed_revision = 1,
    };

    for (size_t i = 0; i < e->area_count; i++) {
        const struct naive_area *a = &e->areas[i];
        rows[i] = (struct area_row){
            .valid_from_ms = a->valid_from,
            .park_area = a->park == NAIVE_NO_PARK ? sim_no_park_area(a->prefecture)
                                                  : sim_park_area(a->park),
            .prefecture_area = sim_prefecture_area(a->prefecture),
        };
    }
    directory_add_enterprise(b, &to, rows, (uint32_t)e->area_count);
}

static struct attr_row
row_of(const struct naive_attributes *a)
{
    return (struct attr_row){
        .valid_from_ms = a->valid_from,
        .valid_to_ms = a->valid_to,
        .attrs =
            {
                .nominal_ms = a->nominal_ms,
                .modulus = a->modulus == NAIVE_NONE ? 0 : a->modulus,
                .max_rate = a->max_rate == NAIVE_NONE ? -1 : a->max_rate,
                .spread_max_ms = a->spread_max_ms == NAIVE_DEFAULT ? 0 : a->spread_max_ms,
                .hold_max_ms = a->hold_max_ms == NAIVE_DEFAULT ? 0 : a->hold_max_ms,
                .factor_num = a->num,
                .factor_den = a->den,
                .sentinels = a->sentinels,
                .sentinel_count = (uint32_t)a->sentinel_count,
                .item = (uint32_t)a->item,
                .sign = (int8_t)a->sign,
                .counted = a->counted,
                .reverse = a->reverse,
            },
    };
}

static int
compare_exchanges(const void *left, const void *right)
{
    const struct exchange *a = left, *b = right;
    return (a->t_ms > b->t_ms) - (a->t_ms < b->t_ms);
}

static void
add_registered(const struct sim *s, struct directory_builder *b, int point, int64_t revision)
{
    static const enum point_kind kinds[] = {POINT_REGISTER, POINT_INTERVAL, POINT_RATE};
    const struct naive_point *from = &s->c->points[point];
    const struct sim_point *p = &s->points[point];
    bool touched = p->changed_revision != 0 && p->changed_revision <= revision;
    struct exchange exchanges[CASE_EXCHANGES_MAX + 1];
    struct attr_row rows[CASE_ROWS_MAX];
    char name[16];

    for (size_t i = 0; i < from->exchange_count; i++)
        exchanges[i] = (struct exchange){from->exchanges[i].t, from->exchanges[i].end,
                                         from->exchanges[i].start};
    qsort(exchanges, from->exchange_count, sizeof *exchanges, compare_exchanges);
    for (size_t i = 0; i < from->row_count; i++)
        rows[i] = row_of(&from->rows[i]);
    struct point to = {
        .number = p->number,
        .enterprise = (uint32_t)from->enterprise + 1,
        .kind = kinds[from->kind],
        .stamp_end = from->stamp_end,
        .period = {from->period_ms, from->period_months},
        .exchange_count = (uint32_t)from->exchange_count,
        .exchanges = exchanges,
        .name = sim_point_name(point, name),
        .unit = span_text("kWh"),
        .changed_revision = touched ? p->changed_revision : p->revision,
        .registered_revision = p->revision,
    };
    directory_add_point(b, &to, rows, (uint32_t)from->row_count);
}

static void
add_name(const struct sim *s, struct directory_builder *b, int point)
{
    char name[16];
    struct point to = {
        .enterprise = (uint32_t)s->c->points[point].enterprise + 1,
        .kind = POINT_UNREGISTERED,
        .name = sim_point_name(point, name),
    };

    to.number = memory_store_number(s->store, to.enterprise, to.name);
    if (to.number != 0)
        directory_add_point(b, &to, NULL, 0);
}

static bool
is_named_now(const struct sim *s, int point)
{
    char name[16];
    return s->dir != NULL &&
           directory_find_point(s->dir, (uint32_t)s->c->points[point].enterprise + 1,
                                sim_point_name(point, name)) != NULL;
}

const struct directory *
sim_directory(const struct sim *s, int64_t revision, bool with_names)
{
    struct deployment dep = deployment_of(s);
    struct directory_builder *b = directory_builder_new(revision, &dep);

    directory_set_imported_at(b, s->imported_at[revision]);
    for (int e = 0; e < (int)s->c->input.enterprise_count; e++)
        add_enterprise(s, b, e);
    for (int p = 0; p < (int)s->c->input.point_count; p++) {
        int64_t registered = s->points[p].revision;
        if (registered != 0 && registered <= revision)
            add_registered(s, b, p, revision);
        else if (with_names || is_named_now(s, p))
            add_name(s, b, p); /* Names never leave the registry. */
    }
    return directory_build(b);
}
