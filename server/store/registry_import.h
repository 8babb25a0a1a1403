/* The SQL side of `meterctl registry import`: rows that have passed server/ctl/registry_check are
 * staged, checked against each other and against what is stored, and applied as one new revision,
 * or not at all. Blocking; one connection, one transaction under an advisory lock. */
#ifndef METERD_STORE_REGISTRY_IMPORT_H
#define METERD_STORE_REGISTRY_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/status.h"
#include "server/base/bounds.h"

/* In the order of import. REGISTRY_BROKEN is no file: it names rows that could not be read, so that
 * what refers to them is not called unknown too. */
enum registry_file {
    REGISTRY_PREFECTURES,
    REGISTRY_PARKS,
    REGISTRY_ITEMS,
    REGISTRY_ENTERPRISES,
    REGISTRY_GATEWAYS,
    REGISTRY_POINTS,
    REGISTRY_EXCHANGES,
    REGISTRY_FILE_COUNT,
    REGISTRY_BROKEN = REGISTRY_FILE_COUNT,
    REGISTRY_ROWS_COUNT
};

/* One file's rows as COPY's text format takes them, columns as in registry_stage.sql. */
struct registry_rows {
    char *at;
    size_t size, capacity;
    uint32_t count;
};

enum registry_act { ACT_ADD, ACT_CHANGE, ACT_REMOVE, ACT_COUNT };

struct registry_import_options {
    bool check_only; /* tell only what is wrong */
    bool dry_run;    /* say what would change, change nothing */
    bool force;      /* also when more than 1 % of the points counted now would not be */
    int64_t now_ms;
};

/* Told while the import runs; texts live during the call. */
struct registry_import_sink {
    void (*wrong)(void *ctx, enum registry_file file, uint32_t line, const char *what);
    void (*change)(void *ctx, enum registry_file file, uint32_t line, enum registry_act act,
                   const char *what); /* of a dry run */
    void *ctx;
};

struct registry_import_result {
    int64_t revision; /* the newest; of a dry run: the one there was */
    bool is_changed;  /* false: everything was as the files say */
    uint64_t rows[REGISTRY_FILE_COUNT][ACT_COUNT];
    uint64_t counted;      /* points counted before */
    uint64_t lost;         /* of those, what would no longer be */
    bool needs_force;
};

/* files: REGISTRY_ROWS_COUNT of them. ST_OK. ST_MALFORMED: the sink was told what is
 * wrong, or needs_force; nothing was changed. ST_NOT_FOUND: no schema. ST_WORLD_DOWN: the database
 * refused; why says it. */
enum status registry_import(const char *conninfo, const struct registry_rows *files,
                            const struct registry_import_options *options,
                            const struct registry_import_sink *sink,
                            struct registry_import_result *out,
                            char why[WHY_SIZE]) MUST_USE;

/* Makes sha256 the first token of a gateway, its first one so far the second, as a new revision.
 * ST_NOT_FOUND: no such gateway (or no schema: why says it). */
enum status registry_set_token(const char *conninfo, const char *gateway, const uint8_t sha256[32],
                               char why[WHY_SIZE]) MUST_USE;

#endif
