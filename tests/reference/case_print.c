/* A random case in words: one line a row of the registry, one a log entry. */

#include "tests/reference/case_gen.h"

#include <inttypes.h>

static const char *const kinds[] = {"register", "interval", "rate"};

static void
print_row(const struct naive_attributes *a, FILE *out)
{
    fprintf(out,
            "  row from %" PRId64 " to %" PRId64 " item %d nominal %" PRId64 " modulus %" PRId64
            " max_rate %" PRId64 "%s factor %" PRId64 "/%" PRId64 " sign %d%s spread %" PRId64
            " hold %" PRId64 " sentinels",
            a->valid_from, a->valid_to, a->item, a->nominal_ms, a->modulus, a->max_rate,
            a->reverse ? " reverse" : "", a->num, a->den, a->sign,
            a->counted ? " counted" : " not counted", a->spread_max_ms, a->hold_max_ms);
    for (int i = 0; i < a->sentinel_count; i++)
        fprintf(out, " %" PRId64, a->sentinels[i]);
    fputc('\n', out);
}

static void
print_point(int number, const struct naive_point *p, FILE *out)
{
    fprintf(out, "point %d enterprise %d %s period %" PRId64 " months %d%s%s\n", number,
            p->enterprise, kinds[p->kind], p->period_ms, p->period_months,
            p->stamp_end ? " stamp end" : "", p->registered ? "" : " not registered at first");
    for (size_t i = 0; i < p->row_count; i++)
        print_row(&p->rows[i], out);
    for (size_t i = 0; i < p->exchange_count; i++)
        fprintf(out, "  exchange at %" PRId64 " end %" PRId64 " start %" PRId64 "\n",
                p->exchanges[i].t, p->exchanges[i].end, p->exchanges[i].start);
}

static void
print_entry(size_t position, const struct naive_entry *e, FILE *out)
{
    if (e->kind == NAIVE_REGISTERS)
        fprintf(out, "log %zu point %d is registered, at %" PRId64 "\n", position, e->point,
                e->received_at);
    else
        fprintf(out,
                "log %zu point %d t %" PRId64 " value %" PRId64 " quality %d%s%s received %" PRId64
                "\n",
                position, e->point, e->t, e->value, (int)e->quality, e->rounded ? " rounded" : "",
                e->time_of_arrival ? " time of arrival" : "", e->received_at);
}

void
case_print(const struct case_data *c, FILE *out)
{
    const struct naive_deployment *d = &c->input.deployment;

    fprintf(out,
            "case %" PRIu64 " slot %" PRId64 " utc offset %" PRId64 " late after %" PRId64 "\n",
            c->seed, d->slot_ms, d->utc_offset_ms, d->late_after_ms);
    for (size_t e = 0; e < c->input.enterprise_count; e++) {
        for (size_t i = 0; i < c->enterprises[e].area_count; i++)
            fprintf(out, "enterprise %zu from %" PRId64 " prefecture %d park %d\n", e,
                    c->areas[e][i].valid_from, c->areas[e][i].prefecture, c->areas[e][i].park);
    }
    for (int p = 0; p < (int)c->input.point_count; p++)
        print_point(p, &c->points[p], out);
    for (size_t i = 0; i < c->input.log_count; i++)
        print_entry(i, &c->input.log[i], out);
}
