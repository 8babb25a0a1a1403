/* The writer: takes transactions from the aggregators, one at a time, and sends each again and
 * again unchanged until the database has said what became of it. An answer that is lost, or a
 * fence that holds, is looked up in the partitions' rows: they name the commit they stand at, so
 * that "did it happen?" always has an answer (design 4, "Its fate"). */
#include "server/store/writer.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "server/base/counter.h"
#include "server/base/log_line.h"
#include "server/base/thread.h"
#include "server/store/commit_sql.h"
#include "server/store/db.h"
#include "server/store/months.h"

#define INBOX_CAPACITY     2 /* one transaction of an aggregator is under way at most */
#define QUICK_RETRIES_MAX  5 /* of deadlocks, before they are waited out like anything else */
#define QUICK_RETRY_MS_MAX 50

struct writer {
    struct writer_options options;
    char *topic;
    struct db *db;
    struct params params;
    struct months *months;
    struct mailbox *inbox; /* per aggregator */
    struct waker waker;
    struct thread thread;
    int ended_fd; /* readable when the thread is done */
    _Atomic bool database_ok;
    _Atomic bool stopping;
};

/* --- One transaction.
 * ----------------------------------------------------------------------------- */

static void
note_class(struct writer *w, enum db_class c)
{
    if (c != DB_INTERRUPTED)
        atomic_store_explicit(&w->database_ok, c != DB_LOST, memory_order_relaxed);
}

static enum db_class
send_once(struct writer *w, const struct transaction *tx)
{
    enum db_class c;

    if ((c = db_open(w->db)) == DB_OK &&
        (c = months_ensure(w->months, w->db, &w->params, tx)) == DB_OK &&
        (c = commit_send(w->db, &w->params, w->options.topic, tx)) == DB_OK)
        c = db_run(w->db);
    note_class(w, c);
    return c;
}

static void
log_failure(const struct writer *w, const char *event)
{
    log_line(LOG_WARN, "event=%s sqlstate=%s why=%s", event, log_text_of(db_sqlstate(w->db)),
             log_text_of(db_message(w->db)));
}

/* False: interrupted. */
static bool
find_fate(struct writer *w, const struct transaction *tx, enum commit_fate *fate)
{
    for (uint32_t attempt = 0;; attempt++) {
        enum db_class c = commit_read_fate(w->db, &w->params, w->options.topic, tx, fate);

        note_class(w, c);
        if (c == DB_OK)
            return true;
        if (c == DB_INTERRUPTED)
            return false;
        log_failure(w, "database_away");
        if (!db_sleep(w->db, db_backoff_ms(attempt)))
            return false;
    }
}

static bool
is_deadlock(const struct writer *w)
{
    const char *sqlstate = db_sqlstate(w->db);

    return strcmp(sqlstate, "40P01") == 0 || strcmp(sqlstate, "40001") == 0;
}

/* False: interrupted. */
static bool
wait_for_retry(struct writer *w, uint32_t attempt)
{
    int64_t ms = db_backoff_ms(attempt);

    if (is_deadlock(w) && attempt < QUICK_RETRIES_MAX)
        ms %= QUICK_RETRY_MS_MAX;
    counter_add(COUNT_commit_retries, 1);
    return db_sleep(w->db, ms);
}

/* What we sent is wrong: sending it again would be as wrong, and leaving it out would lose
 * readings. Only a month whose partition was removed behind our back can be put right. */
static void
check_ours(struct writer *w, uint32_t attempt)
{
    if (attempt == 0 && strcmp(db_sqlstate(w->db), "23514") == 0) {
        months_forget(w->months);
        return;
    }
    log_line(LOG_ERROR, "event=commit_impossible sqlstate=%s why=%s",
             log_text_of(db_sqlstate(w->db)), log_text_of(db_message(w->db)));
    abort();
}

/* TX_PENDING: interrupted, the fate stays unknown. */
static enum tx_fate
commit(struct writer *w, const struct transaction *tx)
{
    for (uint32_t attempt = 0;; attempt++) {
        enum commit_fate fate = COMMIT_NOT_HAPPENED;

        switch (send_once(w, tx)) {
        case DB_OK:
            return TX_DONE;
        case DB_INTERRUPTED:
            return TX_PENDING;
        case DB_OURS:
            check_ours(w, attempt);
            break;
        case DB_RETRY:
            log_failure(w, "commit_refused");
            break;
        case DB_LOST:
        case DB_FENCED:
            log_failure(w, "commit_unanswered");
            if (!find_fate(w, tx, &fate))
                return TX_PENDING;
            break;
        }
        if (fate == COMMIT_HAPPENED)
            return TX_DONE;
        if (fate == COMMIT_FENCED)
            return TX_DROPPED;
        if (!wait_for_retry(w, attempt))
            return TX_PENDING;
    }
}

