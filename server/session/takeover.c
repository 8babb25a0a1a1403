/* A ring for each pair of loops. Saying it twice does no harm, so a full ring is answered by saying
 * it again to everybody. */
#include "server/session/takeover.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "server/base/bounds.h"
#include "server/base/ring.h"
#include "server/base/waker.h"

struct takeover_board {
    uint32_t loops;
    _Atomic uint64_t number;
    struct waker *_Atomic wakers[LOOPS_MAX]; /* NULL: that loop has not started */
    struct ring *rings[]; /* [from * loops + to] */
};

struct takeover_board *
takeover_board_new(uint32_t loops)
{
    struct takeover_board *b = calloc(1, sizeof *b + (size_t)loops * loops * sizeof b->rings[0]);

    assert(loops >= 1 && loops <= LOOPS_MAX);
    if (b == NULL)
        return NULL;
    b->loops = loops;
    for (uint32_t i = 0; i < loops * loops; i++) {
        if (i / loops == i % loops)
            continue;
        b->rings[i] = ring_new(TAKEOVERS_MAX, sizeof(struct takeover));
        if (b->rings[i] == NULL) {
            takeover_board_free(b);
            return NULL;
        }
    }
    return b;
}

void
takeover_board_free(struct takeover_board *b)
{
    if (b == NULL)
        return;
    for (uint32_t i = 0; i < b->loops * b->loops; i++)
        ring_free(b->rings[i]);
    free(b);
}

void
takeover_board_join(struct takeover_board *b, uint32_t loop, struct waker *waker)
{
    assert(loop < b->loops);
    /* Release: the waker is complete before another loop can see it. */
    atomic_store_explicit(&b->wakers[loop], waker, memory_order_release);
}

uint64_t
takeover_number(struct takeover_board *b)
{
    /* Relaxed: only that numbers differ and grow matters. */
    return atomic_fetch_add_explicit(&b->number, 1, memory_order_relaxed) + 1;
}

bool
takeover_announce(struct takeover_board *b, uint32_t from, const struct takeover *t)
{
    for (uint32_t to = 0; to < b->loops; to++) {
        struct waker *waker = atomic_load_explicit(&b->wakers[to], memory_order_acquire);

        if (to == from || waker == NULL)
            continue;
        if (!ring_push(b->rings[from * b->loops + to], t))
            return false;
        waker_wake(waker);
    }
    return true;
}

bool
takeover_take(struct takeover_board *b, uint32_t to, struct takeover *out)
{
    for (uint32_t from = 0; from < b->loops; from++)
        if (from != to && ring_pop(b->rings[from * b->loops + to], out))
            return true;
    return false;
}

bool
takeover_is_empty(const struct takeover_board *b, uint32_t to)
{
    for (uint32_t from = 0; from < b->loops; from++)
        if (from != to && ring_count(b->rings[from * b->loops + to]) > 0)
            return false;
    return true;
}
