/* What may come next is one of four wants; after each token the want is set anew, so json_next
 * never looks back. Strings are scanned 16 bytes at a time for the few bytes that need a look. */
#include "proto/json_pull.h"

#include <assert.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

_Static_assert(JSON_DEPTH_MAX < 32, "objects has one bit a level");

void
json_init(struct json_pull *j, struct span text)
{
    *j = (struct json_pull){.at = text.at, .end = text.at + text.size, .state = JSON_WANT_VALUE};
}

static enum json_token
fail(struct json_pull *j, const char *why)
{
    j->state = JSON_FAILED;
    j->error_text = why;
    j->text = (struct span){j->at, 0};
    return JSON_ERROR;
}

/* The next byte that is not white space, or -1 at the end. */
static inline int
peek(struct json_pull *j)
{
    const uint8_t *p = j->at;

    while (p < j->end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    j->at = p;
    return p < j->end ? *p : -1;
}

static inline bool
is_in_object(const struct json_pull *j)
{
    return j->objects >> j->depth & 1;
}

/* Takes size bytes as the token; a value is complete. */
static inline enum json_token
take(struct json_pull *j, size_t size, enum json_token token)
{
    j->text = (struct span){j->at, size};
    j->at += size;
    j->state = j->depth > 0 ? JSON_WANT_NEXT : JSON_WANT_END;
    return token;
}

static enum json_token
open_container(struct json_pull *j, bool is_object)
{
    if (j->depth == JSON_DEPTH_MAX)
        return fail(j, "JSON is nested too deep");
    j->depth++;
    j->objects = (j->objects & ~(1u << j->depth)) | (uint32_t)is_object << j->depth;
    (void)take(j, 1, JSON_OBJECT_BEGIN);
    j->state = JSON_WANT_FIRST;
    return is_object ? JSON_OBJECT_BEGIN : JSON_ARRAY_BEGIN;
}

static enum json_token
close_container(struct json_pull *j)
{
    bool is_object = is_in_object(j);

    assert(j->depth > 0);
    j->depth--;
    return take(j, 1, is_object ? JSON_OBJECT_END : JSON_ARRAY_END);
}

/* The first byte from p that is a quote, a backslash, a control character or beyond ASCII. */
static inline const uint8_t *
plain_run(const uint8_t *p, const uint8_t *end)
{
#ifdef __SSE2__
    while (end - p >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
        unsigned mask;

        /* Signed: bytes beyond ASCII are negative, so below the space as well. */
        found = _mm_or_si128(found, _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)));
        mask = (unsigned)_mm_movemask_epi8(found);
        if (mask != 0)
            return p + __builtin_ctz(mask);
        p += 16;
    }
#endif
    while (p < end && *p != '"' && *p != '\\' && *p >= 0x20 && *p < 0x80)
        p++;
    return p;
}

/* A string that needs a second look, from the first byte that does. Returns its closing quote, or
 * NULL with at on the bad byte. */
static const uint8_t *
scan_odd_string(struct json_pull *j, const uint8_t *p)
{
    while (p < j->end && *p != '"') {
        uint32_t character;
        size_t size = 0;

        if (*p == '\\') {
            size = json_read_escape(p, j->end, &character);
            j->has_escapes = true;
        } else if (*p >= 0x80) {
            size = span_utf8_sequence(p, (size_t)(j->end - p));
        }
        if (size == 0) {
            j->at = p;
            (void)fail(j, *p == '\\'  ? "not JSON: bad escape in a string"
                          : *p < 0x20 ? "not JSON: control character in a string"
                                      : "not JSON: string is not UTF-8");
            return NULL;
        }
        p += size;
        if (p < j->end && *p < 0x80)
            p = plain_run(p, j->end);
    }
    if (p < j->end)
        return p;
    j->at = p;
    (void)fail(j, "not JSON: string without end");
    return NULL;
}

/* The string whose opening quote is at at; at is then behind it. False: failed. */
static inline bool
take_string(struct json_pull *j)
{
    const uint8_t *start = j->at + 1;
    const uint8_t *p = plain_run(start, j->end);

    j->has_escapes = false;
    if (__builtin_expect(p == j->end || *p != '"', 0)) {
        p = scan_odd_string(j, p);
        if (p == NULL)
            return false;
    }
    j->text = (struct span){start, (size_t)(p - start)};
    j->at = p + 1;
    return true;
}

static inline const uint8_t *
digits_run(const uint8_t *p, const uint8_t *end)
{
    while (p < end && (unsigned)*p - '0' <= 9)
        p++;
    return p;
}

