/* A record that passes the check can be read to the end without one, and what was read is written
 * and read again the same. Also gives the bytes to the reader of posted blocks. */
#include "proto/record.h"

#include <assert.h>
#include <stdlib.h>

#define NESTED_MAX 64

struct columns {
    uint32_t *point;
    int32_t *offset_ms;
    int64_t *value;
};

static void
copy_columns(const struct block_view *v, struct columns *c, struct block_columns *b)
{
    c->point = calloc((size_t)v->count + 1, sizeof *c->point);
    c->offset_ms = calloc((size_t)v->count + 1, sizeof *c->offset_ms);
    c->value = calloc((size_t)v->count + 1, sizeof *c->value);
    assert(c->point != NULL && c->offset_ms != NULL && c->value != NULL);
    for (uint32_t i = 0; i < v->count; i++) {
        c->point[i] = block_point(v, i);
        c->offset_ms[i] = (int32_t)(block_time(v, i) - v->base_time_ms);
        c->value[i] = block_value(v, i);
        assert(block_quality(v, i) <= BLOCK_QUALITY_MAX);
    }
    *b = (struct block_columns){
        .enterprise = v->enterprise,
        .gateway = v->gateway,
        .received_at_ms = v->received_at_ms,
        .base_time_ms = v->base_time_ms,
        .count = v->count,
        .point = c->point,
        .point_count = v->count,
        .offset_ms = c->offset_ms,
        .offset_count = v->count,
        .value = c->value,
        .quality = v->quality,
    };
}

static void
check_same(const struct block_view *a, const struct block_view *b)
{
    assert(a->enterprise == b->enterprise && a->gateway == b->gateway);
    assert(a->received_at_ms == b->received_at_ms && a->base_time_ms == b->base_time_ms);
    assert(a->count == b->count);
    for (uint32_t i = 0; i < a->count; i++) {
        assert(block_point(a, i) == block_point(b, i) && block_time(a, i) == block_time(b, i));
        assert(block_value(a, i) == block_value(b, i));
        assert(block_quality(a, i) == block_quality(b, i));
    }
}

static uint32_t
collect_named(const struct block_view *v, struct named_reading *named)
{
    struct cursor c = block_cursor(v);
    struct named_reading one;
    uint32_t n = 0;

    while (block_next_named(v, &c, &one)) {
        assert(one.name.size >= 1 && one.name.size <= BLOCK_NAME_SIZE_MAX);
        if (n < NESTED_MAX)
            named[n] = one;
        n++;
    }
    assert(n == v->named_count);
    return n < NESTED_MAX ? n : NESTED_MAX;
}

static uint32_t
collect_refused(const struct block_view *v, struct refused_reading *refused)
{
    struct cursor c = block_cursor(v);
    struct refused_reading one;
    uint32_t n = 0;

    while (block_next_refused(v, &c, &one)) {
        if (n < NESTED_MAX)
            refused[n] = one;
        n++;
    }
    assert(n == v->refused_count);
    return n < NESTED_MAX ? n : NESTED_MAX;
}

static void
check_nested(const struct block_view *again, const struct block_columns *b)
{
    struct cursor c = block_cursor(again);
    struct named_reading n;
    struct refused_reading r;

    for (uint32_t i = 0; i < b->named_count; i++) {
        assert(block_next_named(again, &c, &n));
        assert(span_equal(n.name, b->named[i].name) && n.t_ms == b->named[i].t_ms);
        assert(n.value == b->named[i].value && n.quality == b->named[i].quality);
        assert(n.index == b->named[i].index);
    }
    c = block_cursor(again);
    for (uint32_t i = 0; i < b->refused_count; i++) {
        assert(block_next_refused(again, &c, &r));
        assert(span_equal(r.point, b->refused[i].point));
        assert(span_equal(r.detail, b->refused[i].detail) && r.index == b->refused[i].index);
    }
}

static void
write_and_read(const struct block_view *v)
{
    struct named_reading named[NESTED_MAX];
    struct refused_reading refused[NESTED_MAX];
    struct block_columns b;
    struct block_view again;
    struct columns c;
    uint8_t *bytes;
    size_t size;

    copy_columns(v, &c, &b);
    b.named = named;
    b.named_count = collect_named(v, named);
    b.refused = refused;
    b.refused_count = collect_refused(v, refused);
    size = block_encoded_size(&b);
    bytes = malloc(size);
    assert(bytes != NULL && block_encode(&b, bytes) == size);
    assert(block_decode(span_of(bytes, size), &again) == ST_OK);
    check_same(v, &again);
    check_nested(&again, &b);
    free(bytes);
    free(c.point);
    free(c.offset_ms);
    free(c.value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span record = span_of(data, size);
    struct cursor c = cursor_over(record);
    enum status checked = record_check(record);
    struct block_view v;
    enum status st;

    while ((st = record_next_block(&c, &v)) == ST_OK)
        write_and_read(&v);
    assert((st == ST_END) == (checked == ST_OK));
    if (block_decode_posted(record, &v) == ST_OK)
        for (uint32_t i = 0; i < v.count; i++)
            (void)(block_point(&v, i) + (uint64_t)block_time(&v, i));
    return 0;
}
