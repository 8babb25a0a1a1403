/* The migrations are run in order. For a new database all of them, the province's area and the
 * deployment's row are one transaction: a schema is complete or not there. Advisory locks keep two
 * operators apart. */
#include "server/store/schema_init.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "server/store/registry_query.h"
#include "server/store/schema.h"
#include "server/store/sql_texts.h"

#define FOLD_VERSION 1

static const char begin_sql[] =
    "BEGIN; SET LOCAL client_min_messages = warning;"
    " SELECT pg_advisory_xact_lock(hashtextextended('meterd.schema', 0))";

static enum status
version_of(PGconn *db, int64_t *version, char why[WHY_SIZE])
{
    PGresult *r =
        registry_query(db, "SELECT to_regclass('meterd.schema_version') IS NOT NULL", why);
    bool exists;

    *version = 0;
    if (r == NULL)
        return ST_WORLD_DOWN;
    exists = registry_field_is_true(r, 0, 0);
    PQclear(r);
    if (!exists)
        return ST_OK;
    r = registry_query(db, "SELECT max(version) FROM meterd.schema_version", why);
    if (r == NULL)
        return ST_WORLD_DOWN;
    *version = registry_field(r, 0, 0);
    PQclear(r);
    return ST_OK;
}

static enum status
schema_exists(PGconn *db, bool *out, char why[WHY_SIZE])
{
    PGresult *r = registry_query(db, "SELECT to_regnamespace('meterd') IS NOT NULL", why);

    if (r == NULL)
        return ST_WORLD_DOWN;
    *out = registry_field_is_true(r, 0, 0);
    PQclear(r);
    return ST_OK;
}

static enum status
run_migration(PGconn *db, unsigned i, char why[WHY_SIZE])
{
    char text[WHY_SIZE];

    if (registry_execute(db, sql_migrations[i].text, text) == ST_OK)
        return ST_OK;
    snprintf(why, WHY_SIZE, "%s.sql: %.200s", sql_migrations[i].name, text);
    return ST_WORLD_DOWN;
}

static enum status
insert_deployment(PGconn *db, const struct schema_wish *wish, char why[WHY_SIZE])
{
    const struct deployment *d = &wish->deployment;
    char numbers[7][24];
    const char *values[9];
    int64_t of[7] = {d->slot_ms,       d->utc_offset_ms,         d->future_max_ms, d->past_max_ms,
                     d->late_after_ms, (int64_t)d->partitions, FOLD_VERSION};
    PGresult *r;

    for (int i = 0; i < 7; i++) {
        snprintf(numbers[i], sizeof numbers[i], "%lld", (long long)of[i]);
        values[i] = numbers[i];
    }
    values[7] = wish->province_code;
    values[8] = wish->province_name;
    r = registry_query_params(
        db,
        "WITH a AS (INSERT INTO meterd.area (kind, code, name) VALUES ('province', $8, $9)"
        "           RETURNING number)"
        " INSERT INTO meterd.deployment (slot_ms, utc_offset_ms, future_max_ms, past_max_ms,"
        " late_after_ms, partitions, fold_version, province_code, province_name, province_area)"
        " SELECT $1::bigint, $2::bigint, $3::bigint, $4::bigint, $5::bigint, $6::integer,"
        " $7::integer, $8, $9, number FROM a",
        9, values, why);
    PQclear(r);
    return r == NULL ? ST_WORLD_DOWN : ST_OK;
}

static enum status
make_schema(PGconn *db, const struct schema_wish *wish, char why[WHY_SIZE])
{
    for (unsigned i = 0; i < sql_migration_count; i++)
        if (run_migration(db, i, why) != ST_OK)
            return ST_WORLD_DOWN;
    return insert_deployment(db, wish, why);
}

static void __attribute__((format(printf, 2, 3)))
add_difference(struct schema_found *out, const char *format, ...)
{
    size_t used = strlen(out->differences);
    va_list args;

    if (out->differing > 0 && used + 3 < sizeof out->differences) {
        strcpy(out->differences + used, "; ");
        used += 2;
    }
    out->differing++;
    va_start(args, format);
    vsnprintf(out->differences + used, sizeof out->differences - used, format, args);
    va_end(args);
}

static void
compare_number(struct schema_found *out, const char *name, const PGresult *r, int column,
               int64_t wish)
{
    int64_t found = registry_field(r, 0, column);

    if (found != wish)
        add_difference(out, "%s is %lld in the database, asked for %lld", name, (long long)found,
                       (long long)wish);
}

static void
compare_text(struct schema_found *out, const char *name, const PGresult *r, int column,
             const char *wish)
{
    const char *found = PQgetvalue(r, 0, column);

    if (strcmp(found, wish) != 0)
        add_difference(out, "%s is %s in the database, asked for %s", name, found, wish);
}