static void
tell_replay_offsets(const struct writer *w, const struct transaction *tx)
{
    if (w->options.replay_offset_durable == NULL)
        return;
    for (uint32_t i = 0; i < tx->parts.count; i++)
        w->options.replay_offset_durable(w->options.ctx, tx->parts.at[i].partition,
                                         tx->parts.at[i].replay_offset);
}

static void
count_commit(const struct transaction *tx)
{
    if (tx->fate == TX_DROPPED)
        counter_add(COUNT_commits_fenced, 1);
    if (tx->fate != TX_DONE)
        return;
    counter_add(COUNT_commits, 1);
    counter_add(COUNT_rows_upserted, (uint64_t)tx->enterprise_slots.count + tx->area_slots.count +
                                         tx->enterprise_days.count + tx->area_days.count);
    counter_add(COUNT_points_written, tx->points.count);
    counter_add(COUNT_segments_written, tx->segments.count);
}

static void
write_transaction(struct writer *w, struct transaction *tx)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    struct mailbox *done = w->options.done[tx->aggregator];

    assert(tx->parts.count > 0);
    tx->fate = commit(w, tx);
    count_commit(tx);
    if (tx->fate == TX_DONE)
        tell_replay_offsets(w, tx);
    while (!mailbox_post(done, tx)) {
        counter_add(COUNT_writer_ring_full, 1);
        nanosleep(&pause, NULL);
    }
}

/* --- The thread.
 * ----------------------------------------------------------------------------------- */

static bool
has_work(const struct writer *w)
{
    for (uint32_t a = 0; a < w->options.aggregators; a++)
        if (!mailbox_is_empty(&w->inbox[a]))
            return true;
    return false;
}

static void
write_all(struct writer *w)
{
    for (uint32_t a = 0; a < w->options.aggregators; a++) {
        struct transaction *tx = mailbox_take(&w->inbox[a]);

        if (tx != NULL)
            write_transaction(w, tx);
    }
}

static enum status
run(void *context)
{
    struct writer *w = context;
    const uint64_t one = 1;
    ssize_t n;

    for (;;) {
        bool stopping = atomic_load_explicit(&w->stopping, memory_order_acquire);

        while (has_work(w))
            write_all(w);
        if (stopping)
            break;
        waker_prepare(&w->waker);
        if (has_work(w) || atomic_load_explicit(&w->stopping, memory_order_acquire)) {
            waker_cancel(&w->waker);
            continue;
        }
        waker_wait(&w->waker, -1);
    }
    n = write(w->ended_fd, &one, sizeof one);
    assert(n == (ssize_t)sizeof one);
    return ST_OK;
}

struct writer *
writer_start(const struct writer_options *o)
{
    struct writer *w = calloc(1, sizeof *w);
    struct db_options database = {
        .conninfo = o->conninfo, .application_name = "meterd-writer", .is_keyed = true};

    if (w == NULL)
        abort();
    w->options = *o;
    w->topic = strdup(o->topic);
    w->options.topic = w->topic;
    w->options.conninfo = NULL; /* db has its own copy */
    w->db = db_new(&database);
    w->months = months_new();
    params_init(&w->params);
    w->inbox = calloc(o->aggregators, sizeof *w->inbox);
    w->ended_fd = eventfd(0, EFD_CLOEXEC);
    if (w->topic == NULL || w->inbox == NULL || w->ended_fd < 0 || waker_init(&w->waker) != ST_OK)
        abort();
    for (uint32_t a = 0; a < o->aggregators; a++)
        if (mailbox_init(&w->inbox[a], INBOX_CAPACITY, &w->waker) != ST_OK)
            abort();
    /* Started once the registry was read: until the first failure the database is well. */
    atomic_init(&w->database_ok, true);
    if (thread_start(&w->thread, "writer", run, w) != ST_OK)
        abort();
    return w;
}

void
writer_submit(struct writer *w, uint32_t aggregator, struct transaction *tx)
{
    bool posted;

    assert(aggregator < w->options.aggregators);
    tx->aggregator = aggregator;
    tx->fate = TX_PENDING;
    posted = mailbox_post(&w->inbox[aggregator], tx);
    assert(posted);
}

bool
writer_database_ok(const struct writer *w)
{
    return atomic_load_explicit(&w->database_ok, memory_order_relaxed);
}

void
writer_stop(struct writer *w, int64_t grace_ms)
{
    struct pollfd ended = {.fd = w->ended_fd, .events = POLLIN};

    atomic_store_explicit(&w->stopping, true, memory_order_release);
    waker_wake(&w->waker);
    if (poll(&ended, 1, (int)grace_ms) <= 0)
        db_interrupt(w->db);
    thread_join(&w->thread);
    for (uint32_t a = 0; a < w->options.aggregators; a++)
        mailbox_fini(&w->inbox[a]);
    waker_fini(&w->waker);
    db_free(w->db);
    months_free(w->months);
    params_fini(&w->params);
    close(w->ended_fd);
    free(w->inbox);
    free(w->topic);
    free(w);
}
