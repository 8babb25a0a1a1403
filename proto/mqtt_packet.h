/* Framing of MQTT 3.1.1 and 5, server side: where a packet ends and what type it has. Pure; a
 * frame's body lives as long as the bytes it was found in. Source: MQTT 5, section 2.1 (the same
 * in 3.1.1, section 2.2). */
#ifndef METERD_PROTO_MQTT_PACKET_H
#define METERD_PROTO_MQTT_PACKET_H

#include "proto/span.h"
#include "proto/status.h"

enum mqtt_type {
    MQTT_CONNECT = 1,
    MQTT_CONNACK,
    MQTT_PUBLISH,
    MQTT_PUBACK,
    MQTT_PUBREC,
    MQTT_PUBREL,
    MQTT_PUBCOMP,
    MQTT_SUBSCRIBE,
    MQTT_SUBACK,
    MQTT_UNSUBSCRIBE,
    MQTT_UNSUBACK,
    MQTT_PINGREQ,
    MQTT_PINGRESP,
    MQTT_DISCONNECT,
    MQTT_AUTH
};

#define MQTT_V4 4 /* protocol level of 3.1.1 */
#define MQTT_V5 5

#define MQTT_HEADER_SIZE_MAX 5           /* type and flags, up to 4 bytes of length */
#define MQTT_REMAINING_LENGTH_MAX 268435455u

struct mqtt_frame {
    enum mqtt_type type; /* set as soon as there is one byte */
    uint8_t flags;       /* the low four bits of the first byte */
    size_t size;         /* of the whole packet; 0 while its length is not known */
    size_t need;         /* with ST_AGAIN: bytes that must be there, at least, before a new try */
    struct span body;    /* what follows the length; empty but for ST_OK */
};

/* The packet at the start of in, with size, type, flags and body.
 * ST_AGAIN: more bytes are needed, at least frame.need in all.
 * ST_FRAMING: type 0, reserved flags set (MQTT 5, 2.1.3), QoS 3, a length of more than 4 bytes or
 *   not in its shortest form.
 * ST_PROTOCOL: a type that only servers send.
 * ST_TOO_LARGE: the whole packet is larger than packet_max bytes, told by its header alone; size
 *   is set.
 * A packet that must be refused is refused as early as its bytes allow. */
enum status mqtt_packet_frame(struct span in, size_t packet_max, struct mqtt_frame *out) MUST_USE;

/* "CONNECT" and so on, for log lines. */
const char *mqtt_type_name(enum mqtt_type type);

#endif
