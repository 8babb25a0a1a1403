#include <string.h>

#include "server/base/counter.h"
#include "server/base/thread.h"
#include "tests/unit/base/suite.h"

static enum status
count_thousand(void *context)
{
    (void)context;
    for (int i = 0; i < 1000; i++)
        counter_add(COUNT_messages, 2);
    gauge_set(GAUGE_http_connections, 5);
    return ST_OK;
}

START_TEST(counts_of_ended_threads_stay_and_their_gauges_go)
{
    uint64_t counts[COUNTER_COUNT];
    int64_t gauges[GAUGE_COUNT];
    struct thread threads[4];

    gauge_add(GAUGE_http_connections, 3);
    gauge_add(GAUGE_http_connections, -1);
    for (int round = 0; round < 300; round++) {
        struct thread *t = &threads[round % 4];

        ck_assert_int_eq(thread_start(t, "counting", count_thousand, NULL), ST_OK);
        if (round % 4 == 3)
            for (int i = 0; i < 4; i++)
                thread_join(&threads[i]);
    }
    counters_sum(counts);
    gauges_sum(gauges);
    ck_assert_uint_eq(counts[COUNT_messages], 300 * 2000);
    ck_assert_uint_eq(counts[COUNT_commits], 0);
    ck_assert_int_eq(gauges[GAUGE_http_connections], 2);
}
END_TEST

START_TEST(names_are_as_prometheus_wants_them)
{
    ck_assert_str_eq(counter_name(COUNT_messages), "meterd_messages_total");
    ck_assert_str_eq(gauge_name(GAUGE_log_bytes), "meterd_log_bytes");
    for (unsigned c = 0; c < COUNTER_COUNT; c++) {
        ck_assert_uint_eq(strspn(counter_name((enum counter)c),
                                 "abcdefghijklmnopqrstuvwxyz0123456789_"),
                          strlen(counter_name((enum counter)c)));
        ck_assert_uint_gt(strlen(counter_help((enum counter)c)), 5);
    }
    for (unsigned g = 0; g < GAUGE_COUNT; g++)
        ck_assert_uint_gt(strlen(gauge_help((enum gauge)g)), 5);
}
END_TEST

SUITE("counter", counts_of_ended_threads_stay_and_their_gauges_go,
      names_are_as_prometheus_wants_them)
