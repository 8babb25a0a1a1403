/* A ring of pointers and a wake-up after each post. The waker makes waking an awake receiver
 * cheap, so a sender never needs to know whether the receiver sleeps. */
#include "server/base/mailbox.h"

#include <assert.h>
#include <stddef.h>

#include "server/base/ring.h"

enum status
mailbox_init(struct mailbox *m, uint32_t capacity, struct waker *waker)
{
    assert(waker != NULL);
    m->waker = waker;
    m->ring = ring_new(capacity, sizeof(void *));
    return m->ring != NULL ? ST_OK : ST_WORLD_DOWN;
}

void
mailbox_fini(struct mailbox *m)
{
    ring_free(m->ring);
    m->ring = NULL;
}

bool
mailbox_post(struct mailbox *m, void *message)
{
    assert(message != NULL);
    if (!ring_push(m->ring, &message))
        return false;
    waker_wake(m->waker);
    return true;
}

void *
mailbox_take(struct mailbox *m)
{
    void *message;

    if (!ring_pop(m->ring, &message))
        return NULL;
    assert(message != NULL);
    return message;
}

bool
mailbox_is_empty(const struct mailbox *m)
{
    return ring_count(m->ring) == 0;
}
