/* Small cases by hand for the simulator: one enterprise, slots of 15 minutes, times in minutes from
 * a civil midnight, values in whole units. For test programs with Check. */
#ifndef METERD_SIM_SCENARIO_H
#define METERD_SIM_SCENARIO_H

#include <check.h>

#include "tests/sim/sim.h"

#define UNIT INT64_C(1000000)
#define NEVER_MS (INT64_MAX / 4)

struct scenario {
    struct case_data c;
    struct sim sim;
    struct sim_options options;
};

/* One run at a time; scenario_end checks it against the reference. */
struct scenario *scenario_begin(void);
/* A registered point with the simplest attributes, to be changed before scenario_start. */
struct naive_attributes *scenario_point(struct scenario *s, enum naive_kind kind);
void scenario_exchange(struct scenario *s, int point, int minute, int64_t end, int64_t start);
/* Entries of the log; one record each. */
void scenario_reading(struct scenario *s, int point, int64_t minute, int64_t value);
void scenario_reading_micro(struct scenario *s, int point, int64_t minute, int64_t micro);
void scenario_register(struct scenario *s, int point);

/* Claimed and ready; flush_age_ms as said. */
void scenario_start(struct scenario *s, int64_t flush_age_ms);
/* Appends and folds the next count entries. */
void scenario_fold(struct scenario *s, int count);
/* A commit becomes due, is handed over and done. */
void scenario_commit(struct scenario *s);
void scenario_hand_over(struct scenario *s);
/* All that is in the database leaves memory, perhaps but the newest segment. */
void scenario_forget_old(struct scenario *s);
/* Answers all questions. */
void scenario_answer(struct scenario *s);
void scenario_settle(struct scenario *s);
void scenario_end(struct scenario *s);

/* The enterprise's slot that begins at the minute. */
void scenario_expect(const struct scenario *s, int64_t minute, int64_t quantity,
                     int64_t estimated);
#define EXPECT_UNITS(s, minute, units) scenario_expect((s), (minute), (units) * UNIT, 0)
__int128 scenario_total(const struct scenario *s);
uint32_t scenario_inbox(const struct scenario *s);
const struct point_memory *scenario_memory(const struct scenario *s, int point);

#endif
