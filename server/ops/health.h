/* Is this process ready to serve (contract 3, /readyz)? Pure. */
#ifndef METERD_OPS_HEALTH_H
#define METERD_OPS_HEALTH_H

#include <stdbool.h>
#include <stdio.h>

/* What main knows. Beginning with zeroes means: nothing is known to be well. */
struct health_facts {
    bool registry_loaded;
    bool log_ok;      /* something can be appended */
    bool database_ok; /* it answered when last asked */
    bool draining;    /* asked to stop */
};

bool health_is_ready(const struct health_facts *f);
/* Writes {"ready":false,"why":["database does not answer"]}; returns the HTTP code, 200 or 503. */
unsigned health_write_ready(const struct health_facts *f, FILE *out);
/* /livez: {"live":true}, always 200: it was answered. */
unsigned health_write_live(FILE *out);

#endif
