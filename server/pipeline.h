/* All stages together: started last to first, stopped first to last. Thread: main. */
#ifndef METERD_PIPELINE_H
#define METERD_PIPELINE_H

#include <poll.h>
#include <stdint.h>

#include "server/base/config.h"

struct pipeline;

/* Opens the doors and asks for the registry; log and rollup begin when it is there. NULL: a
 * sentence was logged and *exit_code says how to end. */
struct pipeline *pipeline_start(const struct config *cfg, int *exit_code);

/* Descriptors to watch, at most max; then pipeline_turn when one is ready or a second has passed. */
int pipeline_fds(struct pipeline *p, struct pollfd *out, int max);
/* False: meterd must end with *exit_code (another owner, a log of another deployment). */
bool pipeline_turn(struct pipeline *p, const struct pollfd *fds, int count, int *exit_code);

/* Drains: no new connections, what was acknowledged is folded and written as far as the database
 * lets it within some seconds. */
void pipeline_stop(struct pipeline *p);

#endif
