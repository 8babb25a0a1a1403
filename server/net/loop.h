/* One ingest thread: an event loop with its doors, its connections and what their sessions share.
 * Every function here is for the main thread. */
#ifndef METERD_NET_LOOP_H
#define METERD_NET_LOOP_H

#include <stdint.h>

#include "proto/status.h"
#include "server/base/address.h"
#include "server/base/bounds.h"

struct config;
struct directory;
struct log;
struct mailbox;
struct net_loop;
struct session_shared;

struct net_loop_options {
    const struct config *config;
    struct session_shared *shared;
    uint32_t index; /* 0 .. [ingest] loops - 1 */
    /* To main: each directory the loop has given back. Room for two at least. */
    struct mailbox *used_directories;
    /* Loop 0, for the others: the port it got where port 0 was asked for is theirs too. */
    const struct net_loop *first;
};

/* Binds the doors and starts the thread. Until net_loop_begin gateways are told to come back. NULL:
 * why is a sentence for the operator. */
struct net_loop *net_loop_start(const struct net_loop_options *o, char why[WHY_SIZE]) MUST_USE;
/* Once: log and directory are there. Both are borrowed until net_loop_join. */
void net_loop_begin(struct net_loop *l, struct log *log, const struct directory *d);
/* A newer directory; the one before comes back through used_directories. Never two at a time. */
void net_loop_post_directory(struct net_loop *l, const struct directory *d);
/* No new connections; what is under way is finished, at most for drain_ms; then the thread ends. */
void net_loop_drain(struct net_loop *l, int64_t drain_ms);
/* After net_loop_drain. Waits for the thread's end and frees everything; NULL is allowed. */
void net_loop_join(struct net_loop *l);
/* Where the doors are; is_on says whether they are. */
struct address net_loop_http_address(const struct net_loop *l);
struct address net_loop_mqtt_address(const struct net_loop *l);

#endif
