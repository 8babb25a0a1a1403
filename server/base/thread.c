/* pthreads with three habits: a name, no signals, and no quiet death. */
#include "server/base/thread.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/counter.h"
#include "server/base/log_line.h"

/* Its address is different in every thread: an identity that costs no call. */
static _Thread_local char identity;

static void *
thread_main(void *argument)
{
    struct thread *t = argument;
    enum status st;

    pthread_setname_np(pthread_self(), t->name);
    st = t->run(t->context);
    if (st != ST_OK) {
        log_line(LOG_ERROR, "event=thread_failed thread=%s why=\"%s\"", t->name, status_text(st));
        abort();
    }
    counter_detach();
    return NULL;
}

enum status
thread_start(struct thread *t, const char *name, thread_run run, void *context)
{
    sigset_t all, before;
    int error;

    memset(t, 0, sizeof(*t));
    snprintf(t->name, sizeof(t->name), "%.*s", THREAD_NAME_SIZE - 1, name);
    t->run = run;
    t->context = context;
    sigfillset(&all);
    /* Blocking these would not hold them back: the system kills the process anyway. */
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    sigdelset(&all, SIGABRT);
    /* The new thread inherits the mask, so no signal can reach it before it runs. */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&t->id, NULL, thread_main, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    t->is_started = error == 0;
    return error == 0 ? ST_OK : ST_WORLD_DOWN;
}

void
thread_join(struct thread *t)
{
    int error;

    if (!t->is_started)
        return;
    error = pthread_join(t->id, NULL);
    assert(error == 0);
    t->is_started = false;
}

void
thread_owner_init(struct thread_owner *o)
{
    o->owner = &identity;
}

bool
thread_is_owner(const struct thread_owner *o)
{
    return o->owner == &identity;
}
