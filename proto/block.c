/* Bytes to columns: a column is a pointer into them. All checks are made here, once a block; what
 * remains a reading is a look at its quality byte. block_encode.c is the other half. */
#include "proto/block.h"

#include <assert.h>

#include "proto/block_fields.h"

static bool
is_text(const struct wire_field *f)
{
    return f->kind == WIRE_BYTES && f->bytes.size <= BLOCK_TEXT_SIZE_MAX
           && span_is_plain_utf8(f->bytes);
}

static bool
is_number(const struct wire_field *f, uint32_t max)
{
    return f->kind == WIRE_VARINT && f->value <= max;
}

static bool
take_named_field(const struct wire_field *f, struct named_reading *out)
{
    switch (f->number) {
    case NAMED_NAME:
        out->name = f->bytes;
        return is_text(f) && f->bytes.size <= BLOCK_NAME_SIZE_MAX;
    case NAMED_TIME:
        out->t_ms = (int64_t)f->value;
        return f->kind == WIRE_FIXED64;
    case NAMED_VALUE:
        out->value = (int64_t)f->value;
        return f->kind == WIRE_FIXED64;
    case NAMED_QUALITY:
        out->quality = (uint32_t)f->value;
        return is_number(f, BLOCK_QUALITY_MAX);
    case NAMED_INDEX:
        out->index = (uint32_t)f->value;
        return is_number(f, UINT32_MAX);
    default:
        return true;
    }
}

static bool
read_named(struct span bytes, struct named_reading *out)
{
    struct cursor c = cursor_over(bytes);
    struct wire_field f;

    *out = (struct named_reading){.index = 0};
    while (wire_next_field(&c, &f))
        if (!take_named_field(&f, out))
            return false;
    return cursor_ok(&c) && out->name.size > 0;
}

static bool
take_refused_field(const struct wire_field *f, struct refused_reading *out)
{
    struct span *const texts[] = {&out->point, &out->t_text, &out->value_text, &out->code,
                                  &out->detail};

    if (f->number >= REFUSED_POINT && f->number <= REFUSED_DETAIL) {
        *texts[f->number - REFUSED_POINT] = f->bytes;
        return is_text(f);
    }
    if (f->number == REFUSED_INDEX) {
        out->index = (uint32_t)f->value;
        return is_number(f, UINT32_MAX);
    }
    return true;
}

static bool
read_refused(struct span bytes, struct refused_reading *out)
{
    struct cursor c = cursor_over(bytes);
    struct wire_field f;

    *out = (struct refused_reading){.index = 0};
    while (wire_next_field(&c, &f))
        if (!take_refused_field(&f, out))
            return false;
    return cursor_ok(&c);
}

/* Bits of what decode has met, by field number. */
struct progress {
    unsigned seen;
    size_t point_count;
    size_t offset_count;
    size_t quality_count;
};

/* One column: packed, whole elements, and not met before. */
static bool
take_column(const struct wire_field *f, struct progress *p, size_t width, size_t *count)
{
    if (f->kind != WIRE_BYTES || (p->seen & 1u << f->number) != 0 || f->bytes.size % width != 0
        || f->bytes.size / width > UINT32_MAX)
        return false;
    *count = f->bytes.size / width;
    return true;
}

static bool
take_time(const struct wire_field *f, int64_t *out)
{
    *out = (int64_t)f->value;
    return f->kind == WIRE_FIXED64 && *out >= -BLOCK_TIME_MS_MAX && *out <= BLOCK_TIME_MS_MAX;
}

