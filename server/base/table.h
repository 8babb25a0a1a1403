/* Hash tables that grow only when asked to and only up to a bound. Any one thread at a time;
 * lookups alone may run in many threads while nobody changes the table.
 *
 * Hashes are keyed with a secret of the process, because peers choose many of the keys. */
#ifndef METERD_BASE_TABLE_H
#define METERD_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/status.h"

/* u64 -> u64 (a number, or a pointer with table_put_pointer). Any key is allowed. */
struct table;

/* An empty table that will hold at most count_max entries. NULL: no memory. */
struct table *table_new(uint32_t count_max) MUST_USE;
void table_free(struct table *t);
/* Room for count entries without growing. ST_FULL: more than count_max, or no memory. */
enum status table_reserve(struct table *t, uint32_t count) MUST_USE;
/* Adds or replaces. ST_FULL: the key is new and the bound is reached, or there is no memory. */
enum status table_put(struct table *t, uint64_t key, uint64_t value) MUST_USE;
/* False: not there, *value unchanged. */
bool table_get(const struct table *t, uint64_t key, uint64_t *value);
/* False: was not there. */
bool table_remove(struct table *t, uint64_t key);
void table_clear(struct table *t);
uint32_t table_count(const struct table *t);
/* Every entry once, in no order: start with *position = 0; false at the end. The table must not
 * change meanwhile. */
bool table_next(const struct table *t, uint32_t *position, uint64_t *key, uint64_t *value);

enum status table_put_pointer(struct table *t, uint64_t key, void *value) MUST_USE;
/* NULL: not there. */
void *table_get_pointer(const struct table *t, uint64_t key);

/* The keyed hashes, for structures of one's own. */
uint64_t table_hash_number(uint64_t key);
uint64_t table_hash_bytes(const void *at, size_t size, uint64_t scope);

#endif
