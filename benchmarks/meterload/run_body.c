/* A body has the same size at every step: only digits change, at places found when the template is
 * written. A few steps of each share are kept, since connections go forward nearly together. */
#include "benchmarks/meterload/run_body.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/timestamp.h"

#define KEPT_BYTES_MAX (64u << 20)
#define KEPT_STEPS_MAX 256u
#define UTC_OFFSET_MS (8 * 3600 * 1000)
#define TIME_SIZE 25  /* 2026-03-01T00:15:00+08:00 */
#define VALUE_SIZE 11 /* 1234567.125 */

struct body {
    uint64_t step; /* UINT64_MAX: none yet */
    uint8_t *at;
};

struct run_bodies {
    const struct run_options *o;
    uint32_t shares, kept; /* bodies kept of each share */
    struct bytes *templates;
    size_t head_size;  /* of the packet before the body */
    size_t id_at;      /* packet identifier, when head_size > 0 */
    uint32_t *time_at; /* places in the template; the same for every share */
    uint32_t *value_at;
    uint32_t time_count;
    struct body *bodies;
};

static void
note_place(uint32_t *places, uint32_t i, const struct bytes *out)
{
    places[i] = (uint32_t)out->size;
}

static void
write_json(struct run_bodies *b, uint32_t share, struct bytes *out)
{
    static const char blank_time[] = "0000-00-00T00:00:00+08:00";
    static const char blank_value[] = "0000000.000";
    bool is_rows = b->o->shape == SHAPE_ROWS;

    b->time_count = 0;
    bytes_add_text(out, is_rows ? "{\"readings\":[" : "{\"t\":\"");
    if (!is_rows) {
        note_place(b->time_at, b->time_count++, out);
        bytes_add_format(out, "%s\",\"values\":{", blank_time);
    }
    for (uint32_t i = 0; i < b->o->batch; i++) {
        uint32_t point = share * b->o->batch + i;

        bytes_add_text(out, i > 0 ? "," : "");
        if (is_rows) {
            bytes_add_format(out, "{\"point\":\"E%04u\",\"t\":\"", point);
            note_place(b->time_at, b->time_count++, out);
            bytes_add_format(out, "%s\",\"v\":", blank_time);
        } else {
            bytes_add_format(out, "\"E%04u\":", point);
        }
        note_place(b->value_at, i, out);
        bytes_add_text(out, blank_value);
        if (is_rows)
            bytes_add_text(out, "}");
    }
    bytes_add_text(out, is_rows ? "]}" : "}}");
}

static void
write_template(struct run_bodies *b, uint32_t share)
{
    struct bytes json = {0};
    struct bytes *out = &b->templates[share];

    write_json(b, share, &json);
    if (b->o->door == DOOR_MQTT) {
        mqtt_write_publish(out, 0, bytes_span(&json));
        b->head_size = out->size - json.size;
        b->id_at = b->head_size - 3; /* before the length of the properties */
    } else {
        bytes_add(out, json.at, json.size);
    }
    free(json.at);
}

struct run_bodies *
run_bodies_new(const struct run_options *o, uint32_t shares)
{
    struct run_bodies *b = tool_grow(NULL, 1, sizeof *b);

    *b = (struct run_bodies){.o = o, .shares = shares};
    b->time_at = tool_grow(NULL, o->batch, sizeof *b->time_at);
    b->value_at = tool_grow(NULL, o->batch, sizeof *b->value_at);
    b->templates = tool_grow(NULL, shares, sizeof *b->templates);
    memset(b->templates, 0, shares * sizeof *b->templates);
    for (uint32_t share = 0; share < shares; share++)
        write_template(b, share);
    b->kept = (uint32_t)(KEPT_BYTES_MAX / b->templates[0].size / shares);
    b->kept = b->kept > KEPT_STEPS_MAX ? KEPT_STEPS_MAX : b->kept < 1 ? 1 : b->kept;
    b->bodies = tool_grow(NULL, (size_t)shares * b->kept, sizeof *b->bodies);
    for (size_t i = 0; i < (size_t)shares * b->kept; i++)
        b->bodies[i] = (struct body){UINT64_MAX, NULL};
    return b;
}

void
run_bodies_free(struct run_bodies *b)
{
    for (size_t i = 0; i < (size_t)b->shares * b->kept; i++)
        free(b->bodies[i].at);
    for (uint32_t i = 0; i < b->shares; i++)
        free(b->templates[i].at);
    free(b->bodies);
    free(b->templates);
    free(b->time_at);
    free(b->value_at);
    free(b);
}

/* Thousandths as digits with a point: always seven before it, the first of them not 0. */
static void
write_value(uint8_t out[VALUE_SIZE], uint64_t milli)
{
    assert(milli >= UINT64_C(1000000000) && milli < UINT64_C(10000000000));
    for (int i = VALUE_SIZE - 1; i >= 0; i--) {
        if (i == VALUE_SIZE - 4) {
            out[i] = '.';
            continue;
        }
        out[i] = (uint8_t)('0' + milli % 10);
        milli /= 10;
    }
}

static void
fill(const struct run_bodies *b, struct body *body, uint32_t share, uint64_t step)
{
    uint8_t *json = body->at + b->head_size;
    uint16_t id = (uint16_t)(step % UINT16_MAX + 1);
    char text[40];

    if (b->head_size > 0) {
        body->at[b->id_at] = (uint8_t)(id >> 8);
        body->at[b->id_at + 1] = (uint8_t)id;
    }
    timestamp_format_rfc3339(b->o->start_ms + (int64_t)step * b->o->step_ms, UTC_OFFSET_MS, text);
    assert(strlen(text) == TIME_SIZE);
    for (uint32_t i = 0; i < b->time_count; i++)
        memcpy(json + b->time_at[i], text, TIME_SIZE);
    for (uint32_t i = 0; i < b->o->batch; i++) {
        uint64_t point = (uint64_t)share * b->o->batch + i;

        write_value(json + b->value_at[i],
                    UINT64_C(1000000000) + point % 1000 * 1000000 + step * (125 + point % 50));
    }
}

struct span
run_body(struct run_bodies *b, uint32_t share, uint64_t step)
{
    struct body *body = &b->bodies[(size_t)share * b->kept + step % b->kept];
    const struct bytes *from = &b->templates[share];

    if (body->step != step) {
        if (body->at == NULL)
            body->at = memcpy(tool_grow(NULL, from->size, 1), from->at, from->size);
        fill(b, body, share, step);
        body->step = step;
    }
    return span_of(body->at, from->size);
}

size_t
run_body_size(const struct run_bodies *b)
{
    return b->templates[0].size - b->head_size;
}
