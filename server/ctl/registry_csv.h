/* Rows of a CSV text (RFC 4180): with or without BOM, LF or CRLF, quotes doubled inside quotes.
 * Reads from one buffer, which it changes (quoted cells are made plain in place); cells borrow from
 * it. One bad row is reported and skipped, so that one pass finds all errors. Pure; any thread. */
#ifndef METERD_CTL_REGISTRY_CSV_H
#define METERD_CTL_REGISTRY_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/span.h"
#include "proto/status.h"

#define REGISTRY_CSV_CELLS_MAX 64

struct registry_csv {
    uint8_t *at;
    uint8_t *end;
    uint32_t line; /* of the next byte, from 1 */
};

struct registry_csv_row {
    uint32_t line; /* where it begins */
    uint32_t count;
    struct span cells[REGISTRY_CSV_CELLS_MAX];
    const char *why; /* of ST_MALFORMED: a sentence, static */
};

void registry_csv_init(struct registry_csv *csv, void *text, size_t size);

/* ST_OK: a row. ST_MALFORMED: row->line and row->why say what is wrong; the next call goes on after
 * that line. ST_END: nothing more. Empty lines are passed over. */
enum status registry_csv_next(struct registry_csv *csv, struct registry_csv_row *row) MUST_USE;

#endif
