/* Tokens -> readings, without a tree. A reading under "readings" is read key by key. Of a group the
 * time may come after its values: the first pass over the group takes "t" and "q" and jumps over
 * "values", then the tokens are taken again from there, and "rest" remembers where to go on. */
#include "proto/payload_json.h"

#include "proto/decimal.h"
#include "proto/timestamp.h"

#include <assert.h>

#define TIME_MS_MIN INT64_C(100000000000) /* Smaller integers are taken for seconds. */
#define TIME_DIGITS_MAX 18
#define TEXT_SIZE_MAX 64 /* Of a number, a time or a quality that has escapes. */
#define QUALITY_UNKNOWN 9

enum place {
    PLACE_START,
    PLACE_LIST,     /* In the outer array, before an object or its end. */
    PLACE_READINGS, /* In "readings", likewise. */
    PLACE_VALUES,   /* In "values", before a key or the end. */
    PLACE_END,
};

enum key {
    KEY_POINT = 1,
    KEY_T = 2,
    KEY_V = 4,
    KEY_Q = 8,
    KEY_READINGS = 16,
    KEY_VALUES = 32,
};

void
payload_json_init(struct payload_json *p, struct span body)
{
    p->begin = body.at;
    p->error_text = NULL;
    p->error_offset = 0;
    p->next_index = 0;
    p->place = PLACE_START;
    p->is_list = false;
    p->known_time = (struct span){NULL, 0};
    p->known_ms = 0;
    json_init(&p->json, body);
}

/* Makes the body malformed at the last token, for good. */
static enum status
refuse(struct payload_json *p, const char *why)
{
    if (p->json.state == JSON_FAILED)
        why = p->json.error_text;
    else
        p->json.state = JSON_FAILED;
    p->error_text = why;
    p->error_offset = (size_t)(p->json.text.at - p->begin);
    return ST_MALFORMED;
}

/* The last key or string without its escapes, in room or in the body; empty when it is larger than
 * room, and then too large for anything that is looked for. */
static inline struct span
plain_text(const struct json_pull *j, uint8_t room[TEXT_SIZE_MAX])
{
    size_t size;

    if (!j->has_escapes)
        return j->text;
    if (json_unescape(j->text, room, TEXT_SIZE_MAX, &size) != ST_OK)
        return (struct span){room, 0};
    return (struct span){room, size};
}

/* The key just taken, or 0. */
static inline unsigned
key_of(const struct json_pull *j)
{
    uint8_t room[TEXT_SIZE_MAX];
    struct span s = plain_text(j, room);

    switch (s.size) {
    case 1:
        return *s.at == 't' ? KEY_T : *s.at == 'v' ? KEY_V : *s.at == 'q' ? KEY_Q : 0;
    case 5:
        return memcmp(s.at, "point", 5) == 0 ? KEY_POINT : 0;
    case 6:
        return memcmp(s.at, "values", 6) == 0 ? KEY_VALUES : 0;
    case 8:
        return memcmp(s.at, "readings", 8) == 0 ? KEY_READINGS : 0;
    default:
        return 0;
    }
}

/* Takes a key that is one of allowed and not in *seen; 0: refused. */
static inline unsigned
take_key(struct payload_json *p, unsigned allowed, unsigned *seen)
{
    unsigned key = key_of(&p->json);

    if ((key & allowed) == 0) {
        (void)refuse(p, "key is unknown or not for this place");
        return 0;
    }
    if ((key & *seen) != 0) {
        (void)refuse(p, "doubled key");
        return 0;
    }
    *seen |= key;
    return key;
}

static void
time_is_bad(struct raw_reading *out, const char *detail)
{
    out->time = RAW_TIME_BAD;
    out->t_ms = 0;
    out->time_detail = detail;
}

static void
read_time_text(struct payload_json *p, struct raw_reading *out)
{
    uint8_t room[TEXT_SIZE_MAX];

    if (p->known_time.size > 0 && p->json.text.size == p->known_time.size &&
        memcmp(p->json.text.at, p->known_time.at, p->known_time.size) == 0) {
        out->time = RAW_TIME_OK;
        out->t_ms = p->known_ms;
        return;
    }
    if (timestamp_parse_rfc3339(plain_text(&p->json, room), &out->t_ms) != ST_OK) {
        time_is_bad(out, "not RFC 3339 with offset or Z");
        return;
    }
    out->time = RAW_TIME_OK;
    p->known_time = p->json.text;
    p->known_ms = out->t_ms;
}

