/* The newest message of a record is the head of its list, so that it can be taken off again, in
 * constant time, when it turns out to go on in the next record. */
#include "server/ingest/ack.h"

#include <assert.h>
#include <stddef.h>

void
waiter_list_add(struct waiter_list *l, struct waiter *w)
{
    if (l->newest == w)
        return;
    w->next_in_record = l->newest;
    l->newest = w;
    w->records_left++;
}

void
waiter_list_seal(struct waiter_list *l)
{
    struct waiter *w = l->newest;

    assert(l->continuing == NULL);
    if (w == NULL || !w->is_open)
        return;
    l->continuing = w;
    l->newest = w->next_in_record;
    w->next_in_record = NULL;
}

static void
answer(struct waiter *w, enum status result, int64_t offset)
{
    assert(w->records_left > 0);
    w->records_left--;
    if (result != ST_OK) {
        w->status = result;
        return;
    }
    if (w->offset_count < WAITER_OFFSETS_MAX)
        w->offset_count++;
    w->offsets[w->offset_count - 1] = offset;
}

void
waiter_list_answer(struct waiter_list *l, enum status result, uint32_t partition, int64_t offset,
                   waiter_answered answered, void *context)
{
    struct waiter *w = l->newest;

    if (l->continuing != NULL) {
        answer(l->continuing, result, offset);
        l->continuing->partition = partition;
        if (waiter_is_done(l->continuing))
            answered(context, l->continuing);
    }
    while (w != NULL) {
        struct waiter *next = w->next_in_record;

        answer(w, result, offset);
        w->partition = partition;
        if (waiter_is_done(w))
            answered(context, w);
        w = next;
    }
    *l = (struct waiter_list){0};
}
