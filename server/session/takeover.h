/* The same gateway with the same client id again: the older connection gives way (contract 2),
 * also when it lives in another loop.
 *
 * Every accepted CONNECT gets a number of the process and is announced to all other loops; each
 * closes what it has of that client with a lower number. So of two that connect at the same moment
 * in two loops exactly the later one stays. */
#ifndef METERD_SESSION_TAKEOVER_H
#define METERD_SESSION_TAKEOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/status.h"

struct takeover_board; /* one of the process */
struct waker;

struct takeover {
    uint64_t client; /* keyed hash of gateway and client id */
    uint64_t number;
};

/* Main thread. NULL: no memory. */
struct takeover_board *takeover_board_new(uint32_t loops) MUST_USE;
void takeover_board_free(struct takeover_board *b);
/* Main thread, before that loop runs. */
void takeover_board_join(struct takeover_board *b, uint32_t loop, struct waker *waker);

/* Any loop. */
uint64_t takeover_number(struct takeover_board *b);
/* Loop `from`. False: another loop is behind with reading; say it again later. */
bool takeover_announce(struct takeover_board *b, uint32_t from, const struct takeover *t) MUST_USE;
/* Loop `to`: what others have announced; false: nothing more. */
bool takeover_take(struct takeover_board *b, uint32_t to, struct takeover *out) MUST_USE;
/* Loop `to`, for the look between waker_prepare and sleeping. */
bool takeover_is_empty(const struct takeover_board *b, uint32_t to);

#endif
