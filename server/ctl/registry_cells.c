/* One small reader for each kind of cell, chosen by a table that also holds the words that tell the
 * operator what would be right. */
#include "server/ctl/registry_cells.h"

#include <assert.h>

#include "proto/decimal.h"
#include "proto/timestamp.h"

static bool
read_count(struct span s, int64_t max, int64_t *out)
{
    int64_t n = 0;

    if (s.size == 0 || s.size > 18)
        return false;
    for (size_t i = 0; i < s.size; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
        n = n * 10 + (s.at[i] - '0');
    }
    *out = n;
    return n <= max;
}

enum status
registry_duration_read(struct span text, int64_t max_ms, int64_t *ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}};
    size_t digits = 0;

    while (digits < text.size && text.at[digits] >= '0' && text.at[digits] <= '9')
        digits++;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        int64_t n;

        if (!span_is(span_of(text.at + digits, text.size - digits), units[i].name))
            continue;
        if (!read_count(span_of(text.at, digits), max_ms / units[i].ms, &n) || n == 0)
            return ST_BAD_VALUE;
        *ms = n * units[i].ms;
        return ST_OK;
    }
    return ST_BAD_VALUE;
}

static bool
read_text(struct span s, struct registry_value *out, size_t size_max)
{
    out->is_text = true;
    out->text = s;
    return s.size <= size_max && span_is_plain_utf8(s);
}

static bool
read_code(struct span s, struct registry_value *out)
{
    return read_text(s, out, 64) && (s.size == 0 || s.at[0] != '-');
}

/* "2026-03-01" */
static bool
read_date(struct span s, int64_t utc_offset_ms, int64_t *ms)
{
    int64_t year, month, day;

    if (s.size != 10 || s.at[4] != '-' || s.at[7] != '-' ||
        !read_count(span_of(s.at, 4), 9999, &year) ||
        !read_count(span_of(s.at + 5, 2), 12, &month) ||
        !read_count(span_of(s.at + 8, 2), 31, &day) || year == 0 || month == 0 || day == 0 ||
        day > days_in_month((int32_t)year, (unsigned)month))
        return false;
    *ms = timestamp_from_civil((int32_t)year, (unsigned)month, (unsigned)day) - utc_offset_ms;
    return true;
}

static bool
read_time(struct span s, int64_t utc_offset_ms, int64_t *ms)
{
    return read_date(s, utc_offset_ms, ms) || timestamp_parse_rfc3339(s, ms) == ST_OK;
}

static bool
is_midnight(int64_t ms, int64_t utc_offset_ms)
{
    return (ms + utc_offset_ms) % TIMESTAMP_MS_PER_DAY == 0;
}

static bool
read_period(struct span s, struct registry_value *out)
{
    out->number = 0;
    out->months = span_is(s, "1mon") ? 1 : span_is(s, "1y") ? 12 : 0;
    return out->months > 0 ||
           registry_duration_read(s, REGISTRY_DURATION_MS_MAX, &out->number) == ST_OK;
}

static bool
read_exact(struct span s, int64_t *micro)
{
    bool rounded;

    return decimal_parse(s, micro, &rounded) == ST_OK && !rounded;
}

static bool
read_choice(struct span s, const char *zero, const char *one, int64_t *number)
{
    *number = span_is(s, one);
    return *number == 1 || span_is(s, zero);
}

static bool
read_sign(struct span s, int64_t *number)
{
    *number = span_is(s, "-1") ? -1 : 1;
    return *number == -1 || span_is(s, "1");
}

static bool
read_max_rate(struct span s, int64_t *number)
{
    *number = -1;
    return span_is(s, "none") || (read_exact(s, number) && *number > 0);
}

static bool
read_coefficient(struct span s, struct registry_value *out)
{
    int64_t micro;
    bool rounded;

    out->is_text = true;
    out->text = s;
    return decimal_parse(s, &micro, &rounded) == ST_OK && micro >= 0;
}

static bool
read_sentinels(struct span s, struct registry_value *out)
{
    size_t from = 0;

    for (size_t i = 0; i <= s.size; i++) {
        if (i < s.size && s.at[i] != ';')
            continue;
        if (out->sentinel_count == REGISTRY_SENTINELS_MAX ||
            !read_exact(span_of(s.at + from, i - from), &out->sentinels[out->sentinel_count]))
            return false;
        out->sentinel_count++;
        from = i + 1;
    }
    return true;
}

static bool
read_hash(struct span s, struct registry_value *out)
{
    out->is_text = true;
    out->text = s;
    for (size_t i = 0; i < s.size; i++)
        if (!((s.at[i] >= '0' && s.at[i] <= '9') || (s.at[i] >= 'a' && s.at[i] <= 'f')))
            return false;
    return s.size == 64;
}