static enum json_token
take_number(struct json_pull *j)
{
    const uint8_t *const end = j->end;
    const uint8_t *p = j->at + (*j->at == '-');
    const uint8_t *part = p;

    p = digits_run(p, end);
    if (p == part || (*part == '0' && p - part > 1))
        return fail(j, "not JSON: bad number");
    if (p < end && *p == '.') {
        part = ++p;
        p = digits_run(p, end);
        if (p == part)
            return fail(j, "not JSON: bad number");
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        part = p;
        p = digits_run(p, end);
        if (p == part)
            return fail(j, "not JSON: bad number");
    }
    return take(j, (size_t)(p - j->at), JSON_NUMBER);
}

static enum json_token
take_word(struct json_pull *j, const char *word, enum json_token token)
{
    size_t size = strlen(word);

    if ((size_t)(j->end - j->at) < size || memcmp(j->at, word, size) != 0)
        return fail(j, "not JSON: unknown word");
    return take(j, size, token);
}

static inline enum json_token
take_value(struct json_pull *j, int byte)
{
    switch (byte) {
    case '"':
        if (!take_string(j))
            return JSON_ERROR;
        j->state = j->depth > 0 ? JSON_WANT_NEXT : JSON_WANT_END;
        return JSON_STRING;
    case '-':
    case '0' ... '9':
        return take_number(j);
    case '{':
        return open_container(j, true);
    case '[':
        return open_container(j, false);
    case 't':
        return take_word(j, "true", JSON_TRUE);
    case 'f':
        return take_word(j, "false", JSON_FALSE);
    case 'n':
        return take_word(j, "null", JSON_NULL);
    case -1:
        return fail(j, "not JSON: text ends early");
    default:
        return fail(j, "not JSON: value expected");
    }
}

static inline enum json_token
take_key(struct json_pull *j, int byte)
{
    if (byte != '"')
        return fail(j, "not JSON: key expected");
    if (!take_string(j))
        return JSON_ERROR;
    if (peek(j) != ':')
        return fail(j, "not JSON: colon expected");
    j->at++;
    j->state = JSON_WANT_VALUE;
    return JSON_KEY;
}

enum json_token
json_next(struct json_pull *j)
{
    int byte;

    if (j->state == JSON_FAILED)
        return JSON_ERROR;
    byte = peek(j);
    if (j->state == JSON_WANT_VALUE)
        return take_value(j, byte);
    if (j->state == JSON_WANT_END)
        return byte == -1 ? JSON_END : fail(j, "not JSON: more behind the end");
    if (byte == (is_in_object(j) ? '}' : ']'))
        return close_container(j);
    if (j->state == JSON_WANT_NEXT) {
        if (byte != ',')
            return fail(j, byte == -1 ? "not JSON: text ends early" : "not JSON: comma expected");
        j->at++;
        byte = peek(j);
    }
    return is_in_object(j) ? take_key(j, byte) : take_value(j, byte);
}

enum json_token
json_skip_value(struct json_pull *j)
{
    unsigned depth = j->depth;
    enum json_token first = json_next(j);
    const uint8_t *start = j->text.at;

    if (first != JSON_OBJECT_BEGIN && first != JSON_ARRAY_BEGIN)
        return first;
    while (j->depth > depth)
        if (json_next(j) == JSON_ERROR)
            return JSON_ERROR;
    j->text = (struct span){start, (size_t)(j->at - start)};
    return first;
}

/* The first brace or backslash from p; *quotes grows by the quotes before it. */
static const uint8_t *
brace_run(const uint8_t *p, const uint8_t *end, unsigned *quotes)
{
#ifdef __SSE2__
    while (end - p >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i stop = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('{')),
                                                 _mm_cmpeq_epi8(bytes, _mm_set1_epi8('}'))),
                                    _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
        unsigned stops = (unsigned)_mm_movemask_epi8(stop);
        unsigned marks = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));

        if (stops != 0) {
            *quotes += (unsigned)__builtin_popcount(marks & ((stops & -stops) - 1));
            return p + __builtin_ctz(stops);
        }
        *quotes += (unsigned)__builtin_popcount(marks);
        p += 16;
    }
#endif
    for (; p < end && *p != '{' && *p != '}' && *p != '\\'; p++)
        *quotes += *p == '"';
    return p;
}

bool
json_skim_object(struct json_pull *j)
{
    unsigned quotes = 0;
    const uint8_t *p;

    if (j->state != JSON_WANT_VALUE || peek(j) != '{')
        return false;
    /* Without a backslash or a further opening brace on the way, the first closing brace behind an
     * even number of quotes lies outside every string: it is the end of the object. */
    p = brace_run(j->at + 1, j->end, &quotes);
    if (p == j->end || *p != '}' || quotes % 2 != 0)
        return false;
    (void)take(j, (size_t)(p + 1 - j->at), JSON_OBJECT_BEGIN);
    return true;
}
