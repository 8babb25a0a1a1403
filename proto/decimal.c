/* Two ways to the same number. Nearly every reading is short and plain: its digits fit 64 bits and
 * one multiplication scales them. Everything else (exponents, many digits) goes the long way: keep
 * the digits as text, find where the micro-units end among them, round on what lies beyond. */
#include "proto/decimal.h"

#include <assert.h>

#define SCALE_DIGITS   6
#define SHORT_TEXT_MAX 19   /* 19 digits always fit 64 bits. */
#define EXPONENT_MAX   1000 /* Beyond any that 64 characters could bring back into range. */

/* What a number of n decimals is multiplied by, and where it then is at the limit. */
static const uint64_t scale_of[SCALE_DIGITS + 1] = {1000000, 100000, 10000, 1000, 100, 10, 1};
static const uint64_t limit_of[SCALE_DIGITS + 1] = {
    UINT64_C(4600000000000),      UINT64_C(46000000000000),    UINT64_C(460000000000000),
    UINT64_C(4600000000000000),   UINT64_C(46000000000000000), UINT64_C(460000000000000000),
    UINT64_C(4600000000000000000)};

static inline unsigned
digit_at(const uint8_t *p)
{
    return (unsigned)*p - '0'; /* Above 9: no digit. */
}

/* False: take the long way, which also finds out what is wrong. */
static bool
parse_short(struct span text, int64_t *micro)
{
    const uint8_t *p = text.at;
    const uint8_t *const end = p + text.size;
    const uint8_t *part;
    uint64_t n = 0;
    size_t decimals = 0;
    bool negative;

    if (text.size == 0 || text.size > SHORT_TEXT_MAX)
        return false;
    negative = *p == '-';
    p += negative;
    for (part = p; p < end && digit_at(p) <= 9; p++)
        n = n * 10 + digit_at(p);
    if (p == part)
        return false;
    if (p < end) {
        if (*p++ != '.')
            return false;
        for (part = p; p < end && digit_at(p) <= 9; p++)
            n = n * 10 + digit_at(p);
        decimals = (size_t)(p - part);
        if (p != end || decimals == 0 || decimals > SCALE_DIGITS)
            return false;
    }
    if (n >= limit_of[decimals])
        return false;
    n *= scale_of[decimals];
    *micro = negative ? -(int64_t)n : (int64_t)n;
    return true;
}

/* digits without leading zeros, times ten to the power: the value in micro-units. */
struct long_number {
    uint8_t digits[DECIMAL_TEXT_MAX];
    int count;
    int power;
    bool negative;
};

/* Takes digits up to the first other byte; false when there is none. */
static bool
take_digits(struct cursor *c, struct long_number *n)
{
    const uint8_t *start = c->at;

    for (; c->at < c->end && digit_at(c->at) <= 9; c->at++)
        if (n->count > 0 || *c->at != '0')
            n->digits[n->count++] = (uint8_t)digit_at(c->at);
    return c->at > start;
}

static bool
take_byte(struct cursor *c, uint8_t byte)
{
    if (c->at == c->end || *c->at != byte)
        return false;
    c->at++;
    return true;
}

static bool
take_exponent(struct cursor *c, int *power)
{
    bool negative = take_byte(c, '-');
    const uint8_t *start;
    int exponent = 0;

    if (!negative)
        (void)take_byte(c, '+');
    for (start = c->at; c->at < c->end && digit_at(c->at) <= 9; c->at++)
        if (exponent < EXPONENT_MAX)
            exponent = exponent * 10 + (int)digit_at(c->at);
    *power += negative ? -exponent : exponent;
    return c->at > start;
}

static bool
read_long(struct span text, struct long_number *n)
{
    struct cursor c = cursor_over(text);

    n->count = 0;
    n->power = SCALE_DIGITS;
    n->negative = take_byte(&c, '-');
    if (!take_digits(&c, n))
        return false;
    if (take_byte(&c, '.')) {
        const uint8_t *start = c.at;

        if (!take_digits(&c, n))
            return false;
        n->power -= (int)(c.at - start);
    }
    if (take_byte(&c, 'e') || take_byte(&c, 'E'))
        if (!take_exponent(&c, &n->power))
            return false;
    return c.at == c.end;
}

/* Whether what lies after the first kept digits pushes the kept number up: more than half does,
 * exactly half does when the kept number is odd. */
static bool
rounds_up(const struct long_number *n, int kept, bool kept_is_odd)
{
    if (kept < 0 || n->digits[kept] < 5)
        return false;
    if (n->digits[kept] > 5)
        return true;
    for (int i = kept + 1; i < n->count; i++)
        if (n->digits[i] != 0)
            return true;
    return kept_is_odd;
}

static bool
has_digits_after(const struct long_number *n, int kept)
{
    for (int i = kept < 0 ? 0 : kept; i < n->count; i++)
        if (n->digits[i] != 0)
            return true;
    return false;
}

static enum status
parse_long(struct span text, int64_t *micro, bool *rounded)
{
    struct long_number n;
    uint64_t sum = 0;
    int kept;

    if (text.size > DECIMAL_TEXT_MAX || !read_long(text, &n))
        return ST_BAD_VALUE;
    if (n.count == 0)
        return ST_OK;
    kept = n.count + n.power; /* The digits of the number of whole micro-units. */
    if (kept > 19)
        return ST_BAD_VALUE;
    for (int i = 0; i < kept; i++)
        sum = sum * 10 + (i < n.count ? n.digits[i] : 0);
    if (kept < n.count) {
        sum += rounds_up(&n, kept, sum & 1);
        *rounded = has_digits_after(&n, kept);
    }
    if (sum >= (uint64_t)DECIMAL_MICRO_LIMIT) {
        *rounded = false;
        return ST_BAD_VALUE;
    }
    *micro = n.negative ? -(int64_t)sum : (int64_t)sum;
    return ST_OK;
}

enum status
decimal_parse(struct span text, int64_t *micro, bool *rounded)
{
    *rounded = false;
    if (parse_short(text, micro))
        return ST_OK;
    *micro = 0;
    return parse_long(text, micro, rounded);
}

size_t
decimal_format(int64_t micro, char out[32])
{
    uint64_t n = micro < 0 ? 0 - (uint64_t)micro : (uint64_t)micro;
    char text[32];
    size_t at = sizeof text;
    size_t size;
    bool shown = false; /* Zeros at the end of the decimals are not. */

    for (int i = 0; i < SCALE_DIGITS; i++, n /= 10) {
        shown = shown || n % 10 != 0;
        if (shown)
            text[--at] = (char)('0' + n % 10);
    }
    if (shown)
        text[--at] = '.';
    do
        text[--at] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    if (micro < 0)
        text[--at] = '-';
    size = sizeof text - at;
    assert(size < 32);
    memcpy(out, text + at, size);
    out[size] = '\0';
    return size;
}
