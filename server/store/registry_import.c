/* The work is in three SQL files: registry_stage (tables for the rows), registry_check (what would
 * change and what is wrong), registry_apply (the new revision). Here they are run in order, with
 * COPY between the first two, in one transaction that ends in a commit only when something changes
 * and nothing is wrong. */
#include "server/store/registry_import.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "server/store/registry_query.h"
#include "server/store/sql_texts.h"

#define COPY_CHUNK_SIZE ((size_t)1 << 20)
#define LOST_PER_CENT_MAX 1

/* Imports, token changes and nothing else take turns by this lock. */
static const char begin_sql[] =
    "BEGIN; SET LOCAL client_min_messages = warning; SET LOCAL work_mem = '64MB';"
    " SELECT pg_advisory_xact_lock(hashtextextended('meterd.registry', 0))";

static const char changes_sql[] =
    "SELECT file, line, act, what FROM ("
    " SELECT 0 AS file, line, act, 'prefecture ' || code || ' ' || name AS what"
    "   FROM diff_prefectures"
    " UNION ALL SELECT 1, line, act, 'park ' || park_id || ' ' || name FROM diff_parks"
    " UNION ALL SELECT 2, line, act, 'item ' || item FROM diff_items"
    " UNION ALL SELECT 3, line, act, 'enterprise ' || enterprise FROM diff_enterprises"
    " UNION ALL SELECT 4, line, act, 'gateway ' || gateway FROM diff_gateways"
    " UNION ALL SELECT 5, line, act, format('point %s/%s', enterprise, point)"
    "   || CASE WHEN valid_from > -9223372036854775808"
    "           THEN ' from ' || pg_temp.civil(valid_from) ELSE '' END FROM diff_points"
    " UNION ALL SELECT 6, line, act, format('exchange %s/%s at %s', enterprise, point,"
    "   pg_temp.civil(t_ms)) FROM diff_exchanges) c"
    " WHERE act IS NOT NULL ORDER BY file, line";

static const char *const tables[REGISTRY_ROWS_COUNT] = {
    "stage_prefectures", "stage_parks",  "stage_items",     "stage_enterprises",
    "stage_gateways",    "stage_points", "stage_exchanges", "stage_broken",
};

static enum status
copy_rows(PGconn *db, const char *table, const struct registry_rows *rows,
          char why[WHY_SIZE])
{
    char sql[64];
    PGresult *r;
    enum status st = ST_OK;

    snprintf(sql, sizeof sql, "COPY %s FROM STDIN", table);
    r = PQexec(db, sql);
    if (PQresultStatus(r) != PGRES_COPY_IN)
        st = ST_WORLD_DOWN;
    PQclear(r);
    for (size_t at = 0; st == ST_OK && at < rows->size; at += COPY_CHUNK_SIZE) {
        size_t left = rows->size - at;

        if (PQputCopyData(db, rows->at + at,
                          (int)(left < COPY_CHUNK_SIZE ? left : COPY_CHUNK_SIZE)) != 1)
            st = ST_WORLD_DOWN;
    }
    if (st == ST_OK && PQputCopyEnd(db, NULL) != 1)
        st = ST_WORLD_DOWN;
    while ((r = PQgetResult(db)) != NULL) {
        if (PQresultStatus(r) != PGRES_COMMAND_OK)
            st = ST_WORLD_DOWN;
        PQclear(r);
    }
    if (st != ST_OK)
        registry_say_why(PQerrorMessage(db), why);
    return st;
}

static enum status
stage(PGconn *db, const struct registry_rows *files, const struct registry_import_options *options,
      char why[WHY_SIZE])
{
    char sql[128];
    enum status st = registry_execute(db, sql_registry_stage, why);

    snprintf(sql, sizeof sql, "INSERT INTO stage_run VALUES (%lld)", (long long)options->now_ms);
    if (st == ST_OK)
        st = registry_execute(db, sql, why);
    for (int f = 0; st == ST_OK && f < REGISTRY_ROWS_COUNT; f++)
        if (files[f].count > 0)
            st = copy_rows(db, tables[f], &files[f], why);
    return st;
}

static enum status
check(PGconn *db, const struct registry_import_sink *sink, char why[WHY_SIZE])
{
    PGresult *r;
    int count;

    if (registry_execute(db, sql_registry_check, why) != ST_OK)
        return ST_WORLD_DOWN;
    r = registry_query(db, "SELECT file, line, what FROM stage_error ORDER BY file, line, what",
                       why);
    if (r == NULL)
        return ST_WORLD_DOWN;
    count = PQntuples(r);
    for (int i = 0; i < count; i++)
        sink->wrong(sink->ctx, (enum registry_file)registry_field(r, i, 0),
                    (uint32_t)registry_field(r, i, 1), PQgetvalue(r, i, 2));
    PQclear(r);
    return count == 0 ? ST_OK : ST_MALFORMED;
}

static enum registry_act
act_of(const char *word)
{
    return word[0] == 'a' ? ACT_ADD : word[0] == 'c' ? ACT_CHANGE : ACT_REMOVE;
}

static enum status
list_changes(PGconn *db, bool must_tell, const struct registry_import_sink *sink,
             struct registry_import_result *out, char why[WHY_SIZE])
{
    PGresult *r = registry_query(db, changes_sql, why);

