/* Pieces of the JSON that answers are made of. Thread: the ingest loop. */
#ifndef METERD_INGEST_ANSWER_TEXT_H
#define METERD_INGEST_ANSWER_TEXT_H

#include <stdbool.h>

#include "proto/block.h"
#include "server/base/buffer.h"

struct buffer_pool;

/* s as a JSON string with its quotes. False: no memory, the buffer ends somewhere inside. */
bool answer_add_string(struct buffer *b, struct buffer_pool *pool, struct span s) MUST_USE;
bool answer_add_text(struct buffer *b, struct buffer_pool *pool, const char *text) MUST_USE;
/* At most 256 bytes once formatted. */
bool answer_add_format(struct buffer *b, struct buffer_pool *pool, const char *format, ...)
    __attribute__((format(printf, 3, 4))) MUST_USE;
/* One element of "quarantined" (contract 1). */
bool answer_add_refused(struct buffer *b, struct buffer_pool *pool,
                        const struct refused_reading *r, bool is_kept) MUST_USE;

#endif
