/* Reads *.vec files: protocols as data. A line is fields between '|', blanks around them do not
 * matter; '#' starts a comment line. Every failure to read is a failed check: a test with missing
 * vectors must not pass. */
#ifndef METERD_SUPPORT_VECTOR_FILE_H
#define METERD_SUPPORT_VECTOR_FILE_H

#include <stdio.h>

#include "proto/span.h"
#include "proto/status.h"

#define VECTOR_FIELDS_MAX 8

struct vector_file {
    FILE *file;
    const char *path;
    unsigned line;
    unsigned count; /* vectors read */
    char *text;     /* the line that fields point into */
    size_t capacity;
    char *field[VECTOR_FIELDS_MAX];
};

/* path from the root of the sources. */
void vector_file_open(struct vector_file *v, const char *path);

/* The next vector, exactly field_count fields; false at the end. */
bool vector_file_next(struct vector_file *v, unsigned field_count);

void vector_file_close(struct vector_file *v);

/* The bytes that hex digits (and blanks among them) say, in memory of exactly that size, so that a
 * sanitizer sees every byte too far. Free .at with vector_free(). */
struct span vector_bytes(const char *hex);
void vector_free(struct span s);

/* "OK", "FRAMING": a status as vectors write it, and back. */
const char *vector_status_name(enum status st);

#endif
