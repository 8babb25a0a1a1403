/* The cursor and the UTF-8 check behind span.h. The idea: every read asks cursor_bytes, so there is
 * one place that compares with the end; a failed cursor stands at its end and yields nothing. */
#include "proto/span.h"

struct span
cursor_bytes(struct cursor *c, size_t size)
{
    struct span got = {c->at, size};

    if (c->failed || size > cursor_left(c)) {
        c->failed = true;
        c->at = c->end;
        return (struct span){c->end, 0};
    }
    if (size > 0)
        c->at += size;
    return got;
}

struct span
cursor_rest(struct cursor *c)
{
    return cursor_bytes(c, cursor_left(c));
}

/* The next size <= 8 bytes as a number, first byte lowest; 0 on failure. */
static uint64_t
little_endian(struct cursor *c, size_t size)
{
    struct span s = cursor_bytes(c, size);
    uint64_t n = 0;

    for (size_t i = 0; i < s.size; i++)
        n |= (uint64_t)s.at[i] << (8 * i);
    return n;
}

static uint32_t
network_order(struct cursor *c, size_t size)
{
    struct span s = cursor_bytes(c, size);
    uint32_t n = 0;

    for (size_t i = 0; i < s.size; i++)
        n = n << 8 | s.at[i];
    return n;
}

uint8_t
cursor_u8(struct cursor *c)
{
    return (uint8_t)network_order(c, 1);
}

uint16_t
cursor_u16(struct cursor *c)
{
    return (uint16_t)network_order(c, 2);
}

uint32_t
cursor_u32(struct cursor *c)
{
    return network_order(c, 4);
}

struct span
cursor_text16(struct cursor *c)
{
    uint16_t size = cursor_u16(c);

    return cursor_bytes(c, size);
}

uint32_t
cursor_mqtt_varint(struct cursor *c)
{
    uint32_t n = 0;

    for (unsigned i = 0; i < 4; i++) {
        uint8_t byte = cursor_u8(c);

        n |= (uint32_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80 && (byte != 0 || i == 0))
            return n;
        if (byte == 0)
            break; /* A last byte of zero: not the shortest form (MQTT 5, 1.5.5). */
    }
    c->failed = true;
    c->at = c->end;
    return 0;
}

uint64_t
cursor_varint(struct cursor *c)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < 10; i++) {
        uint8_t byte = cursor_u8(c);

        if (i == 9 && byte > 1)
            break; /* Beyond 64 bits. */
        n |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80)
            return c->failed ? 0 : n;
    }
    c->failed = true;
    c->at = c->end;
    return 0;
}

uint32_t
cursor_fixed32(struct cursor *c)
{
    return (uint32_t)little_endian(c, 4);
}

uint64_t
cursor_fixed64(struct cursor *c)
{
    return little_endian(c, 8);
}

/* The second byte's range keeps out overlong forms, surrogates and what lies beyond U+10FFFF
 * (RFC 3629, section 4). */
size_t
span_utf8_sequence(const uint8_t *p, size_t left)
{
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    size_t size = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;

    if (p[0] < 0xc2 || p[0] > 0xf4 || size > left)
        return 0;
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xed)
        high = 0x9f;
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

/* True when all eight bytes are 0x20..0x7e. */
static bool
is_plain_ascii8(const uint8_t *p)
{
    uint64_t w;
    const uint64_t ones = 0x0101010101010101u;
    const uint64_t tops = 0x8080808080808080u;

    memcpy(&w, p, sizeof w);
    /* Below 0x20 borrows from the top bit; 0x7f + 1 reaches it; the rest have it set. With all top
     * bits clear neither sum crosses into a neighbour that matters: a borrow only starts at a bad
     * byte. */
    return (((w - ones * 0x20) | (w + ones) | w) & tops) == 0;
}

bool
span_is_plain_utf8(struct span s)
{
    size_t i = 0;

    while (i < s.size) {
        size_t size;

        while (s.size - i >= 8 && is_plain_ascii8(s.at + i))
            i += 8;
        if (i == s.size)
            break;
        if (s.at[i] < 0x80) {
            if (s.at[i] < 0x20 || s.at[i] == 0x7f)
                return false;
            i++;
            continue;
        }
        size = span_utf8_sequence(s.at + i, s.size - i);
        if (size == 0 || (s.at[i] == 0xc2 && s.at[i + 1] < 0xa0))
            return false; /* c2 80..c2 9f are the control characters U+0080..U+009F. */
        i += size;
    }
    return true;
}
