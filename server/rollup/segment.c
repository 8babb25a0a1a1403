/* Segments and their pool. Most points report in order and fill a segment to the end; growing by
 * classes of 8, 24 and 64 readings keeps points that report rarely small. */
#include "server/rollup/segment.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CHUNK_SIZE (2u << 20) /* one huge page: points are visited in any order */
#define CHUNK_HEAD 64          /* the link to the next chunk */

static const uint8_t class_capacity[SEGMENT_CLASSES] = {8, 24, SEGMENT_READINGS_MAX};

static uint32_t
class_of(uint32_t count)
{
    uint32_t class = 0;
    while (class_capacity[class] < count) {
        class ++;
        assert(class < SEGMENT_CLASSES);
    }
    return class;
}

static size_t
class_size(uint32_t class)
{
    return sizeof(struct segment) + class_capacity[class] * sizeof(struct reading);
}

void
segment_pool_init(struct segment_pool *pool)
{
    memset(pool, 0, sizeof *pool);
}

void
segment_pool_fini(struct segment_pool *pool)
{
    for (void *chunk = pool->chunks; chunk != NULL;) {
        void *next = *(void **)chunk;
        free(chunk);
        chunk = next;
    }
    memset(pool, 0, sizeof *pool);
}

/* A segment on the free list keeps the next one in its first bytes. */
static void
list_push(struct segment_pool *pool, uint32_t class, struct segment *s)
{
    memcpy(s, &pool->free[class], sizeof(void *));
    pool->free[class] = s;
}

static void
add_chunk(struct segment_pool *pool, uint32_t class)
{
    char *chunk = aligned_alloc(CHUNK_SIZE, CHUNK_SIZE);

    if (chunk == NULL)
        abort();
    (void)madvise(chunk, CHUNK_SIZE, MADV_HUGEPAGE); /* Small pages do as well. */
    *(void **)(void *)chunk = pool->chunks;
    pool->chunks = chunk;
    pool->fresh[class] = chunk + CHUNK_HEAD;
    pool->fresh_size[class] = CHUNK_SIZE - CHUNK_HEAD;
}

static struct segment *
take(struct segment_pool *pool, uint32_t class)
{
    size_t size = class_size(class);
    struct segment *s = pool->free[class];

    if (s != NULL) {
        memcpy(&pool->free[class], s, sizeof(void *));
        return s;
    }
    if (pool->fresh_size[class] < size)
        add_chunk(pool, class);
    s = (struct segment *)(void *)pool->fresh[class];
    pool->fresh[class] += size;
    pool->fresh_size[class] -= size;
    return s;
}

struct segment *
segment_new(struct segment_pool *pool, uint32_t count)
{
    uint32_t class = class_of(count);

    struct segment *s = take(pool, class);
    memset(s, 0, sizeof *s);
    s->capacity = class_capacity[class];
    pool->used_bytes += class_size(class);
    return s;
}

void
segment_free(struct segment_pool *pool, struct segment *s)
{
    uint32_t class = class_of(s->capacity);

    pool->used_bytes -= class_size(class);
    list_push(pool, class, s);
}

void
segment_make_room(struct segment_pool *pool, struct segment **s)
{
    struct segment *old = *s;

    assert(old->count < SEGMENT_READINGS_MAX);
    if (old->count < old->capacity)
        return;
    struct segment *larger = segment_new(pool, (uint32_t)old->count + 1);
    uint8_t capacity = larger->capacity;
    memcpy(larger, old, sizeof *old + old->count * sizeof(struct reading));
    larger->capacity = capacity;
    segment_free(pool, old);
    *s = larger;
}

uint32_t
segment_find(const struct segment *s, int64_t t_ms)
{
    uint32_t low = 0, high = s->count;

    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (s->r[middle].t_ms < t_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void
fold_state_to_row(const struct fold_state *s, struct tx_state *row)
{
    memset(row, 0, sizeof *row);
    row->has_a = s->has_a;
    row->held_count = s->held_count;
    row->a_t_ms = s->a_t_ms;
    row->a_value = s->a_value;
    memcpy(row->held_t_ms, s->held_t_ms, sizeof row->held_t_ms);
    memcpy(row->held_value, s->held_value, sizeof row->held_value);
}

void
fold_state_from_row(const struct tx_state *row, struct fold_state *s)
{
    fold_state_clear(s);
    if (!row->has_a)
        return;
    s->has_a = 1;
    s->a_t_ms = row->a_t_ms;
    s->a_value = row->a_value;
    s->held_count = row->held_count;
    for (uint32_t i = 0; i < row->held_count; i++) {
        s->held_t_ms[i] = row->held_t_ms[i];
        s->held_value[i] = row->held_value[i];
    }
}

void
segment_to_row(const struct segment *s, uint32_t point, struct tx_segment *row)
{
    assert(s->count > 0 && s->count <= SEGMENT_READINGS_MAX);
    row->point = point;
    row->count = s->count;
    row->first_t_ms = segment_first_t(s);
    row->last_t_ms = segment_last_t(s);
    row->all_good = true;
    fold_state_to_row(&s->before, &row->before);
    for (uint32_t i = 0; i < s->count; i++) {
        row->offset_ms[i] = (int32_t)(s->r[i].t_ms - row->first_t_ms);
        row->value[i] = s->r[i].value;
        row->received_at_ms[i] = s->r[i].received_at_ms;
        row->quality[i] = s->r[i].quality;
        row->all_good = row->all_good && s->r[i].quality == QUALITY_GOOD;
    }
}

struct segment *
segment_from_row(struct segment_pool *pool, const struct tx_segment *row)
{
    assert(row->count > 0 && row->count <= SEGMENT_READINGS_MAX);
    struct segment *s = segment_new(pool, (uint32_t)row->count);

    s->count = (uint8_t)row->count;
    s->stored = true;
    s->stored_first_t_ms = row->first_t_ms;
    fold_state_from_row(&row->before, &s->before);
    for (uint32_t i = 0; i < s->count; i++) {
        s->r[i] = (struct reading){
            .t_ms = row->first_t_ms + row->offset_ms[i],
            .value = row->value[i],
            .received_at_ms = row->received_at_ms[i],
            .quality = row->all_good ? QUALITY_GOOD : row->quality[i],
        };
    }
    return s;
}
