#ifndef METERD_REFERENCE_REF_READINGS_H
#define METERD_REFERENCE_REF_READINGS_H

/* Files of readings -> the log of the reference. Freed with the process. */

#include "tests/reference/ref_registry.h"

struct ref_readings {
    struct naive_entry *entry;
    size_t count;
    size_t capacity;
    size_t unregistered; /* readings of names that the registry does not know: left out */
    size_t refused;      /* by time or size, or not a number: left out */
};

/* A file of the sample data (meter,timestamp_utc,medium,unit,kind,value,flag), in file order.
 * received_at NAIVE_NONE: each reading is received at its t. */
void ref_readings_load_data(struct ref_readings *out, const struct ref_registry *r,
                            const struct naive_deployment *d, const char *path,
                            int64_t received_at);

/* Lines `point,t_ms,value,quality,received_at_ms` in log order; no header. */
void ref_readings_load_arrivals(struct ref_readings *out, const struct ref_registry *r,
                                const struct naive_deployment *d, const char *path);

#endif
