/* Two tables: keyed hashes of (enterprise, name), and how many an enterprise has. 64-bit hashes
 * stand for the names: two that meet are counted as one, which refuses nothing. */
#include "server/ingest/names.h"

#include <stdlib.h>

#include "server/base/bounds.h"
#include "server/base/table.h"

struct names {
    struct table *seen;
    struct table *counts;
};

struct names *
names_new(void)
{
    struct names *n = calloc(1, sizeof *n);

    if (n == NULL)
        return NULL;
    n->seen = table_new(NEW_NAMES_MAX);
    n->counts = table_new(NEW_NAMES_MAX);
    if (n->seen == NULL || n->counts == NULL) {
        names_free(n);
        return NULL;
    }
    return n;
}

void
names_free(struct names *n)
{
    if (n == NULL)
        return;
    table_free(n->seen);
    table_free(n->counts);
    free(n);
}

void
names_reset(struct names *n)
{
    table_clear(n->seen);
    table_clear(n->counts);
}

enum status
names_note(struct names *n, uint32_t enterprise, uint32_t known_count, struct span name)
{
    uint64_t key = table_hash_bytes(name.at, name.size, enterprise);
    uint64_t count = 0;

    if (table_get(n->seen, key, &count))
        return ST_OK;
    (void)table_get(n->counts, enterprise, &count);
    if (known_count + count >= UNREGISTERED_NAMES_MAX)
        return ST_TOO_MANY_NAMES;
    if (table_put(n->seen, key, 1) != ST_OK || table_put(n->counts, enterprise, count + 1) != ST_OK)
        return ST_TOO_MANY_NAMES; /* The bound of the table: all enterprises together. */
    return ST_OK;
}
