/* The texts that HTTP clients get. Errors name the limit, its value and its setting, so that
 * whoever reads the gateway's log knows what to change. */
#include "server/session/http_parts.h"

#include <stdio.h>
#include <time.h>

#include "server/base/bounds.h"
#include "server/base/config.h"
#include "server/base/counter.h"
#include "server/base/directory.h"
#include "server/ingest/answer_text.h"

#define RETRY_AFTER_S 5

static const char *
reason_phrase(unsigned code)
{
    switch (code) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 411:
        return "Length Required";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 431:
        return "Request Header Fields Too Large";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Internal Server Error";
    }
}

/* RFC 9110, 5.6.7; made once a second. */
static const char *
date_text(struct sessions *all)
{
    time_t now = (time_t)(all->wall_ms / 1000);
    struct tm tm;

    if (all->date_s == now && all->date_text[0] != '\0')
        return all->date_text;
    all->date_s = now;
    if (gmtime_r(&now, &tm) == NULL ||
        strftime(all->date_text, sizeof all->date_text, "%a, %d %b %Y %H:%M:%S GMT", &tm) == 0)
        all->date_text[0] = '\0';
    return all->date_text;
}

static void
count_answer(unsigned code)
{
    counter_add(COUNT_http_requests, 1);
    counter_add(code < 300   ? COUNT_http_answers_2xx
                : code < 500 ? COUNT_http_answers_4xx
                             : COUNT_http_answers_5xx,
                1);
}

struct answer_head {
    unsigned code;
    const char *type;
    size_t length;
    const char *extra; /* further fields, each with its CR LF */
    bool keep_alive;
    bool is_old_http;
};

static void
put_head(struct session *s, const struct answer_head *h)
{
    char text[512];
    const char *connection = "Connection: close\r\n";
    int size;

    /* A client of HTTP/1.0 that asked for it must be told; one of 1.1 takes it for granted. */
    if (h->keep_alive)
        connection = h->is_old_http ? "Connection: keep-alive\r\n" : "";
    size = snprintf(text, sizeof text,
                    "HTTP/1.1 %u %s\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                    "%s%s\r\n",
                    h->code, reason_phrase(h->code), date_text(s->all), h->type, h->length,
                    h->extra, connection);
    session_put(s, span_of(text, (size_t)size));
    count_answer(h->code);
}

void
http_put_continue(struct session *s)
{
    session_put(s, span_text("HTTP/1.1 100 Continue\r\n\r\n"));
}

/* --- errors ----------------------------------------------------------------------------------- */

struct limit {
    const char *name; /* NULL: none is involved */
    unsigned long long value;
    const char *setting;
};

static struct limit
limit_of(const struct session *s, enum status why)
{
    const struct config *c = s->all->o.config;

    switch (why) {
    case ST_TOO_LARGE:
        return (struct limit){"body bytes", c->http.body_max_bytes, "[http] body_max"};
    case ST_HEAD_TOO_LARGE:
        return (struct limit){"head bytes (and 100 fields)", HTTP_HEAD_SIZE_MAX, "fixed"};
    case ST_NO_MEMORY:
        return (struct limit){"memory bytes", c->ingest.memory_bytes, "[ingest] memory"};
    case ST_TIMEOUT:
        return (struct limit){"seconds for a head; a body: 1 KiB/s", 10, "fixed"};
    default:
        return (struct limit){0};
    }
}

static const char *
extra_fields(const struct session *s, enum status why, char out[64])
{
    switch (status_http_code(why)) {
    case 401:
        return "WWW-Authenticate: Bearer\r\n";
    case 405:
        (void)snprintf(out, 64, "Allow: %s\r\n", http_allowed((enum http_route)s->http.route));
        return out;
    case 503:
        (void)snprintf(out, 64, "Retry-After: %d\r\n", RETRY_AFTER_S);
        return out;
    default:
        return "";
    }
}

