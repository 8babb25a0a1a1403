/* Bodies of the messages of meterload run, made once for all connections. */
#ifndef METERD_BENCHMARKS_METERLOAD_RUN_BODY_H
#define METERD_BENCHMARKS_METERLOAD_RUN_BODY_H

#include "benchmarks/meterload/run.h"

struct run_bodies;

/* shares: connections of one gateway; each share has points of its own. */
struct run_bodies *run_bodies_new(const struct run_options *o, uint32_t shares);
void run_bodies_free(struct run_bodies *b);

/* The whole PUBLISH (MQTT) or the body (HTTP) of a share's message number step. Lives until the next
 * call. */
struct span run_body(struct run_bodies *b, uint32_t share, uint64_t step);
/* Bytes of every body, without head or packet. */
size_t run_body_size(const struct run_bodies *b);

#endif
