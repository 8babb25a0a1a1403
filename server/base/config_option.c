/* One row of options.def says what a key is; one function for each kind reads it. */
#include "server/base/config_option.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "server/base/bounds.h"
#include "server/base/config_value.h"
#include "server/base/log_escape.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

const struct option options[OPTION_COUNT] = {
#define OPTION(section, key, kind, field, initial, least, most)                                    \
    {#section, #key, KIND_##kind, offsetof(struct config, field), initial, least, most},
#include "server/base/options.def"
#undef OPTION
};

static void *
field_of(const struct option *o, struct config *c)
{
    return (uint8_t *)c + o->offset;
}

static const void *
field_of_const(const struct option *o, const struct config *c)
{
    return (const uint8_t *)c + o->offset;
}

static enum status
set_text(const struct option *o, const char *value, struct config *c, char fault[FAULT_SIZE])
{
    size_t size = strlen(value);

    if (size >= CONFIG_TEXT_SIZE) {
        snprintf(fault, FAULT_SIZE, "%s has %zu bytes, at most %d would be right", o->key, size,
                 CONFIG_TEXT_SIZE - 1);
        return ST_MALFORMED;
    }
    if (o->kind == KIND_PATH && value[0] == '\0') {
        snprintf(fault, FAULT_SIZE, "%s is empty, a path such as %s would be right", o->key,
                 o->initial);
        return ST_MALFORMED;
    }
    memcpy(field_of(o, c), value, size + 1);
    return ST_OK;
}

static enum status
set_address(const struct option *o, const char *value, struct config *c, char fault[FAULT_SIZE])
{
    if (address_parse(value, field_of(o, c)) == ST_OK)
        return ST_OK;
    snprintf(fault, FAULT_SIZE,
             "%s = %s is not an address, HOST:PORT such as %s or [::1]:8080 with a numeric host, "
             "or nothing for off, would be right",
             o->key, log_text_of(value), o->initial);
    return ST_MALFORMED;
}

static const char *
number_text(const struct option *o, uint64_t number, char out[CONFIG_VALUE_TEXT_SIZE])
{
    if (o->kind == KIND_SIZE)
        return config_size_text(number, out);
    if (o->kind == KIND_DURATION)
        return config_duration_text(number, out);
    snprintf(out, CONFIG_VALUE_TEXT_SIZE, "%" PRIu64, number);
    return out;
}

static enum status
parse_number(const struct option *o, const char *value, uint64_t *out)
{
    if (o->kind == KIND_SIZE)
        return config_parse_size(value, out);
    if (o->kind == KIND_DURATION)
        return config_parse_duration(value, out);
    return config_parse_count(value, out);
}

static enum status
set_number(const struct option *o, const char *value, struct config *c, char fault[FAULT_SIZE])
{
    const char *form = o->kind == KIND_SIZE       ? "a size in B KiB MiB GiB"
                       : o->kind == KIND_DURATION ? "a duration in ms s min h d"
                                                  : "a whole number";
    char least[CONFIG_VALUE_TEXT_SIZE], most[CONFIG_VALUE_TEXT_SIZE];
    uint64_t number;

    if (parse_number(o, value, &number) != ST_OK) {
        snprintf(fault, FAULT_SIZE, "%s = %s is not %s, one such as %s would be right", o->key,
                 log_text_of(value), form, o->initial);
        return ST_MALFORMED;
    }
    if (number < o->least || number > o->most) {
        snprintf(fault, FAULT_SIZE, "%s = %s is out of range, %s to %s would be right", o->key,
                 log_text_of(value), number_text(o, o->least, least),
                 number_text(o, o->most, most));
        return ST_MALFORMED;
    }
    memcpy(field_of(o, c), &number, sizeof(number));
    return ST_OK;
}

/* The one word this version has, words of later versions, and everything else. */
static enum status
check_word(const struct option *o, const char *value, const char *const *later,
           char fault[FAULT_SIZE])
{
    if (strcmp(value, o->initial) == 0)
        return ST_OK;
    for (; *later != NULL; later++) {
        if (strcmp(value, *later) != 0)
            continue;
        snprintf(fault, FAULT_SIZE, "%s = %s is not in this version; %s = %s would be right",
                 o->key, value, o->key, o->initial);
        return ST_MALFORMED;
    }
    snprintf(fault, FAULT_SIZE, "%s = %s is unknown, %s = %s would be right", o->key,
             log_text_of(value), o->key, o->initial);
    return ST_MALFORMED;
}

enum status
option_set(const struct option *o, const char *value, struct config *c, char fault[FAULT_SIZE])
{
    static const char *const later_roles[] = {"ingest", "rollup", NULL};
    static const char *const later_logs[] = {"kafka", NULL};

    switch (o->kind) {
    case KIND_TEXT:
    case KIND_PATH:
        return set_text(o, value, c, fault);
    case KIND_ADDRESS:
        return set_address(o, value, c, fault);
    case KIND_COUNT:
    case KIND_SIZE:
    case KIND_DURATION:
        return set_number(o, value, c, fault);
    case KIND_ROLE:
        c->node.role = ROLE_ALL;
        return check_word(o, value, later_roles, fault);
    case KIND_LOG_KIND:
        c->log.kind = LOG_KIND_LOCAL;
        return check_word(o, value, later_logs, fault);
    case KIND_RESERVED:
        return ST_OK;
    }
    assert(!"a kind without a reader");
    return ST_MALFORMED;
}

void
option_print(FILE *out, const struct option *o, const struct config *c)
{
    char text[CONFIG_VALUE_TEXT_SIZE], address[ADDRESS_TEXT_SIZE];
    struct address a;
    uint64_t number;

    switch (o->kind) {
    case KIND_TEXT:
    case KIND_PATH:
        fputs((const char *)field_of_const(o, c), out);
        return;
    case KIND_ADDRESS:
        memcpy(&a, field_of_const(o, c), sizeof(a));
        fputs(address_text(&a, address), out);
        return;
    case KIND_COUNT:
    case KIND_SIZE:
    case KIND_DURATION:
        memcpy(&number, field_of_const(o, c), sizeof(number));
        fputs(number_text(o, number, text), out);
        return;
    case KIND_ROLE:
    case KIND_LOG_KIND:
    case KIND_RESERVED:
        fputs(o->initial, out); /* This version has one word for each. */
        return;
    }
    assert(!"a kind without a printer");
}
