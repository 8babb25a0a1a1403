/* A PostgreSQL connection that never blocks: libpq in non-blocking pipeline mode, and poll(2) on
 * its socket for reading and writing at once. A blocking pipeline can deadlock: the client waits
 * to send, the server waits for the client to read. An eventfd beside the socket interrupts. */
#include "server/store/db.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "server/base/now.h"
#include "server/store/db_connect.h"

#define CONNECT_TIMEOUT_MS   10000
#define STATEMENT_TIMEOUT_MS 60000
#define ANSWER_MARGIN_MS     15000 /* beyond the server's own statement timeout */
#define UNSENT_BYTES_MAX     (1u << 20)

struct db {
    PGconn *conn; /* NULL: closed */
    struct db_options options;
    char *conninfo;
    char *application_name;
    int interrupt_fd;
    uint32_t queued; /* statements since the last run */
    size_t unsent;   /* bytes queued since libpq's buffer was last empty */
    uint32_t results_count;
    PGresult *results[DB_RESULTS_MAX];
    char sqlstate[6];
    char message[400];
};

struct db *
db_new(const struct db_options *o)
{
    struct db *db = calloc(1, sizeof *db);

    if (db == NULL)
        abort();
    db->options = *o;
    if (db->options.statement_timeout_ms == 0)
        db->options.statement_timeout_ms = STATEMENT_TIMEOUT_MS;
    db->conninfo = strdup(o->conninfo);
    db->application_name = strdup(o->application_name);
    db->interrupt_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (db->conninfo == NULL || db->application_name == NULL || db->interrupt_fd < 0)
        abort();
    db->options.conninfo = db->conninfo;
    db->options.application_name = db->application_name;
    return db;
}

static void
clear_results(struct db *db)
{
    for (uint32_t i = 0; i < db->results_count; i++)
        PQclear(db->results[i]);
    db->results_count = 0;
}

void
db_free(struct db *db)
{
    if (db == NULL)
        return;
    db_close(db);
    clear_results(db);
    close(db->interrupt_fd);
    free(db->conninfo);
    free(db->application_name);
    free(db);
}

void
db_interrupt(struct db *db)
{
    const uint64_t one = 1;
    ssize_t n = write(db->interrupt_fd, &one, sizeof one);

    assert(n == (ssize_t)sizeof one);
}

bool
db_sleep(struct db *db, int64_t ms)
{
    struct pollfd p = {.fd = db->interrupt_fd, .events = POLLIN};

    return poll(&p, 1, (int)ms) <= 0;
}

/* --- Failures. ----------------------------------------------------------------------------------
 */

static void
keep_message(struct db *db, const char *sqlstate, const char *message)
{
    size_t size;

    snprintf(db->sqlstate, sizeof db->sqlstate, "%s", sqlstate == NULL ? "" : sqlstate);
    snprintf(db->message, sizeof db->message, "%s", message == NULL ? "" : message);
    size = strlen(db->message);
    while (size > 0 && db->message[size - 1] == '\n')
        db->message[--size] = '\0';
    for (char *c = db->message; *c != '\0'; c++) /* libpq breaks and indents lines */
        if (*c == '\n' || *c == '\t')
            *c = ' ';
}

static enum db_class
lose(struct db *db, const char *why)
{
    const char *said = PQerrorMessage(db->conn);

    keep_message(db, "", said != NULL && said[0] != '\0' ? said : why);
    db_close(db);
    return DB_LOST;
}

const char *
db_sqlstate(const struct db *db)
{
    return db->sqlstate;
}

const char *
db_message(const struct db *db)
{
    return db->message;
}

/* --- Waiting. ------------------------------------------------------------------------------------
 */

