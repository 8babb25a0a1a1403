/* Waking a thread that sleeps because its rings were empty; waking one that is awake costs no
 * system call.
 *
 * One consumer thread owns the waker; any number of producers may wake it. How the consumer must
 * sleep, so that no wake-up is lost:
 *
 *     for (;;) {
 *         ... take from the rings until all are empty ...
 *         waker_prepare(w);
 *         if (... any ring has something ...) { waker_cancel(w); continue; }
 *         waker_wait(w, timeout_ms);
 *     }
 *
 * A thread that sleeps in an event loop watches waker_fd for reading instead. It calls
 * waker_prepare once before it runs and checks its rings; at each event: waker_drain, take from
 * the rings until all are empty, waker_prepare, look at the rings once more and if one has
 * something, start again from taking. */
#ifndef METERD_BASE_WAKER_H
#define METERD_BASE_WAKER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "proto/status.h"

struct waker {
    int fd;
    _Atomic int sleeping; /* 1 from waker_prepare until somebody wakes, or the consumer cancels. */
};

/* ST_WORLD_DOWN: the system has no eventfd left. */
enum status waker_init(struct waker *w) MUST_USE;
/* Every producer has stopped. */
void waker_fini(struct waker *w);

/* Producers, after what they pushed is visible (after ring_push, byte_ring_commit). */
void waker_wake(struct waker *w);

/* Consumer. From here on producers write to the eventfd. The consumer must look at its rings once
 * more after this and before it sleeps. */
void waker_prepare(struct waker *w);
/* Consumer: it does not sleep after all. */
void waker_cancel(struct waker *w);
/* Consumer, after waker_prepare. Sleeps until woken, at most timeout_ms (-1: for ever), and drains.
 * True: somebody woke it. Now and then a wake-up comes for something already taken. */
bool waker_wait(struct waker *w, int timeout_ms);
/* Consumer in an event loop: takes the wake-up away, so that waker_fd is no longer readable. */
void waker_drain(struct waker *w);

/* For poll() and event loops; readable when woken. Belongs to the waker. */
int waker_fd(const struct waker *w);

#endif
