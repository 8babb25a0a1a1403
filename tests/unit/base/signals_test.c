#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/base/signals.h"
#include "tests/unit/base/suite.h"

START_TEST(requests_wait_until_they_are_read)
{
    struct pollfd p = {.events = POLLIN};

    ck_assert_int_eq(signals_init(), ST_OK);
    ck_assert_int_eq(signals_read(), SIGNAL_NONE);
    raise(SIGHUP);
    p.fd = signals_fd();
    ck_assert_int_eq(poll(&p, 1, 0), 1);
    ck_assert_int_eq(signals_read(), SIGNAL_RELOAD);
    raise(SIGPIPE);
    raise(SIGTERM);
    ck_assert_int_eq(signals_read(), SIGNAL_STOP);
    ck_assert_int_eq(signals_read(), SIGNAL_NONE);
    raise(SIGHUP);
    ck_assert_int_eq(signals_read(), SIGNAL_RELOAD);
    signals_fini();
}
END_TEST

START_TEST(a_second_stop_ends_the_process_at_once)
{
    pid_t child = fork();
    int how;

    if (child == 0) {
        if (signals_init() == ST_OK) {
            raise(SIGTERM);
            if (signals_read() == SIGNAL_STOP)
                raise(SIGTERM);
        }
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &how, 0), child);
    ck_assert(WIFSIGNALED(how) && WTERMSIG(how) == SIGTERM);
}
END_TEST

SUITE("signals", requests_wait_until_they_are_read, a_second_stop_ends_the_process_at_once)
