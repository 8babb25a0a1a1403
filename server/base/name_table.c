/* Open addressing as in table.c. An entry keeps half of the hash, which spares nearly all looks at
 * names that differ, and where its name stands in one buffer of bytes behind the table. */
#include "server/base/name_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/table.h"

#define CAPACITY_MIN 16u
#define BYTES_MIN 256u

struct entry {
    uint32_t hash;
    uint32_t scope;
    uint32_t name_at;
    uint16_t name_size;
    bool in_use;
    uint64_t value;
};

struct name_table {
    struct entry *entries;
    uint32_t capacity;
    uint32_t count;
    uint32_t count_max;
    uint8_t *bytes;
    uint64_t bytes_used;
    uint64_t bytes_capacity;
    uint64_t bytes_max;
};

struct name_table *
name_table_new(uint32_t count_max, uint64_t bytes_max)
{
    struct name_table *t = calloc(1, sizeof(*t));

    assert(count_max >= 1 && count_max <= 1u << 30);
    assert(bytes_max <= UINT32_MAX);
    if (t == NULL)
        return NULL;
    t->count_max = count_max;
    t->bytes_max = bytes_max;
    return t;
}

void
name_table_free(struct name_table *t)
{
    if (t == NULL)
        return;
    free(t->entries);
    free(t->bytes);
    free(t);
}

static struct span
name_of(const struct name_table *t, const struct entry *e)
{
    return span_of(t->bytes + e->name_at, e->name_size);
}

/* The place of the name, or the empty place where it would go. Ends because a quarter is empty. */
static uint32_t
find(const struct name_table *t, uint32_t hash, uint32_t scope, struct span name)
{
    uint32_t i = hash & (t->capacity - 1);

    for (; t->entries[i].in_use; i = (i + 1) & (t->capacity - 1)) {
        const struct entry *e = &t->entries[i];

        if (e->hash == hash && e->scope == scope && span_equal(name_of(t, e), name))
            break;
    }
    return i;
}

static enum status
rebuild(struct name_table *t, uint32_t capacity)
{
    struct entry *entries = calloc(capacity, sizeof(*entries));

    if (entries == NULL)
        return ST_FULL;
    for (uint32_t n = 0; n < t->capacity; n++) {
        uint32_t i = t->entries[n].hash & (capacity - 1);

        if (!t->entries[n].in_use)
            continue;
        while (entries[i].in_use)
            i = (i + 1) & (capacity - 1);
        entries[i] = t->entries[n];
    }
    free(t->entries);
    t->entries = entries;
    t->capacity = capacity;
    return ST_OK;
}

static enum status
grow_bytes(struct name_table *t, uint64_t needed)
{
    uint64_t capacity = t->bytes_capacity > 0 ? t->bytes_capacity : BYTES_MIN;
    uint8_t *bytes;

    if (t->bytes != NULL && needed <= t->bytes_capacity)
        return ST_OK;
    if (needed > t->bytes_max)
        return ST_FULL;
    while (capacity < needed)
        capacity *= 2;
    bytes = realloc(t->bytes, capacity);
    if (bytes == NULL)
        return ST_FULL;
    t->bytes = bytes;
    t->bytes_capacity = capacity;
    return ST_OK;
}

enum status
name_table_reserve(struct name_table *t, uint32_t count, uint64_t bytes)
{
    uint32_t capacity = CAPACITY_MIN;

    if (count > t->count_max || bytes > t->bytes_max)
        return ST_FULL;
    while (capacity / 4 * 3 < count)
        capacity *= 2;
    if (capacity > t->capacity && rebuild(t, capacity) != ST_OK)
        return ST_FULL;
    return grow_bytes(t, bytes);
}

enum status
name_table_put(struct name_table *t, uint32_t scope, struct span name, uint64_t value)
{
    uint32_t hash = (uint32_t)table_hash_bytes(name.at, name.size, scope);
    struct entry *e;

    assert(name.size <= NAME_SIZE_MAX);
    if (t->capacity > 0) {
        e = &t->entries[find(t, hash, scope, name)];
        if (e->in_use) {
            e->value = value;
            return ST_OK;
        }
    }
    if (t->count == t->count_max || t->bytes_used + name.size > t->bytes_max ||
        name_table_reserve(t, t->count + 1, t->bytes_used + name.size) != ST_OK)
        return ST_FULL;
    e = &t->entries[find(t, hash, scope, name)];
    *e = (struct entry){.hash = hash,
                        .scope = scope,
                        .name_at = (uint32_t)t->bytes_used,
                        .name_size = (uint16_t)name.size,
                        .in_use = true,
                        .value = value};
    if (name.size > 0)
        memcpy(t->bytes + t->bytes_used, name.at, name.size);
    t->bytes_used += name.size;
    t->count++;
    return ST_OK;
}

bool
name_table_get(const struct name_table *t, uint32_t scope, struct span name, uint64_t *value)
{
    const struct entry *e;

    if (t->capacity == 0)
        return false;
    e = &t->entries[find(t, (uint32_t)table_hash_bytes(name.at, name.size, scope), scope, name)];
    if (!e->in_use)
        return false;
    *value = e->value;
    return true;
}

void
name_table_clear(struct name_table *t)
{
    if (t->capacity > 0)
        memset(t->entries, 0, t->capacity * sizeof(*t->entries));
    t->count = 0;
    t->bytes_used = 0;
}

uint32_t
name_table_count(const struct name_table *t)
{
    return t->count;
}

bool
name_table_next(const struct name_table *t, uint32_t *position, struct name_entry *out)
{
    while (*position < t->capacity) {
        const struct entry *e = &t->entries[(*position)++];

        if (e->in_use) {
            *out = (struct name_entry){e->scope, name_of(t, e), e->value};
            return true;
        }
    }
    return false;
}
