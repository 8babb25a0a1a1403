#ifndef METERD_REFERENCE_REF_REGISTRY_H
#define METERD_REFERENCE_REF_REGISTRY_H

/* A registry directory (contract 5) as input of the reference. What is wrong with a file ends the
 * program with FILE:LINE. Freed with the process. */

#include "tests/reference/naive.h"

struct ref_names {
    char **name;
    size_t count;
    size_t capacity;
};

struct ref_registry {
    int64_t utc_offset_ms;
    struct ref_names enterprise_names; /* by enterprise */
    struct ref_names point_names;      /* by point */
    struct ref_names item_names;       /* by item */
    struct ref_names park_names;       /* by park - 1 */
    struct naive_enterprise *enterprises;
    size_t enterprise_count;
    size_t enterprise_capacity;
    struct naive_point *points;
    size_t point_count;
    size_t point_capacity;
};

void ref_registry_load(struct ref_registry *r, const char *directory, int64_t utc_offset_ms);

/* The point of that name: -1 when unknown; the program ends when two enterprises have one. */
int ref_registry_find_point(const struct ref_registry *r, const char *name);

/* The number of a name, added when new. */
int ref_names_number(struct ref_names *names, const char *name);
/* -1 when unknown. */
int ref_names_find(const struct ref_names *names, const char *name);

#endif
