/* A block: the readings of one enterprise that came in one message, as columns, to and from
 * bytes (meterd.proto). Pure: a view borrows the bytes it was decoded from, a block_columns the
 * arrays of its maker. Values are micro-units, times ms UTC. */
#ifndef METERD_PROTO_BLOCK_H
#define METERD_PROTO_BLOCK_H

#include "proto/span.h"
#include "proto/status.h"
#include "proto/wire.h"

#define BLOCK_NAME_SIZE_MAX 128  /* bytes of a point's name, contract 1 */
#define BLOCK_TEXT_SIZE_MAX 1024 /* bytes of each text of a refused reading; the rest is cut */
#define BLOCK_QUALITY_MAX 63     /* ten words, the flags 16 and 32 */
/* Bounds of base_time_ms and received_at_ms: adding an offset cannot overflow. */
#define BLOCK_TIME_MS_MAX (INT64_C(1) << 62)

/* A reading whose name the directory did not know. */
struct named_reading {
    struct span name; /* 1..BLOCK_NAME_SIZE_MAX bytes of plain UTF-8 */
    int64_t t_ms;
    int64_t value;
    uint32_t quality; /* 0..BLOCK_QUALITY_MAX */
    uint32_t index;   /* place in the message */
};

/* A reading for the quarantine. */
struct refused_reading {
    struct span point;
    struct span t_text;
    struct span value_text;
    struct span code;
    struct span detail;
    uint32_t index; /* place in the message */
};

/* --- writing --- */

struct block_columns {
    uint32_t enterprise;
    uint32_t gateway;
    int64_t received_at_ms;
    int64_t base_time_ms;
    uint32_t count; /* readings in the columns; may be 0 */
    const uint32_t *point;
    uint32_t point_count; /* count, or 1: the same for all */
    const int32_t *offset_ms;
    uint32_t offset_count; /* count, or 1: the same for all */
    const int64_t *value;
    const uint8_t *quality; /* count of them, each <= BLOCK_QUALITY_MAX; NULL: all good */
    const struct named_reading *named;
    uint32_t named_count;
    const struct refused_reading *refused;
    uint32_t refused_count;
};

/* Every byte of a quality column is at most BLOCK_QUALITY_MAX: eight at a time. */
static inline bool
block_quality_is_valid(const uint8_t *quality, size_t count)
{
    uint64_t high = 0;
    size_t i = 0;

    for (; i + 8 <= count; i += 8)
        high |= wire_load64(quality + i);
    for (; i < count; i++)
        high |= quality[i];
    return (high & UINT64_C(0xC0C0C0C0C0C0C0C0)) == 0;
}

/* Exactly what block_encode() writes. */
size_t block_encoded_size(const struct block_columns *b) MUST_USE;

/* Writes block_encoded_size() bytes and returns their number. What block_decode() asks of a
 * block is the caller's duty and asserted here; but the texts of refused readings may be any
 * bytes: they are cut to BLOCK_TEXT_SIZE_MAX, and what is not plain UTF-8 in them becomes '?'. */
size_t block_encode(const struct block_columns *b, uint8_t *out);

/* --- reading --- */

struct block_view {
    uint32_t enterprise;
    uint32_t gateway;
    int64_t received_at_ms;
    int64_t base_time_ms;
    uint32_t count;       /* readings in the columns */
    uint32_t point_step;  /* bytes from one reading's element to the next: 4, or 0 for "same" */
    uint32_t offset_step; /* likewise */
    uint32_t named_count;
    uint32_t refused_count;
    const uint8_t *point; /* unaligned columns, read with block_point() and the like */
    const uint8_t *offset;
    const uint8_t *value;
    const uint8_t *quality; /* one byte each; NULL: all good */
    struct span body;       /* the whole block; named and refused are read from it */
};

/* A block from the log. Checks everything, so that nothing below can fail: lengths of the columns
 * agree, enterprise and time of arrival are present, names and texts are plain UTF-8 within their
 * bounds. ST_CORRUPT otherwise. Of a single field that comes twice the last counts, a column that
 * comes twice, or not packed, is corrupt. */
enum status block_decode(struct span bytes, struct block_view *out) MUST_USE;

/* The same for a block a gateway posts: enterprise, gateway and time of arrival are not asked
 * for, and are 0 in *out whatever the bytes say. */
enum status block_decode_posted(struct span bytes, struct block_view *out) MUST_USE;

static inline uint32_t
block_point(const struct block_view *v, uint32_t i)
{
    return wire_load32(v->point + (size_t)i * v->point_step);
}

static inline int64_t
block_time(const struct block_view *v, uint32_t i)
{
    return v->base_time_ms + (int32_t)wire_load32(v->offset + (size_t)i * v->offset_step);
}

static inline int64_t
block_value(const struct block_view *v, uint32_t i)
{
    return (int64_t)wire_load64(v->value + (size_t)i * 8);
}

static inline uint8_t
block_quality(const struct block_view *v, uint32_t i)
{
    return v->quality == NULL ? 0 : v->quality[i];
}

/* Where the two iterators below start. */
static inline struct cursor
block_cursor(const struct block_view *v)
{
    return cursor_over(v->body);
}

/* The next one in the order of the bytes; false when there is none left. Each walk has a cursor
 * of its own from block_cursor(). The spans live as long as the block's bytes. */
bool block_next_named(const struct block_view *v, struct cursor *c,
                      struct named_reading *out) MUST_USE;
bool block_next_refused(const struct block_view *v, struct cursor *c,
                        struct refused_reading *out) MUST_USE;

#endif
