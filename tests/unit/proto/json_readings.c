/* Bodies are copied to memory of their own size, so that a sanitizer sees a byte too far. */
#include "tests/unit/proto/json_readings.h"

struct raw_reading got[READINGS_MAX];
char points[READINGS_MAX][PAYLOAD_POINT_SIZE_MAX + 1];
unsigned count;
struct payload_json parser;

/* Reads a whole body, in memory of its own size that stays for the asserts. */
enum status
read_bytes(const void *body, size_t size)
{
    static void *copy;
    enum status st;

    free(copy);
    copy = malloc(size > 0 ? size : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, body, size);
    payload_json_init(&parser, span_of(copy, size));
    for (count = 0; count < READINGS_MAX; count++) {
        st = payload_json_next(&parser, &got[count]);
        if (st != ST_OK)
            break;
        ck_assert_uint_eq(got[count].index, count);
        ck_assert_uint_ge(got[count].point.size, 1);
        ck_assert_uint_le(got[count].point.size, PAYLOAD_POINT_SIZE_MAX);
        memcpy(points[count], got[count].point.at, got[count].point.size);
        points[count][got[count].point.size] = '\0';
    }
    ck_assert_uint_lt(count, READINGS_MAX);
    ck_assert_int_eq(payload_json_next(&parser, &got[count]), st);
    ck_assert((st == ST_MALFORMED) == (parser.error_text != NULL));
    ck_assert_uint_le(parser.error_offset, size);
    return st;
}

enum status
read_body(const char *body)
{
    return read_bytes(body, strlen(body));
}

const struct raw_reading *
one(const char *keys)
{
    char body[1024];

    snprintf(body, sizeof body, "{\"readings\":[{\"point\":\"E1\",%s}]}", keys);
    ck_assert_msg(read_body(body) == ST_END, "%s: %s", body, parser.error_text);
    ck_assert_uint_eq(count, 1);
    return &got[0];
}
