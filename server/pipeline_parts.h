/* Inside the pipeline: what its files share. */
#ifndef METERD_PIPELINE_PARTS_H
#define METERD_PIPELINE_PARTS_H

#include "server/base/mailbox.h"
#include "server/log/log.h"
#include "server/net/loop.h"
#include "server/ops/admin.h"
#include "server/ops/status_view.h"
#include "server/pipeline.h"
#include "server/rollup/aggregator.h"
#include "server/store/registry.h"

/* Threads that use directories: loops first, then aggregators. */
#define USERS_MAX (LOOPS_MAX + AGGREGATORS_MAX)

struct pipeline {
    const struct config *cfg;
    struct waker waker; /* of main's mailboxes */

    /* Directories: the newest known, the one being handed round, and who still has the one before. */
    struct registry *registry;
    struct mailbox new_directories;
    struct mailbox used_directories[USERS_MAX];
    struct directory *current; /* every thread has it, or is about to */
    struct directory *waiting; /* newer; handed round when nobody has the one before current */
    struct directory *leaving; /* the one before current */
    uint32_t leaving_users;

    struct session_shared *shared;
    struct net_loop *loops[LOOPS_MAX];
    uint32_t loop_count;

    /* From the first directory on. */
    struct log *log;
    struct writer *writer;
    struct pager *pager;
    struct router *router;
    struct aggregator *aggregators[AGGREGATORS_MAX];
    uint32_t aggregator_count;
    struct mailbox *written[AGGREGATORS_MAX]; /* writer and pager answer here */
    struct mailbox *paged[AGGREGATORS_MAX];
    atomic_bool lost; /* a partition went to another owner */

    struct admin *admin;
    int64_t started_ms;
    bool draining;
    int exit_code;
};

/* pipeline_directories.c */
void directories_init(struct pipeline *p);
/* Every thread has ended; frees what is still held. */
void directories_fini(struct pipeline *p);
/* Takes what registry and threads have sent. */
void directories_turn(struct pipeline *p);

/* pipeline_pages.c: the admin door's pages; ctx is the pipeline. */
enum status pages_open(struct pipeline *p, char why[WHY_SIZE]) MUST_USE;

/* pipeline.c: the first directory is p->current: log and rollup begin. False: exit_code is set. */
bool pipeline_begin(struct pipeline *p);

#endif
