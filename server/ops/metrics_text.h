/* Metrics as Prometheus reads them: text exposition format 0.0.4, HELP and TYPE before each family.
 * Thread: main. Sums of counters are a moment old. */
#ifndef METERD_OPS_METRICS_TEXT_H
#define METERD_OPS_METRICS_TEXT_H

#include <stdint.h>
#include <stdio.h>

#include "server/ops/status_view.h"

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Everything: counters and gauges of counters.def, the view's numbers by partition, the process.
 * Numbers that are not known are left out. v may be NULL. */
void metrics_write(const struct status_view *v, FILE *out);

/* The pieces, for families of one's own. type: "counter" or "gauge". */
void metrics_begin(const char *name, const char *type, const char *help, FILE *out);
void metrics_value(const char *name, int64_t value, FILE *out);
/* name{label="number"} value */
void metrics_value_of(const char *name, const char *label, uint32_t number, int64_t value,
                      FILE *out);

#endif
