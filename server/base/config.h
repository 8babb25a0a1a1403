/* What meterd.conf says (contract 3): parsed, checked, with defaults for what it leaves out.
 *
 * Main loads it before any thread starts; from then on it is read-only and any thread may read.
 * The keys are the rows of options.def. */
#ifndef METERD_BASE_CONFIG_H
#define METERD_BASE_CONFIG_H

#include <stdint.h>
#include <stdio.h>

#include "proto/status.h"
#include "server/base/address.h"

#define CONFIG_TEXT_SIZE 1024 /* of a path or a connection string, with the NUL */
#define CONFIG_PATH_DEFAULT "/etc/meterd/meterd.conf"

enum config_role { ROLE_ALL };
enum config_log_kind { LOG_KIND_LOCAL };

struct config {
    struct {
        enum config_role role;
        char state[CONFIG_TEXT_SIZE];
    } node;
    struct {
        struct address listen;
        uint64_t body_max_bytes;
        uint64_t max_connections;
    } http;
    struct {
        struct address listen;
        uint64_t packet_max_bytes;
        uint64_t max_connections;
    } mqtt;
    struct {
        struct address listen;
    } admin;
    struct {
        uint64_t loops;
        uint64_t memory_bytes; /* of all loops together */
        uint64_t record_size_bytes;
        uint64_t record_age_ms;
    } ingest;
    struct {
        enum config_log_kind kind;
        char path[CONFIG_TEXT_SIZE];
        uint64_t keep_ms;
        uint64_t size_bytes;
    } log;
    struct {
        char conninfo[CONFIG_TEXT_SIZE];
    } database;
    struct {
        uint64_t aggregators;
        uint64_t commit_interval_ms;
        uint64_t flush_age_ms;
        uint64_t memory_bytes; /* of all aggregators together */
        uint64_t keep_ms;      /* at least past_max + 35 days: checked against the database */
    } rollup;
};

/* The defaults of contract 3. */
void config_default(struct config *out);

/* Reads the file at path over the defaults. Every fault is one line on errors,
 * `file:line: what is wrong, what would be right`; all of them at once. Returns how many; *out is
 * usable only when that is 0. */
unsigned config_load(const char *path, struct config *out, FILE *errors) MUST_USE;

/* The same for --role on the command line; the fault's place is `--role:0`. */
unsigned config_set_role(struct config *c, const char *role, FILE *errors) MUST_USE;

/* Writes every key as a file that config_load reads back to the same. */
void config_print(FILE *out, const struct config *c);

#endif
