/* zlib's gzgets reads packed and plain files alike; a line is cut into cells in place. */
#include "benchmarks/meterload/csv.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <zlib.h>

#include "benchmarks/meterload/tool.h"

#define LINE_SIZE 65536

struct csv {
    char *path;
    gzFile file;
    uint32_t line_number;
    uint32_t crc;
    unsigned width;
    char *names[CSV_CELLS_MAX];
    char *cells[CSV_CELLS_MAX];
    char line[LINE_SIZE];
};

/* Takes the cell at *rest out of the line, without its quotes; *rest: what follows, or NULL. */
static char *
cut_cell(char **rest)
{
    char *cell = *rest, *in = cell, *out = cell;
    bool quoted = *in == '"';

    if (!quoted) {
        *rest = strchr(cell, ',');
        if (*rest != NULL)
            *(*rest)++ = '\0';
        return cell;
    }
    for (in++; *in != '\0'; in++) {
        if (*in == '"' && in[1] != '"')
            break;
        if (*in == '"')
            in++;
        *out++ = *in;
    }
    if (*in == '"')
        in++;
    *rest = *in == ',' ? in + 1 : NULL;
    *out = '\0';
    return cell;
}

static bool
read_line(struct csv *c, char *cells[CSV_CELLS_MAX], unsigned *count)
{
    char *rest;
    size_t size;
    int code;

    if (gzgets(c->file, c->line, LINE_SIZE) == NULL) {
        const char *why = gzerror(c->file, &code);

        if (code != Z_OK && code != Z_STREAM_END)
            tool_die(EX_DATAERR, "%s:%u: %s", c->path, c->line_number + 1, why);
        return false;
    }
    c->line_number++;
    size = strlen(c->line);
    c->crc = (uint32_t)crc32(c->crc, (const Bytef *)c->line, (uInt)size);
    if (size + 1 == LINE_SIZE)
        tool_die(EX_DATAERR, "%s:%u: the line is too long", c->path, c->line_number);
    c->line[strcspn(c->line, "\r\n")] = '\0';
    rest = c->line;
    if (c->line_number == 1 && strncmp(rest, "\xEF\xBB\xBF", 3) == 0)
        rest += 3;
    for (*count = 0; rest != NULL; (*count)++) {
        if (*count == CSV_CELLS_MAX)
            tool_die(EX_DATAERR, "%s:%u: more than %d cells", c->path, c->line_number,
                     CSV_CELLS_MAX);
        cells[*count] = cut_cell(&rest);
    }
    return true;
}

struct csv *
csv_open(const char *path)
{
    struct csv *c = tool_grow(NULL, 1, sizeof *c);

    memset(c, 0, offsetof(struct csv, line));
    c->path = tool_copy(path);
    c->file = gzopen(path, "rb");
    if (c->file == NULL)
        tool_die(EX_NOINPUT, "%s: cannot be opened", path);
    gzbuffer(c->file, 1 << 18);
    if (!read_line(c, c->cells, &c->width))
        tool_die(EX_DATAERR, "%s: the file is empty: it needs a header line", path);
    for (unsigned i = 0; i < c->width; i++)
        c->names[i] = tool_copy(c->cells[i]);
    return c;
}

void
csv_close(struct csv *c)
{
    for (unsigned i = 0; i < c->width; i++)
        free(c->names[i]);
    gzclose(c->file);
    free(c->path);
    free(c);
}

unsigned
csv_column(const struct csv *c, const char *name, bool is_needed)
{
    for (unsigned i = 0; i < c->width; i++)
        if (strcmp(c->names[i], name) == 0)
            return i;
    if (is_needed)
        tool_die(EX_DATAERR, "%s: column %s is missing", c->path, name);
    return CSV_CELLS_MAX;
}

bool
csv_next(struct csv *c)
{
    unsigned count;

    if (!read_line(c, c->cells, &count))
        return false;
    if (count != c->width)
        tool_die(EX_DATAERR, "%s:%u: %u cells, the header line has %u", c->path, c->line_number,
                 count, c->width);
    return true;
}

const char *
csv_cell(const struct csv *c, unsigned column)
{
    return column < c->width ? c->cells[column] : "";
}

const char *
csv_path(const struct csv *c)
{
    return c->path;
}

uint32_t
csv_line_number(const struct csv *c)
{
    return c->line_number;
}

uint32_t
csv_crc(const struct csv *c)
{
    return c->crc;
}
