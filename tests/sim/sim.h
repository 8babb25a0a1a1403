/* The simulator: one rollup (server/rollup) between a log and a database in memory, moved by single
 * steps. A step is what a thread of the real process may do at any moment: append a record, deliver
 * one, answer a question, apply a commit, tell its fate, hand over a directory, crash. Any order of
 * steps must end with the rows that the definition gives (tests/reference).
 *
 * One thread. The simulator borrows the case; it groups readings into blocks, so that it changes
 * their received_at (one for a block) and their order within a block in the case's log. */
#ifndef METERD_SIM_SIM_H
#define METERD_SIM_SIM_H

#include <stdio.h>

#include "server/base/bounds.h"
#include "server/rollup/rollup_state.h"
#include "tests/reference/case_gen.h"
#include "tests/sim/memory_store.h"
#include "tests/sim/random.h"

#define SIM_PARTITIONS_MAX 2
#define SIM_RECORDS_MAX CASE_LOG_MAX
#define SIM_REVISIONS_MAX (2 * CASE_POINTS_MAX + 4)

struct sim_options {
    uint64_t seed;
    struct rollup_options rollup;
    uint32_t partitions;  /* 1 .. SIM_PARTITIONS_MAX */
    int record_readings;  /* of one record, at most */
    int door_lag_percent; /* blocks made with an older directory */
    int strays_percent;   /* blocks with refused readings and foreign numbers in them */
    int timeless_percent; /* readings by number that get the time of their arrival */
    int refuse_percent;   /* questions the pager has no room for */
    FILE *trace;          /* NULL: none */
};

struct sim_record {
    uint8_t *bytes;
    size_t size;
};

struct sim_partition {
    struct sim_record records[SIM_RECORDS_MAX];
    int64_t end;      /* records in the log */
    int64_t position; /* the next one to deliver */
    bool sought;      /* claimed: may be delivered */
};

/* Where an entry of the case's log came to be in the partition's log. */
struct sim_place {
    int64_t offset;
    int32_t idx;
};

struct sim_point {
    uint32_t number;     /* 0: nobody asked for it yet */
    int64_t revision;    /* that registered it; 0: none */
    int64_t changed_revision; /* that touched it later; 0: none */
    bool known;          /* the rollup has it in memory, registered or not */
    bool was_registered; /* so it was at the last look */
    bool adopted;        /* a registration under way was adopted there */
    struct sim_place adopted_at;
};

struct sim_question {
    struct page_request *request;
    bool answered;
};

struct sim {
    struct sim_options options;
    struct sim_random random;
    struct case_data *c;
    struct memory_store *store;
    struct rollup *rollup;
    const struct directory *dir;
    int64_t revision; /* newest */
    int64_t imported_at[SIM_REVISIONS_MAX + 1];
    struct sim_point points[CASE_POINTS_MAX];
    struct sim_partition partitions[SIM_PARTITIONS_MAX];
    size_t appended; /* entries of the case's log */
    struct sim_place places[CASE_LOG_MAX];
    int64_t strays[CASE_ENTERPRISES_MAX]; /* readings for the quarantine, by enterprise */
    int64_t odd_blocks;                   /* for the quarantine as a whole */
    struct sim_question questions[PAGER_REQUESTS_MAX];
    uint32_t question_count;
    struct transaction *tx; /* under way */
    bool tx_applied;
    int64_t mono_ms;
    int crashes;
};

void sim_init(struct sim *s, struct case_data *c, const struct sim_options *o);
void sim_fini(struct sim *s);

/* The steps. False: there was nothing of the kind to do. */
bool sim_append(struct sim *s);          /* the next record, or the next import */
void sim_touch(struct sim *s, int point); /* an import changes something that is still to come */
bool sim_deliver(struct sim *s, uint32_t partition);
bool sim_answer(struct sim *s);          /* the database answers the oldest question */
bool sim_deliver_answer(struct sim *s);  /* and the rollup sees it */
bool sim_apply(struct sim *s);           /* the database commits */
bool sim_deliver_fate(struct sim *s);    /* and the rollup sees it */
bool sim_swap(struct sim *s, int64_t revision, bool with_names);
void sim_tick(struct sim *s, int64_t after_ms);
void sim_flush(struct sim *s, int64_t after_ms);
/* apply: a commit under way came through. */
void sim_crash(struct sim *s, bool apply);

/* What is in the log is folded and written, late work done. False: it does not come to an end. */
bool sim_settle(struct sim *s);
/* The same after the rest of the case's log was appended. */
bool sim_finish(struct sim *s);

/* After sim_finish: every row against the reference. Says what differs; false when anything
 * does. */
bool sim_check(const struct sim *s, FILE *out);

/* Parts shared by the simulator's files. The checks return how many differences they found. */
int sim_check_set(const struct sim *s, const struct naive_input *in,
                  const struct naive_result *result, FILE *out);
int sim_check_state(const struct sim *s, FILE *out);
void sim_trace(const struct sim *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
uint32_t sim_partition_of(const struct sim *s, int enterprise);
struct span sim_point_name(int point, char text[16]);
const struct directory *sim_directory(const struct sim *s, int64_t revision, bool with_names);
/* Area numbers of the directory. */
#define SIM_PROVINCE 1u
uint32_t sim_prefecture_area(int prefecture);
uint32_t sim_park_area(int park);
uint32_t sim_no_park_area(int prefecture);

/* A random run of the case from the options' seed, to its end. False: says why. */
void sim_options_draw(uint64_t seed, struct sim_options *o);
bool sim_run(struct case_data *c, const struct sim_options *o, FILE *out);

#endif