static enum status
compare(PGconn *db, const struct schema_wish *wish, struct schema_found *out,
        char why[WHY_SIZE])
{
    const struct deployment *d = &wish->deployment;
    PGresult *r;
    enum status st = registry_check_schema(db, why);

    if (st != ST_OK)
        return st;
    r = registry_query(db,
                       "SELECT slot_ms, utc_offset_ms, future_max_ms, past_max_ms, late_after_ms,"
                       " partitions, province_code, province_name FROM meterd.deployment",
                       why);
    if (r == NULL)
        return ST_WORLD_DOWN;
    if (PQntuples(r) != 1) {
        snprintf(why, WHY_SIZE, "the schema is not complete: meterd.deployment is empty");
        PQclear(r);
        return ST_NOT_FOUND;
    }
    compare_number(out, "slot (ms)", r, 0, d->slot_ms);
    compare_number(out, "utc-offset (ms)", r, 1, d->utc_offset_ms);
    compare_number(out, "future-max (ms)", r, 2, d->future_max_ms);
    compare_number(out, "past-max (ms)", r, 3, d->past_max_ms);
    compare_number(out, "late-after (ms)", r, 4, d->late_after_ms);
    compare_number(out, "partitions", r, 5, (int64_t)d->partitions);
    compare_text(out, "province", r, 6, wish->province_code);
    compare_text(out, "province-name", r, 7, wish->province_name);
    PQclear(r);
    return ST_OK;
}

/* The role is the cluster's, so its failure is a notice, never an error of ours. */
static void
make_reader(PGconn *db, struct schema_found *out)
{
    static const char role_sql[] =
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'meterd_reader')"
        " THEN CREATE ROLE meterd_reader NOLOGIN; END IF;"
        " EXCEPTION WHEN duplicate_object THEN NULL; END $$";
    char ignored[WHY_SIZE];
    PGresult *r;

    out->reader_why[0] = '\0';
    if (registry_execute(db, role_sql, out->reader_why) != ST_OK) {
        r = registry_query(db, "SELECT meterd.grant_reader()", ignored);
        PQclear(r);
        return;
    }
    r = registry_query(db, "SELECT meterd.grant_reader()", out->reader_why);
    out->has_reader = r != NULL && registry_field_is_true(r, 0, 0);
    PQclear(r);
}

static enum status
init_in_transaction(PGconn *db, const struct schema_wish *wish, struct schema_found *out,
                    char why[WHY_SIZE])
{
    int64_t version;
    bool exists;
    enum status st = version_of(db, &version, why);

    if (st == ST_OK && version > 0)
        return compare(db, wish, out, why);
    if (st == ST_OK)
        st = schema_exists(db, &exists, why);
    if (st == ST_OK && exists) {
        snprintf(why, WHY_SIZE,
                 "database \"%s\" has a schema meterd that is not meterd's", PQdb(db));
        return ST_NOT_FOUND;
    }
    if (st == ST_OK)
        st = make_schema(db, wish, why);
    out->is_new = st == ST_OK;
    return st;
}

enum status
schema_init(const char *conninfo, const struct schema_wish *wish, struct schema_found *out,
            char why[WHY_SIZE])
{
    PGconn *db;
    enum status st = registry_connect(conninfo, &db, why);

    assert(sql_migration_count == SCHEMA_VERSION);
    *out = (struct schema_found){0};
    if (st == ST_OK)
        st = registry_execute(db, begin_sql, why);
    if (st == ST_OK)
        st = init_in_transaction(db, wish, out, why);
    if (st == ST_OK)
        st = registry_execute(db, "COMMIT", why);
    if (st == ST_OK)
        make_reader(db, out);
    PQfinish(db);
    return st;
}

enum status
schema_version(const char *conninfo, int64_t *version, char why[WHY_SIZE])
{
    PGconn *db;
    enum status st = registry_connect(conninfo, &db, why);

    *version = 0;
    if (st == ST_OK)
        st = version_of(db, version, why);
    PQfinish(db);
    return st;
}

static enum status
migrate_one(PGconn *db, int64_t *version, char why[WHY_SIZE])
{
    enum status st = registry_execute(db, begin_sql, why);

    if (st == ST_OK)
        st = version_of(db, version, why);
    if (st == ST_OK && *version < SCHEMA_VERSION)
        st = run_migration(db, (unsigned)*version, why);
    if (st == ST_OK)
        st = registry_execute(db, "COMMIT", why);
    return st;
}

enum status
schema_migrate(const char *conninfo, int64_t *version, char why[WHY_SIZE])
{
    PGconn *db;
    enum status st = registry_connect(conninfo, &db, why);

    if (st == ST_OK)
        st = version_of(db, version, why);
    if (st == ST_OK && *version == 0) {
        snprintf(why, WHY_SIZE, "database \"%s\" has no schema meterd", PQdb(db));
        st = ST_NOT_FOUND;
    }
    for (int i = 0; st == ST_OK && *version < SCHEMA_VERSION && i < SCHEMA_VERSION; i++) {
        st = migrate_one(db, version, why);
        if (st == ST_OK)
            st = version_of(db, version, why);
    }
    PQfinish(db);
    return st;
}
