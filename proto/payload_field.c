/* One token -> one field of a reading. A field of the wrong kind makes that reading bad, never
 * the message: payload_json decides about shape, this file about content. */
#include "proto/payload_field.h"

#include "proto/decimal.h"
#include "proto/timestamp.h"

#define TIME_MS_MIN     INT64_C(100000000000) /* Smaller integers are taken for seconds. */
#define TIME_DIGITS_MAX 18
#define QUALITY_UNKNOWN 9

struct span
payload_plain_text(const struct json_pull *j, uint8_t room[PAYLOAD_TEXT_SIZE_MAX])
{
    size_t size;

    if (!j->has_escapes)
        return j->text;
    if (json_unescape(j->text, room, PAYLOAD_TEXT_SIZE_MAX, &size) != ST_OK)
        return (struct span){room, 0};
    return (struct span){room, size};
}

static void
time_is_bad(struct raw_reading *out, const char *detail)
{
    out->time = RAW_TIME_BAD;
    out->t_ms = 0;
    out->time_detail = detail;
}

static void
read_time_text(const struct json_pull *j, struct known_time *known, struct raw_reading *out)
{
    uint8_t room[PAYLOAD_TEXT_SIZE_MAX];

    if (known->text.size > 0 && j->text.size == known->text.size &&
        memcmp(j->text.at, known->text.at, known->text.size) == 0) {
        out->time = RAW_TIME_OK;
        out->t_ms = known->ms;
        return;
    }
    if (timestamp_parse_rfc3339(payload_plain_text(j, room), &out->t_ms) != ST_OK) {
        time_is_bad(out, "not RFC 3339 with offset or Z");
        return;
    }
    out->time = RAW_TIME_OK;
    known->text = j->text;
    known->ms = out->t_ms;
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

void
payload_read_time(const struct json_pull *j, enum json_token token, struct known_time *known,
                  struct raw_reading *out)
{
    out->t_text = j->text;
    if (token == JSON_STRING)
        read_time_text(j, known, out);
    else if (token == JSON_NUMBER)
        read_time_number(j->text, out);
    else
        time_is_bad(out, "neither text nor integer");
}

void
payload_read_value(const struct json_pull *j, enum json_token token, struct raw_reading *out)
{
    uint8_t room[PAYLOAD_TEXT_SIZE_MAX];

    out->v_text = j->text;
    if (token == JSON_STRING || token == JSON_NUMBER) {
        struct span text = token == JSON_STRING ? payload_plain_text(j, room) : j->text;

        out->value_status = decimal_parse(text, &out->value, &out->rounded);
        return;
    }
    out->value_status = ST_BAD_VALUE;
    out->value = 0;
    out->rounded = false;
}

uint8_t
payload_read_quality(const struct json_pull *j, enum json_token token)
{
    static const char *const words[QUALITY_UNKNOWN] = {"good",    "estimated",   "manual",
                                                       "stopped", "maintenance", "calibrating",
                                                       "fault",   "over_range",  "stale"};
    uint8_t room[PAYLOAD_TEXT_SIZE_MAX];
    struct span text;

    if (token == JSON_NULL)
        return 0;
    if (token != JSON_STRING)
        return QUALITY_UNKNOWN;
    text = payload_plain_text(j, room);
    for (uint8_t i = 0; i < QUALITY_UNKNOWN; i++)
        if (span_is(text, words[i]))
            return i;
    return QUALITY_UNKNOWN;
}

bool
payload_read_name(const struct json_pull *j, uint8_t room[PAYLOAD_POINT_SIZE_MAX],
                  struct raw_reading *out)
{
    struct span s = j->text;

    if (j->has_escapes) {
        if (json_unescape(s, room, PAYLOAD_POINT_SIZE_MAX, &s.size) != ST_OK)
            return false;
        s.at = room;
    }
    out->point = s;
    return s.size > 0 && s.size <= PAYLOAD_POINT_SIZE_MAX && span_is_plain_utf8(s);
}
