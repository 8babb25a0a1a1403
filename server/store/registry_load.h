/* One snapshot of the registry's tables -> a directory. Used by registry.c; blocking, on the
 * connection given. */
#ifndef METERD_STORE_REGISTRY_LOAD_H
#define METERD_STORE_REGISTRY_LOAD_H

#include "server/base/directory.h"
#include "server/store/registry_query.h"

/* What a directory was made from: a newer mark means that another one is due. */
struct registry_mark {
    int64_t revision;
    int64_t imported_at_ms;
    int64_t point_max; /* greatest number of a point: grows when a name is interned */
};

/* ST_NOT_FOUND: there is no deployment row. */
enum status registry_load_deployment(PGconn *db, struct deployment *out,
                                     char why[WHY_SIZE]) MUST_USE;
enum status registry_load_mark(PGconn *db, struct registry_mark *out,
                               char why[WHY_SIZE]) MUST_USE;
/* All tables in one snapshot. *mark is what was seen. */
enum status registry_load_directory(PGconn *db, struct directory **out, struct registry_mark *mark,
                                    char why[WHY_SIZE]) MUST_USE;

#endif
