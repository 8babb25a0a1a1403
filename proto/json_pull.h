/* The tokens of one JSON text, pulled one by one: strict RFC 8259, well-formed UTF-8, no byte order
 * mark, no allocation. Spans point into the text. Pure; any thread. */
#ifndef METERD_PROTO_JSON_PULL_H
#define METERD_PROTO_JSON_PULL_H

#include "proto/json_escape.h"
#include "proto/span.h"
#include "proto/status.h"

/* Arrays and objects inside each other; a text that is deeper is refused. */
#define JSON_DEPTH_MAX 16

enum json_token {
    JSON_ERROR, /* error_text and at say what and where; it stays an error. */
    JSON_END,   /* The text is over and was good. */
    JSON_OBJECT_BEGIN,
    JSON_OBJECT_END,
    JSON_ARRAY_BEGIN,
    JSON_ARRAY_END,
    JSON_KEY, /* With its colon. */
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

enum json_state { JSON_WANT_VALUE, JSON_WANT_FIRST, JSON_WANT_NEXT, JSON_WANT_END, JSON_FAILED };

/* Plain value: a copy is a bookmark. Read: at, text, has_escapes, error_text. */
struct json_pull {
    const uint8_t *at;
    const uint8_t *end;
    struct span text;       /* Of the last token as sent; keys and strings without their quotes. */
    const char *error_text; /* Static. */
    uint32_t objects;       /* Bit n: the container at depth n is an object. */
    uint8_t depth;
    uint8_t state; /* enum json_state */
    bool has_escapes;
};

void json_init(struct json_pull *j, struct span text);
enum json_token json_next(struct json_pull *j) MUST_USE;

/* A shortcut past json_next for keys that are expected: takes the next token when it is this key
 * (quoted, with its colon: "\"t\":") without white space or escapes. False: nothing moved. The
 * text stays that of the token before. A comparison can be foreseen by the processor, a search for
 * the closing quote cannot: it has to wait for each before it starts on the next. */
static inline bool
json_take_key(struct json_pull *j, const char *quoted, size_t size)
{
    bool behind = j->state == JSON_WANT_NEXT;
    const uint8_t *p = j->at + behind;

    if ((size_t)(j->end - j->at) < size + 1 || (behind && *j->at != ','))
        return false;
    if (memcmp(p, quoted, size) != 0 || !(behind || j->state == JSON_WANT_FIRST))
        return false;
    if (!(j->objects >> j->depth & 1))
        return false;
    j->at = p + size;
    j->state = JSON_WANT_VALUE;
    return true;
}

/* Takes the next value whole and returns its first token; text is then all of an object or array.
 * JSON_OBJECT_END, JSON_ARRAY_END and JSON_END come when no value follows. */
enum json_token json_skip_value(struct json_pull *j) MUST_USE;

/* Jumps over an object that is the next value, without checking what is in it: only for callers
 * who walk it as well. False, and nothing moved, when it is not simple (objects or escapes in it,
 * braces in its strings) or nothing of the kind follows. */
bool json_skim_object(struct json_pull *j) MUST_USE;

#endif
