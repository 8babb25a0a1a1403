/* The files of a registry directory -> rows for store/registry_import, with everything that is
 * wrong in the files themselves: headers, cells, what the cells of a row say together. References
 * and what is stored are the import's to check. One thread. */
#ifndef METERD_CTL_REGISTRY_CHECK_H
#define METERD_CTL_REGISTRY_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "server/ctl/registry_errors.h"
#include "server/store/registry_import.h"

struct registry_check {
    int64_t utc_offset_ms; /* of the deployment: what a civil date means */
    int64_t now_ms;
    struct registry_errors *errors;
};

/* Reads one file's text, which is changed. Rows without errors are appended to files[file], the
 * keys of the others to files[REGISTRY_BROKEN]. */
void registry_check_text(const struct registry_check *c, enum registry_file file, void *text,
                         size_t size, struct registry_rows files[REGISTRY_ROWS_COUNT]);

/* Reads dir's files; a file that is not there has no rows. ST_NOT_FOUND: dir has none of them or
 * cannot be read; why. */
enum status registry_check_directory(const struct registry_check *c, const char *dir,
                                     struct registry_rows files[REGISTRY_ROWS_COUNT],
                                     char why[WHY_SIZE]) MUST_USE;

void registry_rows_fini(struct registry_rows *rows);

#endif
