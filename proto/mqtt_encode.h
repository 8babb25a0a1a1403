/* The packets meterd sends, MQTT 3.1.1 (level 4) and 5. Pure. Each function writes one whole packet
 * to out and returns its size, or 0 when it is larger than room (out is then untouched). Reason
 * strings and user properties are left off where they would make the packet larger than the
 * client takes (MQTT 5, [MQTT-3.2.2-19] and the like). */
#ifndef METERD_PROTO_MQTT_ENCODE_H
#define METERD_PROTO_MQTT_ENCODE_H

#include "proto/mqtt_packet.h"

#define MQTT_TEXT_SIZE_MAX 512 /* of a reason string or a receipt; what is longer is left off */

/* Room that is always enough, the assigned client id (at most MQTT_TEXT_SIZE_MAX) included. */
#define MQTT_REPLY_SIZE_MAX 2048

/* CONNACK (3.2). */
struct mqtt_connack {
    uint8_t level;                 /* of the client */
    uint8_t reason;                /* 3.1.1: a return code, see mqtt_return_code() */
    uint8_t qos_max;               /* 2: the property is absent, as 3.2.2.3.4 asks */
    uint16_t receive_max;          /* 0: absent, which means 65535 */
    uint16_t server_keep_alive_s;  /* 0: absent, the client's own holds */
    uint32_t packet_max;           /* bytes meterd takes; 0: absent */
    /* Set it when the client asked for a session that lasts: meterd keeps none (3.2.2.3.2). */
    bool session_ends_with_connection;
    struct span assigned_client_id;
    struct span reason_string;
    uint32_t client_packet_max;    /* bytes the client takes; 0 or UINT32_MAX: no limit */
};

/* Session present is always 0. With a reason other than 0 the properties that only matter to a
 * session that opens are left off. */
size_t mqtt_encode_connack(const struct mqtt_connack *p, uint8_t *out, size_t room) MUST_USE;

/* What CONNACK of 3.1.1 calls a status: 1 version, 2 client id, 5 not authorised, 3 everything
 * else. */
uint8_t mqtt_return_code(enum status st);

/* PUBACK, PUBREC, PUBREL, PUBCOMP (3.4 to 3.7). */
struct mqtt_reply {
    enum mqtt_type type;
    uint8_t level;
    uint8_t reason; /* 3.1.1 has none: not sent */
    uint16_t packet_id;
    /* Version 5 only; empty: absent. A client that set Request Problem Information to 0 must get
     * neither ([MQTT-3.1.2-29]): that is the caller's duty. */
    struct span reason_string;
    struct span receipt;        /* PARTITION:OFFSET, user property "receipt" (contract 2) */
    uint32_t client_packet_max; /* as above */
};

size_t mqtt_encode_reply(const struct mqtt_reply *p, uint8_t *out, size_t room) MUST_USE;

/* SUBACK (3.9): every filter refused, 0x80, in version 5 0x87. */
size_t mqtt_encode_suback(uint8_t level, uint16_t packet_id, uint32_t count, uint8_t *out,
                          size_t room) MUST_USE;

/* UNSUBACK (3.11): 3.1.1 has no codes, version 5 says 0x11 for each filter. */
size_t mqtt_encode_unsuback(uint8_t level, uint16_t packet_id, uint32_t count, uint8_t *out,
                            size_t room) MUST_USE;

size_t mqtt_encode_pingresp(uint8_t *out, size_t room) MUST_USE;

/* DISCONNECT (3.14), version 5 only: servers of 3.1.1 just close. */
size_t mqtt_encode_disconnect(uint8_t reason, struct span reason_string,
                              uint32_t client_packet_max, uint8_t *out, size_t room) MUST_USE;

#endif
