/* Escapes are two characters from one table, or \u and four hex digits, of which some come in
 * pairs. The tokenizer and json_unescape share the one reader of them. */
#include "proto/json_escape.h"

/* Four hex digits as a number, or -1. */
static int
hex4(const uint8_t *p, const uint8_t *end)
{
    int n = 0;

    if (end - p < 4)
        return -1;
    for (unsigned i = 0; i < 4; i++) {
        unsigned digit = (unsigned)p[i] - '0';
        unsigned letter = ((unsigned)p[i] | 0x20) - 'a';

        if (digit > 9 && letter > 5)
            return -1;
        n = n * 16 + (int)(digit <= 9 ? digit : letter + 10);
    }
    return n;
}

size_t
json_read_escape(const uint8_t *p, const uint8_t *end, uint32_t *character)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    const char *found;
    int high;
    int low;

    if (end - p < 2)
        return 0;
    if (p[1] != 'u') {
        found = p[1] == '\0' ? NULL : strchr(letters, p[1]);
        *character = found == NULL ? 0 : (uint8_t)meanings[found - letters];
        return found == NULL ? 0 : 2;
    }
    high = hex4(p + 2, end);
    *character = (uint32_t)high;
    if (high < 0xd800 || high > 0xdfff)
        return high < 0 ? 0 : 6;
    if (high > 0xdbff || end - p < 12 || p[6] != '\\' || p[7] != 'u')
        return 0;
    low = hex4(p + 8, end);
    if (low < 0xdc00 || low > 0xdfff)
        return 0;
    *character = 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
    return 12;
}

/* UTF-8 of a character that is no surrogate; the size. */
static size_t
put_utf8(uint32_t character, uint8_t out[4])
{
    size_t size = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    static const uint8_t heads[5] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = size; i > 1; i--, character >>= 6)
        out[i - 1] = (uint8_t)(0x80 | (character & 0x3f));
    out[0] = (uint8_t)(heads[size] | character);
    return size;
}

enum status
json_unescape(struct span raw, uint8_t *out, size_t cap, size_t *size)
{
    const uint8_t *p = raw.at;
    const uint8_t *const end = p + raw.size;
    size_t n = 0;

    *size = 0;
    while (p < end) {
        uint8_t bytes[4] = {*p};
        uint32_t character;
        size_t count = 1;
        size_t taken = 1;

        if (*p == '\\') {
            taken = json_read_escape(p, end, &character);
            if (taken == 0)
                return ST_MALFORMED;
            count = put_utf8(character, bytes);
        }
        if (cap - n < count)
            return ST_FULL;
        memcpy(out + n, bytes, count);
        n += count;
        p += taken;
    }
    *size = n;
    return ST_OK;
}
