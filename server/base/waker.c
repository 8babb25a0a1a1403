/* An eventfd and a flag that says whether anybody needs it.
 *
 * Why no wake-up is lost. The producer pushes, then exchanges the flag for 0; the consumer
 * exchanges the flag for 1, then looks at its rings again. Both are read-modify-writes of one
 * variable, so one of them comes first:
 *   - the consumer's first: the producer reads 1 (or another producer did) and writes the eventfd;
 *   - the producer's first: the consumer's exchange reads a value written by that exchange or by
 *     one after it. Acquire reading from release (a chain of read-modify-writes keeps it) makes
 *     the push visible to the look that follows.
 * A plain load instead of the producer's exchange would need a full fence between push and load,
 * which ThreadSanitizer does not understand; the price is the same on x86. */
#include "server/base/waker.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum status
waker_init(struct waker *w)
{
    atomic_init(&w->sleeping, 0);
    w->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return w->fd >= 0 ? ST_OK : ST_WORLD_DOWN;
}

void
waker_fini(struct waker *w)
{
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
}

void
waker_wake(struct waker *w)
{
    const uint64_t one = 1;
    ssize_t n;

    /* Release: the push is visible to whoever sees this 0. Acquire is for the failed case of two
     * producers: whoever took the 1 is the one that writes. */
    if (atomic_exchange_explicit(&w->sleeping, 0, memory_order_acq_rel) == 0)
        return;
    do {
        n = write(w->fd, &one, sizeof(one));
    } while (n < 0 && errno == EINTR);
    /* EAGAIN: the counter is at its end, so the descriptor is readable anyway. */
    assert(n == (ssize_t)sizeof(one) || errno == EAGAIN);
}

void
waker_prepare(struct waker *w)
{
    /* Acquire: pushes announced by an earlier exchange are visible to the look that follows.
     * Release: it continues the chain for the next exchange. */
    atomic_exchange_explicit(&w->sleeping, 1, memory_order_acq_rel);
}

void
waker_cancel(struct waker *w)
{
    /* A producer may have written already: then the next wait returns at once, which is allowed. */
    atomic_exchange_explicit(&w->sleeping, 0, memory_order_acq_rel);
}

void
waker_drain(struct waker *w)
{
    uint64_t ignored;
    ssize_t n;

    /* One read takes the whole counter; EAGAIN says there was nothing. */
    do {
        n = read(w->fd, &ignored, sizeof(ignored));
    } while (n < 0 && errno == EINTR);
    assert(n == (ssize_t)sizeof(ignored) || errno == EAGAIN);
}

bool
waker_wait(struct waker *w, int timeout_ms)
{
    struct pollfd p = {.fd = w->fd, .events = POLLIN};
    int n = poll(&p, 1, timeout_ms);

    /* An interrupted sleep is a sleep that ended early; callers look at their rings anyway. */
    assert(n >= 0 || errno == EINTR);
    waker_cancel(w);
    if (n <= 0)
        return false;
    waker_drain(w);
    return true;
}

int
waker_fd(const struct waker *w)
{
    return w->fd;
}
