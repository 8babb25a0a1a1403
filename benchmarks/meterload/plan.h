/* What is to be sent, all of it, decided before the first byte: readings cut into messages, each of
 * one gateway, in the order in which the gateway sends them. The same files, registry and options
 * give the same plan, message for message: so a ledger only has to name messages.
 *
 * A gateway has two rounds. The second holds the right values of what was sent wrong on purpose,
 * and must not begin before every message of the first is acknowledged: then no late repetition
 * of a wrong value can come after the right one. */
#ifndef METERD_BENCHMARKS_METERLOAD_PLAN_H
#define METERD_BENCHMARKS_METERLOAD_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "benchmarks/meterload/fleet.h"
#include "benchmarks/meterload/tool.h"

enum plan_order { ORDER_FILE, ORDER_TIME, ORDER_RANDOM };
#define PLAN_FILES_MAX 64
#define PLAN_BATCH_MAX 20000

struct plan_options {
    const char *registry_dir;
    const char *tokens_path;
    enum plan_order order; /* inside a gateway */
    uint64_t seed;
    uint32_t batch;               /* readings of a message */
    uint32_t repeats_percent;     /* messages that are sent once more */
    uint32_t corrections_percent; /* readings that are sent wrong first */
    const char *files[PLAN_FILES_MAX];
    uint32_t file_count;
};

#define READING_NO_TEXT 0x7fffffffu

struct reading {
    int64_t t_ms;
    int64_t micro;
    uint32_t point;               /* of the fleet */
    uint32_t text : 31;           /* where its value's text begins, or READING_NO_TEXT */
    uint32_t is_estimated : 1;    /* quality: estimated, else good */
};

struct message {
    uint32_t gateway;
    uint32_t first, count; /* readings */
};

struct plan_gateway {
    uint32_t first, count; /* messages */
    uint32_t second;       /* how many of them belong to the first round */
};

struct plan {
    struct fleet fleet;
    struct reading *readings;
    uint64_t reading_count;
    struct message *messages;
    uint32_t message_count;
    struct plan_gateway *gateways; /* as the fleet's */
    char *texts;
    uint32_t crcs[PLAN_FILES_MAX];
    uint32_t meter_count;
    uint64_t sent_once; /* readings of all messages, repeats included */
};

/* Ends the program when a file is missing or wrong, or a meter has no point or no gateway. */
void plan_make(struct plan *p, const struct plan_options *o);
void plan_free(struct plan *p);

/* Appends the message's JSON (contract 1). */
void plan_write_message(const struct plan *p, uint32_t message, struct bytes *out);

#endif