static bool
take_field(const struct wire_field *f, struct progress *p, struct block_view *out)
{
    struct named_reading named;
    struct refused_reading refused;
    size_t value_count;

    switch (f->number) {
    case BLOCK_F_ENTERPRISE:
        out->enterprise = (uint32_t)f->value;
        return f->kind == WIRE_FIXED32;
    case BLOCK_F_GATEWAY:
        out->gateway = (uint32_t)f->value;
        return f->kind == WIRE_FIXED32;
    case BLOCK_F_RECEIVED_AT:
        return take_time(f, &out->received_at_ms);
    case BLOCK_F_BASE_TIME:
        return take_time(f, &out->base_time_ms);
    case BLOCK_F_POINT:
        out->point = f->bytes.at;
        return take_column(f, p, 4, &p->point_count);
    case BLOCK_F_OFFSET:
        out->offset = f->bytes.at;
        return take_column(f, p, 4, &p->offset_count);
    case BLOCK_F_VALUE:
        out->value = f->bytes.at;
        if (!take_column(f, p, 8, &value_count))
            return false;
        out->count = (uint32_t)value_count;
        return true;
    case BLOCK_F_QUALITY:
        out->quality = f->bytes.size == 0 ? NULL : f->bytes.at;
        return take_column(f, p, 1, &p->quality_count);
    case BLOCK_F_NAMED:
        out->named_count++;
        return f->kind == WIRE_BYTES && read_named(f->bytes, &named);
    case BLOCK_F_REFUSED:
        out->refused_count++;
        return f->kind == WIRE_BYTES && read_refused(f->bytes, &refused);
    default:
        return true;
    }
}

/* The three lengths against the number of values; ends with what the accessors need. */
static bool
columns_agree(const struct progress *p, struct block_view *out)
{
    if (out->count == 0)
        return p->point_count == 0 && p->offset_count == 0 && p->quality_count == 0;
    if (p->point_count != 1 && p->point_count != out->count)
        return false;
    if (p->offset_count != 1 && p->offset_count != out->count)
        return false;
    if (p->quality_count != 0 && p->quality_count != out->count)
        return false;
    out->point_step = p->point_count == 1 ? 0 : 4;
    out->offset_step = p->offset_count == 1 ? 0 : 4;
    return out->quality == NULL || block_quality_is_valid(out->quality, out->count);
}

static enum status
decode(struct span bytes, struct progress *p, struct block_view *out)
{
    struct cursor c = cursor_over(bytes);
    struct wire_field f;

    *out = (struct block_view){.body = bytes};
    while (wire_next_field(&c, &f)) {
        if (!take_field(&f, p, out))
            return ST_CORRUPT;
        if (f.number <= BLOCK_F_REFUSED)
            p->seen |= 1u << f.number;
    }
    return cursor_ok(&c) && columns_agree(p, out) ? ST_OK : ST_CORRUPT;
}

enum status
block_decode(struct span bytes, struct block_view *out)
{
    const unsigned needed = 1u << BLOCK_F_ENTERPRISE | 1u << BLOCK_F_RECEIVED_AT;
    struct progress p = {0};

    if (decode(bytes, &p, out) != ST_OK || (p.seen & needed) != needed || out->received_at_ms <= 0)
        return ST_CORRUPT;
    return ST_OK;
}

enum status
block_decode_posted(struct span bytes, struct block_view *out)
{
    struct progress p = {0};

    if (decode(bytes, &p, out) != ST_OK)
        return ST_CORRUPT;
    out->enterprise = 0;
    out->gateway = 0;
    out->received_at_ms = 0;
    return ST_OK;
}

/* The next nested message of that number. block_decode() has checked the fields, so the walk
 * itself cannot fail. */
static bool
next_nested(struct cursor *c, uint32_t number, struct span *out)
{
    struct wire_field f;

    while (wire_next_field(c, &f)) {
        if (f.number == number) {
            *out = f.bytes;
            return true;
        }
    }
    assert(cursor_ok(c));
    return false;
}

bool
block_next_named(const struct block_view *v, struct cursor *c, struct named_reading *out)
{
    struct span bytes;
    bool ok;

    if (v->named_count == 0 || !next_nested(c, BLOCK_F_NAMED, &bytes))
        return false;
    ok = read_named(bytes, out);
    assert(ok);
    return true;
}

bool
block_next_refused(const struct block_view *v, struct cursor *c, struct refused_reading *out)
{
    struct span bytes;
    bool ok;

    if (v->refused_count == 0 || !next_nested(c, BLOCK_F_REFUSED, &bytes))
        return false;
    ok = read_refused(bytes, out);
    assert(ok);
    return true;
}