/* Until the socket is ready for one of events, or until_ms. */
static enum db_class
wait_socket(struct db *db, short events, int64_t until_ms)
{
    struct pollfd fds[2] = {
        {.fd = PQsocket(db->conn), .events = events},
        {.fd = db->interrupt_fd, .events = POLLIN},
    };
    int64_t left = until_ms - now_mono_ms();
    int n;

    if (left <= 0)
        return lose(db, "no answer in time");
    if (fds[0].fd < 0)
        return lose(db, "no socket");
    n = poll(fds, 2, (int)left);
    if (n > 0 && fds[1].revents != 0) {
        keep_message(db, "", "interrupted");
        db_close(db);
        return DB_INTERRUPTED;
    }
    return DB_OK;
}

/* --- Connecting. ---------------------------------------------------------------------------------
 */

static enum db_class
finish_connect(struct db *db)
{
    int64_t until_ms = now_mono_ms() + CONNECT_TIMEOUT_MS;
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;

    while (next != PGRES_POLLING_OK) {
        enum db_class c;

        if (next == PGRES_POLLING_FAILED)
            return lose(db, "cannot connect");
        c = wait_socket(db, next == PGRES_POLLING_READING ? POLLIN : POLLOUT, until_ms);
        if (c != DB_OK)
            return c;
        next = PQconnectPoll(db->conn);
    }
    return DB_OK;
}

enum db_class
db_open(struct db *db)
{
    enum db_class c;

    if (db->conn != NULL)
        return DB_OK;
    db->conn = db_connect_start(&db->options, db->message, sizeof db->message);
    if (db->conn == NULL) {
        db->sqlstate[0] = '\0';
        return DB_LOST;
    }
    if (PQstatus(db->conn) == CONNECTION_BAD)
        return lose(db, "cannot connect");
    if ((c = finish_connect(db)) != DB_OK)
        return c;
    if (PQsetnonblocking(db->conn, 1) != 0 || PQenterPipelineMode(db->conn) != 1)
        return lose(db, "cannot enter pipeline mode");
    db->queued = 0;
    db->unsent = 0;
    if ((c = db_send(db, db_connect_settings(), NULL)) != DB_OK ||
        (c = db_send(db, db_connect_timeouts(&db->options), NULL)) != DB_OK ||
        (db->options.is_keyed && (c = db_send(db, db_connect_keyed(), NULL)) != DB_OK) ||
        (c = db_run(db)) != DB_OK) {
        /* A session that is not settled is not used. */
        db_close(db);
        return c == DB_INTERRUPTED ? c : DB_LOST;
    }
    return DB_OK;
}

void
db_close(struct db *db)
{
    PQfinish(db->conn);
    db->conn = NULL;
    db->queued = 0;
}

bool
db_is_open(const struct db *db)
{
    return db->conn != NULL;
}

/* --- Statements. ---------------------------------------------------------------------------------
 */

/* Sends until libpq's buffer is empty; reads what comes meanwhile, or the server could not go on.
 */
static enum db_class
flush(struct db *db, int64_t until_ms)
{
    int left;

    while ((left = PQflush(db->conn)) != 0) {
        enum db_class c;

        if (left < 0)
            return lose(db, "cannot send");
        if ((c = wait_socket(db, POLLIN | POLLOUT, until_ms)) != DB_OK)
            return c;
        if (PQconsumeInput(db->conn) != 1)
            return lose(db, "cannot read");
    }
    db->unsent = 0;
    return DB_OK;
}

static int64_t
answer_deadline(const struct db *db)
{
    return now_mono_ms() + db->options.statement_timeout_ms + ANSWER_MARGIN_MS;
}

enum db_class
db_send(struct db *db, const char *sql, const struct params *p)
{
    const char *values[PARAMS_MAX] = {0};
    int lengths[PARAMS_MAX] = {0}, formats[PARAMS_MAX] = {0};
    Oid types[PARAMS_MAX] = {0};
    uint32_t count = p == NULL ? 0 : p->count;

    if (db->conn == NULL)
        return DB_LOST;
    clear_results(db);
    for (uint32_t i = 0; i < count; i++) {
        values[i] = p->length[i] == 0 ? "" : (const char *)p->at + p->start[i];
        assert(p->length[i] < INT32_MAX);
        lengths[i] = (int)p->length[i];
        formats[i] = 1;
        types[i] = p->oid[i];
    }
    if (PQsendQueryParams(db->conn, sql, (int)count, types, values, lengths, formats, 1) != 1)
        return lose(db, "cannot queue a statement");
    db->queued++;
    db->unsent += p == NULL ? 0 : p->size;
    return db->unsent > UNSENT_BYTES_MAX ? flush(db, answer_deadline(db)) : DB_OK;
}

