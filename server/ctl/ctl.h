/* What meterctl's commands share: configuration, options, errors, JSON. One thread. Exit codes are
 * those of sysexits.h. */
#ifndef METERD_CTL_CTL_H
#define METERD_CTL_CTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/status.h"
#include "server/base/config.h"

struct ctl {
    struct config config;
    bool json;
};

/* argv holds what follows the command's words. Returns the exit code. */
typedef int (*ctl_run)(struct ctl *ctl, int argc, char **argv);

struct ctl_command {
    const char *group; /* first word */
    const char *name;  /* second word, or NULL */
    ctl_run run;
    const char *usage; /* what follows the words */
    const char *does;
};

int ctl_db_init(struct ctl *ctl, int argc, char **argv);
int ctl_db_migrate(struct ctl *ctl, int argc, char **argv);
int ctl_db_status(struct ctl *ctl, int argc, char **argv);
int ctl_registry_import(struct ctl *ctl, int argc, char **argv);
int ctl_gateway_token(struct ctl *ctl, int argc, char **argv);
int ctl_status(struct ctl *ctl, int argc, char **argv);

/* One option of a command. */
struct ctl_option {
    const char *name; /* "--slot" */
    bool has_value;
    const char *value; /* out, or the default */
    bool is_given;     /* out */
};

/* Reads options (--name VALUE, --name=VALUE) and exactly `wanted` other words, which are kept in
 * words. Returns 0, or EX_USAGE after saying what is wrong. */
int ctl_read_options(struct ctl_option *options, unsigned count, int argc, char **argv,
                     const char **words, unsigned wanted);

/* Prints "meterctl: what: why: hint" (without what is empty) on stderr. Returns code. */
int ctl_fail(int code, const char *what, const char *why, const char *hint);
/* The same for a status of store's blocking functions. */
int ctl_fail_database(enum status st, const char *why);

/* Text in quotes, escaped as JSON (RFC 8259). */
void ctl_print_json_text(FILE *to, const char *text);

#endif
