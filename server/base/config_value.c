/* A unit is a name and how many of the smallest it is; both directions use the same tables. */
#include "server/base/config_value.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t worth;
};

/* Smallest first; the end has no name. */
static const struct unit counts[] = {{"", 1}, {NULL, 0}};
static const struct unit sizes[] = {
    {"B", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024}, {NULL, 0}};
static const struct unit durations[] = {
    {"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0}};

static enum status
parse(const char *text, const struct unit *units, uint64_t *out)
{
    unsigned __int128 value = 0;
    size_t digits = strspn(text, "0123456789");

    /* 19 digits stay far below 128 bits, with any unit. */
    if (digits == 0 || digits > 19)
        return ST_MALFORMED;
    for (size_t i = 0; i < digits; i++)
        value = value * 10 + (unsigned)(text[i] - '0');
    for (const struct unit *u = units; u->name != NULL; u++) {
        if (strcmp(text + digits, u->name) != 0)
            continue;
        if (value * u->worth > INT64_MAX)
            return ST_MALFORMED;
        *out = (uint64_t)(value * u->worth);
        return ST_OK;
    }
    return ST_MALFORMED;
}

enum status
config_parse_count(const char *text, uint64_t *out)
{
    return parse(text, counts, out);
}

enum status
config_parse_size(const char *text, uint64_t *bytes)
{
    return parse(text, sizes, bytes);
}

enum status
config_parse_duration(const char *text, uint64_t *ms)
{
    return parse(text, durations, ms);
}

static const char *
print(uint64_t value, const struct unit *units, char *out)
{
    const struct unit *best = units;

    for (const struct unit *u = units; u->name != NULL; u++)
        if (value != 0 && value % u->worth == 0)
            best = u;
    snprintf(out, CONFIG_VALUE_TEXT_SIZE, "%" PRIu64 "%s", value / best->worth, best->name);
    return out;
}

const char *
config_size_text(uint64_t bytes, char out[CONFIG_VALUE_TEXT_SIZE])
{
    return print(bytes, sizes, out);
}

const char *
config_duration_text(uint64_t ms, char out[CONFIG_VALUE_TEXT_SIZE])
{
    return print(ms, durations, out);
}
