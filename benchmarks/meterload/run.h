/* meterload run: made-up readings through a front door, as fast as they are acknowledged or at a
 * fixed rate, with counts and latencies.
 *
 * A gateway is `load-00000`, its token `load-token-00000`, its points `E0000`, `E0001`, ...: registers
 * that rise evenly, a reading of each a message, all of one time, each message one step later. So
 * every reading is in order and counted. Connections that share a gateway report different points.
 * The bytes of a message are made once and sent by every connection, so that the load costs little
 * beside what it measures. */
#ifndef METERD_BENCHMARKS_METERLOAD_RUN_H
#define METERD_BENCHMARKS_METERLOAD_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "benchmarks/meterload/wire.h"

#define RUN_CONNECTIONS_MAX 20000
#define RUN_BATCH_MAX 10000
#define RUN_IN_FLIGHT_MAX 256 /* a power of two */

enum run_shape {
    SHAPE_VALUES, /* {"t":...,"values":{...}} */
    SHAPE_ROWS,   /* {"readings":[{"point":...,"t":...,"v":...},...]} */
};

struct run_options {
    enum door door;
    const char *address; /* HOST:PORT */
    enum run_shape shape;
    uint32_t gateways, connections;
    uint32_t batch;     /* readings a message */
    uint32_t in_flight; /* messages of a connection not acknowledged yet */
    uint32_t duration_s;
    uint32_t hold_ms;  /* pause between the last connection and the first message */
    uint64_t rate;     /* readings a second; 0: closed loop */
    int64_t start_ms;  /* time of a connection's first message, UTC */
    int64_t step_ms;
};

/* Returns the exit code: 0 everything sent was acknowledged, 1 something was refused, 69 no
 * connection or no answers. */
int run_load(const struct run_options *o);

/* The command: reads the options, runs. */
int run_command(char **arguments);

#endif
