/* Peers' texts come back to them: everything that is not plain is escaped (RFC 8259, section 7). */
#include "server/ingest/answer_text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "server/base/pool.h"

bool
answer_add_string(struct buffer *b, struct buffer_pool *pool, struct span s)
{
    uint8_t *at;

    /* The longest escape is six bytes for one. */
    if (!buffer_reserve(b, pool, s.size * 6 + 2))
        return false;
    at = b->at + b->size;
    *at++ = '"';
    for (size_t i = 0; i < s.size; i++) {
        uint8_t c = s.at[i];

        if (c == '"' || c == '\\')
            *at++ = '\\';
        if (c >= 0x20 && c != 0x7f) {
            *at++ = c;
            continue;
        }
        at += sprintf((char *)at, "\\u%04x", c);
    }
    *at++ = '"';
    b->size = (uint32_t)(at - b->at);
    return true;
}

bool
answer_add_text(struct buffer *b, struct buffer_pool *pool, const char *text)
{
    return buffer_append(b, pool, span_text(text));
}

bool
answer_add_format(struct buffer *b, struct buffer_pool *pool, const char *format, ...)
{
    char text[257];
    va_list args;
    int size;

    va_start(args, format);
    size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert(size >= 0 && (size_t)size < sizeof text);
    return buffer_append(b, pool, span_of(text, (size_t)size));
}

bool
answer_add_refused(struct buffer *b, struct buffer_pool *pool, const struct refused_reading *r,
                   bool is_kept)
{
    return (b->size == 0 || answer_add_text(b, pool, ",")) &&
           answer_add_format(b, pool, "{\"index\":%u,\"point\":", r->index) &&
           answer_add_string(b, pool, r->point) && answer_add_text(b, pool, ",\"t\":") &&
           answer_add_string(b, pool, r->t_text) && answer_add_text(b, pool, ",\"code\":") &&
           answer_add_string(b, pool, r->code) && answer_add_text(b, pool, ",\"detail\":") &&
           answer_add_string(b, pool, r->detail) &&
           answer_add_text(b, pool, is_kept ? "}" : ",\"kept\":false}");
}
