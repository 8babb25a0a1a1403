/* The head check beside llhttp, the parser that stands behind it: of a head that both take, both
 * see the same fields, and the same length and coding of the body. llhttp may refuse more. */
#include <assert.h>
#include <llhttp.h>
#include <stdlib.h>

#include "proto/http_head.h"

#define TEXT_MAX 65536

/* What llhttp reports, as "name:value" lines blanks at the ends of values removed. */
struct seen {
    char text[TEXT_MAX];
    size_t size;
    unsigned field_count;
    bool complete;
};

static void
append(struct seen *s, const char *at, size_t size)
{
    assert(size < TEXT_MAX - s->size);
    memcpy(s->text + s->size, at, size);
    s->size += size;
}

static int
on_field(llhttp_t *p, const char *at, size_t size)
{
    append(p->data, at, size);
    return 0;
}

static int
on_field_complete(llhttp_t *p)
{
    append(p->data, ":", 1);
    return 0;
}

static void
trim_end(struct seen *s)
{
    while (s->size > 0 && (s->text[s->size - 1] == ' ' || s->text[s->size - 1] == '\t'))
        s->size--;
}

static int
on_value_complete(llhttp_t *p)
{
    struct seen *s = p->data;

    trim_end(s);
    append(s, "\n", 1);
    s->field_count++;
    return 0;
}

/* Pauses: the body is not this test's business. */
static int
on_headers_complete(llhttp_t *p)
{
    ((struct seen *)p->data)->complete = true;
    return HPE_PAUSED;
}

/* The same lines, made from the head by splitting at CR LF and the first colon. */
static void
split_head(struct span head, struct seen *s)
{
    const char *at = memchr(head.at, '\n', head.size);
    const char *end = (const char *)head.at + head.size;

    for (at++; at < end && *at != '\r'; at += 2) {
        const char *cr = memchr(at, '\r', (size_t)(end - at));
        const char *colon = memchr(at, ':', (size_t)(cr - at));

        append(s, at, (size_t)(colon + 1 - at));
        for (at = colon + 1; at < cr && (*at == ' ' || *at == '\t'); at++)
            ;
        append(s, at, (size_t)(cr - at));
        trim_end(s);
        append(s, "\n", 1);
        s->field_count++;
        at = cr;
    }
}

static void
check_body_framing(struct span head, const llhttp_t *p)
{
    struct span value;
    char text[32] = {0};
    bool has_length = http_head_field(head, "content-length", &value);

    assert(((p->flags & F_CONTENT_LENGTH) != 0) == has_length);
    if (has_length) {
        memcpy(text, value.at, value.size);
        assert(p->content_length == strtoull(text, NULL, 10));
    }
    assert(((p->flags & F_CHUNKED) != 0) == http_head_field(head, "transfer-encoding", &value));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct seen theirs, ours;
    llhttp_settings_t settings;
    llhttp_t parser;
    ptrdiff_t end = size < TEXT_MAX / 2 ? http_head_end(span_of(data, size), 0) : -1;

    if (end <= 0 || http_head_check(span_of(data, (size_t)end)) != ST_OK)
        return 0;
    llhttp_settings_init(&settings);
    settings.on_header_field = on_field;
    settings.on_header_field_complete = on_field_complete;
    settings.on_header_value = on_field;
    settings.on_header_value_complete = on_value_complete;
    settings.on_headers_complete = on_headers_complete;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    theirs.size = ours.size = 0;
    theirs.field_count = ours.field_count = 0;
    theirs.complete = false;
    parser.data = &theirs;
    (void)llhttp_execute(&parser, (const char *)data, (size_t)end);
    if (!theirs.complete)
        return 0;
    split_head(span_of(data, (size_t)end), &ours);
    assert(theirs.field_count == ours.field_count);
    assert(theirs.size == ours.size && memcmp(theirs.text, ours.text, ours.size) == 0);
    check_body_framing(span_of(data, (size_t)end), &parser);
    return 0;
}
