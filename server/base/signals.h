/* Requests that come as signals. Main only: every other thread has signals blocked (thread.h).
 *
 * signals_init is the first thing the process does: from then on a signal waits until main reads
 * it, so one that comes before the rest has started is not lost and kills nobody. */
#ifndef METERD_BASE_SIGNALS_H
#define METERD_BASE_SIGNALS_H

#include "proto/status.h"

enum signal_request {
    SIGNAL_NONE,
    SIGNAL_STOP,   /* SIGTERM, SIGINT: drain and exit 0 */
    SIGNAL_RELOAD, /* SIGHUP */
};

/* Blocks the three signals, ignores SIGPIPE, opens the descriptor. ST_WORLD_DOWN: no descriptor. */
enum status signals_init(void) MUST_USE;
void signals_fini(void);
/* Readable when a request waits; for poll() and event loops. */
int signals_fd(void);
/* The next request; SIGNAL_NONE when there is none. After the first SIGNAL_STOP the signals have
 * their usual effect again: a second SIGTERM or SIGINT ends the process at once, even while main
 * is busy draining. */
enum signal_request signals_read(void);

#endif
