/* meterload replay: readings out of files through meterd's front doors. */
#ifndef METERD_BENCHMARKS_METERLOAD_REPLAY_H
#define METERD_BENCHMARKS_METERLOAD_REPLAY_H

#include "benchmarks/meterload/plan.h"

#define CONNECTIONS_MAX 4096

struct replay_options {
    struct plan_options plan;
    const char *http, *mqtt; /* HOST:PORT; NULL: that door is not used */
    const char *ledger;      /* NULL: none */
    unsigned connections;
    unsigned in_flight; /* messages of a connection */
    uint64_t rate;      /* readings a second, 0: as fast as they are accepted */
    unsigned patience_s; /* without an answer before giving up */
    bool has_progress;
};

/* Returns the exit code: 0 everything is acknowledged, 1 something was refused, 69 no answers. */
int replay_run(const struct replay_options *o);

#endif
