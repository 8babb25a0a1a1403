/* A signalfd, so that a signal is an event like any other: no code of ours runs inside a handler.
 * After the first stop request the signals go back to their usual effect, so that a second one
 * ends the process without main's help. */
#include "server/base/signals.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int fd = -1;

static sigset_t
requests(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

enum status
signals_init(void)
{
    sigset_t set = requests();
    int error = pthread_sigmask(SIG_BLOCK, &set, NULL);

    assert(error == 0);
    signal(SIGPIPE, SIG_IGN);
    fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return fd >= 0 ? ST_OK : ST_WORLD_DOWN;
}

void
signals_fini(void)
{
    if (fd >= 0)
        close(fd);
    fd = -1;
}

int
signals_fd(void)
{
    return fd;
}

static void
let_next_stop_kill(void)
{
    sigset_t stops;

    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    pthread_sigmask(SIG_UNBLOCK, &stops, NULL);
}

enum signal_request
signals_read(void)
{
    struct signalfd_siginfo info;
    ssize_t n;

    do {
        n = read(fd, &info, sizeof(info));
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        assert(errno == EAGAIN);
        return SIGNAL_NONE;
    }
    assert(n == (ssize_t)sizeof(info));
    if (info.ssi_signo == SIGHUP)
        return SIGNAL_RELOAD;
    let_next_stop_kill();
    return SIGNAL_STOP;
}
