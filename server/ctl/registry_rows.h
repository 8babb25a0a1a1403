/* Writing one file's rows as PostgreSQL's COPY reads them: fields separated by tabs, \N for null.
 * One thread. */
#ifndef METERD_CTL_REGISTRY_ROWS_H
#define METERD_CTL_REGISTRY_ROWS_H

#include "server/ctl/registry_cells.h"
#include "server/store/registry_import.h"

/* A row is: begin, one call of add_value for each column in order, end. */
void registry_rows_begin(struct registry_rows *rows, uint32_t line);
/* has_column: the file has the column at all. */
void registry_rows_add_value(struct registry_rows *rows, enum registry_cell cell,
                             const struct registry_value *value, bool has_column);
void registry_rows_end(struct registry_rows *rows);

/* A row of REGISTRY_BROKEN. Keys: plain texts; NULL: null. */
void registry_rows_add_broken(struct registry_rows *rows, enum registry_file file,
                              const struct span *key, const struct span *key2);

#endif
