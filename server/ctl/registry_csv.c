/* One pass over the bytes. A cell is plain up to the next comma or line end, or quoted up to its
 * closing quote; whatever is neither is an error of its row, and reading goes on at the next line
 * end, wherever the error was. */
#include "server/ctl/registry_csv.h"

#include <assert.h>

void
registry_csv_init(struct registry_csv *csv, void *text, size_t size)
{
    csv->at = text;
    csv->end = csv->at + size;
    csv->line = 1;
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        csv->at += 3;
}

/* Size of the line end at p: 0 when there is none. */
static size_t
line_end_size(const struct registry_csv *csv, const uint8_t *p)
{
    if (p < csv->end && *p == '\n')
        return 1;
    if (p + 1 < csv->end && p[0] == '\r' && p[1] == '\n')
        return 2;
    return 0;
}

static bool
skip_line_end(struct registry_csv *csv)
{
    size_t size = line_end_size(csv, csv->at);

    csv->at += size;
    csv->line += size > 0;
    return size > 0;
}

static enum status
fail(struct registry_csv *csv, struct registry_csv_row *row, const char *why)
{
    uint8_t *next = csv->at < csv->end ? memchr(csv->at, '\n', (size_t)(csv->end - csv->at)) : NULL;

    row->why = why;
    csv->at = next == NULL ? csv->end : next + 1;
    csv->line += next != NULL;
    return ST_MALFORMED;
}

static enum status
read_plain(struct registry_csv *csv, struct registry_csv_row *row, struct span *cell)
{
    uint8_t *p = csv->at;

    while (p < csv->end && *p != ',' && *p != '"' && *p != '\r' && *p != '\n')
        p++;
    *cell = span_of(csv->at, (size_t)(p - csv->at));
    csv->at = p;
    if (p < csv->end && *p == '"')
        return fail(csv, row, "a quote inside a cell that does not begin with one: quote the cell");
    if (p < csv->end && *p == '\r' && line_end_size(csv, p) == 0)
        return fail(csv, row, "a carriage return that ends no line");
    return ST_OK;
}

/* At the opening quote. The cell is moved together in place: it never grows. */
static enum status
read_quoted(struct registry_csv *csv, struct registry_csv_row *row, struct span *cell)
{
    uint8_t *opened = csv->at;
    uint8_t *from = opened + 1, *to = opened + 1;
    uint32_t line = csv->line;

    for (;; from++) {
        if (from == csv->end)
            return fail(csv, row, "a quoted cell that is not closed");
        if (*from == '"' && (from + 1 == csv->end || from[1] != '"'))
            break;
        if (*from == '"')
            from++;
        line += *from == '\n';
        *to++ = *from;
    }
    *cell = span_of(opened + 1, (size_t)(to - (opened + 1)));
    csv->at = from + 1;
    csv->line = line;
    if (csv->at < csv->end && *csv->at != ',' && line_end_size(csv, csv->at) == 0)
        return fail(csv, row, "text after a closing quote");
    return ST_OK;
}

enum status
registry_csv_next(struct registry_csv *csv, struct registry_csv_row *row)
{
    while (skip_line_end(csv))
        ;
    row->line = csv->line;
    row->count = 0;
    row->why = NULL;
    if (csv->at == csv->end)
        return ST_END;
    for (;;) {
        struct span *cell = &row->cells[row->count];
        enum status st;

        if (row->count == REGISTRY_CSV_CELLS_MAX)
            return fail(csv, row, "more than 64 cells");
        if (csv->at < csv->end && *csv->at == '"')
            st = read_quoted(csv, row, cell);
        else
            st = read_plain(csv, row, cell);
        if (st != ST_OK)
            return st;
        row->count++;
        if (csv->at == csv->end || skip_line_end(csv))
            return ST_OK;
        assert(*csv->at == ',');
        csv->at++;
    }
}