    if (r == NULL)
        return ST_WORLD_DOWN;
    for (int i = 0; i < PQntuples(r); i++) {
        enum registry_file file = (enum registry_file)registry_field(r, i, 0);
        enum registry_act act = act_of(PQgetvalue(r, i, 2));

        out->rows[file][act]++;
        if (must_tell)
            sink->change(sink->ctx, file, (uint32_t)registry_field(r, i, 1), act,
                         PQgetvalue(r, i, 3));
    }
    out->is_changed = PQntuples(r) > 0;
    PQclear(r);
    return ST_OK;
}

static enum status
count_lost(PGconn *db, const struct registry_import_options *options,
           struct registry_import_result *out, char why[WHY_SIZE])
{
    PGresult *r = registry_query(db, sql_registry_lost, why);

    if (r == NULL)
        return ST_WORLD_DOWN;
    out->counted = (uint64_t)registry_field(r, 0, 0);
    out->lost = (uint64_t)registry_field(r, 0, 1);
    PQclear(r);
    out->needs_force = !options->force && out->lost * 100 > out->counted * LOST_PER_CENT_MAX;
    return out->needs_force && !options->dry_run ? ST_MALFORMED : ST_OK;
}

static enum status
newest_revision(PGconn *db, int64_t *out, char why[WHY_SIZE])
{
    PGresult *r = registry_query(db, "SELECT max(revision) FROM meterd.revision", why);

    if (r == NULL)
        return ST_WORLD_DOWN;
    *out = registry_field(r, 0, 0);
    PQclear(r);
    return ST_OK;
}

/* A dry run applies only what it must to count losses: each application uses up numbers. */
static enum status
must_apply(PGconn *db, const struct registry_import_options *options, bool *out,
           char why[WHY_SIZE])
{
    PGresult *r;

    *out = true;
    if (!options->dry_run)
        return ST_OK;
    r = registry_query(
        db, "SELECT EXISTS (SELECT FROM diff_points WHERE known AND act IS NOT NULL)", why);
    if (r == NULL)
        return ST_WORLD_DOWN;
    *out = registry_field_is_true(r, 0, 0);
    PQclear(r);
    return ST_OK;
}

static enum status
import_in_transaction(PGconn *db, const struct registry_rows *files,
                      const struct registry_import_options *options,
                      const struct registry_import_sink *sink, struct registry_import_result *out,
                      char why[WHY_SIZE])
{
    enum status st = stage(db, files, options, why);
    bool applies;

    if (st == ST_OK)
        st = check(db, sink, why);
    if (options->check_only)
        return st;
    if (st == ST_OK)
        st = list_changes(db, options->dry_run, sink, out, why);
    if (st == ST_OK)
        st = newest_revision(db, &out->revision, why);
    if (st != ST_OK || !out->is_changed)
        return st;
    st = must_apply(db, options, &applies, why);
    if (st != ST_OK || !applies)
        return st;
    st = registry_execute(db, sql_registry_apply, why);
    if (st == ST_OK)
        st = count_lost(db, options, out, why);
    if (st == ST_OK && !options->dry_run)
        st = newest_revision(db, &out->revision, why);
    return st;
}

enum status
registry_import(const char *conninfo, const struct registry_rows *files,
                const struct registry_import_options *options,
                const struct registry_import_sink *sink, struct registry_import_result *out,
                char why[WHY_SIZE])
{
    PGconn *db;
    enum status st = registry_connect(conninfo, &db, why);

    *out = (struct registry_import_result){0};
    if (st == ST_OK)
        st = registry_check_schema(db, why);
    if (st == ST_OK)
        st = registry_execute(db, begin_sql, why);
    if (st == ST_OK)
        st = import_in_transaction(db, files, options, sink, out, why);
    if (st == ST_OK && out->is_changed && !options->dry_run)
        st = registry_execute(db, "COMMIT", why);
    PQfinish(db); /* What was not committed is undone. */
    return st;
}

enum status
registry_set_token(const char *conninfo, const char *gateway, const uint8_t sha256[32],
                   char why[WHY_SIZE])
{
    char hex[65];
    const char *values[] = {gateway, hex};
    PGresult *r = NULL;
    PGconn *db;
    enum status st = registry_connect(conninfo, &db, why);

    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", sha256[i]);
    if (st == ST_OK)
        st = registry_check_schema(db, why);
    if (st == ST_OK)
        st = registry_execute(db, begin_sql, why);
    if (st == ST_OK)
        st = registry_execute(db,
                              "INSERT INTO meterd.revision (revision)"
                              " SELECT coalesce(max(revision), 0) + 1 FROM meterd.revision",
                              why);
    if (st == ST_OK) {
        r = registry_query_params(
            db,
            "UPDATE meterd.gateway SET token2_sha256 = token_sha256,"
            " token_sha256 = decode($2, 'hex'),"
            " changed_revision = (SELECT max(revision) FROM meterd.revision)"
            " WHERE name = $1 RETURNING number",
            2, values, why);
        st = r == NULL ? ST_WORLD_DOWN : PQntuples(r) == 1 ? ST_OK : ST_NOT_FOUND;
        if (r != NULL && st == ST_NOT_FOUND)
            snprintf(why, WHY_SIZE, "there is no gateway of that name");
        PQclear(r);
    }
    if (st == ST_OK)
        st = registry_execute(db, "COMMIT", why);
    PQfinish(db);
    return st;
}
