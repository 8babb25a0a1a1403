/* A growing text. What a blank cell becomes follows its kind: texts are empty, numbers with a
 * default have it already, everything else is null. */
#include "server/ctl/registry_rows.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static char *
room(struct registry_rows *rows, size_t size)
{
    if (rows->capacity - rows->size < size) {
        rows->capacity = rows->capacity == 0 ? 4096 : rows->capacity * 2;
        if (rows->capacity - rows->size < size)
            rows->capacity = rows->size + size;
        rows->at = realloc(rows->at, rows->capacity);
        if (rows->at == NULL)
            abort();
    }
    return rows->at + rows->size;
}

static void
add_bytes(struct registry_rows *rows, const void *bytes, size_t size)
{
    memcpy(room(rows, size), bytes, size);
    rows->size += size;
}

static void
add_number(struct registry_rows *rows, int64_t number)
{
    char text[24];
    int size = snprintf(text, sizeof text, "%" PRId64, number);

    add_bytes(rows, text, (size_t)size);
}

/* Checked texts have no control characters: a backslash is all there is to escape. */
static void
add_text(struct registry_rows *rows, struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] == '\\')
            add_bytes(rows, "\\", 1);
        add_bytes(rows, text.at + i, 1);
    }
}

static void
add_number_or_null(struct registry_rows *rows, int64_t number, bool is_null)
{
    if (is_null)
        add_bytes(rows, "\\N", 2);
    else
        add_number(rows, number);
}

static void
add_sentinels(struct registry_rows *rows, const struct registry_value *value)
{
    add_bytes(rows, "{", 1);
    for (uint32_t i = 0; i < value->sentinel_count; i++) {
        if (i > 0)
            add_bytes(rows, ",", 1);
        add_number(rows, value->sentinels[i]);
    }
    add_bytes(rows, "}", 1);
}

static void
add_text_or_blank(struct registry_rows *rows, enum registry_cell cell,
                  const struct registry_value *value, bool has_column)
{
    bool is_null = value->blank && (cell == CELL_CODE || cell == CELL_COEFFICIENT ||
                                    (cell == CELL_HASH && !has_column));

    if (is_null)
        add_bytes(rows, "\\N", 2);
    else
        add_text(rows, value->text);
}

void
registry_rows_begin(struct registry_rows *rows, uint32_t line)
{
    add_number(rows, line);
}

void
registry_rows_add_value(struct registry_rows *rows, enum registry_cell cell,
                        const struct registry_value *value, bool has_column)
{
    add_bytes(rows, "\t", 1);
    switch (cell) {
    case CELL_CODE:
    case CELL_POINT:
    case CELL_TEXT:
    case CELL_KIND:
    case CELL_COEFFICIENT:
    case CELL_HASH:
        add_text_or_blank(rows, cell, value, has_column);
        break;
    case CELL_PERIOD:
        add_number_or_null(rows, value->number, value->number == 0);
        add_bytes(rows, "\t", 1);
        add_number_or_null(rows, value->months, value->months == 0);
        break;
    case CELL_DURATION:
    case CELL_POSITIVE:
    case CELL_DECIMAL:
        add_number_or_null(rows, value->number, value->blank);
        break;
    case CELL_MAX_RATE:
        add_number_or_null(rows, value->number, value->number < 0);
        break;
    case CELL_SENTINELS:
        add_sentinels(rows, value);
        break;
    case CELL_SINCE:
    case CELL_UNTIL:
    case CELL_SINCE_DAY:
    case CELL_UNTIL_DAY:
    case CELL_MOMENT:
    case CELL_STAMP:
    case CELL_YES:
    case CELL_NO:
    case CELL_FACTOR:
    case CELL_SIGN:
        add_number(rows, value->number);
        break;
    }
}

void
registry_rows_end(struct registry_rows *rows)
{
    add_bytes(rows, "\n", 1);
    rows->count++;
}

static void
add_key(struct registry_rows *rows, const struct span *key)
{
    add_bytes(rows, "\t", 1);
    if (key == NULL)
        add_bytes(rows, "\\N", 2);
    else
        add_text(rows, *key);
}

void
registry_rows_add_broken(struct registry_rows *rows, enum registry_file file,
                         const struct span *key, const struct span *key2)
{
    add_number(rows, (int64_t)file);
    add_key(rows, key);
    add_key(rows, key2);
    registry_rows_end(rows);
}
