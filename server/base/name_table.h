/* (scope, name) -> number, for instance (enterprise, point name) -> index. Names are copied in.
 * Entries are never removed one by one. Same rules of threads and hashing as table.h. */
#ifndef METERD_BASE_NAME_TABLE_H
#define METERD_BASE_NAME_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/span.h"
#include "proto/status.h"

#define NAME_SIZE_MAX 65535u

struct name_table;

/* At most count_max names of bytes_max bytes together (at most 2^32 - 1). NULL: no memory. */
struct name_table *name_table_new(uint32_t count_max, uint64_t bytes_max) MUST_USE;
void name_table_free(struct name_table *t);
/* Room for count names of bytes bytes without growing. ST_FULL: beyond the bounds, or no memory. */
enum status name_table_reserve(struct name_table *t, uint32_t count, uint64_t bytes) MUST_USE;
/* Adds or replaces the value. ST_FULL: a new name beyond a bound, or there is no memory. */
enum status name_table_put(struct name_table *t, uint32_t scope, struct span name,
                           uint64_t value) MUST_USE;
/* False: not there, *value unchanged. */
bool name_table_get(const struct name_table *t, uint32_t scope, struct span name, uint64_t *value);
void name_table_clear(struct name_table *t);
uint32_t name_table_count(const struct name_table *t);

struct name_entry {
    uint32_t scope;
    struct span name; /* Lives until the table next changes. */
    uint64_t value;
};
/* Every entry once, in no order, as table_next. */
bool name_table_next(const struct name_table *t, uint32_t *position, struct name_entry *out);

#endif
