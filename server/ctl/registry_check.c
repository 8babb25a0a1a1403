/* A file is its header line, matched with registry_columns.def, then rows: each cell is read by its
 * column's kind, then the cells of a row are looked at together. A row that has an error is not
 * passed on, and neither are the others of its import: reading goes on to find all errors. */
#include "server/ctl/registry_check.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/ctl/registry_csv.h"
#include "server/ctl/registry_files.h"
#include "server/ctl/registry_rows.h"

#define COLUMNS_MAX 32
#define FILE_SIZE_MAX ((size_t)512 << 20)
#define ABSENT UINT32_MAX
#define YEAR_1900_MS (-2208988800000LL)

struct table {
    const struct registry_check *check;
    enum registry_file file;
    const char *name;
    const struct registry_column *columns;
    uint32_t count;
    uint32_t cell_of[COLUMNS_MAX]; /* place of each column in the file's rows, or ABSENT */
    uint32_t width;                /* cells of the header line */
    struct registry_value values[COLUMNS_MAX];
};

#define complain(t, line, ...) registry_errors_add((t)->check->errors, (t)->name, line, __VA_ARGS__)

static const struct registry_value *
value_of(const struct table *t, const char *column)
{
    return &t->values[registry_column_place(t->file, column)];
}

static uint32_t
find_column(const struct table *t, struct span name)
{
    for (uint32_t i = 0; i < t->count; i++)
        if (span_is(name, t->columns[i].name))
            return i;
    return ABSENT;
}

/* False: rows cannot be read. */
static bool
read_header(struct table *t, const struct registry_csv_row *row)
{
    bool is_right = true;

    t->width = row->count;
    for (uint32_t i = 0; i < row->count; i++) {
        uint32_t column = find_column(t, row->cells[i]);

        if (column == ABSENT) {
            complain(t, row->line, "column \"%.*s\" is not known", CELL_ARGS(row->cells[i]));
            is_right = false;
        } else if (t->cell_of[column] != ABSENT) {
            complain(t, row->line, "column %s stands twice", t->columns[column].name);
            is_right = false;
        } else {
            t->cell_of[column] = i;
        }
    }
    for (uint32_t i = 0; i < t->count; i++)
        if (t->columns[i].needed && t->cell_of[i] == ABSENT) {
            complain(t, row->line, "column %s is missing", t->columns[i].name);
            is_right = false;
        }
    return is_right;
}

static bool
read_cells(struct table *t, const struct registry_csv_row *row)
{
    bool is_right = true;

    for (uint32_t i = 0; i < t->count; i++) {
        const struct registry_column *c = &t->columns[i];
        struct span cell =
            t->cell_of[i] == ABSENT ? span_of(NULL, 0) : row->cells[t->cell_of[i]];
        const char *right;

        if (cell.size == 0 && !c->may_be_blank) {
            complain(t, row->line, "%s is empty", c->name);
            is_right = false;
        } else if (registry_cell_read(c->cell, cell, t->check->utc_offset_ms, &t->values[i],
                                      &right) != ST_OK) {
            complain(t, row->line, "%s is \"%.*s\": write %s", c->name, CELL_ARGS(cell), right);
            is_right = false;
        }
    }
    return is_right;
}

static bool
check_order(const struct table *t, uint32_t line)
{
    if (value_of(t, "valid_to")->number >= value_of(t, "valid_from")->number)
        return true;
    complain(t, line, "valid_to is before valid_from: a row ends when it begins or later");
    return false;
}

static bool
check_point(const struct table *t, uint32_t line)
{
    bool is_right = check_order(t, line);

    if (span_is(value_of(t, "kind")->text, "register") && value_of(t, "counted")->number == 1 &&
        value_of(t, "max_rate")->blank) {
        complain(t, line,
                 "max_rate is empty: a counted register needs the most it can advance in an hour, "
                 "or none");
        is_right = false;
    }
    return is_right;
}

static bool
check_exchange(const struct table *t, uint32_t line)
{
    bool is_right = true;

    if (value_of(t, "end")->blank != value_of(t, "start")->blank) {
        complain(t, line, "one of end and start is empty: both, or none to withdraw the exchange");
        is_right = false;
    }
    /* Amounts between two exchanges go to slots of their times: months that are real ones. */
    if (value_of(t, "t")->number < YEAR_1900_MS) {
        complain(t, line, "t is before 1900: write when the meter was exchanged");
        is_right = false;
    }
    if (value_of(t, "t")->number > t->check->now_ms) {
        complain(t, line, "t is in the future: an exchange is reported after it happened");
        is_right = false;
    }
    return is_right;
}

/* What the cells of a row say together. */
static bool
check_row(const struct table *t, uint32_t line)
{
    if (t->file == REGISTRY_ENTERPRISES)
        return check_order(t, line);
    if (t->file == REGISTRY_POINTS)
        return check_point(t, line);
    if (t->file == REGISTRY_EXCHANGES)
        return check_exchange(t, line);
    return true;
}

