/* Between intake, which fills blocks, and the log. A record is a fixed buffer taken at start; it is
 * free, open, waiting (the log was busy) or under way, and in exactly one of these places. */
#include "server/ingest/batcher.h"

#include <assert.h>
#include <stdlib.h>

#include "proto/record.h"
#include "server/base/bounds.h"
#include "server/base/counter.h"
#include "server/log/log.h"

struct batch_record {
    struct log_record log; /* first: the log gives this back */
    struct record_builder builder;
    struct waiter_list waiters;
    struct batch_record *next; /* in the free, open or waiting list */
    struct batch_record *previous; /* in the open list */
    int64_t opened_ms;
};

struct partition_batch {
    struct batch_record *open;
    uint32_t under_way; /* sealed and not answered */
};

struct batcher {
    struct batcher_options o;
    struct log_producer *producer;
    size_t capacity; /* of a record's buffer */
    uint32_t record_count;
    uint32_t free_count;
    uint32_t under_way;
    struct batch_record *free;
    struct batch_record *open_first; /* in order of opening */
    struct batch_record *open_last;
    struct batch_record *waiting_first;
    struct batch_record *waiting_last;
    struct batch_record *records;
    uint8_t *bytes;
    struct partition_batch *partitions;
};

struct batcher *
batcher_new(const struct batcher_options *o)
{
    struct batcher *b = calloc(1, sizeof *b);
    size_t count;

    if (b == NULL)
        return NULL;
    b->o = *o;
    b->capacity = o->record_size > BLOCK_SIZE_MAX ? o->record_size : BLOCK_SIZE_MAX;
    count = o->memory / b->capacity;
    if (count < RECORD_BYTES_MIN / b->capacity + 2)
        count = RECORD_BYTES_MIN / b->capacity + 2;
    b->record_count = b->free_count = (uint32_t)count;
    b->records = calloc(count, sizeof *b->records);
    b->bytes = malloc(count * b->capacity);
    b->partitions = calloc(o->partitions, sizeof *b->partitions);
    b->producer = log_producer_new(o->log);
    if (b->producer == NULL || b->records == NULL || b->bytes == NULL || b->partitions == NULL) {
        batcher_free(b);
        return NULL;
    }
    for (size_t i = count; i-- > 0;) {
        b->records[i].log.bytes = b->bytes + i * b->capacity;
        b->records[i].next = b->free;
        b->free = &b->records[i];
    }
    return b;
}

void
batcher_free(struct batcher *b)
{
    if (b == NULL)
        return;
    if (b->producer != NULL)
        log_producer_free(b->producer);
    free(b->records);
    free(b->bytes);
    free(b->partitions);
    free(b);
}

static struct batch_record *
open_record(struct batcher *b, uint32_t partition, int64_t now_ms)
{
    struct batch_record *r = b->free;

    if (r == NULL)
        return NULL;
    b->free = r->next;
    b->free_count--;
    record_begin(&r->builder, r->log.bytes, b->capacity);
    r->log.partition = partition;
    r->opened_ms = now_ms;
    r->waiters = (struct waiter_list){0};
    r->next = NULL;
    r->previous = b->open_last;
    if (b->open_last != NULL)
        b->open_last->next = r;
    else
        b->open_first = r;
    b->open_last = r;
    b->partitions[partition].open = r;
    return r;
}

static void
put_back(struct batcher *b, struct batch_record *r)
{
    r->next = b->free;
    b->free = r;
    b->free_count++;
}

static void
append(struct batcher *b, struct batch_record *r)
{
    r->next = NULL;
    if (b->waiting_first == NULL && log_append(b->producer, &r->log) == ST_OK) {
        b->under_way++;
        return;
    }
    if (b->waiting_last != NULL)
        b->waiting_last->next = r;
    else
        b->waiting_first = r;
    b->waiting_last = r;
}

static void
append_waiting(struct batcher *b)
{
    struct batch_record *r;

    while ((r = b->waiting_first) != NULL && log_append(b->producer, &r->log) == ST_OK) {
        b->waiting_first = r->next;
        if (r->next == NULL)
            b->waiting_last = NULL;
        b->under_way++;
    }
}

