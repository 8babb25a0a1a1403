/* llhttp at work: heads that http_head_check has passed, bodies into the session. Nothing else
 * includes its functions; the parser lives in the session. */
#include "server/session/http_parts.h"

#include "server/base/bounds.h"
#include "server/base/config.h"
#include "server/base/counter.h"

static int
on_headers_complete(llhttp_t *p)
{
    struct session *s = p->data;

    s->http.length = p->flags & F_CONTENT_LENGTH ? p->content_length : 0;
    if (p->method != HTTP_CONNECT)
        p->upgrade = 0; /* No other protocol is offered: RFC 9110, 7.8 lets us ignore the wish. */
    return 0;
}

static int
refuse_body(struct session *s, enum status why)
{
    s->http.refusal = (uint8_t)why;
    return -1;
}

static int
on_body(llhttp_t *p, const char *at, size_t size)
{
    struct session *s = p->data;
    struct http *h = &s->http;

    if (h->is_skipped) {
        h->body_size += (uint32_t)size;
        return h->body_size > HTTP_SKIPPED_BODY_MAX ? refuse_body(s, ST_TOO_LARGE) : 0;
    }
    if (h->body_size + size > s->all->o.config->http.body_max_bytes)
        return refuse_body(s, ST_TOO_LARGE);
    if (h->body_size == 0 && (p->flags & F_CONTENT_LENGTH) && size == h->length) {
        h->in_place = span_of(at, size);
    } else if (!buffer_append(&h->body, s->all->memory, span_of(at, size))) {
        counter_add(COUNT_memory_refused, 1);
        return refuse_body(s, ST_NO_MEMORY);
    }
    h->body_size += (uint32_t)size;
    return 0;
}

/* Chunk extensions and trailers mean nothing here, but they may not go on for ever. */
static int
on_overhead(llhttp_t *p, const char *at, size_t size)
{
    struct session *s = p->data;

    (void)at;
    if (s->http.phase == PHASE_HEAD)
        return 0;
    s->http.overhead += (uint32_t)size;
    return s->http.overhead > HTTP_OVERHEAD_MAX ? refuse_body(s, ST_HEAD_TOO_LARGE) : 0;
}

static int
on_message_complete(llhttp_t *p)
{
    (void)p;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_header_field = on_overhead,
    .on_header_value = on_overhead,
    .on_chunk_extension_name = on_overhead,
    .on_chunk_extension_value = on_overhead,
    .on_message_complete = on_message_complete,
};

enum status
http_parse_head(struct session *s, struct span head, bool *is_whole)
{
    struct http *h = &s->http;
    llhttp_errno_t e;

    llhttp_init(&h->parser, HTTP_REQUEST, &settings);
    h->parser.data = s;
    e = llhttp_execute(&h->parser, (const char *)head.at, head.size);
    *is_whole = e == HPE_PAUSED || e == HPE_PAUSED_UPGRADE;
    if (e == HPE_INVALID_METHOD) { /* Unknown to llhttp, and so to us: 404 or 405. */
        *is_whole = true;
        h->parser.http_minor = 1;
        return ST_METHOD;
    }
    if (!*is_whole && e != HPE_OK)
        return ST_FRAMING;
    h->keep_alive = llhttp_should_keep_alive(&h->parser) != 0 && h->parser.method != HTTP_CONNECT &&
                    !s->is_leaving;
    return ST_OK;
}
