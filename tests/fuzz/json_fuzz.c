/* A body read twice gives the same readings; what is taken is JSON, and what is called "not JSON"
 * is none; every span of a reading lies in the body; names are plain. */
#include "proto/payload_json.h"

#include <assert.h>

#define NUMBER UINT64_C(1099511628211)

static bool
is_json(struct span body)
{
    struct json_pull j;
    enum json_token token;

    json_init(&j, body);
    do
        token = json_next(&j);
    while (token != JSON_END && token != JSON_ERROR);
    return token == JSON_END;
}

static void
check_inside(struct span part, struct span body)
{
    assert(part.size == 0 || (part.at >= body.at && part.at + part.size <= body.at + body.size));
}

static void
check_reading(const struct raw_reading *r, struct span body)
{
    int64_t limit = INT64_C(4600000000000000000);

    check_inside(r->t_text, body);
    check_inside(r->v_text, body);
    assert(r->point.size >= 1 && r->point.size <= PAYLOAD_POINT_SIZE_MAX);
    assert(span_is_plain_utf8(r->point));
    assert(r->value < limit && r->value > -limit);
    assert(r->value_status == ST_OK || (r->value == 0 && !r->rounded));
    assert(r->time == RAW_TIME_OK || r->t_ms == 0);
    assert((r->time == RAW_TIME_BAD) == (r->time_detail[0] != '\0'));
    assert(r->quality <= 9);
}

/* A number for all that is read. */
static uint64_t
read_all(struct payload_json *p, struct span body, enum status *st)
{
    struct raw_reading r;
    uint64_t sum = 0;
    uint32_t count = 0;

    payload_json_init(p, body);
    while ((*st = payload_json_next(p, &r)) == ST_OK) {
        check_reading(&r, body);
        assert(r.index == count++);
        sum = (sum ^ (uint64_t)r.value ^ (uint64_t)r.t_ms) * NUMBER;
        for (size_t i = 0; i < r.point.size; i++)
            sum = (sum ^ r.point.at[i]) * NUMBER;
        sum = (sum ^ r.quality ^ (uint64_t)r.time << 8 ^ (uint64_t)r.rounded << 16) * NUMBER;
    }
    return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span body = span_of(data, size);
    struct payload_json p;
    enum status st;
    enum status again;
    uint64_t sum = read_all(&p, body, &st);

    assert(st == ST_END || st == ST_MALFORMED);
    if (st == ST_END)
        assert(is_json(body));
    else if (strncmp(p.error_text, "not JSON", 8) == 0)
        assert(!is_json(body));
    assert(p.error_offset <= size);
    assert(read_all(&p, body, &again) == sum);
    assert(again == st);
    return 0;
}
