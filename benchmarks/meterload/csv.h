/* Rows of a CSV file, gzip or plain (RFC 4180, without line breaks inside cells). */
#ifndef METERD_BENCHMARKS_METERLOAD_CSV_H
#define METERD_BENCHMARKS_METERLOAD_CSV_H

#include <stdbool.h>
#include <stdint.h>

#define CSV_CELLS_MAX 32

struct csv;

/* Ends the program when the file cannot be opened, or has no header line. */
struct csv *csv_open(const char *path);
void csv_close(struct csv *c);

/* Place of a column of the header line. Ends the program when it is needed and not there, else
 * CSV_CELLS_MAX stands for "not there". */
unsigned csv_column(const struct csv *c, const char *name, bool is_needed);

/* The next row; false at the end. Ends the program when the row has another number of cells. */
bool csv_next(struct csv *c);
/* A cell of the row, "" when the column is not there. Lives until csv_next. */
const char *csv_cell(const struct csv *c, unsigned column);

const char *csv_path(const struct csv *c);
uint32_t csv_line_number(const struct csv *c);
/* CRC-32 of what was read so far, unpacked. */
uint32_t csv_crc(const struct csv *c);

#endif
