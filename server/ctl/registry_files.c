/* Tables made from registry_columns.def. */
#include "server/ctl/registry_files.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NEEDED true
#define OPTIONAL false
#define ALLOWED true
#define REFUSED false

static const struct registry_column columns[] = {
#define COLUMN(file, name, cell, header, blank)                                                    \
    {REGISTRY_##file, #name, CELL_##cell, header, blank},
#include "server/ctl/registry_columns.def"
#undef COLUMN
};

#define COLUMN_COUNT (sizeof columns / sizeof columns[0])

static const char *const names[REGISTRY_FILE_COUNT] = {
    [REGISTRY_PREFECTURES] = "prefectures.csv", [REGISTRY_PARKS] = "parks.csv",
    [REGISTRY_ITEMS] = "items.csv",             [REGISTRY_ENTERPRISES] = "enterprises.csv",
    [REGISTRY_GATEWAYS] = "gateways.csv",       [REGISTRY_POINTS] = "points.csv",
    [REGISTRY_EXCHANGES] = "exchanges.csv",
};

const char *
registry_file_name(enum registry_file file)
{
    assert(file < REGISTRY_FILE_COUNT);
    return names[file];
}

enum registry_file
registry_file_of(const char *name)
{
    for (uint32_t f = 0; f < REGISTRY_FILE_COUNT; f++)
        if (strcmp(names[f], name) == 0)
            return (enum registry_file)f;
    abort();
}

const struct registry_column *
registry_file_columns(enum registry_file file, uint32_t *count)
{
    uint32_t first = 0, end;

    while (first < COLUMN_COUNT && columns[first].file != file)
        first++;
    for (end = first; end < COLUMN_COUNT && columns[end].file == file; end++)
        ;
    assert(end > first);
    *count = end - first;
    return &columns[first];
}

uint32_t
registry_column_place(enum registry_file file, const char *name)
{
    uint32_t count;
    const struct registry_column *c = registry_file_columns(file, &count);

    for (uint32_t i = 0; i < count; i++)
        if (strcmp(c[i].name, name) == 0)
            return i;
    abort();
}
