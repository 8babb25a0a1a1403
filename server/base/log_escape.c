/* One look at each character decides whether it may be shown. A character is one well-formed UTF-8
 * sequence, or one byte that is not part of any. */
#include "server/base/log_escape.h"

#include <assert.h>
#include <stdio.h>

#define CUT_MARK "..."

/* How many bytes the character at the start of s has; *code is its number, or -1 when the byte
 * is not UTF-8 (RFC 3629). */
static size_t
next_character(struct span s, int32_t *code)
{
    static const int32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t lead = s.at[0];
    size_t size = lead < 0x80 ? 1 : lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3
                                                              : lead < 0xF8 ? 4 : 0;
    int32_t value = size <= 1 ? lead : lead & (0x7F >> size);

    *code = -1;
    if (size == 0 || size > s.size)
        return 1;
    for (size_t i = 1; i < size; i++) {
        if ((s.at[i] & 0xC0) != 0x80)
            return 1;
        value = value << 6 | (s.at[i] & 0x3F);
    }
    if (value < smallest[size] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 1;
    *code = value;
    return size;
}

/* Controls, line separators, and what reorders or hides text (bidirectional marks, zero width). */
static bool
is_deceiving(int32_t code)
{
    static const struct {
        int32_t from, to;
    } ranges[] = {
        {-1, 0x1F},       {0x7F, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},
        {0x180E, 0x180E}, {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F},
        {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
    };

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (code >= ranges[i].from && code <= ranges[i].to)
            return true;
    return false;
}

static size_t
put_hex(char *out, struct span bytes)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < bytes.size; i++) {
        *out++ = '\\';
        *out++ = 'x';
        *out++ = digits[bytes.at[i] >> 4];
        *out++ = digits[bytes.at[i] & 15];
    }
    return bytes.size * 4;
}

/* Writes the character made harmless to piece (at least 16 bytes); how many bytes. */
static size_t
show_character(char *piece, struct span character, int32_t code, bool in_quotes)
{
    if (is_deceiving(code))
        return put_hex(piece, character);
    if (in_quotes && (code == '"' || code == '\\')) {
        piece[0] = '\\';
        piece[1] = (char)code;
        return 2;
    }
    memcpy(piece, character.at, character.size);
    return character.size;
}

static bool
needs_quotes(struct span s)
{
    if (s.size == 0)
        return true;
    while (s.size > 0) {
        int32_t code;
        size_t size = next_character(s, &code);

        if (code <= ' ' || code == '"' || code == '\\' || code == '=' || is_deceiving(code))
            return true;
        s = span_of(s.at + size, s.size - size);
    }
    return false;
}

/* Copies characters while they fit into limit bytes; true: all of them did. */
static bool
show_all(char *out, size_t limit, size_t *used, struct span s, bool in_quotes)
{
    while (s.size > 0) {
        char piece[16];
        int32_t code;
        size_t size = next_character(s, &code);
        size_t shown = show_character(piece, span_of(s.at, size), code, in_quotes);

        if (shown > limit - *used)
            return false;
        memcpy(out + *used, piece, shown);
        *used += shown;
        s = span_of(s.at + size, s.size - size);
    }
    return true;
}

const char *
log_escape(char *out, size_t capacity, struct span s)
{
    bool quoted = needs_quotes(s);
    size_t used = 0;
    size_t reserve = sizeof(CUT_MARK) + 2; /* mark, NUL and two quotes */

    assert(capacity >= 8);
    if (quoted)
        out[used++] = '"';
    if (!show_all(out, capacity - reserve + used, &used, s, quoted)) {
        memcpy(out + used, CUT_MARK, sizeof(CUT_MARK) - 1);
        used += sizeof(CUT_MARK) - 1;
    }
    if (quoted)
        out[used++] = '"';
    assert(used < capacity);
    out[used] = '\0';
    return out;
}

const char *
log_text(struct span s)
{
    static _Thread_local char buffers[4][512];
    static _Thread_local unsigned turn;

    turn = (turn + 1) % 4;
    return log_escape(buffers[turn], sizeof(buffers[turn]), s);
}

const char *
log_text_of(const char *text)
{
    return log_text(span_text(text != NULL ? text : ""));
}

size_t
log_escape_line(char *out, size_t capacity, const char *line, size_t size)
{
    size_t used = 0;

    (void)show_all(out, capacity, &used, span_of(line, size), false);
    return used;
}
