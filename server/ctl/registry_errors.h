/* What is wrong in the files of a registry, file:line each, collected so that all of it is shown at
 * once. One thread. */
#ifndef METERD_CTL_REGISTRY_ERRORS_H
#define METERD_CTL_REGISTRY_ERRORS_H

#include <stdint.h>
#include <stdio.h>

#include "proto/span.h"

#define REGISTRY_ERRORS_MAX 10000 /* kept; further ones are counted */

struct registry_error {
    const char *file; /* static */
    uint32_t line;    /* 0: the file itself */
    char *text;
};

struct registry_errors {
    struct registry_error *at;
    uint32_t count, capacity;
    uint64_t more; /* beyond REGISTRY_ERRORS_MAX */
};

void registry_errors_fini(struct registry_errors *e);
void registry_errors_add(struct registry_errors *e, const char *file, uint32_t line,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Files in their order of import, lines ascending: "dir/file:line: text". */
void registry_errors_print(struct registry_errors *e, const char *dir, FILE *to);

/* For "%.*s": the cell's bytes, cut at 60. */
#define CELL_ARGS(s) (int)((s).size > 60 ? 60 : (s).size), (const char *)(s).at

#endif
