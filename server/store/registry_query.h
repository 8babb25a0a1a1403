/* Blocking queries on a connection of one's own: for the registry's thread and for meterctl, which
 * have nothing else to do meanwhile. Shared by the registry's files and server/ctl. */
#ifndef METERD_STORE_REGISTRY_QUERY_H
#define METERD_STORE_REGISTRY_QUERY_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/span.h"
#include "proto/status.h"
#include "server/base/bounds.h"

/* ST_WORLD_DOWN: cannot connect; *out is then NULL. */
enum status registry_connect(const char *conninfo, PGconn **out,
                             char why[WHY_SIZE]) MUST_USE;
/* The result of one statement, or NULL and why. The caller clears it. */
PGresult *registry_query(PGconn *db, const char *sql, char why[WHY_SIZE]) MUST_USE;
PGresult *registry_query_params(PGconn *db, const char *sql, int count, const char *const *values,
                                char why[WHY_SIZE]) MUST_USE;
/* One or more statements without results. */
enum status registry_execute(PGconn *db, const char *sql, char why[WHY_SIZE]) MUST_USE;
/* ST_NOT_FOUND: no schema meterd, or a version other than SCHEMA_VERSION. */
enum status registry_check_schema(PGconn *db, char why[WHY_SIZE]) MUST_USE;
/* The server's or connection's message without its line ends. */
void registry_say_why(const char *message, char why[WHY_SIZE]);

/* Fields in text form. A null is 0, otherwise (registry_field_or) the value given. */
int64_t registry_field(const PGresult *r, int row, int column);
int64_t registry_field_or(const PGresult *r, int row, int column, int64_t otherwise);
bool registry_field_is_true(const PGresult *r, int row, int column);
struct span registry_field_text(const PGresult *r, int row, int column);

#endif