void
http_put_problem(struct session *s, enum status why, bool keep_alive)
{
    char text[768];
    char detail[160] = "";
    char limit_text[192] = "";
    char extra[64];
    struct limit limit = limit_of(s, why);
    unsigned code = status_http_code(why);
    int size;

    if (limit.name != NULL)
        (void)snprintf(limit_text, sizeof limit_text,
                       ",\"limit\":\"%s\",\"value\":%llu,\"setting\":\"%s\"", limit.name,
                       limit.value, limit.setting);
    if (why == ST_MALFORMED && s->http.error_text != NULL)
        (void)snprintf(detail, sizeof detail, ": %s, at byte %u", s->http.error_text,
                       s->http.error_offset);
    size = snprintf(text, sizeof text,
                    "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,\"code\":\"%s\","
                    "\"detail\":\"%s%s\"%s}\n",
                    reason_phrase(code), code, status_code(why), status_text(why), detail,
                    limit_text);
    if (s->http.parser.method == HTTP_HEAD)
        size = 0; /* An answer to HEAD has no content (RFC 9110, 9.3.2). */
    put_head(s, &(struct answer_head){code, "application/problem+json", (size_t)size,
                                      extra_fields(s, why, extra), keep_alive,
                                      s->http.parser.http_minor == 0});
    session_put(s, span_of(text, (size_t)size));
}

/* --- answers ---------------------------------------------------------------------------------- */

static void
put_stored(struct session *s, struct reply *r)
{
    const struct waiter *w = &r->waiter;
    char accepted[48];
    char tail[WAITER_OFFSETS_MAX * 64 + 96];
    int accepted_size = snprintf(accepted, sizeof accepted, "{\"accepted\":%u,\"unregistered\":[",
                                 w->reading_count - w->refused_count);
    int size = 0;
    struct span middle = span_text("],\"quarantined\":[");

    size += sprintf(tail + size, "]");
    if (w->unlisted_count > 0)
        size += sprintf(tail + size, ",\"quarantined_not_listed\":%u", w->unlisted_count);
    size += sprintf(tail + size, ",\"receipts\":[");
    for (uint32_t i = 0; i < w->offset_count; i++)
        size += sprintf(tail + size, "%s{\"partition\":%u,\"offset\":%lld}", i > 0 ? "," : "",
                        w->partition, (long long)w->offsets[i]);
    size += sprintf(tail + size, "]}\n");
    put_head(s, &(struct answer_head){200, "application/json",
                                      (size_t)accepted_size + w->unregistered.size + middle.size +
                                          w->quarantined.size + (size_t)size,
                                      "", r->keep_alive, r->is_old_http});
    session_put(s, span_of(accepted, (size_t)accepted_size));
    session_put(s, buffer_bytes(&w->unregistered));
    session_put(s, middle);
    session_put(s, buffer_bytes(&w->quarantined));
    session_put(s, span_of(tail, (size_t)size));
}

void
http_answer(struct session *s, struct reply *r)
{
    if (r->waiter.status == ST_OK)
        put_stored(s, r);
    else
        http_put_problem(s, ST_UNAVAILABLE, r->keep_alive);
}

static const char *
kind_word(enum point_kind kind)
{
    return kind == POINT_REGISTER ? "register" : kind == POINT_INTERVAL ? "interval" : "rate";
}

static bool
add_point(struct session *s, struct buffer *b, const struct point *p)
{
    const struct directory *d = s->all->directory;
    struct buffer_pool *pool = s->all->memory;
    const struct attr_span *now = point_attrs_at(p, s->all->wall_ms);

    return answer_add_format(b, pool, "%s{\"number\":%u,\"name\":",
                             b->at[b->size - 1] == '[' ? "" : ",", p->number) &&
           answer_add_string(b, pool, p->name) && answer_add_text(b, pool, ",\"item\":") &&
           answer_add_string(b, pool, directory_item_name(d, now->item)) &&
           answer_add_text(b, pool, ",\"unit\":") && answer_add_string(b, pool, p->unit) &&
           answer_add_format(b, pool, ",\"kind\":\"%s\"}", kind_word(p->kind));
}

void
http_put_points(struct session *s, bool keep_alive)
{
    struct buffer b = {0};
    struct buffer_pool *pool = s->all->memory;
    const struct directory *d = s->all->directory;
    const struct point *p;
    uint32_t position = 0;
    bool ok = answer_add_text(&b, pool, "{\"points\":[");

    while (ok && (p = directory_next_point(d, s->who.enterprise, &position)) != NULL)
        if (p->kind != POINT_UNREGISTERED)
            ok = add_point(s, &b, p);
    ok = ok && answer_add_text(&b, pool, "]}\n");
    if (ok) {
        put_head(s, &(struct answer_head){200, "application/json", b.size, "", keep_alive,
                                          s->http.parser.http_minor == 0});
        session_put(s, buffer_bytes(&b));
    } else {
        http_put_problem(s, ST_UNAVAILABLE, keep_alive);
    }
    buffer_release(&b, pool);
}
