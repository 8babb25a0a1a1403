/* The fields of a reading in JSON: from the token just taken to the struct (contract section 1).
 * Pure; any thread. */
#ifndef METERD_PROTO_PAYLOAD_FIELD_H
#define METERD_PROTO_PAYLOAD_FIELD_H

#include "proto/json_pull.h"
#include "proto/raw_reading.h"

/* Of a key, number, time or quality that was sent with escapes. */
#define PAYLOAD_TEXT_SIZE_MAX 64

/* The time text last understood and what it means: a body repeats few of them. */
struct known_time {
    struct span text;
    int64_t ms;
};

/* The key or string just taken without its escapes, in room or in the body; empty when it is larger
 * than room, and then too large for anything that is looked for. */
struct span payload_plain_text(const struct json_pull *j, uint8_t room[PAYLOAD_TEXT_SIZE_MAX]);

/* Each takes the first token of the value; its text is the whole value. */
void payload_read_time(const struct json_pull *j, enum json_token token, struct known_time *known,
                       struct raw_reading *out);
void payload_read_value(const struct json_pull *j, enum json_token token, struct raw_reading *out);
uint8_t payload_read_quality(const struct json_pull *j, enum json_token token);

/* The key or string just taken as out->point, in room when it has escapes. False: it is no point's
 * name. */
bool payload_read_name(const struct json_pull *j, uint8_t room[PAYLOAD_POINT_SIZE_MAX],
                       struct raw_reading *out);

#endif
