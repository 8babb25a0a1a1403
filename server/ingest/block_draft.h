/* The block being filled: columns of readings with a number, then the named and the refused ones,
 * all in arrays taken once per loop. Thread: the ingest loop. Nothing here judges a reading or
 * has an effect outside. */
#ifndef METERD_INGEST_BLOCK_DRAFT_H
#define METERD_INGEST_BLOCK_DRAFT_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/block.h"
#include "proto/payload_json.h"
#include "server/base/bounds.h"

/* What a named reading becomes when its name is one too many. */
struct named_texts {
    struct span t_text;
    struct span v_text;
    bool is_new; /* the directory does not know the name */
};

struct block_draft {
    uint32_t count;
    uint32_t named_count;
    uint32_t refused_count;
    size_t text_bytes; /* what named and refused readings take in the block, at most */
    uint32_t name_bytes;
    uint8_t quality_any;
    bool is_one_point;
    int64_t t_min;
    int64_t t_max;
    uint32_t point[BLOCK_READINGS_MAX];
    int32_t offset_ms[BLOCK_READINGS_MAX];
    int64_t t_ms[BLOCK_READINGS_MAX];
    int64_t value[BLOCK_READINGS_MAX];
    uint8_t quality[BLOCK_READINGS_MAX];
    struct named_reading named[BLOCK_NAMED_MAX];
    struct named_texts named_texts[BLOCK_NAMED_MAX];
    struct refused_reading refused[BLOCK_REFUSED_MAX];
    enum status refused_why[BLOCK_REFUSED_MAX];
    uint8_t names[BLOCK_TEXT_BYTES_MAX];
};

void block_draft_clear(struct block_draft *d);
bool block_draft_is_empty(const struct block_draft *d);

/* Each ST_FULL: the block is full, the reading is not in it. Texts other than names are borrowed
 * from the payload; names are copied. */
enum status block_draft_add(struct block_draft *d, uint32_t point, int64_t t_ms, int64_t value,
                            uint8_t quality) MUST_USE;
enum status block_draft_add_named(struct block_draft *d, const struct raw_reading *raw,
                                  int64_t t_ms, uint8_t quality, bool is_new) MUST_USE;
enum status block_draft_add_refused(struct block_draft *d, const struct raw_reading *raw,
                                    enum status why, const char *detail) MUST_USE;
/* The named reading at place i is refused after all; room was kept for it. */
void block_draft_refuse_named(struct block_draft *d, uint32_t i, enum status why,
                              const char *detail);
/* Takes the refused reading at place i out: it is not to be kept. */
void block_draft_drop_refused(struct block_draft *d, uint32_t i);

/* The columns, ready to be encoded; borrowed from the draft. */
struct block_columns block_draft_columns(struct block_draft *d, uint32_t enterprise,
                                         uint32_t gateway, int64_t received_at_ms);

#endif
