/* What a request's head says: path, method, credentials, body. The order of judgement is the
 * contract's, so that the same mistake always gets the same answer. */
#include "server/session/http_parts.h"

#include <string.h>
#include <strings.h>

#include "proto/http_head.h"
#include "server/base/config.h"
#include "server/base/counter.h"

static const struct route {
    const char *path;
    const char *method;
} routes[HTTP_ROUTE_COUNT] = {
    [ROUTE_READINGS] = {"/v1/readings", "POST"},
    [ROUTE_POINTS] = {"/v1/points", "GET"},
};

const char *
http_allowed(enum http_route route)
{
    return routes[route].method;
}

/* The next word of a request line that http_head_check has seen. */
static struct span
next_word(struct span *line)
{
    const uint8_t *space = memchr(line->at, ' ', line->size);
    size_t size = space == NULL ? line->size : (size_t)(space - line->at);
    struct span word = span_of(line->at, size);
    size_t used = space == NULL ? size : size + 1;

    *line = span_of(line->at + used, line->size - used);
    return word;
}

/* The path of a request target: origin form, or absolute form as proxies send it (RFC 9112, 3.2),
 * without the query. */
static struct span
path_of(struct span target)
{
    const uint8_t *query;

    if (target.size > 7 && strncasecmp((const char *)target.at, "http://", 7) == 0) {
        const uint8_t *slash = memchr(target.at + 7, '/', target.size - 7);

        if (slash == NULL)
            return span_of(target.at, 0);
        target = span_of(slash, target.size - (size_t)(slash - target.at));
    }
    query = memchr(target.at, '?', target.size);
    return query == NULL ? target : span_of(target.at, (size_t)(query - target.at));
}

static enum status
judge_line(struct session *s, struct span head)
{
    const uint8_t *end = memchr(head.at, '\r', head.size);
    struct span line = span_of(head.at, (size_t)(end - head.at));
    struct span method = next_word(&line);
    struct span path = path_of(next_word(&line));

    s->http.route = ROUTE_NONE;
    for (unsigned r = ROUTE_NONE + 1; r < HTTP_ROUTE_COUNT; r++)
        if (span_is(path, routes[r].path))
            s->http.route = (uint8_t)r;
    if (s->http.route == ROUTE_NONE)
        return ST_BAD_TOPIC;
    return span_is(method, routes[s->http.route].method) ? ST_OK : ST_METHOD;
}

static enum status
judge_credentials(struct session *s, struct span head)
{
    struct identity who = {0};
    struct span value;
    enum status st = ST_NOT_AUTHORISED;

    if (http_head_field(head, "authorization", &value)) {
        if (s->all->directory == NULL)
            return ST_OK; /* Judged as 503 further on. */
        st = auth_http(s->all->auth, s->all->directory, value, &who);
    }
    if (st != ST_OK) {
        counter_add(COUNT_auth_refused, 1);
        who = (struct identity){0};
    }
    s->who = who;
    return st;
}

static bool
text_is(struct span s, const char *text)
{
    return s.size == strlen(text) && strncasecmp((const char *)s.at, text, s.size) == 0;
}

static enum status
judge_media(struct span head)
{
    struct span value;
    const uint8_t *semicolon;

    if (http_head_field(head, "content-encoding", &value) && !text_is(value, "identity"))
        return ST_MEDIA_TYPE;
    if (!http_head_field(head, "content-type", &value))
        return ST_MEDIA_TYPE;
    semicolon = memchr(value.at, ';', value.size);
    if (semicolon != NULL)
        value = span_of(value.at, (size_t)(semicolon - value.at));
    while (value.size > 0 && (value.at[value.size - 1] == ' ' || value.at[value.size - 1] == '\t'))
        value.size--;
    return text_is(value, "application/json") ? ST_OK : ST_MEDIA_TYPE;
}

static enum status
judge_body(struct session *s, struct span head)
{
    const llhttp_t *p = &s->http.parser;

    if (s->http.route != ROUTE_READINGS)
        return ST_OK;
    if ((p->flags & (F_CONTENT_LENGTH | F_TRANSFER_ENCODING)) == 0)
        return ST_NO_LENGTH;
    if (s->http.length > s->all->o.config->http.body_max_bytes)
        return ST_TOO_LARGE;
    return judge_media(head);
}

enum status
http_judge(struct session *s, struct span head)
{
    enum status st = judge_line(s, head);

    if (st == ST_OK)
        st = judge_credentials(s, head);
    if (st == ST_OK)
        st = judge_body(s, head);
    if (st == ST_OK && s->all->directory == NULL)
        st = ST_UNAVAILABLE;
    if (st == ST_OK && s->http.route == ROUTE_READINGS && !sessions_can_store(s->all))
        st = ST_UNAVAILABLE;
    return st;
}

bool
http_expects_continue(struct span head)
{
    struct span value;

    return http_head_field(head, "expect", &value) && text_is(value, "100-continue");
}
