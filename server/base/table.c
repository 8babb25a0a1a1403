/* Open addressing with linear probing, at most three quarters full. Key 0 marks an empty place, so
 * an entry is found with one cache miss; a real key 0 is kept beside the table. Removing moves
 * later entries of the run back, so there are no tombstones and lookups never slow down. */
#define XXH_INLINE_ALL
#include "server/base/table.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

#define CAPACITY_MIN 16u

struct entry {
    uint64_t key; /* 0: empty. */
    uint64_t value;
};

struct table {
    struct entry *entries;
    uint32_t capacity; /* A power of two, or 0 before the first entry. */
    uint32_t count;    /* With key 0. */
    uint32_t count_max;
    bool has_zero;
    uint64_t zero_value;
};

static uint64_t seed;
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void
seed_from_system(void)
{
    ssize_t n = getrandom(&seed, sizeof(seed), 0);

    /* Requests of up to 256 bytes are neither cut nor interrupted once the pool is ready. */
    assert(n == (ssize_t)sizeof(seed));
}

static uint64_t
secret(void)
{
    pthread_once(&seed_once, seed_from_system);
    return seed;
}

uint64_t
table_hash_number(uint64_t key)
{
    return XXH3_64bits_withSeed(&key, sizeof(key), secret());
}

uint64_t
table_hash_bytes(const void *at, size_t size, uint64_t scope)
{
    /* The scope goes through a hash of its own: equal names of two scopes land apart. */
    return XXH3_64bits_withSeed(at, size, table_hash_number(scope));
}

struct table *
table_new(uint32_t count_max)
{
    struct table *t = calloc(1, sizeof(*t));

    assert(count_max >= 1 && count_max <= 1u << 30);
    if (t != NULL)
        t->count_max = count_max;
    return t;
}

void
table_free(struct table *t)
{
    if (t == NULL)
        return;
    free(t->entries);
    free(t);
}

static uint32_t
home_of(const struct table *t, uint64_t key)
{
    return (uint32_t)table_hash_number(key) & (t->capacity - 1);
}

/* The place of the key, or the empty place where it would go. Ends because a quarter is empty. */
static uint32_t
find(const struct table *t, uint64_t key)
{
    uint32_t i = home_of(t, key);

    while (t->entries[i].key != key && t->entries[i].key != 0)
        i = (i + 1) & (t->capacity - 1);
    return i;
}

static uint32_t
capacity_for(uint32_t count)
{
    uint32_t capacity = CAPACITY_MIN;

    while (capacity / 4 * 3 < count)
        capacity *= 2;
    return capacity;
}

static enum status
rebuild(struct table *t, uint32_t capacity)
{
    struct entry *old = t->entries;
    uint32_t old_capacity = t->capacity;
    struct entry *entries = calloc(capacity, sizeof(*entries));

    if (entries == NULL)
        return ST_FULL;
    t->entries = entries;
    t->capacity = capacity;
    for (uint32_t i = 0; i < old_capacity; i++)
        if (old[i].key != 0)
            t->entries[find(t, old[i].key)] = old[i];
    free(old);
    return ST_OK;
}

enum status
table_reserve(struct table *t, uint32_t count)
{
    uint32_t capacity;

    if (count > t->count_max)
        return ST_FULL;
    capacity = capacity_for(count);
    return capacity > t->capacity ? rebuild(t, capacity) : ST_OK;
}

static enum status
put_zero(struct table *t, uint64_t value)
{
    if (!t->has_zero && t->count == t->count_max)
        return ST_FULL;
    t->count += !t->has_zero;
    t->has_zero = true;
    t->zero_value = value;
    return ST_OK;
}

enum status
table_put(struct table *t, uint64_t key, uint64_t value)
{
    uint32_t i;

    if (key == 0)
        return put_zero(t, value);
    if (t->capacity > 0) {
        i = find(t, key);
        if (t->entries[i].key == key) {
            t->entries[i].value = value;
            return ST_OK;
        }
    }
    if (t->count == t->count_max || table_reserve(t, t->count + 1) != ST_OK)
        return ST_FULL;
    i = find(t, key);
    t->entries[i] = (struct entry){key, value};
    t->count++;
    return ST_OK;
}

bool
table_get(const struct table *t, uint64_t key, uint64_t *value)
{
    const struct entry *e;

    if (key == 0) {
        if (t->has_zero)
            *value = t->zero_value;
        return t->has_zero;
    }
    if (t->capacity == 0)
        return false;
    e = &t->entries[find(t, key)];
    if (e->key == 0)
        return false;
    *value = e->value;
    return true;
}

/* Closes the gap at hole: an entry further on moves into it unless its home lies after the gap. */
static void
close_gap(struct table *t, uint32_t hole)
{
    uint32_t mask = t->capacity - 1;

    for (uint32_t i = (hole + 1) & mask; t->entries[i].key != 0; i = (i + 1) & mask) {
        uint32_t from_home = (i - home_of(t, t->entries[i].key)) & mask;
        uint32_t from_hole = (i - hole) & mask;

        if (from_home >= from_hole) {
            t->entries[hole] = t->entries[i];
            hole = i;
        }
    }
    t->entries[hole] = (struct entry){0, 0};
}

bool
table_remove(struct table *t, uint64_t key)
{
    uint32_t i;

    if (key == 0) {
        bool was_there = t->has_zero;

        t->count -= was_there;
        t->has_zero = false;
        return was_there;
    }
    if (t->capacity == 0)
        return false;
    i = find(t, key);
    if (t->entries[i].key == 0)
        return false;
    assert(t->count > 0);
    t->count--;
    close_gap(t, i);
    return true;
}

void
table_clear(struct table *t)
{
    if (t->capacity > 0)
        memset(t->entries, 0, t->capacity * sizeof(*t->entries));
    t->count = 0;
    t->has_zero = false;
}

uint32_t
table_count(const struct table *t)
{
    return t->count;
}

bool
table_next(const struct table *t, uint32_t *position, uint64_t *key, uint64_t *value)
{
    if (*position == 0) {
        *position = 1;
        if (t->has_zero) {
            *key = 0;
            *value = t->zero_value;
            return true;
        }
    }
    while (*position - 1 < t->capacity) {
        const struct entry *e = &t->entries[*position - 1];

        (*position)++;
        if (e->key != 0) {
            *key = e->key;
            *value = e->value;
            return true;
        }
    }
    return false;
}

enum status
table_put_pointer(struct table *t, uint64_t key, void *value)
{
    assert(value != NULL);
    return table_put(t, key, (uint64_t)(uintptr_t)value);
}

void *
table_get_pointer(const struct table *t, uint64_t key)
{
    uint64_t value = 0;

    return table_get(t, key, &value) ? (void *)(uintptr_t)value : NULL;
}
