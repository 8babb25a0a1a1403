/* What the files of the local log share. Internal to log_local*.c.
 *
 * Who may touch what: "log thread" means the thread between log_start and log_stop, and the
 * caller's before and after. Atomics are written by their one owner and read by anybody. */
#ifndef METERD_LOG_LOG_LOCAL_PARTS_H
#define METERD_LOG_LOG_LOCAL_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "server/base/bounds.h"
#include "server/base/mailbox.h"
#include "server/base/thread.h"
#include "server/base/waker.h"
#include "server/log/log_local.h"
#include "server/log/log_local_env.h"
#include "server/log/log_ops.h"

struct local_producer {
    struct log_producer base;
    struct waker waker;       /* the ingest loop's */
    struct mailbox appends;   /* loop -> log thread */
    struct mailbox answers;   /* log thread -> loop; never full: in_flight is bounded */
    uint32_t in_flight;       /* loop */
    bool in_use;              /* the thread that makes and frees producers */
};

/* Records taken from the producers and not yet answered, oldest first. Log thread. */
struct local_batch {
    struct log_record *record[LOG_BATCH_RECORDS_MAX];
    struct local_producer *from[LOG_BATCH_RECORDS_MAX];
    uint32_t count;
    int64_t bytes;
    uint32_t next_producer; /* where the next look round begins */
};

struct local_partition {
    _Atomic int64_t first;  /* log thread writes; first offset there is */
    _Atomic int64_t end;    /* log thread writes; first offset not durable */
    _Atomic int64_t replay; /* writer of the rollup writes; below it the rollup needs nothing */
    int64_t next;           /* log thread; the offset to give next, beyond end inside a commit */
    int64_t marked_ms;      /* log thread; wall time of the newest entry in `times` */
};

struct log_local {
    struct log base;
    char *path;
    int lock_fd;
    uint32_t partition_count;
    int64_t keep_ms;
    uint8_t deployment_uuid[16];
    uint8_t uuid[16];

    /* Held by the consumer while it reads, by the log thread while it opens env anew. */
    pthread_mutex_t env_lock;
    struct local_env env;

    /* Room, in bytes. Log thread. */
    int64_t size;        /* of the map */
    int64_t limit;       /* appends stop here; the rest lets retention and commits work */
    int64_t tidy_above;  /* retention by size begins here */
    int64_t used;        /* measured now and then, counted on in between */
    int64_t copied;      /* what a commit takes beside its records, at most */
    int64_t allocated;   /* of the file, known to have blocks of the disk */

    /* Log thread. */
    struct local_batch batch;
    bool failing;           /* the last commit failed */
    bool squeeze;           /* the map is too fragmented: remove more */
    uint32_t batch_max;     /* records in the next commit; halved when the map is full */
    int64_t retry_ms;       /* monotonic; no commit before */
    int64_t backoff_ms;
    int64_t tidy_ms;        /* monotonic; no retention before */
    int64_t measure_ms;     /* monotonic; measure again then */

    struct thread thread;
    _Atomic bool stopping;
    _Atomic bool writable;
    _Atomic bool wants_room; /* a moved replay offset is news */
    _Atomic bool kicked;     /* try again now */
    struct waker waker;      /* the log thread's */
    struct waker consumer_waker;
    _Atomic bool consumer_woken; /* log_consumer_wake was called */
    bool has_consumer;

    struct local_producer *_Atomic producers[LOOPS_MAX];
    _Atomic int64_t used_seen; /* used, for any thread */

    struct local_partition partitions[]; /* partition_count */
};

static inline struct log_local *
local_of(const struct log *l)
{
    return (struct log_local *)(uintptr_t)l;
}

/* --- log_local_write.c: the log thread. --- */

void local_start(struct log *l);
void local_stop(struct log *l);
/* Offsets of every partition as the environment has them. 0 or an LMDB error. */
int local_load_offsets(struct log_local *l);
int local_measure(struct log_local *l);

/* --- log_local_batch.c: the log thread's batch. --- */

/* Takes one record of each producer in turn, until the batch is full or all rings are empty. */
void local_collect(struct log_local *l);
bool local_nothing_waits(const struct log_local *l);
/* How many records from the front fit between what is used and the limit, and what they take. */
uint32_t local_count_fitting(const struct log_local *l, int64_t *cost_bytes);
/* One transaction with the first count records; with 0, only the write itself is tried. 0 or an
 * LMDB error: then the caller resets `next` of the partitions. */
int local_commit(struct log_local *l, uint32_t count);
/* Gives the first count records back and moves the rest to the front. */
void local_answer(struct log_local *l, uint32_t count, enum status result);

/* --- log_local_retain.c --- */

/* One bounded transaction that removes what may go. Log thread. 0 or an LMDB error; how many
 * records were removed. */
int local_retain(struct log_local *l, int64_t wall_ms, uint32_t *removed);
/* Notes when this offset was written, when the newest note of the partition is old enough. */
int local_mark_time(struct log_local *l, MDB_txn *txn, uint32_t partition, int64_t wall_ms);

/* --- log_local_read.c: the consumer. --- */

struct log_consumer *local_consumer_new(struct log *l);
void local_consumer_free(struct log_consumer *c);
void local_consumer_poll(struct log_consumer *c, int timeout_ms, struct log_event *out);
enum status local_consumer_seek(struct log_consumer *c, uint32_t partition, int64_t offset);
void local_consumer_pause(struct log_consumer *c, uint32_t partition);
void local_consumer_resume(struct log_consumer *c, uint32_t partition);
void local_consumer_wake(struct log_consumer *c);

#endif
