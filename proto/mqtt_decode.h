/* The packets a gateway sends, MQTT 3.1.1 (level 4) and 5, to structs. Pure; every span lives as
 * long as the frame's body. Section numbers are those of MQTT 5 unless said otherwise.
 *
 * All return ST_OK, ST_FRAMING (malformed, 0x81), ST_PROTOCOL (0x82) or another status whose row
 * in statuses.def closes the connection. */
#ifndef METERD_PROTO_MQTT_DECODE_H
#define METERD_PROTO_MQTT_DECODE_H

#include "proto/mqtt_packet.h"
#include "proto/mqtt_property.h"

#define MQTT_FILTERS_MAX 256 /* in one SUBSCRIBE or UNSUBSCRIBE: bounds the answer */

/* --- CONNECT (3.1) --- */

struct mqtt_connect {
    uint8_t level; /* MQTT_V4 or MQTT_V5; with ST_MQTT_VERSION what the client asked for */
    bool clean_start;
    bool has_user_name;
    bool has_password;
    bool has_will; /* checked and dropped: contract 2 */
    uint16_t keep_alive_s;
    struct span client_id; /* may be empty: the server assigns one */
    struct span user_name;
    struct span password;
    struct mqtt_properties properties; /* the standard's values for 3.1.1 */
};

/* ST_MQTT_VERSION: another level, or MQIsdp (3.1): answer CONNACK 0x84, or code 1 when level is
 * at most 4. ST_CLIENT_ID: 3.1.1, an empty client id without a clean session: answer CONNACK
 * code 2. On both *out is filled up to level. */
enum status mqtt_decode_connect(const struct mqtt_frame *f, struct mqtt_connect *out) MUST_USE;

/* --- PUBLISH (3.3) --- */

struct mqtt_publish {
    struct span topic;
    struct span payload;
    uint16_t packet_id; /* 0 when qos is 0 */
    uint8_t qos;        /* 0..2 */
    bool dup;
    bool retain;
};

/* ST_TOPIC_ALIAS: an alias, though CONNACK offers none. */
enum status mqtt_decode_publish(const struct mqtt_frame *f, uint8_t level,
                                struct mqtt_publish *out) MUST_USE;

/* --- PUBACK, PUBREC, PUBREL, PUBCOMP (3.4 to 3.7) --- */

struct mqtt_ack {
    uint16_t packet_id;
    uint8_t reason; /* 0 in 3.1.1 */
};

enum status mqtt_decode_ack(const struct mqtt_frame *f, uint8_t level,
                            struct mqtt_ack *out) MUST_USE;

/* --- SUBSCRIBE, UNSUBSCRIBE (3.8, 3.10) --- */

struct mqtt_filters {
    uint16_t packet_id;
    uint32_t count; /* 1..MQTT_FILTERS_MAX */
};

/* Filters and options are checked and counted: none will be granted. More than MQTT_FILTERS_MAX:
 * ST_TOO_LARGE. */
enum status mqtt_decode_subscribe(const struct mqtt_frame *f, uint8_t level,
                                  struct mqtt_filters *out) MUST_USE;
enum status mqtt_decode_unsubscribe(const struct mqtt_frame *f, uint8_t level,
                                    struct mqtt_filters *out) MUST_USE;

/* --- the rest --- */

/* PINGREQ (3.12). */
enum status mqtt_decode_pingreq(const struct mqtt_frame *f) MUST_USE;

/* DISCONNECT (3.14); *reason is 0 when the packet has none. */
enum status mqtt_decode_disconnect(const struct mqtt_frame *f, uint8_t level,
                                   uint8_t *reason) MUST_USE;

/* AUTH (3.15); malformed in 3.1.1. meterd offers no enhanced authentication, so that what
 * decodes is a protocol error of the session all the same. */
enum status mqtt_decode_auth(const struct mqtt_frame *f, uint8_t level,
                             uint8_t *reason) MUST_USE;

#endif
