/* Inside the rollup: what its files share. Not for other folders. */
#ifndef METERD_ROLLUP_ROLLUP_STATE_H
#define METERD_ROLLUP_ROLLUP_STATE_H

#include "proto/record.h"
#include "server/base/name_table.h"
#include "server/rollup/deltas.h"
#include "server/rollup/refold.h"
#include "server/rollup/rollup.h"

struct partition_state;

/* Late work on a point, one at a time. */
enum job {
    JOB_NONE,
    JOB_WANTED,   /* in the queue */
    JOB_INBOX,    /* asked for inbox rows */
    JOB_READINGS, /* asked for segments */
};

/* What memory holds of a point. */
struct point_memory {
    uint32_t number;
    uint32_t enterprise;
    struct partition_state *partition;
    struct fold_state state; /* after all readings and exchanges */
    struct tail tail;
    int64_t last_t_ms; /* of its readings */
    bool has_last;
    bool registered; /* folded as registered: adopted by a commit */
    bool stored;     /* has a row in point_state, or is about to */
    bool dirty;      /* in the partition's list of unwritten points */
    bool must_write; /* in rollup.must */
    bool in_flight;  /* in the transaction under way */
    enum job job;
    int64_t applied_offset;
    int64_t revision;
    int64_t unwritten_offset; /* least offset of a reading not written, when dirty */
    int64_t unwritten_since_ms;
    uint32_t inbox_count; /* rows in the database, under way and in the open transaction */
    int64_t inbox_t_max_ms;
    /* Rows that are folded already but perhaps still in the database: do not read it meanwhile. */
    bool inbox_leaves_open, inbox_leaves_flying;
    struct page_request *job_rows; /* inbox rows, while segments are loaded */
    struct point_memory *dirty_prev, *dirty_next;
    struct point_memory *peer_prev, *peer_next; /* all of the partition */
};

struct partition_state {
    uint32_t number;
    bool live;    /* claimed */
    bool touched; /* has something to commit */
    int64_t owner_epoch, commit_seq;
    int64_t next_offset;  /* first not folded */
    int64_t live_offset;  /* below: in the database already, fold and emit nothing */
    int64_t replay_offset;
    int64_t complete_until_ms;
    int64_t committed_ms; /* monotonic, of the last hand-over */
    struct point_memory *dirty_first, *dirty_last; /* by unwritten_offset */
    struct point_memory *points;
};

/* A record being folded; stays where it is while something is asked for. */
struct record_walk {
    bool active;
    bool block_open;
    bool enterprise_asked; /* whether a newer registry knows the block's */
    uint32_t partition;
    int64_t offset;
    struct cursor records;
    struct block_view block;
    struct cursor named, refused;
    uint32_t reading;
    int32_t idx; /* place in the record */
    bool named_pending;
    struct named_reading name;
    struct reading last;
};

#define JOBS_MAX 8

struct rollup {
    struct rollup_options options;
    struct rollup_ports ports;
    const struct directory *dir;
    const struct deployment *dep;
    struct segment_pool pool;
    struct deltas deltas;
    struct transaction *open; /* rows that are appended as they happen */
    struct transaction *other;
    bool in_flight;
    bool fenced; /* a partition was lost: nothing is written any more */
    struct point_memory **points; /* by number */
    uint32_t points_size;
    struct partition_state **partitions; /* PARTITIONS_MAX */
    struct name_table *names;            /* (enterprise, name) -> number, interned since the directory */
    struct record_walk walk;
    struct page_request *stalled_on; /* NULL: not asked; the walk cannot go on without */
    bool stalled;
    bool revision_asked;            /* the question under way is about what stalls the walk now */
    int64_t revision_wanted;        /* the walk waits for a directory of this revision; 0: no */
    bool revision_known;            /* revision_wanted was asked for this reading already */
    struct point_memory **must;     /* points the next commit must write */
    uint32_t must_count, must_size;
    struct point_memory **flying;   /* points in the transaction under way */
    uint32_t flying_count, flying_size;
    struct point_memory **jobs;     /* queue of late work, a bag */
    uint32_t jobs_count, jobs_size;
    uint32_t jobs_active;
    int64_t mono_ms;
    int64_t handed_over_ms;
    uint64_t point_bytes;
    uint32_t sweep; /* where dropping clean segments goes on */
};

/* Where the fold's amounts go. */
struct sink {
    struct rollup *rollup;
    uint32_t enterprise;
    int64_t changed_at_ms;
};
void sink_give(void *ctx, uint32_t item, int64_t slot_ms, const struct slot_delta *d);
void sink_take_back(void *ctx, uint32_t item, int64_t slot_ms, const struct slot_delta *d);

/* points.c */
struct point_memory *point_find(const struct rollup *r, uint32_t number);
struct point_memory *point_create(struct rollup *r, struct partition_state *ps, uint32_t number,
                                  uint32_t enterprise);
void point_forget(struct rollup *r, struct point_memory *p);
/* It has a reading of this offset that is not written. */
void point_mark_dirty(struct rollup *r, struct point_memory *p, int64_t offset);
void point_clear_dirty(struct point_memory *p);
void point_must_write(struct rollup *r, struct point_memory *p);
/* Facts: the point in the directory, when it is folded as registered; else NULL. */
const struct point *point_facts(const struct rollup *r, const struct point_memory *p);
struct fold point_fold(const struct rollup *r, const struct point *facts, fold_emit_fn emit,
                       struct sink *sink);
void pointers_push(struct point_memory ***at, uint32_t *count, uint32_t *size,
                   struct point_memory *p);
/* Takes segments as loaded, those before the tail's own, in front of it. from_t_ms: as asked. */
void point_take_segments(struct rollup *r, struct point_memory *p,
                         const struct page_request *answer);

/* arrival.c: one reading enters. */
struct arrival {
    struct partition_state *partition;
    uint32_t enterprise, gateway;
    uint32_t point;   /* 0: by name */
    struct span name; /* when by name, and for the quarantine */
    struct reading reading;
    int64_t offset;
    int32_t idx;
};
/* Asks whether there is a newer registry than our directory. */
enum status rollup_ask_revision(struct rollup *r);
/* The walk goes on: no answer to that question counts for what comes next. */
void rollup_settle_revision(struct rollup *r);
/* ST_AGAIN: something must be asked first, nothing was changed. */
enum status arrival_fold(struct rollup *r, struct arrival *a) MUST_USE;
/* A reading the door refused, or the fold does. */
void arrival_quarantine(struct rollup *r, const struct arrival *a, const struct refused_reading *q);
/* Puts rows (sorted by log_offset, idx) into the set: classed, superseded, folded. The tail covers
 * them all. */
void arrival_fold_rows(struct rollup *r, struct point_memory *p, const struct tx_inbox *rows,
                       uint32_t count);

/* late_work.c: inbox and registration. */
void late_work_want(struct rollup *r, struct point_memory *p);
void late_work_pump(struct rollup *r);
void late_work_answer(struct rollup *r, struct page_request *answer);
/* What a new directory, or a claim, means for the points of a partition. */
void late_work_derive(struct rollup *r, struct partition_state *ps);

/* commit.c */
bool commit_is_due(const struct rollup *r, int64_t mono_ms);
void commit_hand_over(struct rollup *r, int64_t mono_ms, bool everything);

#endif
