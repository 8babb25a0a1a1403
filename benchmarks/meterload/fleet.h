/* Who sends what: gateways with their tokens, and the points they report, from a registry's CSV
 * files (points.csv, gateways.csv) and a file of tokens in clear (gateway,token). */
#ifndef METERD_BENCHMARKS_METERLOAD_FLEET_H
#define METERD_BENCHMARKS_METERLOAD_FLEET_H

#include <stdbool.h>
#include <stdint.h>

#define FLEET_NONE UINT32_MAX

struct fleet_gateway {
    const char *name; /* owned, as the others */
    const char *enterprise;
    const char *token; /* NULL: none is known */
};

struct fleet_point {
    const char *enterprise; /* owned, as name */
    const char *name;
    uint32_t gateway;  /* FLEET_NONE: its enterprise has none with a token */
    int64_t period_ms; /* of an interval point; 0: another kind, or a period of months */
    bool is_stamped_at_end;
};

struct fleet {
    struct fleet_gateway *gateways;
    uint32_t gateway_count;
    struct fleet_point *points; /* by name, then enterprise; each once */
    uint32_t point_count;
};

/* Ends the program when a file is missing or wrong. */
void fleet_load(struct fleet *f, const char *registry_dir, const char *tokens_path);
void fleet_free(struct fleet *f);

/* The point of that name. Ends the program when two enterprises have one; FLEET_NONE: no such. */
uint32_t fleet_find_point(const struct fleet *f, const char *name);
/* The point of that enterprise and name, or FLEET_NONE. */
uint32_t fleet_find_own_point(const struct fleet *f, const char *enterprise, const char *name);

/* Where meterd puts a reading of the point that came with time t (semantics 1): interval points are
 * moved to the civil boundary of their period. */
int64_t fleet_moved_ms(const struct fleet_point *p, int64_t t_ms, int64_t utc_offset_ms);

#endif
