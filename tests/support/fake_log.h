/* A log in memory behind server/log/log.h, for tests: replaces meterd_log at link time. One
 * producer; what happens to a record is the test's choice. */
#ifndef METERD_TESTS_SUPPORT_FAKE_LOG_H
#define METERD_TESTS_SUPPORT_FAKE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/span.h"
#include "proto/status.h"

#define FAKE_LOG_RECORDS_MAX 65536

struct fake_record {
    uint32_t partition;
    enum status result;
    int64_t offset;
    struct span bytes; /* a copy */
};

/* Forgets everything; records are taken and answered ST_OK at once. */
void fake_log_reset(void);
/* Answers wait for fake_log_answer. */
void fake_log_hold(bool hold);
/* Answers the oldest count held records. */
void fake_log_answer(uint32_t count, enum status result);
/* log_append says ST_BUSY. */
void fake_log_set_busy(bool busy);
void fake_log_set_writable(bool writable);
/* Records taken so far, in order. */
uint32_t fake_log_count(void);
const struct fake_record *fake_log_record(uint32_t i);
/* Something to hand to whoever wants a struct log *. */
struct log *fake_log(void);
/* Another one, for another loop: 0 .. FAKE_LOGS_MAX - 1. The functions above are about number 0. */
#define FAKE_LOGS_MAX 4
struct log *fake_log_at(uint32_t i);

#endif
