/* What reading one JSON body costs: ns of CPU a reading, for the shapes gateways send, and for the
 * two texts inside. Run: bench_json [ROUNDS]; the best and the median round count. */
#include "proto/decimal.h"
#include "proto/payload_json.h"
#include "proto/timestamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define READINGS   100
#define REPEATS    2000
#define ROUNDS_MAX 101

typedef uint64_t (*subject)(struct span body);

static uint64_t
cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t
read_body(struct span body)
{
    struct payload_json p;
    struct raw_reading r;
    uint64_t sum = 0;
    enum status st;

    payload_json_init(&p, body);
    while ((st = payload_json_next(&p, &r)) == ST_OK)
        sum += (uint64_t)r.value + (uint64_t)r.t_ms;
    if (st != ST_END || p.next_index != READINGS) {
        fprintf(stderr, "bad body: %s\n", p.error_text);
        exit(1);
    }
    return sum;
}

static uint64_t
read_decimals(struct span text)
{
    uint64_t sum = 0;
    int64_t micro;
    bool rounded;

    for (unsigned i = 0; i < READINGS; i++) {
        if (decimal_parse(text, &micro, &rounded) != ST_OK)
            exit(1);
        sum += (uint64_t)micro;
    }
    return sum;
}

static uint64_t
read_times(struct span text)
{
    uint64_t sum = 0;
    int64_t ms;

    for (unsigned i = 0; i < READINGS; i++) {
        if (timestamp_parse_rfc3339(text, &ms) != ST_OK)
            exit(1);
        sum += (uint64_t)ms;
    }
    return sum;
}

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void
measure(const char *name, subject run, struct span body, unsigned rounds)
{
    volatile uint64_t sink = 0; /* Keeps the work from being left out. */
    double ns[ROUNDS_MAX];

    for (unsigned i = 0; i < rounds; i++) {
        uint64_t start = cpu_ns();

        for (unsigned n = 0; n < REPEATS; n++)
            sink = run(body);
        (void)sink;
        ns[i] = (double)(cpu_ns() - start) / REPEATS / READINGS;
    }
    qsort(ns, rounds, sizeof ns[0], compare);
    printf("%-28s best %6.1f  median %6.1f ns a reading, %5.1f bytes a reading\n", name, ns[0],
           ns[rounds / 2], (double)body.size / READINGS);
}

enum shape { MANY_TIMES, ONE_TIME, GROUPED };

static struct span
body_of(enum shape shape)
{
    static char room[32768];
    const size_t cap = sizeof room;
    size_t n = (size_t)snprintf(
        room, cap, "%s",
        shape == GROUPED ? "{\"t\":\"2026-03-01T00:15:00+08:00\",\"values\":{" : "{\"readings\":[");

    for (unsigned i = 0; i < READINGS; i++) {
        const char *comma = i == 0 ? "" : ",";
        unsigned quarter = shape == MANY_TIMES ? i : 0;

        if (shape == GROUPED)
            n += (size_t)snprintf(room + n, cap - n, "%s\"E%03u\":\"%u.%03u\"", comma, i,
                                  123456 + 7 * i, i * 9);
        else
            n += (size_t)snprintf(room + n, cap - n,
                                  "%s{\"point\":\"E%03u\",\"t\":\"2026-03-01T%02u:%02u:00+08:00\","
                                  "\"v\":\"%u.%03u\",\"q\":\"good\"}",
                                  comma, i, quarter / 4, quarter % 4 * 15, 123456 + 7 * i, i * 9);
    }
    n += (size_t)snprintf(room + n, cap - n, shape == GROUPED ? "}}" : "]}");
    return span_of(room, n);
}

int
main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 11;

    if (rounds < 1 || rounds > ROUNDS_MAX)
        return 2;
    measure("readings, 100 times", read_body, body_of(MANY_TIMES), rounds);
    measure("readings, one time", read_body, body_of(ONE_TIME), rounds);
    measure("grouped", read_body, body_of(GROUPED), rounds);
    measure("decimal 123456.789", read_decimals, span_text("123456.789"), rounds);
    measure("decimal 7", read_decimals, span_text("7"), rounds);
    measure("decimal 1.2345678e3", read_decimals, span_text("1.2345678e3"), rounds);
    measure("time +08:00", read_times, span_text("2026-03-01T00:15:00+08:00"), rounds);
    measure("time .250Z", read_times, span_text("2026-03-01T00:15:00.250Z"), rounds);
    return 0;
}
