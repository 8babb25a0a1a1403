#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/base/thread.h"
#include "tests/unit/base/suite.h"

static enum status
look_around(void *context)
{
    sigset_t blocked;
    char name[32];

    pthread_getname_np(pthread_self(), name, sizeof(name));
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    snprintf(context, 64, "%s term=%d segv=%d", name, sigismember(&blocked, SIGTERM),
             sigismember(&blocked, SIGSEGV));
    return ST_OK;
}

START_TEST(a_thread_has_its_name_and_no_signals)
{
    struct thread t;
    char seen[64];

    ck_assert_int_eq(thread_start(&t, "aggregator with a long name", look_around, seen), ST_OK);
    thread_join(&t);
    thread_join(&t);
    ck_assert_str_eq(seen, "aggregator with term=1 segv=0");
}
END_TEST

static enum status
end_badly(void *context)
{
    (void)context;
    return ST_CORRUPT;
}

static void
run_failing(void)
{
    struct thread t;

    if (thread_start(&t, "failing", end_badly, NULL) == ST_OK)
        thread_join(&t);
}

START_TEST(a_failed_thread_aborts_the_process)
{
    ck_assert_aborts(run_failing());
}
END_TEST

static enum status
ask_owner(void *context)
{
    return thread_is_owner(context) ? ST_CORRUPT : ST_OK;
}

START_TEST(only_the_owner_is_the_owner)
{
    struct thread_owner o;
    struct thread t;

    thread_owner_init(&o);
    assert_owner(&o);
    ck_assert_int_eq(thread_start(&t, "other", ask_owner, &o), ST_OK);
    thread_join(&t);
}
END_TEST

SUITE("thread", a_thread_has_its_name_and_no_signals, a_failed_thread_aborts_the_process,
      only_the_owner_is_the_owner)
