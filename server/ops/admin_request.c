/* The request line of an admin request; RFC 9112, section 3. */
#include "server/ops/admin_request.h"

/* The position of the first such byte, or s.size. */
static size_t
find_byte(struct span s, uint8_t byte)
{
    const uint8_t *at = s.size == 0 ? NULL : memchr(s.at, byte, s.size);

    return at == NULL ? s.size : (size_t)(at - s.at);
}

static struct span
take_word(struct span *line)
{
    struct span word = span_of(line->at, find_byte(*line, ' '));
    size_t taken = word.size < line->size ? word.size + 1 : word.size;

    *line = span_of(line->at + taken, line->size - taken);
    return word;
}

enum status
admin_parse_request(struct span bytes, struct span *path)
{
    struct span line, method, target;

    if (memmem(bytes.at, bytes.size, "\r\n\r\n", 4) == NULL)
        return ST_AGAIN;
    line = span_of(bytes.at, find_byte(bytes, '\r'));
    method = take_word(&line);
    target = take_word(&line);
    if (method.size == 0 || target.size == 0 || target.at[0] != '/' ||
        !(span_is(line, "HTTP/1.1") || span_is(line, "HTTP/1.0")))
        return ST_FRAMING;
    if (!span_is(method, "GET"))
        return ST_BAD_TOPIC;
    *path = span_of(target.at, find_byte(target, '?'));
    return ST_OK;
}
