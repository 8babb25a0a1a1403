/* record_tool decode < record > lines, record_tool encode < lines > record: a record as text, so
 * that other protobuf implementations can be compared with ours. One line each, fields between
 * tabs:
 *   block ENTERPRISE GATEWAY RECEIVED_AT_MS BASE_TIME_MS
 *   reading POINT OFFSET_MS VALUE QUALITY
 *   named INDEX T_MS VALUE QUALITY NAME
 *   refused INDEX POINT T_TEXT VALUE_TEXT CODE DETAIL
 * A column whose elements are all the same is written once. Exit 1: not a record, or not lines. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/record.h"

#define INPUT_SIZE_MAX (1 << 20)
#define READINGS_MAX 4096
#define NESTED_MAX 256
#define FIELDS_MAX 7

static char input[INPUT_SIZE_MAX + 1];
static uint8_t output[INPUT_SIZE_MAX];

/* --- decode --- */

static void
print_text(struct span s)
{
    printf("\t%.*s", (int)s.size, (const char *)s.at);
}

static void
print_nested(const struct block_view *v)
{
    struct cursor c = block_cursor(v);
    struct named_reading n;
    struct refused_reading r;

    while (block_next_named(v, &c, &n)) {
        printf("named\t%" PRIu32 "\t%" PRId64 "\t%" PRId64 "\t%" PRIu32, n.index, n.t_ms, n.value,
               n.quality);
        print_text(n.name);
        putchar('\n');
    }
    c = block_cursor(v);
    while (block_next_refused(v, &c, &r)) {
        printf("refused\t%" PRIu32, r.index);
        print_text(r.point);
        print_text(r.t_text);
        print_text(r.value_text);
        print_text(r.code);
        print_text(r.detail);
        putchar('\n');
    }
}

static int
decode(struct span record)
{
    struct cursor c = cursor_over(record);
    struct block_view v;
    enum status st;

    while ((st = record_next_block(&c, &v)) == ST_OK) {
        printf("block\t%" PRIu32 "\t%" PRIu32 "\t%" PRId64 "\t%" PRId64 "\n", v.enterprise,
               v.gateway, v.received_at_ms, v.base_time_ms);
        for (uint32_t i = 0; i < v.count; i++)
            printf("reading\t%" PRIu32 "\t%" PRId64 "\t%" PRId64 "\t%u\n", block_point(&v, i),
                   block_time(&v, i) - v.base_time_ms, block_value(&v, i), block_quality(&v, i));
        print_nested(&v);
    }
    return st == ST_END ? 0 : 1;
}

/* --- encode --- */

static struct block_columns block;
static uint32_t points[READINGS_MAX];
static int32_t offsets[READINGS_MAX];
static int64_t values[READINGS_MAX];
static uint8_t qualities[READINGS_MAX];
static struct named_reading named[NESTED_MAX];
static struct refused_reading refused[NESTED_MAX];

static bool
all_same(const void *column, size_t width)
{
    const uint8_t *at = column;

    for (uint32_t i = 1; i < block.count; i++)
        if (memcmp(at, at + i * width, width) != 0)
            return false;
    return true;
}

static bool
end_block(struct record_builder *r)
{
    static const uint8_t good;

    if (block.received_at_ms == 0)
        return true; /* No block has begun. */
    block.point = points;
    block.point_count = all_same(points, sizeof points[0]) ? 1 : block.count;
    block.offset_ms = offsets;
    block.offset_count = all_same(offsets, sizeof offsets[0]) ? 1 : block.count;
    block.value = values;
    block.quality = qualities;
    if (all_same(qualities, 1) && memcmp(qualities, &good, 1) == 0)
        block.quality = NULL;
    block.named = named;
    block.refused = refused;
    return record_add_block(r, &block) == ST_OK;
}

static void
take_reading(char **field)
{
    points[block.count] = (uint32_t)strtoul(field[1], NULL, 10);
    offsets[block.count] = (int32_t)strtol(field[2], NULL, 10);
    values[block.count] = strtoll(field[3], NULL, 10);
    qualities[block.count++] = (uint8_t)strtoul(field[4], NULL, 10);
}

static void
take_named(char **field)
{
    named[block.named_count++] = (struct named_reading){
        .index = (uint32_t)strtoul(field[1], NULL, 10),
        .t_ms = strtoll(field[2], NULL, 10),
        .value = strtoll(field[3], NULL, 10),
        .quality = (uint32_t)strtoul(field[4], NULL, 10),
        .name = span_text(field[5]),
    };
}

static void
take_refused(char **field)
{
    refused[block.refused_count++] = (struct refused_reading){
        .index = (uint32_t)strtoul(field[1], NULL, 10),
        .point = span_text(field[2]),
        .t_text = span_text(field[3]),
        .value_text = span_text(field[4]),
        .code = span_text(field[5]),
        .detail = span_text(field[6]),
    };
}

static bool
take_line(char *line, struct record_builder *r)
{
    char *field[FIELDS_MAX] = {NULL};
    unsigned n = 0;

    while (line != NULL && n < FIELDS_MAX)
        field[n++] = strsep(&line, "\t");
    if (n == 5 && strcmp(field[0], "block") == 0) {
        if (!end_block(r))
            return false;
        block = (struct block_columns){
            .enterprise = (uint32_t)strtoul(field[1], NULL, 10),
            .gateway = (uint32_t)strtoul(field[2], NULL, 10),
            .received_at_ms = strtoll(field[3], NULL, 10),
            .base_time_ms = strtoll(field[4], NULL, 10),
        };
        return block.received_at_ms > 0;
    }
    if (n == 5 && strcmp(field[0], "reading") == 0 && block.count < READINGS_MAX)
        take_reading(field);
    else if (n == 6 && strcmp(field[0], "named") == 0 && block.named_count < NESTED_MAX)
        take_named(field);
    else if (n == 7 && strcmp(field[0], "refused") == 0 && block.refused_count < NESTED_MAX)
        take_refused(field);
    else
        return false;
    return true;
}

static int
encode(char *text)
{
    struct record_builder r;
    char *line;

    record_begin(&r, output, sizeof output);
    while ((line = strsep(&text, "\n")) != NULL)
        if (*line != 0 && !take_line(line, &r))
            return 1;
    if (!end_block(&r))
        return 1;
    return fwrite(r.at, 1, r.size, stdout) == r.size ? 0 : 1;
}

int
main(int argc, char **argv)
{
    size_t size = fread(input, 1, INPUT_SIZE_MAX, stdin);

    if (argc == 2 && strcmp(argv[1], "decode") == 0)
        return decode(span_of(input, size));
    if (argc == 2 && strcmp(argv[1], "encode") == 0)
        return encode(input);
    fprintf(stderr, "usage: record_tool decode|encode\n");
    return 64;
}
