/* Every outcome of every operation, one row each in statuses.def. Pure values; any thread. */
#ifndef METERD_PROTO_STATUS_H
#define METERD_PROTO_STATUS_H

#include <stdint.h>

#define MUST_USE __attribute__((warn_unused_result))

enum status {
#define STATUS(name, mqtt, http, fate, code, text) ST_##name,
#include "proto/statuses.def"
#undef STATUS
    ST_COUNT
};

enum connection_fate { FATE_KEEP, FATE_CLOSE };

/* What peers are told. The texts are static. */
uint8_t status_mqtt_reason(enum status st);
unsigned status_http_code(enum status st);
enum connection_fate status_fate(enum status st);
const char *status_code(enum status st);
const char *status_text(enum status st);

#endif
