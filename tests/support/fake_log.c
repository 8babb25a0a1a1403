/* Records are copied as they are appended; answers go through a list and an eventfd, as the real
 * log's do. Locked, because a loop's thread appends while the test looks. */
#include "tests/support/fake_log.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "server/log/log.h"

struct log {
    pthread_mutex_t lock;
    int fd;
    bool hold;
    bool is_busy;
    bool is_unwritable;
    struct fake_record records[FAKE_LOG_RECORDS_MAX];
    struct log_record *pending[FAKE_LOG_RECORDS_MAX]; /* by record number; NULL: given back */
    uint32_t count;
    uint32_t answered; /* of them */
    uint32_t taken;    /* of the answered */
    int64_t next_offset[1024];
};

#define ONE_LOG {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1}
static struct log the_logs[FAKE_LOGS_MAX] = {ONE_LOG, ONE_LOG, ONE_LOG, ONE_LOG};
#define the_log the_logs[0]

struct log *
fake_log_at(uint32_t i)
{
    assert(i < FAKE_LOGS_MAX);
    return &the_logs[i];
}

struct log *
fake_log(void)
{
    return &the_log;
}

void
fake_log_reset(void)
{
    struct log *l = &the_log;

    pthread_mutex_lock(&l->lock);
    for (uint32_t i = 0; i < l->count; i++)
        free((void *)(uintptr_t)l->records[i].bytes.at);
    l->hold = l->is_busy = l->is_unwritable = false;
    l->count = l->answered = l->taken = 0;
    memset(l->next_offset, 0, sizeof l->next_offset);
    pthread_mutex_unlock(&l->lock);
}

static void
answer_some(struct log *l, uint32_t count, enum status result)
{
    uint64_t one = 1;

    for (; count > 0 && l->answered < l->count; count--) {
        struct log_record *r = l->pending[l->answered];

        r->result = result;
        if (result == ST_OK)
            r->offset = l->next_offset[r->partition]++;
        l->records[l->answered].result = result;
        l->records[l->answered].offset = r->offset;
        l->answered++;
    }
    if (l->fd >= 0 && write(l->fd, &one, sizeof one) != sizeof one)
        abort();
}

void
fake_log_hold(bool hold)
{
    pthread_mutex_lock(&the_log.lock);
    the_log.hold = hold;
    if (!hold)
        answer_some(&the_log, UINT32_MAX, ST_OK);
    pthread_mutex_unlock(&the_log.lock);
}

void
fake_log_answer(uint32_t count, enum status result)
{
    pthread_mutex_lock(&the_log.lock);
    answer_some(&the_log, count, result);
    pthread_mutex_unlock(&the_log.lock);
}

void
fake_log_set_busy(bool busy)
{
    pthread_mutex_lock(&the_log.lock);
    the_log.is_busy = busy;
    pthread_mutex_unlock(&the_log.lock);
}

void
fake_log_set_writable(bool writable)
{
    pthread_mutex_lock(&the_log.lock);
    the_log.is_unwritable = !writable;
    pthread_mutex_unlock(&the_log.lock);
}

uint32_t
fake_log_count(void)
{
    uint32_t count;

    pthread_mutex_lock(&the_log.lock);
    count = the_log.count;
    pthread_mutex_unlock(&the_log.lock);
    return count;
}

const struct fake_record *
fake_log_record(uint32_t i)
{
    assert(i < the_log.count);
    return &the_log.records[i];
}

/* --- server/log/log.h ------------------------------------------------------------------------- */

struct log_producer *
log_producer_new(struct log *l)
{
    l->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return (struct log_producer *)l;
}

void
log_producer_free(struct log_producer *p)
{
    struct log *l = (struct log *)p;

    assert(l->taken == l->count);
    close(l->fd);
    l->fd = -1;
}

enum status
log_append(struct log_producer *p, struct log_record *r)
{
    struct log *l = (struct log *)p;
    enum status st = ST_BUSY;

    pthread_mutex_lock(&l->lock);
    if (!l->is_busy && !l->is_unwritable) {
        uint8_t *copy = malloc(r->size);

        assert(copy != NULL && l->count < FAKE_LOG_RECORDS_MAX);
        memcpy(copy, r->bytes, r->size);
        l->records[l->count] = (struct fake_record){r->partition, ST_BUSY, -1,
                                                    span_of(copy, r->size)};
        l->pending[l->count++] = r;
        if (!l->hold)
            answer_some(l, 1, ST_OK);
        st = ST_OK;
    }
    pthread_mutex_unlock(&l->lock);
    return st;
}

int
log_producer_fd(const struct log_producer *p)
{
    return ((const struct log *)p)->fd;
}

void
log_producer_drain(struct log_producer *p)
{
    uint64_t n;

    (void)!read(((struct log *)p)->fd, &n, sizeof n);
}

struct log_record *
log_producer_take(struct log_producer *p)
{
    struct log *l = (struct log *)p;
    struct log_record *r = NULL;

    pthread_mutex_lock(&l->lock);
    if (l->taken < l->answered)
        r = l->pending[l->taken++];
    pthread_mutex_unlock(&l->lock);
    return r;
}

bool
log_is_writable(const struct log *l)
{
    return !l->is_unwritable;
}
