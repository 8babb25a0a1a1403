/* Borrowed bytes, and a bounds-checked cursor over them that remembers failure: read field after
 * field as the format says, ask once at the end. Pure; a span lives as long as what it points to. */
#ifndef METERD_PROTO_SPAN_H
#define METERD_PROTO_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const uint8_t *at;
    size_t size;
};

static inline struct span
span_of(const void *at, size_t size)
{
    return (struct span){(const uint8_t *)at, size};
}

static inline struct span
span_text(const char *text)
{
    return span_of(text, strlen(text));
}

static inline bool
span_equal(struct span a, struct span b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

static inline bool
span_is(struct span a, const char *text)
{
    return span_equal(a, span_text(text));
}

/* Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms), no control characters
 * U+0000..U+001F, U+007F..U+009F. */
bool span_is_plain_utf8(struct span s);

/* The size (2..4) of the well-formed UTF-8 sequence at p, of which left bytes are there and the
 * first is >= 0x80; 0 when there is none. */
size_t span_utf8_sequence(const uint8_t *p, size_t left);

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

static inline struct cursor
cursor_over(struct span s)
{
    return (struct cursor){s.at, s.at + s.size, false};
}

static inline bool
cursor_ok(const struct cursor *c)
{
    return !c->failed;
}

static inline size_t
cursor_left(const struct cursor *c)
{
    return (size_t)(c->end - c->at);
}

/* The next size bytes, or an empty span and failure. */
struct span cursor_bytes(struct cursor *c, size_t size);
struct span cursor_rest(struct cursor *c);
uint8_t cursor_u8(struct cursor *c);
/* Network order, as MQTT writes them. */
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
/* A 16-bit length, then that many bytes. */
struct span cursor_text16(struct cursor *c);
/* MQTT's variable byte integer: at most 4 bytes, shortest form. */
uint32_t cursor_mqtt_varint(struct cursor *c);
/* Protobuf's varint, at most 10 bytes. */
uint64_t cursor_varint(struct cursor *c);
/* Little-endian, as protobuf's fixed types. */
uint32_t cursor_fixed32(struct cursor *c);
uint64_t cursor_fixed64(struct cursor *c);

#endif
