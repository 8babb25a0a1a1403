/* HTTP/1.1 (contract 1): bytes to requests to messages. http_head_check refuses what llhttp would
 * let pass, llhttp does the framing, the rest is here.
 *
 * An answer that needs no log is given only when all earlier ones are out: the request stalls
 * until then, so one list keeps the order. */
#include "server/session/http_parts.h"

#include <assert.h>
#include <string.h>

#include "proto/http_head.h"
#include "server/base/bounds.h"
#include "server/base/config.h"
#include "server/base/counter.h"

#define HEAD_MS_MAX 10000
#define IDLE_MS_MAX 60000
#define BODY_GRACE_MS 5000
#define BODY_BYTES_PER_S 1024

/* --- one request after the other -------------------------------------------------------------- */

static void
expect_head(struct session *s)
{
    struct http *h = &s->http;

    buffer_release(&h->body, s->all->memory);
    memset(h, 0, sizeof *h);
    h->phase = PHASE_HEAD;
    h->refusal = ST_OK;
    h->parser.http_minor = 1; /* For an answer to what never becomes a request. */
    s->since_ms = s->all->now_ms;
}

void
http_open(struct session *s)
{
    expect_head(s);
}

void
http_close(struct session *s)
{
    buffer_release(&s->http.body, s->all->memory);
}

bool
http_is_idle(const struct session *s)
{
    return s->http.phase == PHASE_HEAD && s->http.head_seen == 0 && s->first == NULL &&
           s->taking == NULL;
}

/* True: earlier answers have to leave first; the session stalls. */
static bool
must_wait(struct session *s)
{
    if (s->first == NULL && s->unsent + s->out.size <= UNSENT_PAUSE_BYTES)
        return false;
    session_stall(s, s->first != NULL ? STALL_ANSWER : STALL_UNSENT);
    return true;
}

/* Answers with an error and ends the connection: where the next request would begin is not known,
 * or it is not worth finding out. */
static void
fail(struct session *s, enum status why)
{
    if (status_http_code(why) == 400 && why != ST_MALFORMED)
        counter_add(COUNT_framing_errors, 1);
    reply_cancel(s);
    http_put_problem(s, why, false);
    session_end(s);
}

/* After an answer: read on, or end. */
static void
next_request(struct session *s, bool keep_alive)
{
    expect_head(s);
    if (!keep_alive || s->is_leaving)
        session_end(s);
}

/* --- the head --------------------------------------------------------------------------------- */

/* The head is refused: the connection stays when the body, if any, can be read over. */
static void
refuse_head(struct session *s, enum status why, bool is_whole, bool expects_continue)
{
    struct http *h = &s->http;
    bool can_skip = is_whole || ((h->parser.flags & F_CONTENT_LENGTH) &&
                                 h->length <= HTTP_SKIPPED_BODY_MAX && !expects_continue);

    h->keep_alive = h->keep_alive && can_skip && status_fate(why) == FATE_KEEP;
    http_put_problem(s, why, h->keep_alive);
    if (!h->keep_alive || is_whole) {
        next_request(s, h->keep_alive);
        return;
    }
    h->is_skipped = true;
    h->phase = PHASE_BODY;
    llhttp_resume(&h->parser);
}

static void
take_request(struct session *s, enum status judged, bool is_whole, bool expects_continue)
{
    struct http *h = &s->http;

    if (judged != ST_OK) {
        refuse_head(s, judged, is_whole, expects_continue);
        return;
    }
    h->phase = is_whole ? PHASE_SUBMIT : PHASE_BODY;
    s->since_ms = s->all->now_ms;
    if (expects_continue && !is_whole)
        http_put_continue(s);
}

/* st: what parsing said. False: the head has to be read again when earlier answers are out. */
static bool
take_parsed(struct session *s, struct span head, enum status st, bool is_whole)
{
    bool is_http = st == ST_OK || st == ST_METHOD;
    enum status judged = is_http ? http_judge(s, head) : st;
    bool expects_continue =
        is_http && !is_whole && s->http.parser.http_minor > 0 && http_expects_continue(head);

    /* Only a plain message can be followed up while others are under way. */
    if ((judged != ST_OK || s->http.route != ROUTE_READINGS || expects_continue) && must_wait(s))
        return false;
    if (st != ST_OK)
        fail(s, judged == ST_OK ? st : judged);
    else
        take_request(s, judged, is_whole, expects_continue);
    return true;
}

static size_t
take_head(struct session *s, struct span bytes)
{
    struct http *h = &s->http;
    struct span window = span_of(bytes.at, bytes.size < HTTP_HEAD_SIZE_MAX ? bytes.size
                                                                           : HTTP_HEAD_SIZE_MAX);
    struct span head;
    ptrdiff_t size;
    bool is_whole = true;
    enum status st = ST_FRAMING;

    if (h->head_seen == 0) {
        size_t empty = http_head_start(bytes);

        if (empty > 0 || bytes.size == 0)
            return empty;
        s->since_ms = s->all->now_ms; /* The head's time begins with its first byte. */
    }
    size = http_head_end(window, h->head_seen);
    if (size == HTTP_HEAD_MORE && bytes.size < HTTP_HEAD_SIZE_MAX) {
        h->head_seen = (uint32_t)bytes.size;
        return 0;
    }
    h->head_seen = 0;
    head = span_of(bytes.at, size > 0 ? (size_t)size : 0);
    if (size == HTTP_HEAD_MORE)
        st = ST_HEAD_TOO_LARGE;
    else if (size > 0)
        st = http_head_check(head);
    if (st == ST_OK)
        st = http_parse_head(s, head, &is_whole);
    return take_parsed(s, head, st, is_whole) ? head.size : 0;
}

