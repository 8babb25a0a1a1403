/* A block holds at most BLOCK_READINGS_MAX readings within BLOCK_SPAN_MS_MAX, and so many bytes of
 * text that it always fits an empty record. */
#include "server/ingest/block_draft.h"

#include <assert.h>
#include <string.h>

/* Tags, lengths, fixed numbers and code of one entry in a block, at most. */
#define NAMED_OVERHEAD 40
#define REFUSED_OVERHEAD 48
/* Details are our own texts. */
#define DETAIL_SIZE_MAX 100

_Static_assert(BLOCK_SIZE_MAX >= BLOCK_READINGS_MAX * (4 + 4 + 8 + 2) + BLOCK_TEXT_BYTES_MAX + 512,
               "a full block fits an empty record");
_Static_assert(BLOCK_TEXT_BYTES_MAX >= 128 + REFUSED_VALUE_SIZE_MAX + REFUSED_TIME_SIZE_MAX +
                                           DETAIL_SIZE_MAX + REFUSED_OVERHEAD,
               "one refused reading always fits");
_Static_assert(BLOCK_SPAN_MS_MAX <= INT32_MAX, "offsets fit");

void
block_draft_clear(struct block_draft *d)
{
    d->count = d->named_count = d->refused_count = 0;
    d->text_bytes = 0;
    d->name_bytes = 0;
    d->quality_any = 0;
    d->is_one_point = true;
    d->t_min = INT64_MAX;
    d->t_max = INT64_MIN;
}

bool
block_draft_is_empty(const struct block_draft *d)
{
    return d->count + d->named_count + d->refused_count == 0;
}

enum status
block_draft_add(struct block_draft *d, uint32_t point, int64_t t_ms, int64_t value, uint8_t quality)
{
    int64_t t_min = t_ms < d->t_min ? t_ms : d->t_min;
    int64_t t_max = t_ms > d->t_max ? t_ms : d->t_max;
    uint32_t i = d->count;

    if (i == BLOCK_READINGS_MAX || t_max - t_min >= BLOCK_SPAN_MS_MAX)
        return ST_FULL;
    d->t_min = t_min;
    d->t_max = t_max;
    d->point[i] = point;
    d->t_ms[i] = t_ms;
    d->value[i] = value;
    d->quality[i] = quality;
    d->quality_any |= quality;
    d->is_one_point = d->is_one_point && point == d->point[0];
    d->count++;
    return ST_OK;
}

/* Never inside a character. */
static struct span
cut(struct span s, size_t size_max)
{
    if (s.size <= size_max)
        return s;
    while (size_max > 0 && (s.at[size_max] & 0xc0) == 0x80)
        size_max--;
    return span_of(s.at, size_max);
}

static struct span
keep_name(struct block_draft *d, struct span name)
{
    uint8_t *at = d->names + d->name_bytes;

    if (name.size > 0)
        memcpy(at, name.at, name.size);
    d->name_bytes += (uint32_t)name.size;
    return span_of(at, name.size);
}

enum status
block_draft_add_named(struct block_draft *d, const struct raw_reading *raw, int64_t t_ms,
                      uint8_t quality, bool is_new)
{
    uint32_t i = d->named_count;
    struct span t_text = cut(raw->t_text, REFUSED_TIME_SIZE_MAX);
    struct span v_text = cut(raw->v_text, REFUSED_VALUE_SIZE_MAX);
    size_t cost = raw->point.size + NAMED_OVERHEAD;

    if (is_new) /* It may still have to be refused. */
        cost = raw->point.size + t_text.size + v_text.size + DETAIL_SIZE_MAX + REFUSED_OVERHEAD;
    if (i == BLOCK_NAMED_MAX || d->text_bytes + cost > BLOCK_TEXT_BYTES_MAX)
        return ST_FULL;
    if (is_new && d->refused_count + d->named_count >= BLOCK_REFUSED_MAX)
        return ST_FULL;
    d->text_bytes += cost;
    d->named[i] = (struct named_reading){keep_name(d, raw->point), t_ms, raw->value, quality,
                                         raw->index};
    d->named_texts[i] = (struct named_texts){t_text, v_text, is_new};
    d->named_count++;
    return ST_OK;
}

static void
put_refused(struct block_draft *d, struct refused_reading r, enum status why)
{
    assert(d->refused_count < BLOCK_REFUSED_MAX);
    r.code = span_text(status_code(why));
    d->refused[d->refused_count] = r;
    d->refused_why[d->refused_count] = why;
    d->refused_count++;
}

enum status
block_draft_add_refused(struct block_draft *d, const struct raw_reading *raw, enum status why,
                        const char *detail)
{
    struct refused_reading r = {
        .t_text = cut(raw->t_text, REFUSED_TIME_SIZE_MAX),
        .value_text = cut(raw->v_text, REFUSED_VALUE_SIZE_MAX),
        .detail = cut(span_text(detail), DETAIL_SIZE_MAX),
        .index = raw->index,
    };
    size_t cost = raw->point.size + r.t_text.size + r.value_text.size + DETAIL_SIZE_MAX +
                  REFUSED_OVERHEAD;

    if (d->refused_count + d->named_count >= BLOCK_REFUSED_MAX ||
        d->text_bytes + cost > BLOCK_TEXT_BYTES_MAX)
        return ST_FULL;
    d->text_bytes += cost;
    r.point = keep_name(d, raw->point);
    put_refused(d, r, why);
    return ST_OK;
}

void
block_draft_refuse_named(struct block_draft *d, uint32_t i, enum status why, const char *detail)
{
    const struct named_reading *n = &d->named[i];
    const struct named_texts *texts = &d->named_texts[i];
    struct refused_reading r = {
        .point = n->name,
        .t_text = texts->t_text,
        .value_text = texts->v_text,
        .detail = cut(span_text(detail), DETAIL_SIZE_MAX),
        .index = n->index,
    };

    put_refused(d, r, why);
    d->named_count--;
    /* The order of the others is the order of the message and stays. */
    memmove(&d->named[i], &d->named[i + 1], (d->named_count - i) * sizeof d->named[0]);
    memmove(&d->named_texts[i], &d->named_texts[i + 1],
            (d->named_count - i) * sizeof d->named_texts[0]);
}

void
block_draft_drop_refused(struct block_draft *d, uint32_t i)
{
    d->refused_count--;
    memmove(&d->refused[i], &d->refused[i + 1], (d->refused_count - i) * sizeof d->refused[0]);
    memmove(&d->refused_why[i], &d->refused_why[i + 1],
            (d->refused_count - i) * sizeof d->refused_why[0]);
}

struct block_columns
block_draft_columns(struct block_draft *d, uint32_t enterprise, uint32_t gateway,
                    int64_t received_at_ms)
{
    bool is_one_time = d->t_min == d->t_max;
    struct block_columns b = {
        .enterprise = enterprise,
        .gateway = gateway,
        .received_at_ms = received_at_ms,
        .base_time_ms = d->count > 0 ? d->t_min : received_at_ms,
        .count = d->count,
        .point = d->point,
        .point_count = d->is_one_point && d->count > 0 ? 1 : d->count,
        .offset_ms = d->offset_ms,
        .offset_count = is_one_time && d->count > 0 ? 1 : d->count,
        .value = d->value,
        .quality = d->quality_any != 0 ? d->quality : NULL,
        .named = d->named,
        .named_count = d->named_count,
        .refused = d->refused,
        .refused_count = d->refused_count,
    };

    for (uint32_t i = 0; i < b.offset_count; i++)
        d->offset_ms[i] = (int32_t)(d->t_ms[i] - d->t_min);
    return b;
}
