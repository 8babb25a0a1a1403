/* Readings are dealt to their gateways, put into order, given their wrong values and repeats, and
 * cut into messages. Everything that looks random comes from the seed. */
#include "benchmarks/meterload/plan.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "benchmarks/meterload/plan_files.h"
#include "proto/decimal.h"
#include "proto/timestamp.h"

/* Different uses of the seed must not see the same numbers. */
enum draw { DRAW_ORDER = 1, DRAW_WRONG, DRAW_WRONG_VALUE, DRAW_REPEAT, DRAW_REPEATED };

static uint64_t
draw(const struct plan_options *o, enum draw what, uint64_t index)
{
    return tool_mix(tool_mix(o->seed + ((uint64_t)what << 56)) ^ index);
}

static uint32_t
gateway_of(const struct plan *p, const struct reading *r)
{
    return p->fleet.points[r->point].gateway;
}

/* Where each gateway's readings begin; one more entry than gateways. */
static uint64_t *
deal(struct plan *p)
{
    uint32_t count = p->fleet.gateway_count;
    uint64_t *starts = tool_grow(NULL, count + 2, sizeof *starts);
    struct reading *dealt = tool_grow(NULL, p->reading_count, sizeof *dealt);

    memset(starts, 0, (count + 2) * sizeof *starts);
    for (uint64_t i = 0; i < p->reading_count; i++)
        starts[gateway_of(p, &p->readings[i]) + 2]++;
    for (uint32_t g = 2; g < count + 2; g++)
        starts[g] += starts[g - 1];
    /* starts[g + 1] runs through gateway g's places, and ends where g + 1 begins. */
    for (uint64_t i = 0; i < p->reading_count; i++)
        dealt[starts[gateway_of(p, &p->readings[i]) + 1]++] = p->readings[i];
    free(p->readings);
    p->readings = dealt;
    return starts;
}

/* Texts stand in the order of the files, so they make the order of equal times a fixed one. */
static int
compare_times(const void *a, const void *b)
{
    const struct reading *x = a, *y = b;

    if (x->t_ms != y->t_ms)
        return x->t_ms < y->t_ms ? -1 : 1;
    return (x->text > y->text) - (x->text < y->text);
}

static void
put_in_order(struct reading *r, uint64_t count, const struct plan_options *o, uint32_t gateway)
{
    if (o->order == ORDER_TIME)
        qsort(r, count, sizeof *r, compare_times);
    if (o->order != ORDER_RANDOM)
        return;
    for (uint64_t i = count; i > 1; i--) {
        uint64_t j = draw(o, DRAW_ORDER, (uint64_t)gateway << 40 | i) % i;
        struct reading kept = r[i - 1];

        r[i - 1] = r[j];
        r[j] = kept;
    }
}

static bool
is_wrong_first(const struct plan_options *o, uint64_t index)
{
    return draw(o, DRAW_WRONG, index) % 100 < o->corrections_percent;
}

/* A value that is off by 1 to 9 units. */
static struct reading
make_wrong(const struct plan_options *o, struct reading r, uint64_t index)
{
    r.micro += (int64_t)(1 + draw(o, DRAW_WRONG_VALUE, index) % 9) * 1000000;
    r.text = READING_NO_TEXT;
    return r;
}

struct writer {
    struct plan *plan;
    const struct plan_options *options;
    struct reading *readings;
    uint64_t count, capacity;
    uint32_t message_capacity;
    uint32_t gateway;
};

static void
add_reading(struct writer *w, struct reading r)
{
    if (w->count == w->capacity) {
        w->capacity = w->capacity * 2 + 1024;
        w->readings = tool_grow(w->readings, w->capacity, sizeof *w->readings);
    }
    w->readings[w->count++] = r;
    if (w->count == UINT32_MAX)
        tool_die(EX_DATAERR, "more than 2^32 readings: give fewer files");
}

static void
add_message(struct writer *w, struct message m)
{
    struct plan *p = w->plan;

    if (p->message_count == w->message_capacity) {
        w->message_capacity = w->message_capacity * 2 + 1024;
        p->messages = tool_grow(p->messages, w->message_capacity, sizeof *p->messages);
    }
    p->messages[p->message_count++] = m;
    p->sent_once += m.count;
}

