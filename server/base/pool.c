/* Free blocks and free buffers are linked through their own first bytes, so keeping them costs
 * nothing.
 *
 * Buffers come in sizes 4 KiB, 8 KiB ... 8 MiB. What is given back is kept for its size; when a
 * request of another size does not fit into the budget, kept buffers go back to the system first,
 * the largest sizes first. */
#include "server/base/pool.h"

#include <assert.h>
#include <stdlib.h>

#include "server/base/thread.h"

#define CLASS_COUNT 12u /* 4 KiB << 0 ... << 11 */
_Static_assert(BUFFER_SIZE_MIN << (CLASS_COUNT - 1) == BUFFER_SIZE_MAX, "classes end at the max");

struct link {
    struct link *next;
};

struct pool {
    struct thread_owner owner;
    struct link *free_list;
    uint8_t *blocks;
    size_t block_size;
    uint32_t count;
    uint32_t free_count;
    uint32_t used_max;
};

/* An object made by main and used by a thread belongs to the thread that first uses it. */
static void
take_or_check_owner(struct thread_owner *o)
{
    if (o->owner == NULL)
        thread_owner_init(o);
    assert_owner(o);
}

struct pool *
pool_new(size_t block_size, uint32_t count)
{
    struct pool *p = calloc(1, sizeof(*p));

    assert(block_size >= 1 && count >= 1);
    if (p == NULL)
        return NULL;
    p->block_size = (block_size + 15u) & ~(size_t)15u;
    p->count = count;
    p->free_count = count;
    p->blocks = count <= SIZE_MAX / p->block_size ? aligned_alloc(16, p->block_size * count) : NULL;
    if (p->blocks == NULL) {
        free(p);
        return NULL;
    }
    for (uint32_t i = count; i-- > 0;) {
        struct link *block = (struct link *)(void *)(p->blocks + i * p->block_size);

        block->next = p->free_list;
        p->free_list = block;
    }
    return p;
}

void
pool_free(struct pool *p)
{
    if (p == NULL)
        return;
    assert(p->free_count == p->count);
    free(p->blocks);
    free(p);
}

void *
pool_get(struct pool *p)
{
    struct link *block = p->free_list;

    take_or_check_owner(&p->owner);
    if (block == NULL)
        return NULL;
    assert(p->free_count > 0);
    p->free_list = block->next;
    p->free_count--;
    if (p->count - p->free_count > p->used_max)
        p->used_max = p->count - p->free_count;
    return block;
}

void
pool_put(struct pool *p, void *block)
{
    struct link *l = block;
    size_t offset = (size_t)((uint8_t *)block - p->blocks);

    if (block == NULL)
        return;
    take_or_check_owner(&p->owner);
    assert(p->free_count < p->count);
    assert(offset / p->block_size < p->count);
    assert(offset % p->block_size == 0);
    l->next = p->free_list;
    p->free_list = l;
    p->free_count++;
}

uint32_t
pool_free_count(const struct pool *p)
{
    return p->free_count;
}

uint32_t
pool_used_max(const struct pool *p)
{
    return p->used_max;
}

struct buffer_pool {
    struct thread_owner owner;
    size_t budget;
    size_t used;
    size_t used_max;
    size_t kept; /* Bytes in the free lists; used + kept <= budget. */
    struct link *free_lists[CLASS_COUNT];
};

static size_t
class_size(unsigned class)
{
    return (size_t)BUFFER_SIZE_MIN << class;
}

static unsigned
class_of(size_t size)
{
    unsigned class = 0;

    while (class_size(class) < size)
        class++;
    assert(class < CLASS_COUNT);
    return class;
}

struct buffer_pool *
buffer_pool_new(size_t budget_bytes)
{
    struct buffer_pool *p = calloc(1, sizeof(*p));

    if (p != NULL)
        p->budget = budget_bytes;
    return p;
}

/* Gives kept buffers back to the system until need more bytes fit into the budget. */
static void
give_back_until_fits(struct buffer_pool *p, size_t need)
{
    for (unsigned class = CLASS_COUNT; class-- > 0;) {
        while (p->free_lists[class] != NULL && p->used + p->kept + need > p->budget) {
            struct link *l = p->free_lists[class];

            p->free_lists[class] = l->next;
            p->kept -= class_size(class);
            free(l);
        }
    }
}

void
buffer_pool_free(struct buffer_pool *p)
{
    if (p == NULL)
        return;
    assert(p->used == 0);
    p->budget = 0;
    give_back_until_fits(p, 0);
    assert(p->kept == 0);
    free(p);
}

void *
buffer_pool_get(struct buffer_pool *p, size_t size, size_t *capacity)
{
    unsigned class;
    struct link *l;

    assert(size <= BUFFER_SIZE_MAX);
    take_or_check_owner(&p->owner);
    class = class_of(size);
    l = p->free_lists[class];
    if (l != NULL) {
        p->free_lists[class] = l->next;
        p->kept -= class_size(class);
    } else {
        if (class_size(class) > p->budget - p->used)
            return NULL;
        give_back_until_fits(p, class_size(class));
        l = malloc(class_size(class));
        if (l == NULL)
            return NULL;
    }
    p->used += class_size(class);
    assert(p->used + p->kept <= p->budget);
    if (p->used > p->used_max)
        p->used_max = p->used;
    *capacity = class_size(class);
    return l;
}

void
buffer_pool_put(struct buffer_pool *p, void *buffer, size_t capacity)
{
    struct link *l = buffer;
    unsigned class;

    if (buffer == NULL)
        return;
    take_or_check_owner(&p->owner);
    assert(capacity <= BUFFER_SIZE_MAX);
    class = class_of(capacity);
    assert(class_size(class) == capacity);
    assert(p->used >= capacity);
    p->used -= capacity;
    p->kept += capacity;
    l->next = p->free_lists[class];
    p->free_lists[class] = l;
}

size_t
buffer_pool_used(const struct buffer_pool *p)
{
    return p->used;
}

size_t
buffer_pool_used_max(const struct buffer_pool *p)
{
    return p->used_max;
}

size_t
buffer_pool_left(const struct buffer_pool *p)
{
    return p->budget - p->used;
}
