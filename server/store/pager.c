/* The pager: takes questions from the aggregators in turn, asks the database until it answers, and
 * hands the same struct back. One question at a time: the database is asked in the order in which
 * an aggregator asks, which claims and loads rely on. */
#include "server/store/pager.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/base/counter.h"
#include "server/base/log_line.h"
#include "server/base/thread.h"
#include "server/store/pager_read.h"

struct pager {
    struct pager_options options;
    char *topic;
    struct db *db;
    struct params params;
    struct mailbox *inbox; /* per aggregator */
    struct waker waker;
    struct thread thread;
    _Atomic bool database_ok;
    _Atomic bool stopping;
};

/* False: interrupted. */
static bool
answer(struct pager *p, struct page_request *r)
{
    for (uint32_t attempt = 0;; attempt++) {
        enum db_class c = pager_read(p->db, &p->params, p->options.topic, r);

        if (c == DB_INTERRUPTED)
            return false;
        atomic_store_explicit(&p->database_ok, c != DB_LOST, memory_order_relaxed);
        if (c == DB_OK)
            break;
        log_line(c == DB_OURS ? LOG_ERROR : LOG_WARN, "event=%s kind=%u sqlstate=%s why=%s",
                 c == DB_OURS ? "question_impossible" : "question_unanswered", (unsigned)r->kind,
                 log_text_of(db_sqlstate(p->db)), log_text_of(db_message(p->db)));
        if (c == DB_OURS)
            abort();
        if (!db_sleep(p->db, db_backoff_ms(attempt)))
            return false;
    }
    counter_add(COUNT_pager_loads, 1);
    return true;
}

static void
hand_back(struct pager *p, struct page_request *r)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    while (!mailbox_post(p->options.done[r->aggregator], r)) {
        counter_add(COUNT_pager_ring_full, 1);
        if (atomic_load_explicit(&p->stopping, memory_order_acquire)) {
            page_request_free(r);
            return;
        }
        nanosleep(&pause, NULL);
    }
}

static bool
has_work(const struct pager *p)
{
    for (uint32_t a = 0; a < p->options.aggregators; a++)
        if (!mailbox_is_empty(&p->inbox[a]))
            return true;
    return false;
}

static void
answer_one_each(struct pager *p)
{
    for (uint32_t a = 0; a < p->options.aggregators; a++) {
        struct page_request *r = mailbox_take(&p->inbox[a]);

        if (r == NULL)
            continue;
        if (!atomic_load_explicit(&p->stopping, memory_order_acquire) && answer(p, r))
            hand_back(p, r);
        else
            page_request_free(r);
    }
}

static enum status
run(void *context)
{
    struct pager *p = context;

    for (;;) {
        bool stopping = atomic_load_explicit(&p->stopping, memory_order_acquire);

        while (has_work(p))
            answer_one_each(p);
        if (stopping)
            return ST_OK;
        waker_prepare(&p->waker);
        if (has_work(p) || atomic_load_explicit(&p->stopping, memory_order_acquire)) {
            waker_cancel(&p->waker);
            continue;
        }
        waker_wait(&p->waker, -1);
    }
}

struct pager *
pager_start(const struct pager_options *o)
{
    struct pager *p = calloc(1, sizeof *p);
    struct db_options database = {
        .conninfo = o->conninfo, .application_name = "meterd-pager", .is_keyed = true};

    if (p == NULL)
        abort();
    p->options = *o;
    p->topic = strdup(o->topic);
    p->options.topic = p->topic;
    p->options.conninfo = NULL; /* db has its own copy */
    p->db = db_new(&database);
    params_init(&p->params);
    p->inbox = calloc(o->aggregators, sizeof *p->inbox);
    if (p->topic == NULL || p->inbox == NULL || waker_init(&p->waker) != ST_OK)
        abort();
    for (uint32_t a = 0; a < o->aggregators; a++)
        if (mailbox_init(&p->inbox[a], PAGER_REQUESTS_MAX, &p->waker) != ST_OK)
            abort();
    /* Started once the registry was read: until the first failure the database is well. */
    atomic_init(&p->database_ok, true);
    if (thread_start(&p->thread, "pager", run, p) != ST_OK)
        abort();
    return p;
}

bool
pager_ask(struct pager *p, struct page_request *r)
{
    assert(r->aggregator < p->options.aggregators);
    return mailbox_post(&p->inbox[r->aggregator], r);
}

bool
pager_database_ok(const struct pager *p)
{
    return atomic_load_explicit(&p->database_ok, memory_order_relaxed);
}

void
pager_stop(struct pager *p)
{
    atomic_store_explicit(&p->stopping, true, memory_order_release);
    db_interrupt(p->db);
    waker_wake(&p->waker);
    thread_join(&p->thread);
    for (uint32_t a = 0; a < p->options.aggregators; a++)
        mailbox_fini(&p->inbox[a]);
    waker_fini(&p->waker);
    db_free(p->db);
    params_fini(&p->params);
    free(p->inbox);
    free(p->topic);
    free(p);
}
