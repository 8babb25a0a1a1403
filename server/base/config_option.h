/* The rows of options.def as a table, and how one value is read, checked and printed. Used by
 * config.c only. Pure. */
#ifndef METERD_BASE_CONFIG_OPTION_H
#define METERD_BASE_CONFIG_OPTION_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/status.h"
#include "server/base/config.h"

enum option_kind {
    KIND_TEXT,
    KIND_PATH,
    KIND_ADDRESS,
    KIND_COUNT,
    KIND_SIZE,
    KIND_DURATION,
    KIND_ROLE,
    KIND_LOG_KIND,
    KIND_RESERVED,
};

enum option_index {
#define OPTION(section, key, kind, field, initial, least, most) OPTION_##section##_##key,
#include "server/base/options.def"
#undef OPTION
    OPTION_COUNT
};

struct option {
    const char *section;
    const char *key;
    enum option_kind kind;
    size_t offset; /* in struct config */
    const char *initial;
    uint64_t least, most;
};

extern const struct option options[OPTION_COUNT];

/* Sets the field. Otherwise ST_MALFORMED and `what is wrong, what would be right` in fault. */
#define FAULT_SIZE 1024
enum status option_set(const struct option *o, const char *value, struct config *c,
                       char fault[FAULT_SIZE]) MUST_USE;
/* Writes the value as option_set reads it. */
void option_print(FILE *out, const struct option *o, const struct config *c);

#endif