static void
seal(struct batcher *b, struct batch_record *r)
{
    struct partition_batch *p = &b->partitions[r->log.partition];

    assert(p->open == r);
    p->open = NULL;
    p->under_way++;
    if (r->previous != NULL)
        r->previous->next = r->next;
    else
        b->open_first = r->next;
    if (r->next != NULL)
        r->next->previous = r->previous;
    else
        b->open_last = r->previous;
    r->log.size = (uint32_t)r->builder.size;
    waiter_list_seal(&r->waiters);
    append(b, r);
}

enum status
batcher_add(struct batcher *b, uint32_t partition, const struct block_columns *block,
            struct waiter *w, int64_t now_ms)
{
    struct batch_record *r;
    enum status st;

    assert(partition < b->o.partitions);
    r = b->partitions[partition].open;
    if (r != NULL && r->builder.size >= b->o.record_size) {
        counter_add(COUNT_records_sealed_by_size, 1);
        seal(b, r);
        r = NULL;
    }
    if (r == NULL && (r = open_record(b, partition, now_ms)) == NULL)
        return ST_BUSY;
    st = record_add_block(&r->builder, block);
    if (st == ST_FULL) {
        counter_add(COUNT_records_sealed_by_size, 1);
        seal(b, r);
        if ((r = open_record(b, partition, now_ms)) == NULL)
            return ST_BUSY;
        st = record_add_block(&r->builder, block);
    }
    assert(st == ST_OK);
    waiter_list_add(&r->waiters, w);
    counter_add(COUNT_blocks, 1);
    return ST_OK;
}

size_t
batcher_room(const struct batcher *b)
{
    return b->free_count * b->capacity;
}

bool
batcher_is_behind(const struct batcher *b)
{
    return b->waiting_first != NULL;
}

int64_t
batcher_behind_ms(const struct batcher *b, int64_t now_ms)
{
    return b->waiting_first == NULL ? 0 : now_ms - b->waiting_first->opened_ms;
}

static void
answer(struct batcher *b, struct batch_record *r, enum status result)
{
    struct partition_batch *p = &b->partitions[r->log.partition];

    assert(p->under_way > 0);
    p->under_way--;
    counter_add(result == ST_OK ? COUNT_log_appends : COUNT_log_append_failures, 1);
    waiter_list_answer(&r->waiters, result, r->log.partition, r->log.offset, b->o.answered,
                       b->o.context);
    put_back(b, r);
}

void
batcher_give_up(struct batcher *b)
{
    struct batch_record *r = b->waiting_first;

    b->waiting_first = b->waiting_last = NULL;
    while (r != NULL) {
        struct batch_record *next = r->next;

        answer(b, r, ST_UNAVAILABLE);
        r = next;
    }
}

void
batcher_end_turn(struct batcher *b, int64_t now_ms)
{
    struct batch_record *r = b->open_first;

    append_waiting(b);
    while (r != NULL) {
        struct batch_record *next = r->next;
        bool is_full = r->builder.size >= b->o.record_size;

        if (is_full || b->partitions[r->log.partition].under_way == 0 ||
            now_ms - r->opened_ms >= b->o.record_age_ms) {
            counter_add(is_full ? COUNT_records_sealed_by_size : COUNT_records_sealed_by_age, 1);
            seal(b, r);
        }
        r = next;
    }
}

int64_t
batcher_due_ms(const struct batcher *b)
{
    return b->open_first == NULL ? INT64_MAX : b->open_first->opened_ms + b->o.record_age_ms;
}

void
batcher_take_answers(struct batcher *b)
{
    struct log_record *l;

    log_producer_drain(b->producer);
    while ((l = log_producer_take(b->producer)) != NULL) {
        assert(b->under_way > 0);
        b->under_way--;
        answer(b, (struct batch_record *)l, l->result);
    }
    append_waiting(b);
}

int
batcher_fd(const struct batcher *b)
{
    return log_producer_fd(b->producer);
}

bool
batcher_is_writable(const struct batcher *b)
{
    return log_is_writable(b->o.log);
}

bool
batcher_is_idle(const struct batcher *b)
{
    return b->free_count == b->record_count;
}
