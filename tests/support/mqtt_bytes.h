/* Packets as a client writes them, for tests. Each function writes to a static buffer that the next
 * call of any of them overwrites. */
#ifndef METERD_TESTS_SUPPORT_MQTT_BYTES_H
#define METERD_TESTS_SUPPORT_MQTT_BYTES_H

#include <stdbool.h>

#include "proto/span.h"

/* level 4 or 5; user or password NULL: none. Clean session. */
struct span mqtt_bytes_connect(uint8_t level, const char *client_id, const char *user,
                               const char *password, uint16_t keep_alive_s);
struct span mqtt_bytes_publish(uint8_t level, uint8_t qos, uint16_t packet_id, const char *topic,
                               const char *payload);
/* Any packet: first byte and body. */
struct span mqtt_bytes_packet(uint8_t first, struct span body);

#endif