static bool
read_kind(struct span s, struct registry_value *out)
{
    out->is_text = true;
    out->text = s;
    return span_is(s, "register") || span_is(s, "interval") || span_is(s, "rate");
}

/* What an empty cell means. */
static void
set_blank(enum registry_cell cell, struct registry_value *out)
{
    out->blank = true;
    if (cell == CELL_SINCE || cell == CELL_SINCE_DAY)
        out->number = INT64_MIN;
    else if (cell == CELL_UNTIL || cell == CELL_UNTIL_DAY)
        out->number = INT64_MAX;
    else if (cell == CELL_YES || cell == CELL_FACTOR || cell == CELL_SIGN)
        out->number = 1;
    else if (cell == CELL_MAX_RATE)
        out->number = -1;
}

static bool
read_filled(enum registry_cell cell, struct span s, int64_t offset_ms, struct registry_value *out)
{
    switch (cell) {
    case CELL_CODE:
        return read_code(s, out);
    case CELL_POINT:
        return read_text(s, out, 128);
    case CELL_TEXT:
        return read_text(s, out, 256);
    case CELL_SINCE:
    case CELL_UNTIL:
    case CELL_MOMENT:
        return read_time(s, offset_ms, &out->number);
    case CELL_SINCE_DAY:
    case CELL_UNTIL_DAY:
        return read_time(s, offset_ms, &out->number) && is_midnight(out->number, offset_ms);
    case CELL_KIND:
        return read_kind(s, out);
    case CELL_PERIOD:
        return read_period(s, out);
    case CELL_STAMP:
        return read_choice(s, "start", "end", &out->number);
    case CELL_DURATION:
        return registry_duration_read(s, REGISTRY_DURATION_MS_MAX, &out->number) == ST_OK;
    case CELL_POSITIVE:
        return read_exact(s, &out->number) && out->number > 0;
    case CELL_MAX_RATE:
        return read_max_rate(s, &out->number);
    case CELL_DECIMAL:
        return read_exact(s, &out->number);
    case CELL_COEFFICIENT:
        return read_coefficient(s, out);
    case CELL_YES:
    case CELL_NO:
        return read_choice(s, "no", "yes", &out->number);
    case CELL_FACTOR:
        return read_count(s, INT32_MAX, &out->number) && out->number > 0;
    case CELL_SIGN:
        return read_sign(s, &out->number);
    case CELL_SENTINELS:
        return read_sentinels(s, out);
    case CELL_HASH:
        return read_hash(s, out);
    }
    return false;
}

static const char *const rights[] = {
    [CELL_CODE] = "1 to 64 bytes of UTF-8 without control characters that do not begin with -",
    [CELL_POINT] = "1 to 128 bytes of UTF-8 without control characters",
    [CELL_TEXT] = "at most 256 bytes of UTF-8 without control characters",
    [CELL_SINCE] = "a date like 2026-03-01, or a time like 2026-03-01T00:15:00+08:00",
    [CELL_UNTIL] = "a date like 2026-03-01, or a time like 2026-03-01T00:15:00+08:00",
    [CELL_MOMENT] = "a date like 2026-03-01, or a time like 2026-03-01T00:15:00+08:00",
    [CELL_SINCE_DAY] = "a civil day like 2026-03-01",
    [CELL_UNTIL_DAY] = "a civil day like 2026-03-01",
    [CELL_KIND] = "register, interval or rate",
    [CELL_PERIOD] = "15min, 1h, 1d, 1mon, 1y or milliseconds",
    [CELL_STAMP] = "start or end",
    [CELL_DURATION] = "15min, 1h, 1d or milliseconds, more than 0, at most 400d",
    [CELL_POSITIVE] = "a decimal number greater than 0, at most 6 decimals",
    [CELL_MAX_RATE] = "a decimal number greater than 0, at most 6 decimals, or none",
    [CELL_DECIMAL] = "a decimal number, at most 6 decimals",
    [CELL_COEFFICIENT] = "a decimal number, not negative",
    [CELL_YES] = "yes or no",
    [CELL_NO] = "yes or no",
    [CELL_FACTOR] = "an integer from 1 to 2147483647",
    [CELL_SIGN] = "1 or -1",
    [CELL_SENTINELS] = "at most 32 decimal numbers separated by ;",
    [CELL_HASH] = "64 lower-case hex digits",
};

enum status
registry_cell_read(enum registry_cell cell, struct span text, int64_t utc_offset_ms,
                   struct registry_value *out, const char **right)
{
    assert(cell < sizeof rights / sizeof rights[0]);
    *right = rights[cell];
    out->blank = false;
    out->is_text = false;
    out->text = span_of(NULL, 0);
    out->number = 0;
    out->months = 0;
    out->sentinel_count = 0;
    if (text.size == 0) {
        set_blank(cell, out);
        return ST_OK;
    }
    return read_filled(cell, text, utc_offset_ms, out) ? ST_OK : ST_BAD_VALUE;
}
