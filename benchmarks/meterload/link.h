/* One connection of a replay: it sends the messages of one gateway after the other, keeps a window
 * of them under way, and sends again what was not acknowledged, in the plan's order. */
#ifndef METERD_BENCHMARKS_METERLOAD_LINK_H
#define METERD_BENCHMARKS_METERLOAD_LINK_H

#include <poll.h>

#include "benchmarks/meterload/load.h"

struct link;

struct link *link_new(struct load *load, enum door door, uint32_t number);
void link_free(struct link *l);

/* Connects, takes the next gateway, writes messages into memory: whatever is due. Nothing leaves
 * before link_flush. */
void link_prepare(struct link *l);
/* The ledger has what link_prepare decided: sends. */
void link_flush(struct link *l);

/* What to wait for; fd -1: nothing. */
struct pollfd link_poll(const struct link *l);
/* Reads answers after poll said revents. */
void link_ready(struct link *l, short revents);

/* Nothing is left for it to do. */
bool link_is_done(const struct link *l);

#endif