/* Cuts the readings from `first` on into messages; some are repeated somewhere behind. */
static void
add_messages(struct writer *w, uint64_t first)
{
    const struct plan_options *o = w->options;
    uint32_t round = w->plan->message_count;

    for (uint64_t at = first; at < w->count; at += o->batch) {
        uint64_t left = w->count - at, own = w->plan->message_count;

        add_message(w, (struct message){w->gateway, (uint32_t)at,
                                        (uint32_t)(left < o->batch ? left : o->batch)});
        if (draw(o, DRAW_REPEAT, own) % 100 < o->repeats_percent) {
            uint64_t back = draw(o, DRAW_REPEATED, own) % (own + 1 - round);

            add_message(w, w->plan->messages[round + back]);
        }
    }
}

static void
plan_one_gateway(struct writer *w, uint64_t from, uint64_t to)
{
    const struct reading *r = w->plan->readings;
    struct plan_gateway *g = &w->plan->gateways[w->gateway];
    uint64_t first = w->count;

    g->first = w->plan->message_count;
    for (uint64_t i = from; i < to; i++)
        add_reading(w, is_wrong_first(w->options, i) ? make_wrong(w->options, r[i], i) : r[i]);
    add_messages(w, first);
    g->second = w->plan->message_count - g->first;
    first = w->count;
    for (uint64_t i = from; i < to; i++)
        if (is_wrong_first(w->options, i))
            add_reading(w, r[i]);
    add_messages(w, first);
    g->count = w->plan->message_count - g->first;
}

void
plan_make(struct plan *p, const struct plan_options *o)
{
    struct writer w = {.plan = p, .options = o};
    uint64_t *starts;

    *p = (struct plan){0};
    fleet_load(&p->fleet, o->registry_dir, o->tokens_path);
    plan_files_read(p, o);
    p->gateways = tool_grow(NULL, p->fleet.gateway_count, sizeof *p->gateways);
    starts = deal(p);
    for (uint32_t g = 0; g < p->fleet.gateway_count; g++) {
        put_in_order(p->readings + starts[g], starts[g + 1] - starts[g], o, g);
        w.gateway = g;
        plan_one_gateway(&w, starts[g], starts[g + 1]);
    }
    free(starts);
    free(p->readings);
    p->readings = w.readings;
    p->reading_count = w.count;
}

void
plan_free(struct plan *p)
{
    fleet_free(&p->fleet);
    free(p->readings);
    free(p->messages);
    free(p->gateways);
    free(p->texts);
    *p = (struct plan){0};
}

/* A point's name as a JSON string: only quotes and backslashes need an escape, since names have no
 * control characters. */
static void
write_name(struct bytes *out, const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            bytes_add(out, "\\", 1);
        bytes_add(out, c, 1);
    }
}

static void
write_reading(const struct plan *p, const struct reading *r, struct bytes *out)
{
    char time[40], value[32];
    size_t time_size = timestamp_format_rfc3339(r->t_ms, 0, time);

    bytes_add_text(out, "{\"point\":\"");
    write_name(out, p->fleet.points[r->point].name);
    bytes_add_text(out, "\",\"t\":\"");
    bytes_add(out, time, time_size);
    bytes_add_text(out, "\",\"v\":\"");
    if (r->text == READING_NO_TEXT)
        bytes_add(out, value, decimal_format(r->micro, value));
    else
        bytes_add_text(out, p->texts + r->text);
    bytes_add_text(out, r->is_estimated ? "\",\"q\":\"estimated\"}" : "\"}");
}

void
plan_write_message(const struct plan *p, uint32_t message, struct bytes *out)
{
    const struct message *m = &p->messages[message];

    bytes_add_text(out, "{\"readings\":[");
    for (uint32_t i = 0; i < m->count; i++) {
        if (i > 0)
            bytes_add(out, ",", 1);
        write_reading(p, &p->readings[m->first + i], out);
    }
    bytes_add_text(out, "]}");
}
