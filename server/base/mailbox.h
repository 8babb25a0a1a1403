/* Pointers from one thread to another, and a wake-up for the one that receives.
 *
 * One sender thread, one receiver thread. Several mailboxes may share the receiver's waker. What
 * is posted belongs to the receiver from then on; neither side frees anything here. */
#ifndef METERD_BASE_MAILBOX_H
#define METERD_BASE_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/status.h"
#include "server/base/waker.h"

struct ring;

struct mailbox {
    struct ring *ring;
    struct waker *waker; /* The receiver's. Lives longer than the mailbox. */
};

/* Room for at least capacity messages. ST_WORLD_DOWN: no memory. */
enum status mailbox_init(struct mailbox *m, uint32_t capacity, struct waker *waker) MUST_USE;
/* Sender and receiver are done; messages left inside are forgotten. */
void mailbox_fini(struct mailbox *m);

/* Sender. Posts message (never NULL) and wakes the receiver. False: full, nothing was posted. */
bool mailbox_post(struct mailbox *m, void *message) MUST_USE;
/* Receiver. The oldest message, or NULL: empty. */
void *mailbox_take(struct mailbox *m) MUST_USE;
/* Receiver, for the look between waker_prepare and sleeping. */
bool mailbox_is_empty(const struct mailbox *m);

#endif