/* --- the body --------------------------------------------------------------------------------- */

static size_t
take_body(struct session *s, struct span bytes)
{
    struct http *h = &s->http;
    llhttp_errno_t e;

    if (bytes.size == 0)
        return 0;
    llhttp_resume(&h->parser);
    e = llhttp_execute(&h->parser, (const char *)bytes.at, bytes.size);
    if (e == HPE_OK)
        return bytes.size;
    if (e == HPE_PAUSED || e == HPE_PAUSED_UPGRADE) {
        const uint8_t *end = (const uint8_t *)llhttp_get_error_pos(&h->parser);

        if (h->is_skipped)
            next_request(s, true);
        else
            h->phase = PHASE_SUBMIT;
        return (size_t)(end - bytes.at);
    }
    /* The answer may have to wait for earlier ones; the rest of the input is of no use. */
    if (h->is_skipped) {
        session_end(s);
        return bytes.size;
    }
    if (h->refusal == ST_OK)
        h->refusal = ST_FRAMING;
    h->keep_alive = false;
    h->phase = PHASE_SUBMIT;
    return bytes.size;
}

/* --- the message ------------------------------------------------------------------------------ */

static void
answer_refused(struct session *s)
{
    enum status why = (enum status)s->http.refusal;
    bool keep_alive = s->http.keep_alive && status_fate(why) == FATE_KEEP;

    if (must_wait(s))
        return;
    reply_cancel(s);
    http_put_problem(s, why, keep_alive);
    next_request(s, keep_alive);
}

/* The body has to outlive this call: the bytes it was read in will not. */
static bool
keep_body(struct session *s)
{
    struct http *h = &s->http;
    struct span body = h->in_place;

    h->in_place = (struct span){0};
    return body.size == 0 || buffer_append(&h->body, s->all->memory, body);
}

static void
submit_readings(struct session *s)
{
    struct http *h = &s->http;
    struct reply *r = reply_begin(s);
    bool is_in_place = h->in_place.size > 0;
    struct message m = {
        .enterprise = s->who.enterprise,
        .gateway = s->who.gateway,
        .received_at_ms = s->all->wall_ms,
        .now_ms = s->all->now_ms,
        .payload = is_in_place ? h->in_place : buffer_bytes(&h->body),
        .is_stable = !is_in_place,
    };
    enum status st = ST_BUSY;

    if (r != NULL) {
        m.waiter = &r->waiter;
        r->waiter.wants_detail = true;
        r->keep_alive = h->keep_alive && !s->is_leaving;
        r->is_old_http = h->parser.http_minor == 0;
        st = intake_take_json(s->all->intake, &m);
    }
    if (st == ST_BUSY) {
        session_stall(s, STALL_LOG);
        if (!keep_body(s)) {
            counter_add(COUNT_memory_refused, 1);
            h->refusal = ST_NO_MEMORY;
        }
        return;
    }
    if (st == ST_OK) {
        bool keep_alive = r->keep_alive;

        reply_commit(s);
        if (session_is_taking(s))
            next_request(s, keep_alive);
        return;
    }
    h->refusal = (uint8_t)st;
    h->error_text = intake_error(s->all->intake).text;
    h->error_offset = (uint32_t)intake_error(s->all->intake).offset;
    h->in_place = (struct span){0};
    reply_cancel(s);
    answer_refused(s);
}

static void
submit(struct session *s)
{
    struct http *h = &s->http;

    if (h->refusal != ST_OK) {
        answer_refused(s);
    } else if (h->route == ROUTE_POINTS) {
        bool keep_alive = h->keep_alive;

        if (must_wait(s))
            return;
        http_put_points(s, keep_alive);
        next_request(s, keep_alive);
    } else if (!sessions_can_store(s->all)) {
        h->refusal = ST_UNAVAILABLE;
        answer_refused(s);
    } else {
        submit_readings(s);
    }
}

size_t
http_take(struct session *s, struct span bytes, bool is_stable)
{
    size_t used = 0;

    (void)is_stable; /* A body that has to wait is copied in any case. */
    while (session_is_taking(s)) {
        struct span rest = span_of(bytes.at + used, bytes.size - used);
        uint8_t phase = s->http.phase;
        size_t n = 0;

        if (phase == PHASE_SUBMIT)
            submit(s);
        else if (phase == PHASE_BODY)
            n = take_body(s, rest);
        else
            n = take_head(s, rest);
        used += n;
        if (n == 0 && s->http.phase == phase)
            break;
    }
    return used;
}

/* --- deadlines -------------------------------------------------------------------------------- */

int64_t
http_due_ms(const struct session *s)
{
    const struct http *h = &s->http;

    if (h->phase == PHASE_BODY)
        return s->since_ms + BODY_GRACE_MS + (int64_t)h->body_size * 1000 / BODY_BYTES_PER_S;
    if (h->head_seen > 0)
        return s->since_ms + HEAD_MS_MAX;
    return s->first != NULL ? INT64_MAX : s->since_ms + IDLE_MS_MAX;
}

void
http_deadline(struct session *s)
{
    bool is_stalled = s->state == SESSION_PAUSED;

    if (s->http.phase == PHASE_HEAD && s->http.head_seen == 0 && !is_stalled) {
        session_end(s); /* Idle for too long. */
        return;
    }
    if (s->first != NULL) { /* Earlier answers are still to come: they are worth more. */
        reply_cancel(s);
        session_end(s);
        return;
    }
    fail(s, is_stalled ? ST_UNAVAILABLE : ST_TIMEOUT);
}