/* The cell of a key column of a row that is wrong; NULL when it cannot be named. */
static const struct span *
key_cell(const struct table *t, const struct registry_csv_row *row, uint32_t column)
{
    uint32_t at = t->cell_of[column];

    if (at == ABSENT || at >= row->count || !span_is_plain_utf8(row->cells[at]))
        return NULL;
    return &row->cells[at];
}

static void
read_row(struct table *t, const struct registry_csv_row *row, struct registry_rows *files)
{
    struct registry_rows *out = &files[t->file];
    bool is_right = row->count == t->width;

    if (!is_right)
        complain(t, row->line, "%u cells: the header line has %u", row->count, t->width);
    if (!is_right || !read_cells(t, row) || !check_row(t, row->line)) {
        const struct span *key = key_cell(t, row, 0);

        registry_rows_add_broken(&files[REGISTRY_BROKEN], t->file, key,
                                 key == NULL ? NULL : key_cell(t, row, 1));
        return;
    }
    registry_rows_begin(out, row->line);
    for (uint32_t i = 0; i < t->count; i++)
        registry_rows_add_value(out, t->columns[i].cell, &t->values[i], t->cell_of[i] != ABSENT);
    registry_rows_end(out);
}

static void
read_rows(struct table *t, struct registry_csv *csv, struct registry_csv_row *row,
          struct registry_rows *files)
{
    enum status st;

    while ((st = registry_csv_next(csv, row)) != ST_END) {
        if (st == ST_OK) {
            read_row(t, row, files);
            continue;
        }
        complain(t, row->line, "%s", row->why);
        registry_rows_add_broken(&files[REGISTRY_BROKEN], t->file, NULL, NULL);
    }
}

void
registry_check_text(const struct registry_check *c, enum registry_file file, void *text,
                    size_t size, struct registry_rows files[REGISTRY_ROWS_COUNT])
{
    struct table t = {.check = c, .file = file, .name = registry_file_name(file)};
    struct registry_csv_row row;
    struct registry_csv csv;
    enum status st;

    t.columns = registry_file_columns(file, &t.count);
    assert(t.count <= COLUMNS_MAX);
    for (uint32_t i = 0; i < t.count; i++)
        t.cell_of[i] = ABSENT;
    registry_csv_init(&csv, text, size);
    st = registry_csv_next(&csv, &row);
    if (st == ST_END)
        complain(&t, 0, "the file is empty: it needs a header line");
    else if (st != ST_OK)
        complain(&t, row.line, "%s", row.why);
    else if (read_header(&t, &row))
        read_rows(&t, &csv, &row, files);
    else
        registry_rows_add_broken(&files[REGISTRY_BROKEN], file, NULL, NULL);
}

static enum status
read_stream(FILE *f, char **text, size_t *size)
{
    size_t capacity = (size_t)64 * 1024;

    *text = malloc(capacity);
    *size = 0;
    while (*text != NULL && !feof(f) && !ferror(f) && *size < FILE_SIZE_MAX) {
        *size += fread(*text + *size, 1, capacity - *size, f);
        if (*size == capacity) {
            capacity *= 2;
            *text = realloc(*text, capacity);
        }
    }
    if (*text == NULL)
        abort();
    if (*size >= FILE_SIZE_MAX)
        errno = EFBIG;
    return ferror(f) || *size >= FILE_SIZE_MAX ? ST_WORLD_DOWN : ST_OK;
}

/* ST_NOT_FOUND: there is no such file. */
static enum status
read_file(const char *path, char **text, size_t *size, char why[WHY_SIZE])
{
    FILE *f = fopen(path, "rb");
    enum status st = f != NULL         ? read_stream(f, text, size)
                     : errno == ENOENT ? ST_NOT_FOUND
                                       : ST_WORLD_DOWN;

    if (st == ST_WORLD_DOWN) {
        snprintf(why, WHY_SIZE, "%.160s: %s", path, strerror(errno));
        if (f != NULL)
            free(*text);
    }
    if (f != NULL)
        fclose(f);
    return st;
}

enum status
registry_check_directory(const struct registry_check *c, const char *dir,
                         struct registry_rows files[REGISTRY_ROWS_COUNT],
                         char why[WHY_SIZE])
{
    unsigned found = 0;

    for (uint32_t f = 0; f < REGISTRY_FILE_COUNT; f++) {
        char path[4096];
        char *text;
        size_t size;
        enum status st;

        snprintf(path, sizeof path, "%s/%s", dir, registry_file_name((enum registry_file)f));
        st = read_file(path, &text, &size, why);
        if (st == ST_NOT_FOUND)
            continue;
        if (st != ST_OK)
            return ST_NOT_FOUND;
        found++;
        registry_check_text(c, (enum registry_file)f, text, size, files);
        free(text);
    }
    if (found > 0)
        return ST_OK;
    snprintf(why, WHY_SIZE, "%.120s has none of the registry's files (points.csv, ...)", dir);
    return ST_NOT_FOUND;
}

void
registry_rows_fini(struct registry_rows *rows)
{
    free(rows->at);
    *rows = (struct registry_rows){0};
}
