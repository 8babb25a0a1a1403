/*
 * CSV by the character: a record is split into cells in one buffer, quotes taken off in passing.
 */

#include "tests/reference/ref_csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
ref_csv_fail(const struct ref_csv *csv, const char *what, const char *cell)
{
    fprintf(stderr, "%s:%d: %s: %s\n", csv->path, csv->line, what, cell);
    exit(65);
}

struct splitter {
    struct ref_csv *csv;
    char *buffer;
    size_t length;
    char **cell;
    int count;
    bool quoted;
};

static void
put(struct splitter *s, char c)
{
    if (s->length == REF_CSV_BYTES_MAX)
        ref_csv_fail(s->csv, "record is too long", "");
    s->buffer[s->length++] = c;
}

static void
begin_cell(struct splitter *s)
{
    if (s->count == REF_CSV_CELLS_MAX)
        ref_csv_fail(s->csv, "too many cells", "");
    s->cell[s->count++] = s->buffer + s->length;
}

/* A quote: opens, closes, or, doubled inside, stands for itself. */
static void
take_quote(struct splitter *s)
{
    int next;

    if (!s->quoted) {
        s->quoted = true;
        return;
    }
    next = gzgetc(s->csv->file);
    if (next == '"') {
        put(s, '"');
        return;
    }
    s->quoted = false;
    if (next != -1)
        gzungetc(next, s->csv->file);
}

/* One record; 0 at the end of the file. */
static int
split(struct ref_csv *csv, char *buffer, char **cell)
{
    struct splitter s = {.csv = csv, .buffer = buffer, .cell = cell};
    int c;

    csv->line++;
    while ((c = gzgetc(csv->file)) == '\n' || c == '\r')
        csv->line += c == '\n'; /* Empty lines. */
    if (c == -1)
        return 0;
    begin_cell(&s);
    for (; c != -1 && (s.quoted || c != '\n'); c = gzgetc(csv->file)) {
        if (c == '"') {
            take_quote(&s);
        } else if (c == ',' && !s.quoted) {
            put(&s, '\0');
            begin_cell(&s);
        } else if (c != '\r' || s.quoted) {
            put(&s, (char)c);
        }
        csv->line += c == '\n';
    }
    put(&s, '\0');
    return s.count;
}

bool
ref_csv_open(struct ref_csv *csv, const char *path, bool has_header)
{
    memset(csv, 0, sizeof(*csv));
    csv->path = path;
    csv->file = gzopen(path, "rb");
    if (csv->file == NULL)
        return false;
    gzbuffer(csv->file, 1 << 17);
    if (!has_header)
        return true;
    csv->column_count = split(csv, csv->header, csv->column);
    if (csv->column_count > 0 && strncmp(csv->column[0], "\xef\xbb\xbf", 3) == 0)
        csv->column[0] += 3;
    return true;
}

bool
ref_csv_next(struct ref_csv *csv)
{
    csv->cell_count = split(csv, csv->record, csv->cell);
    return csv->cell_count > 0;
}

const char *
ref_csv_cell(const struct ref_csv *csv, const char *column)
{
    for (int i = 0; i < csv->column_count; i++) {
        if (strcmp(csv->column[i], column) == 0)
            return i < csv->cell_count ? csv->cell[i] : "";
    }
    ref_csv_fail(csv, "no such column", column);
}

const char *
ref_csv_optional(const struct ref_csv *csv, const char *column)
{
    for (int i = 0; i < csv->column_count; i++) {
        if (strcmp(csv->column[i], column) == 0)
            return ref_csv_cell(csv, column);
    }
    return "";
}

void
ref_csv_close(struct ref_csv *csv)
{
    gzclose(csv->file);
}