static void
read_time_number(struct span text, struct raw_reading *out)
{
    int64_t ms = 0;
    bool negative = *text.at == '-';

    for (size_t i = negative; i < text.size; i++) {
        unsigned digit = (unsigned)text.at[i] - '0';

        if (digit > 9) {
            time_is_bad(out, "not an integer of ms");
            return;
        }
        if (i >= TIME_DIGITS_MAX) {
            time_is_bad(out, "integer is too large");
            return;
        }
        ms = ms * 10 + (int64_t)digit;
    }
    if (negative || ms < TIME_MS_MIN) {
        time_is_bad(out, "seconds?");
        return;
    }
    out->time = RAW_TIME_OK;
    out->t_ms = ms;
}

static inline void
read_time(struct payload_json *p, enum json_token token, struct raw_reading *out)
{
    out->t_text = p->json.text;
    if (token == JSON_STRING)
        read_time_text(p, out);
    else if (token == JSON_NUMBER)
        read_time_number(p->json.text, out);
    else
        time_is_bad(out, "neither text nor integer");
}

static inline void
read_value(struct payload_json *p, enum json_token token, struct raw_reading *out)
{
    uint8_t room[TEXT_SIZE_MAX];

    out->v_text = p->json.text;
    if (token == JSON_STRING || token == JSON_NUMBER) {
        struct span text = token == JSON_STRING ? plain_text(&p->json, room) : p->json.text;

        out->value_status = decimal_parse(text, &out->value, &out->rounded);
        return;
    }
    out->value_status = ST_BAD_VALUE;
    out->value = 0;
    out->rounded = false;
}

static uint8_t
read_quality(const struct json_pull *j, enum json_token token)
{
    static const char *const words[QUALITY_UNKNOWN] = {
        "good",        "estimated",   "manual", "stopped",    "maintenance",
        "calibrating", "fault", "over_range", "stale"};
    uint8_t room[TEXT_SIZE_MAX];
    struct span text;

    if (token == JSON_NULL)
        return 0;
    if (token != JSON_STRING)
        return QUALITY_UNKNOWN;
    text = plain_text(j, room);
    for (uint8_t i = 0; i < QUALITY_UNKNOWN; i++)
        if (span_is(text, words[i]))
            return i;
    return QUALITY_UNKNOWN;
}

/* The name just taken as key or string. False: it is no point's name. */
static inline bool
read_name(struct payload_json *p, struct raw_reading *out)
{
    struct span s = p->json.text;

    if (p->json.has_escapes) {
        if (json_unescape(s, p->name, sizeof p->name, &s.size) != ST_OK)
            return false;
        s.at = p->name;
    }
    out->point = s;
    return s.size > 0 && s.size <= PAYLOAD_POINT_SIZE_MAX && span_is_plain_utf8(s);
}

/* A reading as it is when nothing was sent. */
static inline void
clear(struct raw_reading *out)
{
    *out = (struct raw_reading){.time = RAW_TIME_NONE, .time_detail = "", .value_status = ST_OK};
}

/* The inside of an object of "readings". */
static enum status
read_reading(struct payload_json *p, struct raw_reading *out)
{
    const unsigned needed = KEY_POINT | KEY_V;
    enum json_token token;
    unsigned seen = 0;

    clear(out);
    while ((token = json_next(&p->json)) == JSON_KEY) {
        unsigned key = take_key(p, needed | KEY_T | KEY_Q, &seen);

        if (key == 0)
            return ST_MALFORMED;
        token = json_skip_value(&p->json);
        if (token == JSON_ERROR)
            break;
        if (key == KEY_T)
            read_time(p, token, out);
        else if (key == KEY_V)
            read_value(p, token, out);
        else if (key == KEY_Q)
            out->quality = read_quality(&p->json, token);
        else if (token != JSON_STRING || !read_name(p, out))
            return refuse(p, "point is not 1 to 128 bytes of text without control characters");
    }
    if (token != JSON_OBJECT_END)
        return refuse(p, "");
    if ((seen & needed) != needed)
        return refuse(p, "reading without point or v");
    out->index = p->next_index++;
    return ST_OK;
}

/* From here on the helpers return ST_AGAIN when *out is not filled yet. */

static enum status
leave_message(struct payload_json *p)
{
    p->place = p->is_list ? PLACE_LIST : PLACE_END;
    return ST_AGAIN;
}

