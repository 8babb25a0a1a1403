/* One connection to PostgreSQL, in pipeline mode: statements are queued, sent together and their
 * results read together. Nothing waits without a bound, and whatever waits can be interrupted.
 *
 * Owner: one thread. Every failure is one of five classes; the caller decides by class alone. */
#ifndef METERD_STORE_DB_H
#define METERD_STORE_DB_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/status.h"
#include "server/store/params.h"

enum db_class {
    DB_OK,
    DB_LOST,        /* connection lost: what was under way may or may not have happened */
    DB_RETRY,       /* the server refused for now and nothing happened: do it again */
    DB_FENCED,      /* MD001: the partition is not where we think it is */
    DB_OURS,        /* what we sent is wrong: a broken invariant */
    DB_INTERRUPTED, /* db_interrupt(); as DB_LOST, but do not try again */
};

struct db;

struct db_options {
    const char *conninfo;         /* the operator's; what it sets is left as it is */
    const char *application_name; /* for pg_stat_activity */
    int32_t statement_timeout_ms; /* by the server; 0: 60 s */
    bool is_keyed;                /* all statements go by key: plan index lookups only */
};

/* Copies the options; no I/O. Aborts when out of memory or descriptors. */
struct db *db_new(const struct db_options *o);
void db_free(struct db *db);

/* Any thread: everything that waits, now and later, returns DB_INTERRUPTED. */
void db_interrupt(struct db *db);
/* Owner: sleeps at most ms. False: interrupted. */
bool db_sleep(struct db *db, int64_t ms);

/* Connects and settles the session, unless connected. */
enum db_class db_open(struct db *db) MUST_USE;
void db_close(struct db *db);
bool db_is_open(const struct db *db);

/* Queues a statement; p may be NULL. DB_OK says only that it was queued. Results come in binary. */
enum db_class db_send(struct db *db, const char *sql, const struct params *p) MUST_USE;
/* Sends what is queued and reads all results. The first error decides the class; after it no
 * transaction is open. Statements outside begin ... commit are one transaction up to here. */
enum db_class db_run(struct db *db) MUST_USE;
/* The result of the n-th statement (from 0) of the last db_run that was DB_OK, at most
 * DB_RESULTS_MAX of them. Valid until the next db_send. */
#define DB_RESULTS_MAX 32
const PGresult *db_result(const struct db *db, uint32_t n);
/* db_open, db_send and db_run of one statement. */
enum db_class db_query(struct db *db, const char *sql, const struct params *p) MUST_USE;

/* Of the last failure: five characters ("" when the server did not answer), and a message for the
 * log. */
const char *db_sqlstate(const struct db *db);
const char *db_message(const struct db *db);
/* The class of a SQLSTATE. */
enum db_class db_class_of(const char *sqlstate);

/* How long to wait before the next attempt (0, 1, 2 ...): 100 ms doubling to 5 s, of which a
 * random half is left out, so that nodes do not come back in step. */
int64_t db_backoff_ms(uint32_t attempt);

#endif
