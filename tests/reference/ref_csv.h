#ifndef METERD_REFERENCE_REF_CSV_H
#define METERD_REFERENCE_REF_CSV_H

/* Reads CSV (RFC 4180, UTF-8 with or without BOM, LF or CRLF, a header line), gzip or plain.
 * What is wrong with a file ends the program with FILE:LINE on stderr. */

#include <stdbool.h>
#include <stddef.h>
#include <zlib.h>

#define REF_CSV_CELLS_MAX 64
#define REF_CSV_BYTES_MAX 65536

struct ref_csv {
    gzFile file;
    const char *path; /* borrowed */
    int line;
    int column_count;
    int cell_count;
    char *column[REF_CSV_CELLS_MAX]; /* of the header */
    char *cell[REF_CSV_CELLS_MAX];   /* of the record, until the next one */
    char header[REF_CSV_BYTES_MAX];
    char record[REF_CSV_BYTES_MAX];
};

/* has_header = false: cells are found by number only. false when there is no such file. */
bool ref_csv_open(struct ref_csv *csv, const char *path, bool has_header);
bool ref_csv_next(struct ref_csv *csv);
/* The cell of a column; "" when the record is shorter; the program ends when no such column. */
const char *ref_csv_cell(const struct ref_csv *csv, const char *column);
/* "" when there is no such column either. */
const char *ref_csv_optional(const struct ref_csv *csv, const char *column);
void ref_csv_close(struct ref_csv *csv);

/* Ends the program: FILE:LINE: what, cell. */
void ref_csv_fail(const struct ref_csv *csv, const char *what, const char *cell)
    __attribute__((noreturn));

#endif
