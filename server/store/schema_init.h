/* Making and upgrading the schema: for meterctl. Blocking. */
#ifndef METERD_STORE_SCHEMA_INIT_H
#define METERD_STORE_SCHEMA_INIT_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/status.h"
#include "server/base/bounds.h"
#include "server/base/directory.h"

struct schema_wish {
    struct deployment deployment; /* uuid and province_area are not wishes */
    const char *province_code;
    const char *province_name;
};

struct schema_found {
    bool is_new;     /* made by this call */
    bool has_reader; /* role meterd_reader may read the views */
    char reader_why[WHY_SIZE];
    unsigned differing;     /* settings of the database that are not the wish */
    char differences[1024]; /* as text, separated by "; " */
};

/* Makes schema and deployment in one transaction, or compares the one that is there; then the role
 * meterd_reader, if it may. ST_OK: see *out, also when settings differ. ST_NOT_FOUND: a schema
 * meterd is there that is not complete or of another version; why. ST_WORLD_DOWN: why. */
enum status schema_init(const char *conninfo, const struct schema_wish *wish,
                        struct schema_found *out, char why[WHY_SIZE]) MUST_USE;

/* The version there is; 0: no schema. */
enum status schema_version(const char *conninfo, int64_t *version,
                           char why[WHY_SIZE]) MUST_USE;

/* Applies the migrations beyond the version there is, each in a transaction of its own; *version is
 * the one reached. ST_NOT_FOUND: no schema. */
enum status schema_migrate(const char *conninfo, int64_t *version,
                           char why[WHY_SIZE]) MUST_USE;

#endif
