/* Readings of one JSON body, one by one, in the order of the body (contract section 1): an object
 * or an array of objects, each {"readings":[{"point","t","v","q"}, ...]} or grouped
 * {"t":...,"values":{NAME: VALUE, ...},"q":...}. Keys come in any order; a key that is unknown, or
 * doubled outside values, makes the body malformed, and so does a reading without point or v.
 * Pure; any thread; no allocation. Only ST_END means that the whole body was good: a caller who
 * must not take half a body runs it twice. */
#ifndef METERD_PROTO_PAYLOAD_JSON_H
#define METERD_PROTO_PAYLOAD_JSON_H

#include "proto/json_pull.h"
#include "proto/span.h"
#include "proto/status.h"

#define PAYLOAD_POINT_SIZE_MAX 128

enum raw_time {
    RAW_TIME_NONE, /* None was sent. */
    RAW_TIME_OK,
    RAW_TIME_BAD, /* Something that is not a time: this reading is to be refused. */
};

/* A reading as sent. Spans: point lives until the next call, t_text and v_text as long as the
 * body. */
struct raw_reading {
    struct span point;  /* 1..128 bytes of plain UTF-8 (span_is_plain_utf8). */
    struct span t_text; /* As sent: without the quotes, with any escapes; empty when missing. */
    struct span v_text;
    int64_t t_ms;            /* 0 unless time is RAW_TIME_OK. */
    const char *time_detail; /* Static; "" unless time is RAW_TIME_BAD. */
    int64_t value;           /* Micro-units; 0 unless value_status is ST_OK. */
    enum raw_time time;
    enum status value_status; /* ST_OK or ST_BAD_VALUE. */
    uint32_t index;           /* Counts the readings of the body from 0. */
    bool rounded;             /* More decimals than micro-units have. */
    uint8_t quality;          /* The numbers of meterd.proto: 0 good ... 9 unknown. */
};

/* Embedded by the caller; read error_text (static) and error_offset after ST_MALFORMED. */
struct payload_json {
    struct json_pull json;
    struct json_pull rest;    /* While in values: the text behind their group. */
    struct raw_reading group; /* What the readings of values have in common. */
    struct span known_time;   /* The time text last understood: a body repeats few of them. */
    int64_t known_ms;
    const uint8_t *begin;
    const char *error_text;
    size_t error_offset;
    uint32_t next_index;
    uint8_t place; /* Where in the body the next token belongs. */
    bool is_list;
    uint8_t name[PAYLOAD_POINT_SIZE_MAX]; /* A point name that was sent with escapes. */
};

/* body is borrowed until the last call. */
void payload_json_init(struct payload_json *p, struct span body);

/* ST_OK: *out is the next reading. ST_END: no more, and all was well. ST_MALFORMED: another shape,
 * or no JSON; it stays so. */
enum status payload_json_next(struct payload_json *p, struct raw_reading *out) MUST_USE;

#endif
