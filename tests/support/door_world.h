/* A small registry, a configuration and a token, for tests of what lies behind the doors. */
#ifndef METERD_TESTS_SUPPORT_DOOR_WORLD_H
#define METERD_TESTS_SUPPORT_DOOR_WORLD_H

#include <stdbool.h>

#include "server/base/config.h"
#include "server/base/directory.h"

/* Gateways gw-a (enterprise 1, partition 3, token "token-a" and "token-a2") and gw-b (enterprise 2,
 * partition 5, token "token-b"). Points of enterprise 1: E1 register (17), I1 interval (18), R1
 * rate (19), U1 unregistered (20) and so many more unregistered that they are `unregistered` in all
 * (at least 1); of enterprise 2: E1 register (21). */
struct directory *door_world_directory(int64_t revision, bool has_token_a, uint32_t unregistered);
/* Defaults with doors on free ports of loopback and small limits. */
void door_world_config(struct config *c);

#endif