/* Behind the key "values", in the first pass over a group. */
static enum status
skip_values(struct payload_json *p, struct json_pull *values)
{
    enum json_token token;

    *values = p->json;
    if (json_skim_object(&p->json))
        return ST_AGAIN;
    token = json_skip_value(&p->json);
    if (token != JSON_OBJECT_BEGIN)
        return refuse(p, "values is not an object");
    return ST_AGAIN;
}

/* First pass over a group, from its first key on: what its readings have in common. */
static enum status
open_group(struct payload_json *p)
{
    struct json_pull values = p->json;
    enum json_token token = JSON_KEY;
    unsigned seen = 0;

    clear(&p->group);
    for (; token == JSON_KEY; token = json_next(&p->json)) {
        unsigned key = take_key(p, KEY_T | KEY_Q | KEY_VALUES, &seen);

        if (key == 0)
            return ST_MALFORMED;
        if (key == KEY_VALUES) {
            if (skip_values(p, &values) != ST_AGAIN)
                return ST_MALFORMED;
            continue;
        }
        token = json_skip_value(&p->json);
        if (token == JSON_ERROR)
            break;
        if (key == KEY_T)
            read_time(p, token, &p->group);
        else
            p->group.quality = read_quality(&p->json, token);
    }
    if (token != JSON_OBJECT_END)
        return refuse(p, "");
    if ((seen & KEY_VALUES) == 0)
        return refuse(p, "object without readings or values");
    p->rest = p->json;
    p->json = values;
    p->place = PLACE_VALUES;
    token = json_next(&p->json);
    assert(token == JSON_OBJECT_BEGIN);
    return ST_AGAIN;
}

/* Behind the opening brace of an outer object. */
static enum status
open_message(struct payload_json *p)
{
    enum json_token token = json_next(&p->json);

    if (token == JSON_OBJECT_END)
        return refuse(p, "object without readings or values");
    if (token != JSON_KEY)
        return refuse(p, "");
    if (key_of(&p->json) != KEY_READINGS)
        return open_group(p);
    if (json_next(&p->json) != JSON_ARRAY_BEGIN)
        return refuse(p, "readings is not an array");
    p->place = PLACE_READINGS;
    return ST_AGAIN;
}

static enum status
next_in_values(struct payload_json *p, struct raw_reading *out)
{
    enum json_token token = json_next(&p->json);

    if (token == JSON_OBJECT_END) {
        p->json = p->rest;
        return leave_message(p);
    }
    if (token != JSON_KEY)
        return refuse(p, "");
    *out = p->group;
    if (!read_name(p, out))
        return refuse(p, "point is not 1 to 128 bytes of text without control characters");
    token = json_skip_value(&p->json);
    if (token == JSON_ERROR)
        return refuse(p, "");
    read_value(p, token, out);
    out->index = p->next_index++;
    return ST_OK;
}

static enum status
next_in_readings(struct payload_json *p, struct raw_reading *out)
{
    enum json_token token = json_next(&p->json);

    if (token == JSON_OBJECT_BEGIN)
        return read_reading(p, out);
    if (token != JSON_ARRAY_END)
        return refuse(p, "reading is not an object");
    if (json_next(&p->json) != JSON_OBJECT_END)
        return refuse(p, "another key beside readings");
    return leave_message(p);
}

static enum status
next_outside(struct payload_json *p)
{
    enum json_token token = json_next(&p->json);

    if (p->place == PLACE_END)
        return token == JSON_END ? ST_END : refuse(p, "");
    if (token == JSON_OBJECT_BEGIN)
        return open_message(p);
    if (p->place == PLACE_LIST && token == JSON_ARRAY_END) {
        p->place = PLACE_END;
        return ST_AGAIN;
    }
    if (p->place == PLACE_START && token == JSON_ARRAY_BEGIN) {
        p->place = PLACE_LIST;
        p->is_list = true;
        return ST_AGAIN;
    }
    return refuse(p, "neither an object nor an array of objects");
}

enum status
payload_json_next(struct payload_json *p, struct raw_reading *out)
{
    enum status st;

    if (p->error_text != NULL)
        return ST_MALFORMED;
    do { /* Each turn takes at least one token of the body. */
        if (p->place == PLACE_READINGS)
            st = next_in_readings(p, out);
        else if (p->place == PLACE_VALUES)
            st = next_in_values(p, out);
        else
            st = next_outside(p);
    } while (st == ST_AGAIN);
    return st;
}
