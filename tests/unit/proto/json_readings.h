/* For the tests of JSON bodies: reads a whole body and keeps what came out for the asserts. */
#ifndef METERD_UNIT_PROTO_JSON_READINGS_H
#define METERD_UNIT_PROTO_JSON_READINGS_H

#include "proto/payload_json.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define READINGS_MAX 16
#define T_TEXT       "2026-03-01T00:15:00+08:00"
#define T_MS         INT64_C(1772295300000)

/* Of the last body: its readings, their names ended by NUL, and the reader afterwards. */
extern struct raw_reading got[READINGS_MAX];
extern char points[READINGS_MAX][PAYLOAD_POINT_SIZE_MAX + 1];
extern unsigned count;
extern struct payload_json parser;

enum status read_bytes(const void *body, size_t size);
enum status read_body(const char *body);
/* A good body of one reading with these keys after the point. */
const struct raw_reading *one(const char *keys);

#define MALFORMED(body)                                                                            \
    ck_assert_msg(read_body(body) == ST_MALFORMED, "%s is taken, %u readings", body, count)

#endif