/* The next result; *res is NULL where one statement's results end. */
static enum db_class
next_result(struct db *db, PGresult **res)
{
    int64_t until_ms = answer_deadline(db);

    while (PQisBusy(db->conn)) {
        enum db_class c;
        int left = PQflush(db->conn);

        if (left < 0)
            return lose(db, "cannot send");
        c = wait_socket(db, (short)(left > 0 ? POLLIN | POLLOUT : POLLIN), until_ms);
        if (c != DB_OK)
            return c;
        if (PQconsumeInput(db->conn) != 1)
            return lose(db, "cannot read");
    }
    *res = PQgetResult(db->conn);
    return DB_OK;
}

/* Keeps the first error. True: the connection is gone. */
static bool
note_error(struct db *db, const PGresult *res, enum db_class *first)
{
    const char *sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);

    if (*first == DB_OK) {
        keep_message(db, sqlstate, PQresultErrorMessage(res));
        *first = db_class_of(db->sqlstate);
    }
    return PQstatus(db->conn) == CONNECTION_BAD;
}

/* Reads up to the sync. DB_OK: the whole pipeline was answered, *first says how. */
static enum db_class
read_results(struct db *db, enum db_class *first)
{
    for (;;) {
        PGresult *res = NULL;
        enum db_class c = next_result(db, &res);
        ExecStatusType kind;

        if (c != DB_OK)
            return c;
        if (res == NULL) {
            if (PQstatus(db->conn) == CONNECTION_BAD)
                return lose(db, "connection lost");
            continue;
        }
        kind = PQresultStatus(res);
        if (kind == PGRES_TUPLES_OK || kind == PGRES_COMMAND_OK) {
            if (db->results_count < DB_RESULTS_MAX) {
                db->results[db->results_count++] = res;
                continue;
            }
        } else if (kind != PGRES_PIPELINE_SYNC && kind != PGRES_PIPELINE_ABORTED) {
            if (note_error(db, res, first)) {
                PQclear(res);
                db_close(db);
                return *first == DB_OK ? DB_LOST : *first;
            }
        }
        PQclear(res);
        if (kind == PGRES_PIPELINE_SYNC)
            return DB_OK;
    }
}

static enum db_class
run_once(struct db *db, enum db_class *first)
{
    if (PQpipelineSync(db->conn) != 1)
        return lose(db, "cannot end the pipeline");
    db->queued = 0;
    return read_results(db, first);
}

enum db_class
db_run(struct db *db)
{
    enum db_class first = DB_OK, after = DB_OK, c;

    if (db->conn == NULL)
        return DB_LOST;
    clear_results(db);
    if ((c = run_once(db, &first)) != DB_OK)
        return c == DB_INTERRUPTED ? c : DB_LOST;
    db->unsent = 0;
    if (first != DB_OK && PQtransactionStatus(db->conn) != PQTRANS_IDLE) {
        /* After an error inside begin ... commit the session is still in the failed transaction. */
        if (PQsendQueryParams(db->conn, "rollback", 0, NULL, NULL, NULL, NULL, 1) != 1)
            return lose(db, "cannot roll back");
        if ((c = run_once(db, &after)) != DB_OK)
            return c;
    }
    if (first == DB_LOST)
        db_close(db);
    return first;
}

const PGresult *
db_result(const struct db *db, uint32_t n)
{
    assert(n < db->results_count);
    return db->results[n];
}

enum db_class
db_query(struct db *db, const char *sql, const struct params *p)
{
    enum db_class c = db_open(db);

    if (c != DB_OK || (c = db_send(db, sql, p)) != DB_OK)
        return c;
    return db_run(db);
}
