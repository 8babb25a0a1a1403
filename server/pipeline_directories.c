/* Handing directories round: one at a time, newest wins; the one before is freed when every thread
 * has given it back. */
#include <assert.h>
#include <stdlib.h>

#include "server/base/counter.h"
#include "server/base/log_line.h"
#include "server/pipeline_parts.h"

void
directories_init(struct pipeline *p)
{
    if (mailbox_init(&p->new_directories, 8, &p->waker) != ST_OK)
        abort();
    for (uint32_t i = 0; i < USERS_MAX; i++)
        if (mailbox_init(&p->used_directories[i], 4, &p->waker) != ST_OK)
            abort();
}

void
directories_fini(struct pipeline *p)
{
    mailbox_fini(&p->new_directories);
    for (uint32_t i = 0; i < USERS_MAX; i++)
        mailbox_fini(&p->used_directories[i]);
    directory_free(p->waiting);
    directory_free(p->leaving);
    directory_free(p->current);
}

static void
take_used(struct pipeline *p)
{
    for (uint32_t i = 0; i < USERS_MAX; i++) {
        const struct directory *d;
        while ((d = mailbox_take(&p->used_directories[i])) != NULL) {
            assert(d == p->leaving && p->leaving_users > 0);
            p->leaving_users--;
        }
    }
    if (p->leaving != NULL && p->leaving_users == 0) {
        directory_free(p->leaving);
        p->leaving = NULL;
    }
}

static void
take_new(struct pipeline *p)
{
    struct directory *d;

    while ((d = mailbox_take(&p->new_directories)) != NULL) {
        directory_free(p->waiting);
        p->waiting = d;
    }
}

static void
hand_round(struct pipeline *p)
{
    p->leaving = p->current;
    p->leaving_users = p->loop_count + p->aggregator_count;
    p->current = p->waiting;
    p->waiting = NULL;
    log_line(LOG_INFO, "event=directory revision=%lld",
             (long long)directory_revision(p->current));
    counter_add(COUNT_directory_swaps, 1);
    for (uint32_t i = 0; i < p->loop_count; i++)
        net_loop_post_directory(p->loops[i], p->current);
    for (uint32_t i = 0; i < p->aggregator_count; i++)
        if (!aggregator_post_directory(p->aggregators[i], p->current))
            abort(); /* Two are never under way to a thread. */
}

void
directories_turn(struct pipeline *p)
{
    take_used(p);
    take_new(p);
    /* At the end nobody is left to take one; pipeline_stop frees what still waits. */
    if (p->waiting == NULL || p->draining)
        return;
    if (p->current == NULL) {
        p->current = p->waiting;
        p->waiting = NULL;
        if (!pipeline_begin(p)) {
            directory_free(p->current);
            p->current = NULL;
        }
    } else if (p->leaving == NULL && p->log != NULL) {
        hand_round(p);
    }
}
