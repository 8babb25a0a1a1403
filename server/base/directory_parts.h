/* What a directory is made of: shared by directory.c, which reads it, and directory_build.c, which
 * fills it. Nobody else includes this. Owned by the builder until directory_build, immutable
 * afterwards. */
#ifndef METERD_BASE_DIRECTORY_PARTS_H
#define METERD_BASE_DIRECTORY_PARTS_H

#include "server/base/directory.h"

/* Names, spans and tables live in chunks that are freed together. */
struct directory_chunk {
    struct directory_chunk *next;
    size_t used, size;
    _Alignas(16) uint8_t bytes[];
};

/* Open addressing, linear probing, at most half full. number 0: free. The key is what the number
 * leads to. */
struct directory_cell {
    uint32_t hash;
    uint32_t number;
};

struct directory_table {
    struct directory_cell *cells;
    uint32_t mask;
};

struct directory_item {
    struct span name;
    struct span unit;
};

struct directory {
    int64_t revision;
    int64_t imported_at_ms;
    struct deployment deployment;
    uint64_t seed; /* secret: whoever chooses names must not know where they fall */

    /* Indexed by number; entry 0 is never used. */
    struct point *points;
    struct enterprise *enterprises;
    struct gateway *gateways;
    struct directory_item *items;
    struct span *areas;
    uint32_t point_size, enterprise_size, gateway_size, item_size, area_size; /* entries */

    /* Point numbers by enterprise, then number; those of enterprise e are
     * [point_first[e], point_first[e + 1]). */
    uint32_t *point_order;
    uint32_t *point_first;

    struct directory_table names;
    struct directory_table gateway_names;
    struct directory_table tokens;
    struct directory_chunk *chunks;      /* all of them; the first has room */
    struct directory_chunk *name_chunk;  /* where points' names go, side by side */
};

uint32_t directory_hash_name(const struct directory *d, uint32_t enterprise, struct span name);
uint32_t directory_hash_token(const struct directory *d, const uint8_t sha256[32]);

#endif
