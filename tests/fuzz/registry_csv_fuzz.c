/* Any bytes: rows lie inside the buffer, lines only grow, the reader ends; and a registry file of
 * any of the kinds made of them is read to its end. */
#include "server/ctl/registry_csv.h"

#include <assert.h>
#include <stdlib.h>

#include "server/ctl/registry_check.h"

static void
read_rows(const uint8_t *data, size_t size)
{
    uint8_t *text = malloc(size + 1);
    struct registry_csv_row row;
    struct registry_csv csv;
    uint32_t line = 0, rows = 0;
    enum status st;

    assert(text != NULL);
    memcpy(text, data, size);
    registry_csv_init(&csv, text, size);
    while ((st = registry_csv_next(&csv, &row)) != ST_END) {
        assert(row.line > line);
        line = row.line;
        assert(++rows <= size);
        assert(st == ST_OK || (st == ST_MALFORMED && row.why != NULL));
        for (uint32_t i = 0; st == ST_OK && i < row.count; i++) {
            assert(row.cells[i].at >= text);
            assert(row.cells[i].at + row.cells[i].size <= text + size);
        }
    }
    free(text);
}

static void
read_file(const uint8_t *data, size_t size, enum registry_file file)
{
    struct registry_rows files[REGISTRY_ROWS_COUNT] = {{0}};
    struct registry_errors errors = {0};
    struct registry_check c = {.utc_offset_ms = 28800000, .errors = &errors};
    uint8_t *text = malloc(size + 1);

    assert(text != NULL);
    memcpy(text, data, size);
    registry_check_text(&c, file, text, size, files);
    for (uint32_t f = 0; f < REGISTRY_ROWS_COUNT; f++) {
        assert(files[f].size == 0 || files[f].at[files[f].size - 1] == '\n');
        registry_rows_fini(&files[f]);
    }
    registry_errors_fini(&errors);
    free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    read_rows(data, size);
    /* The first byte chooses the kind of file. */
    read_file(data + 1, size - 1, (enum registry_file)(data[0] % REGISTRY_FILE_COUNT));
    return 0;
}
