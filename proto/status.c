/* The table behind status.h: nothing else decides what an outcome looks like to a peer. */
#include "proto/status.h"

#include <assert.h>

static const struct row {
    uint8_t mqtt;
    uint16_t http;
    uint8_t fate;
    const char *code;
    const char *text;
} rows[ST_COUNT] = {
#define STATUS(name, mqtt, http, fate, code, text) {mqtt, http, FATE_##fate, code, text},
#include "proto/statuses.def"
#undef STATUS
};

static const struct row *
row_of(enum status st)
{
    assert(st < ST_COUNT);
    return &rows[st];
}

uint8_t
status_mqtt_reason(enum status st)
{
    return row_of(st)->mqtt;
}

unsigned
status_http_code(enum status st)
{
    return row_of(st)->http;
}

enum connection_fate
status_fate(enum status st)
{
    return (enum connection_fate)row_of(st)->fate;
}

const char *
status_code(enum status st)
{
    return row_of(st)->code;
}

const char *
status_text(enum status st)
{
    return row_of(st)->text;
}
