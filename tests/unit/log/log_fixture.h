/* A local log in a directory of its own, and the few steps its tests repeat. Failures end the test
 * (Check's ck_assert). */
#ifndef METERD_TESTS_LOG_FIXTURE_H
#define METERD_TESTS_LOG_FIXTURE_H

#include "server/log/log_local.h"

#define FIXTURE_PARTITIONS 4
#define FIXTURE_SIZE (8LL * 1024 * 1024)

extern char fixture_path[64];                    /* of the log; its parent is temporary */
extern struct log_local_options fixture_options; /* what fixture_open opens with */

void fixture_setup(void);
void fixture_teardown(void);

struct log *fixture_open(void); /* not started */
/* As log_local_open with fixture_options; the sentence is forgotten. */
enum status fixture_try(struct log **out);

/* A record of size bytes that says its partition and a number in its first bytes. */
struct log_record *record_new(uint32_t partition, uint32_t number, uint32_t size);
void record_free(struct log_record *r);
uint32_t record_number(struct span bytes);

/* Appends and waits; the verdict. The record is freed. */
enum status append_one(struct log_producer *p, uint32_t partition, uint32_t number,
                       uint32_t size, int64_t *offset);
/* The next answer within the time, or NULL. */
struct log_record *await_answer(struct log_producer *p, int timeout_ms);
/* Appends count records of size to the partition, numbered from `from`, all durable at the end. */
void append_many(struct log_producer *p, uint32_t partition, uint32_t from, uint32_t count,
                 uint32_t size);

/* A consumer that has been told of all partitions; none is positioned. */
struct log_consumer *consumer_assigned(struct log *l);
/* The next event is the record of this partition and number. */
void expect_record(struct log_consumer *c, uint32_t partition, int64_t offset, uint32_t number);
void expect_nothing(struct log_consumer *c);

#endif
