/* The thread that watches the registry. Once a second it asks for the newest revision and the
 * greatest point number; when one has moved it reads the tables anew (registry_load.c) and posts
 * the directory. A database that is away is asked again, on a new connection, with the same rhythm:
 * readings go on being taken under the directory everybody has. */
#include "server/store/registry.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/base/log_line.h"
#include "server/base/thread.h"
#include "server/store/registry_load.h"

#define POLL_MS 1000
#define NAMES_POLLS 10 /* new names alone are news every tenth poll */

struct registry {
    struct thread thread;
    struct mailbox *out;
    PGconn *db;
    struct registry_mark mark; /* of the newest directory posted; the thread's */
    uint32_t polls;            /* since then */
    atomic_bool database_ok;
    char told[WHY_SIZE]; /* why the registry was not read last time; "": it was; the thread's */
    pthread_mutex_t mutex;
    pthread_cond_t stop_asked;
    bool must_stop; /* under mutex */
    char conninfo[];
};

enum status
registry_read_deployment(const char *conninfo, struct deployment *out, char why[256])
{
    PGconn *db;
    enum status st = registry_connect(conninfo, &db, why);

    if (st == ST_OK)
        st = registry_check_schema(db, why);
    if (st == ST_OK)
        st = registry_load_deployment(db, out, why);
    PQfinish(db);
    return st;
}

static void
format_uuid(const uint8_t uuid[16], char out[33])
{
    for (int i = 0; i < 16; i++)
        snprintf(out + 2 * i, 3, "%02x", uuid[i]);
}

enum status
registry_bind_log(const char *conninfo, const uint8_t uuid[16], char why[256])
{
    char text[33];
    const char *values[] = {text};
    PGresult *r = NULL;
    PGconn *db;
    enum status st = registry_connect(conninfo, &db, why);

    if (st != ST_OK)
        return st;
    format_uuid(uuid, text);
    r = registry_query_params(db,
                              "UPDATE meterd.deployment SET log_id = coalesce(log_id, $1::uuid)"
                              " RETURNING log_id = $1::uuid, log_id",
                              1, values, why);
    if (r == NULL || PQntuples(r) != 1) {
        st = ST_WORLD_DOWN;
    } else if (!registry_field_is_true(r, 0, 0)) {
        snprintf(why, WHY_SIZE,
                 "this database belongs to the log %s, not to %s: use the log it was filled from",
                 PQgetvalue(r, 0, 1), text);
        st = ST_CORRUPT;
    }
    PQclear(r);
    PQfinish(db);
    return st;
}

enum status
registry_load(const char *conninfo, struct directory **out, char why[256])
{
    struct registry_mark mark;
    PGconn *db;
    enum status st = registry_connect(conninfo, &db, why);

    *out = NULL;
    if (st == ST_OK)
        st = registry_check_schema(db, why);
    if (st == ST_OK)
        st = registry_load_directory(db, out, &mark, why);
    PQfinish(db);
    return st;
}

static enum status
connect_if_needed(struct registry *r, char why[WHY_SIZE])
{
    enum status st;

    if (r->db != NULL && PQstatus(r->db) == CONNECTION_OK)
        return ST_OK;
    PQfinish(r->db);
    st = registry_connect(r->conninfo, &r->db, why);
    if (st == ST_OK) /* A server that hangs must not hang the thread for ever. */
        st = registry_execute(r->db, "SET statement_timeout = '60s'", why);
    if (st == ST_OK)
        st = registry_check_schema(r->db, why);
    if (st != ST_OK) { /* The schema is looked at again when it may have been migrated. */
        PQfinish(r->db);
        r->db = NULL;
    }
    return st;
}

/* Says why nothing can be loaded, once for each reason. */
static void
tell(struct registry *r, enum status st, const char *why)
{
    if (st == ST_OK)
        why = "";
    else if (strcmp(r->told, why) != 0)
        log_line(LOG_WARN, "event=registry_not_read why=%s", log_text_of(why));
    snprintf(r->told, sizeof r->told, "%s", why);
}

static bool
is_news(const struct registry *r, const struct registry_mark *now)
{
    if (now->revision != r->mark.revision)
        return true;
    return now->point_max != r->mark.point_max && r->polls >= NAMES_POLLS;
}

static void
poll_once(struct registry *r)
{
    char why[WHY_SIZE] = "";
    struct directory *d = NULL;
    struct registry_mark mark;
    enum status st = connect_if_needed(r, why);

    if (st == ST_OK)
        st = registry_load_mark(r->db, &mark, why);
    r->polls++;
    if (st == ST_OK && is_news(r, &mark))
        st = registry_load_directory(r->db, &d, &mark, why);
    atomic_store(&r->database_ok, st == ST_OK);
    tell(r, st, why);
    if (d == NULL)
        return;
    if (mailbox_post(r->out, d)) {
        r->mark = mark;
        r->polls = 0;
    } else {
        directory_free(d); /* The receiver is behind: it gets the newest at a later poll. */
    }
}

/* False: asked to stop. */
static bool
wait_for_next_poll(struct registry *r)
{
    struct timespec until;
    bool must_stop;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += POLL_MS / 1000;
    pthread_mutex_lock(&r->mutex);
    while (!r->must_stop)
        if (pthread_cond_timedwait(&r->stop_asked, &r->mutex, &until) == ETIMEDOUT)
            break;
    must_stop = r->must_stop;
    pthread_mutex_unlock(&r->mutex);
    return !must_stop;
}

static enum status
run(void *context)
{
    struct registry *r = context;

    do {
        poll_once(r);
    } while (wait_for_next_poll(r));
    PQfinish(r->db);
    return ST_OK;
}

struct registry *
registry_start(const char *conninfo, struct mailbox *out)
{
    struct registry *r = calloc(1, sizeof *r + strlen(conninfo) + 1);
    pthread_condattr_t attr;

    if (r == NULL)
        abort();
    memcpy(r->conninfo, conninfo, strlen(conninfo) + 1);
    r->out = out;
    r->mark.revision = -1; /* the first poll posts, also when nothing was imported yet */
    atomic_init(&r->database_ok, false);
    pthread_mutex_init(&r->mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&r->stop_asked, &attr);
    pthread_condattr_destroy(&attr);
    if (thread_start(&r->thread, "registry", run, r) != ST_OK)
        abort();
    return r;
}

bool
registry_database_ok(const struct registry *r)
{
    return atomic_load(&r->database_ok);
}

void
registry_stop(struct registry *r)
{
    if (r == NULL)
        return;
    pthread_mutex_lock(&r->mutex);
    r->must_stop = true;
    pthread_cond_signal(&r->stop_asked);
    pthread_mutex_unlock(&r->mutex);
    thread_join(&r->thread);
    pthread_cond_destroy(&r->stop_asked);
    pthread_mutex_destroy(&r->mutex);
    free(r);
}
