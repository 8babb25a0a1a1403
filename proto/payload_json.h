/* Readings of one JSON body, one by one, in the order of the body (contract section 1): an object
 * or an array of objects, each {"readings":[{"point","t","v","q"}, ...]} or grouped
 * {"t":...,"values":{NAME: VALUE, ...},"q":...}. Keys come in any order; a key that is unknown, or
 * doubled outside values, makes the body malformed, and so does a reading without point or v.
 * Pure; any thread; no allocation. Only ST_END means that the whole body was good: a caller who
 * must not take half a body runs it twice. */
#ifndef METERD_PROTO_PAYLOAD_JSON_H
#define METERD_PROTO_PAYLOAD_JSON_H

#include "proto/json_pull.h"
#include "proto/payload_field.h"
#include "proto/raw_reading.h"

/* Embedded by the caller; read error_text (static) and error_offset after ST_MALFORMED. */
struct payload_json {
    struct json_pull json;
    struct json_pull rest;    /* While in values: the text behind their group. */
    struct raw_reading group; /* What the readings of values have in common. */
    struct known_time known;
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
