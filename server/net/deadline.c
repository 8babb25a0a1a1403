/* A deadline that moves later stays in its slot; when the slot's time comes it is put where it
 * belongs by then. So a busy connection costs one move per turn of the wheel. */
#include "server/net/deadline.h"

#include <assert.h>
#include <stddef.h>

void
deadline_wheel_init(struct deadline_wheel *w, int64_t now_ms)
{
    *w = (struct deadline_wheel){.tick = now_ms / DEADLINE_SLOT_MS};
}

void
deadline_cancel(struct deadline *d)
{
    if (d->link == NULL)
        return;
    *d->link = d->next;
    if (d->next != NULL)
        d->next->link = d->link;
    d->link = NULL;
}

static void
put(struct deadline_wheel *w, struct deadline *d)
{
    struct deadline **slot;
    int64_t tick = d->due_ms / DEADLINE_SLOT_MS + 1;

    if (tick <= w->tick)
        tick = w->tick + 1;
    if (tick >= w->tick + DEADLINE_SLOTS)
        tick = w->tick + DEADLINE_SLOTS - 1;
    slot = &w->slots[tick % DEADLINE_SLOTS];
    d->tick = tick;
    d->next = *slot;
    d->link = slot;
    if (d->next != NULL)
        d->next->link = &d->next;
    *slot = d;
}

void
deadline_set(struct deadline_wheel *w, struct deadline *d, int64_t due_ms)
{
    d->due_ms = due_ms;
    if (due_ms == DEADLINE_NEVER) {
        deadline_cancel(d);
        return;
    }
    if (d->link != NULL && d->tick <= due_ms / DEADLINE_SLOT_MS + 1)
        return;
    deadline_cancel(d);
    put(w, d);
}

struct deadline *
deadline_pop(struct deadline_wheel *w, int64_t now_ms)
{
    assert(w->tick >= 0);
    while (w->tick <= now_ms / DEADLINE_SLOT_MS) {
        struct deadline *d = w->slots[w->tick % DEADLINE_SLOTS];

        if (d == NULL) {
            w->tick++;
            continue;
        }
        deadline_cancel(d);
        if (d->due_ms <= now_ms)
            return d;
        put(w, d);
    }
    return NULL;
}
