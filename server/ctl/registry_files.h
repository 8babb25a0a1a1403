/* The files of a registry and their columns, from registry_columns.def. Static; any thread. */
#ifndef METERD_CTL_REGISTRY_FILES_H
#define METERD_CTL_REGISTRY_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "server/ctl/registry_cells.h"
#include "server/store/registry_import.h"

struct registry_column {
    enum registry_file file;
    const char *name;
    enum registry_cell cell;
    bool needed;       /* in the header line */
    bool may_be_blank; /* then the cell's default */
};

/* "points.csv"; static. */
const char *registry_file_name(enum registry_file file);
/* The file of a name registry_file_name returned. */
enum registry_file registry_file_of(const char *name);
/* The columns of a file, *count of them. */
const struct registry_column *registry_file_columns(enum registry_file file, uint32_t *count);
/* The place of a column in its file; the column exists. */
uint32_t registry_column_place(enum registry_file file, const char *name);

#endif
