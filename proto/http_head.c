/* Walks over a request head once, line by line, by the grammar of RFC 9112 and nothing laxer. The
 * parser behind it may then be as tolerant as it likes: it sees no byte that two readers could
 * take differently. */
#include "proto/http_head.h"

enum byte_class {
    TOKEN = 1,  /* RFC 9110, 5.6.2: names of methods and fields */
    TARGET = 2, /* visible ASCII: the request target */
    VALUE = 4,  /* RFC 9110, 5.5: visible, obs-text, and space or tab inside */
    HOST = 8,   /* RFC 3986, 3.2.2 and 3.2.3: host and port, no user information */
    DIGIT = 16
};

static bool
in_set(uint8_t byte, const char *set)
{
    return byte != 0 && strchr(set, byte) != NULL;
}

static bool
is_alphanumeric(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

static bool
is_in(uint8_t byte, enum byte_class wanted)
{
    switch (wanted) {
    case TOKEN:
        return is_alphanumeric(byte) || in_set(byte, "!#$%&'*+-.^_`|~");
    case TARGET:
        return byte > 0x20 && byte < 0x7F;
    case VALUE:
        return (byte >= 0x20 && byte != 0x7F) || byte == '\t';
    case HOST:
        return is_alphanumeric(byte) || in_set(byte, "-._~%!$&'()*+,;=:[]");
    case DIGIT:
        return byte >= '0' && byte <= '9';
    }
    return false;
}

/* How many of the bytes from the start are of that class. */
static size_t
run_of(struct span s, enum byte_class wanted)
{
    size_t n = 0;

    while (n < s.size && is_in(s.at[n], wanted))
        n++;
    return n;
}

static bool
is_all(struct span s, enum byte_class wanted)
{
    return s.size > 0 && run_of(s, wanted) == s.size;
}

static struct span
without_first(struct span s, size_t n)
{
    return span_of(s.at + n, s.size - n);
}

static bool
equals_lowercase(struct span s, const char *lowercase)
{
    size_t i = 0;

    for (; i < s.size && lowercase[i] != 0; i++) {
        uint8_t byte = s.at[i];

        if (byte >= 'A' && byte <= 'Z')
            byte |= 0x20;
        if (byte != (uint8_t)lowercase[i])
            return false;
    }
    return i == s.size && lowercase[i] == 0;
}

static bool
is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static struct span
trim(struct span s)
{
    while (s.size > 0 && is_blank(s.at[0]))
        s = without_first(s, 1);
    while (s.size > 0 && is_blank(s.at[s.size - 1]))
        s.size--;
    return s;
}

/* The next line without its CR LF; *rest moves behind it. False when no line ends in CR LF. */
static bool
next_line(struct span *rest, struct span *line)
{
    const uint8_t *lf = memchr(rest->at, '\n', rest->size);

    if (lf == NULL || lf == rest->at || lf[-1] != '\r')
        return false;
    *line = span_of(rest->at, (size_t)(lf - rest->at) - 1);
    *rest = without_first(*rest, line->size + 2);
    return true;
}

size_t
http_head_start(struct span bytes)
{
    size_t n = 0;

    while (bytes.size - n >= 2 && bytes.at[n] == '\r' && bytes.at[n + 1] == '\n')
        n += 2;
    return n;
}

/* Whether the first CR in [from, to) of the bytes is where it must be: at to - 1, or nowhere when
 * the line goes on. */
static bool
cr_is_at_end(struct span bytes, size_t from, size_t to)
{
    const uint8_t *cr = from == to ? NULL : memchr(bytes.at + from, '\r', to - from);

    return cr == NULL || cr == bytes.at + to - 1;
}

ptrdiff_t
http_head_end(struct span bytes, size_t from)
{
    while (from < bytes.size) {
        const uint8_t *lf = memchr(bytes.at + from, '\n', bytes.size - from);
        size_t to = lf == NULL ? bytes.size : (size_t)(lf - bytes.at);

        /* The last byte of the earlier call may be a CR that waits for its LF. */
        if (!cr_is_at_end(bytes, from == 0 ? 0 : from - 1, to))
            return HTTP_HEAD_BAD;
        if (lf == NULL)
            return HTTP_HEAD_MORE;
        if (to == 0 || bytes.at[to - 1] != '\r')
            return HTTP_HEAD_BAD;
        if (to >= 3 && bytes.at[to - 2] == '\n')
            return (ptrdiff_t)(to + 1);
        from = to + 1;
    }
    return HTTP_HEAD_MORE;
}

/* What the fields say together. */
struct facts {
    bool is_1_0;
    unsigned host_count;
    unsigned length_count;
    unsigned coding_count;
    bool coding_is_chunked;
};

static bool
is_version(struct span s)
{
    return s.size == 8 && memcmp(s.at, "HTTP/", 5) == 0 && is_in(s.at[5], DIGIT)
           && s.at[6] == '.' && is_in(s.at[7], DIGIT);
}

/* RFC 9112, 3: method, target and version, each after exactly one space. */
static enum status
check_request_line(struct span line, struct facts *facts)
{
    size_t method_size = run_of(line, TOKEN);
    struct span rest = without_first(line, method_size);
    size_t target_size;

    if (method_size == 0 || rest.size == 0 || rest.at[0] != ' ')
        return ST_FRAMING;
    rest = without_first(rest, 1);
    target_size = run_of(rest, TARGET);
    rest = without_first(rest, target_size);
    if (target_size == 0 || rest.size == 0 || rest.at[0] != ' ')
        return ST_FRAMING;
    rest = without_first(rest, 1);
    if (!is_version(rest))
        return ST_FRAMING;
    facts->is_1_0 = span_is(rest, "HTTP/1.0");
    return facts->is_1_0 || span_is(rest, "HTTP/1.1") ? ST_OK : ST_HTTP_VERSION;
}

/* A field line in its two parts. A folded line fails here: a blank is no name (RFC 9112, 5.2). */
static bool
split_field(struct span line, struct span *name, struct span *value)
{
    size_t size = run_of(line, TOKEN);

    if (size == 0 || size == line.size || line.at[size] != ':')
        return false;
    *name = span_of(line.at, size);
    *value = trim(without_first(line, size + 1));
    return true;
}

/* 18 digits fit into every 64-bit reader behind us. */
static bool
is_length(struct span value)
{
    return is_all(value, DIGIT) && value.size <= 18;
}

static enum status
check_field(struct span name, struct span value, struct facts *facts)
{
    if (run_of(value, VALUE) != value.size)
        return ST_FRAMING;
    if (equals_lowercase(name, "host")) {
        facts->host_count++;
        return run_of(value, HOST) == value.size ? ST_OK : ST_FRAMING;
    }
    if (equals_lowercase(name, "content-length")) {
        facts->length_count++;
        return is_length(value) ? ST_OK : ST_FRAMING;
    }
    if (equals_lowercase(name, "transfer-encoding")) {
        facts->coding_count++;
        facts->coding_is_chunked = equals_lowercase(value, "chunked");
        return value.size > 0 ? ST_OK : ST_FRAMING;
    }
    return ST_OK;
}

/* RFC 9112, 3.2 and 6.3. */
static enum status
check_facts(const struct facts *facts)
{
    if (facts->host_count > 1 || (facts->host_count == 0 && !facts->is_1_0))
        return ST_FRAMING;
    if (facts->length_count > 1)
        return ST_FRAMING;
    if (facts->coding_count == 0)
        return ST_OK;
    if (facts->length_count > 0 || facts->is_1_0)
        return ST_FRAMING;
    return facts->coding_count == 1 && facts->coding_is_chunked ? ST_OK : ST_HTTP_CODING;
}

static enum status
check_fields(struct span rest, struct facts *facts)
{
    struct span line, name, value;
    enum status st;

    for (unsigned n = 0; next_line(&rest, &line); n++) {
        if (line.size == 0)
            return rest.size == 0 ? ST_OK : ST_FRAMING;
        if (n == HTTP_FIELDS_MAX)
            return ST_HEAD_TOO_LARGE;
        if (!split_field(line, &name, &value))
            return ST_FRAMING;
        if ((st = check_field(name, value, facts)) != ST_OK)
            return st;
    }
    return ST_FRAMING;
}

enum status
http_head_check(struct span head)
{
    struct facts facts = {.host_count = 0};
    struct span line;
    enum status st;

    if (!next_line(&head, &line))
        return ST_FRAMING;
    if ((st = check_request_line(line, &facts)) != ST_OK)
        return st;
    if ((st = check_fields(head, &facts)) != ST_OK)
        return st;
    return check_facts(&facts);
}

bool
http_head_field(struct span head, const char *lowercase_name, struct span *value)
{
    struct span line, name;

    if (!next_line(&head, &line))
        return false;
    while (next_line(&head, &line) && split_field(line, &name, value))
        if (equals_lowercase(name, lowercase_name))
            return true;
    return false;
}
