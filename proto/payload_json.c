/* Tokens -> readings, without a tree. A reading under "readings" is read key by key. Of a group the
 * time may come after its values: the first pass over the group takes "t" and "q" and jumps over
 * "values", then the tokens are taken again from there, and "rest" remembers where to go on. */
#include "proto/payload_json.h"

#include "proto/payload_field.h"

#include <assert.h>

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
    p->known = (struct known_time){.ms = 0};
    json_init(&p->json, body);
}

/* Makes the body malformed at the last token, for good. The first reason stays, and what is wrong
 * with the text itself comes before what is wrong with its shape. */
static enum status
refuse(struct payload_json *p, const char *why)
{
    if (p->error_text != NULL)
        return ST_MALFORMED;
    p->error_text = p->json.state == JSON_FAILED ? p->json.error_text : why;
    p->json.state = JSON_FAILED;
    p->error_offset = (size_t)(p->json.text.at - p->begin);
    return ST_MALFORMED;
}

/* The key just taken, or 0. */
static inline unsigned
key_of(const struct json_pull *j)
{
    uint8_t room[PAYLOAD_TEXT_SIZE_MAX];
    struct span s = payload_plain_text(j, room);

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

/* A reading as it is when nothing was sent. */
static inline void
clear(struct raw_reading *out)
{
    *out = (struct raw_reading){.time = RAW_TIME_NONE, .time_detail = "", .value_status = ST_OK};
}

/* The next key of a reading, or what else came: *token tells; 0 when it is no key or refused. */
static inline unsigned
next_key(struct payload_json *p, enum json_token *token, unsigned *seen)
{
    struct json_pull *j = &p->json;
    unsigned key = 0;

    *token = JSON_KEY;
    if ((*seen & KEY_POINT) == 0 && json_take_key(j, "\"point\":", 8))
        key = KEY_POINT;
    else if ((*seen & KEY_T) == 0 && json_take_key(j, "\"t\":", 4))
        key = KEY_T;
    else if ((*seen & KEY_V) == 0 && json_take_key(j, "\"v\":", 4))
        key = KEY_V;
    else if ((*seen & KEY_Q) == 0 && json_take_key(j, "\"q\":", 4))
        key = KEY_Q;
    *seen |= key;
    if (key != 0)
        return key;
    *token = json_next(j);
    return *token == JSON_KEY ? take_key(p, KEY_POINT | KEY_T | KEY_V | KEY_Q, seen) : 0;
}

/* The inside of an object of "readings". */
static enum status
read_reading(struct payload_json *p, struct raw_reading *out)
{
    const unsigned needed = KEY_POINT | KEY_V;
    enum json_token token;
    unsigned seen = 0;
    unsigned key;

    clear(out);
    while ((key = next_key(p, &token, &seen)) != 0) {
        token = json_skip_value(&p->json);
        if (token == JSON_ERROR)
            break;
        if (key == KEY_T)
            payload_read_time(&p->json, token, &p->known, out);
        else if (key == KEY_V)
            payload_read_value(&p->json, token, out);
        else if (key == KEY_Q)
            out->quality = payload_read_quality(&p->json, token);
        else if (token != JSON_STRING || !payload_read_name(&p->json, p->name, out))
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
            payload_read_time(&p->json, token, &p->known, &p->group);
        else
            p->group.quality = payload_read_quality(&p->json, token);
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
    if (!payload_read_name(&p->json, p->name, out))
        return refuse(p, "point is not 1 to 128 bytes of text without control characters");
    token = json_skip_value(&p->json);
    if (token == JSON_ERROR)
        return refuse(p, "");
    payload_read_value(&p->json, token, out);
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
