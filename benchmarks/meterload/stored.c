/* COPY in text form: rows stream by, nothing is kept. */
#include "benchmarks/meterload/stored.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "benchmarks/meterload/tool.h"

#define CELL_COUNT 4

struct stored {
    PGconn *db;
};

static void
fail(const struct stored *s, const char *what)
{
    tool_die(EX_UNAVAILABLE, "%s: %s", what, PQerrorMessage(s->db));
}

static PGresult *
query(struct stored *s, const char *text, ExecStatusType wanted)
{
    PGresult *result = PQexec(s->db, text);

    if (PQresultStatus(result) != wanted)
        fail(s, text);
    return result;
}

struct stored *
stored_open(const char *conninfo)
{
    struct stored *s = tool_grow(NULL, 1, sizeof *s);

    s->db = PQconnectdb(conninfo);
    if (PQstatus(s->db) != CONNECTION_OK)
        fail(s, "database");
    PQclear(query(s, "SET client_encoding = 'UTF8'", PGRES_COMMAND_OK));
    return s;
}

void
stored_close(struct stored *s)
{
    PQfinish(s->db);
    free(s);
}

int64_t
stored_utc_offset_ms(struct stored *s)
{
    PGresult *result = query(s, "SELECT utc_offset_ms FROM meterd.deployment", PGRES_TUPLES_OK);
    int64_t offset_ms = PQntuples(result) == 1 ? strtoll(PQgetvalue(result, 0, 0), NULL, 10) : 0;

    PQclear(result);
    return offset_ms;
}

void
stored_begin(struct stored *s)
{
    PQclear(query(s, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", PGRES_COMMAND_OK));
}

void
stored_end(struct stored *s)
{
    PQclear(query(s, "COMMIT", PGRES_COMMAND_OK));
}

/* Cuts the row at its tabs and takes COPY's backslashes out, in place. */
static void
take_row(char *row, stored_take take, void *context)
{
    const char *cells[CELL_COUNT] = {"", "", "", ""};
    char *in = row, *out = row;

    for (unsigned cell = 0; cell < CELL_COUNT; cell++) {
        cells[cell] = out;
        for (; *in != '\0' && *in != '\t' && *in != '\n'; in++) {
            if (*in == '\\' && in[1] != '\0')
                in++;
            *out++ = *in;
        }
        if (*in != '\0')
            in++;
        *out++ = '\0';
    }
    take(context, &(struct stored_row){cells[0], cells[1], cells[2], cells[3]});
}

void
stored_each(struct stored *s, enum stored_view view, stored_take take, void *context)
{
    static const char *const texts[] = {
        [STORED_READINGS] = "COPY (SELECT enterprise, point, (extract(epoch FROM t) * 1000)::bigint,"
                            " value FROM meterd.v_readings) TO STDOUT",
        [STORED_SUPERSEDED] = "COPY (SELECT enterprise, point,"
                              " (extract(epoch FROM t) * 1000)::bigint, value"
                              " FROM meterd.v_superseded) TO STDOUT",
        [STORED_QUARANTINE] = "COPY (SELECT enterprise, point, t_text, value_text"
                              " FROM meterd.v_quarantine) TO STDOUT",
    };
    char *row;
    int size;

    PQclear(query(s, texts[view], PGRES_COPY_OUT));
    while ((size = PQgetCopyData(s->db, &row, 0)) > 0) {
        take_row(row, take, context);
        PQfreemem(row);
    }
    if (size == -2)
        fail(s, "reading the views");
    PQclear(PQgetResult(s->db));
}
