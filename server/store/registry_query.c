/* Thin: text in, text out, one statement at a time. */
#include "server/store/registry_query.h"

#include <stdio.h>
#include <stdlib.h>

#include "server/store/schema.h"

void
registry_say_why(const char *message, char why[WHY_SIZE])
{
    size_t at = 0;

    for (; *message != '\0' && at + 1 < WHY_SIZE; message++)
        if (*message != '\n')
            why[at++] = *message;
        else if (message[1] != '\0')
            why[at++] = ' ';
    why[at] = '\0';
}

enum status
registry_connect(const char *conninfo, PGconn **out, char why[WHY_SIZE])
{
    /* The given string is expanded after the defaults before it, so it may overrule them. */
    const char *keys[] = {"connect_timeout", "dbname", "client_encoding", NULL};
    const char *values[] = {"10", conninfo, "UTF8", NULL};
    PGconn *db = PQconnectdbParams(keys, values, 1);

    *out = NULL;
    if (PQstatus(db) != CONNECTION_OK) {
        registry_say_why(db == NULL ? "no memory" : PQerrorMessage(db), why);
        PQfinish(db);
        return ST_WORLD_DOWN;
    }
    *out = db;
    return ST_OK;
}

static PGresult *
judge(PGconn *db, PGresult *r, char why[WHY_SIZE])
{
    ExecStatusType st = PQresultStatus(r);

    if (st == PGRES_TUPLES_OK || st == PGRES_COMMAND_OK)
        return r;
    registry_say_why(PQerrorMessage(db), why);
    PQclear(r);
    return NULL;
}

PGresult *
registry_query(PGconn *db, const char *sql, char why[WHY_SIZE])
{
    return judge(db, PQexec(db, sql), why);
}

PGresult *
registry_query_params(PGconn *db, const char *sql, int count, const char *const *values,
                      char why[WHY_SIZE])
{
    return judge(db, PQexecParams(db, sql, count, NULL, values, NULL, NULL, 0), why);
}

enum status
registry_execute(PGconn *db, const char *sql, char why[WHY_SIZE])
{
    PGresult *r = registry_query(db, sql, why);

    if (r == NULL)
        return ST_WORLD_DOWN;
    PQclear(r);
    return ST_OK;
}

enum status
registry_check_schema(PGconn *db, char why[WHY_SIZE])
{
    PGresult *r = registry_query(
        db, "SELECT to_regclass('meterd.schema_version') IS NOT NULL", why);
    bool exists = r != NULL && registry_field_is_true(r, 0, 0);
    int64_t version;

    if (r == NULL)
        return ST_WORLD_DOWN;
    PQclear(r);
    if (!exists) {
        snprintf(why, WHY_SIZE,
                 "database \"%s\" has no schema meterd; make it with: meterctl db init", PQdb(db));
        return ST_NOT_FOUND;
    }
    r = registry_query(db, "SELECT max(version) FROM meterd.schema_version", why);
    if (r == NULL)
        return ST_WORLD_DOWN;
    version = registry_field(r, 0, 0);
    PQclear(r);
    if (version == SCHEMA_VERSION)
        return ST_OK;
    snprintf(why, WHY_SIZE,
             "the schema has version %lld, this program works with %d; %s", (long long)version,
             SCHEMA_VERSION,
             version < SCHEMA_VERSION ? "upgrade it with: meterctl db migrate"
                                      : "use the program that made it");
    return ST_NOT_FOUND;
}

int64_t
registry_field(const PGresult *r, int row, int column)
{
    return strtoll(PQgetvalue(r, row, column), NULL, 10);
}

int64_t
registry_field_or(const PGresult *r, int row, int column, int64_t otherwise)
{
    return PQgetisnull(r, row, column) ? otherwise : registry_field(r, row, column);
}

bool
registry_field_is_true(const PGresult *r, int row, int column)
{
    return PQgetvalue(r, row, column)[0] == 't';
}

struct span
registry_field_text(const PGresult *r, int row, int column)
{
    return span_of(PQgetvalue(r, row, column), (size_t)PQgetlength(r, row, column));
}
