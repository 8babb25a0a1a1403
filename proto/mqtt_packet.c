/* Finds the end of an MQTT packet. The first byte alone decides whether the packet may come at
 * all, so nobody's bytes are kept for a packet that will be refused. */
#include "proto/mqtt_packet.h"

#include <assert.h>

#define FLAGS_ANY 0xFF    /* PUBLISH: DUP, QoS, RETAIN */
#define SERVER_ONLY 0xFE  /* a client never sends it */
#define NO_TYPE 0xFD

/* The flags each type must have (MQTT 5, table 2-2). */
static const struct {
    const char *name;
    uint8_t flags;
} types[16] = {
    [0] = {"reserved", NO_TYPE},
    [MQTT_CONNECT] = {"CONNECT", 0},
    [MQTT_CONNACK] = {"CONNACK", SERVER_ONLY},
    [MQTT_PUBLISH] = {"PUBLISH", FLAGS_ANY},
    [MQTT_PUBACK] = {"PUBACK", 0},
    [MQTT_PUBREC] = {"PUBREC", 0},
    [MQTT_PUBREL] = {"PUBREL", 2},
    [MQTT_PUBCOMP] = {"PUBCOMP", 0},
    [MQTT_SUBSCRIBE] = {"SUBSCRIBE", 2},
    [MQTT_SUBACK] = {"SUBACK", SERVER_ONLY},
    [MQTT_UNSUBSCRIBE] = {"UNSUBSCRIBE", 2},
    [MQTT_UNSUBACK] = {"UNSUBACK", SERVER_ONLY},
    [MQTT_PINGREQ] = {"PINGREQ", 0},
    [MQTT_PINGRESP] = {"PINGRESP", SERVER_ONLY},
    [MQTT_DISCONNECT] = {"DISCONNECT", 0},
    [MQTT_AUTH] = {"AUTH", 0},
};

static enum status
check_first_byte(uint8_t first)
{
    uint8_t wanted = types[first >> 4].flags;

    if (wanted == SERVER_ONLY)
        return ST_PROTOCOL;
    if (wanted == FLAGS_ANY)
        return (first & 6) == 6 ? ST_FRAMING : ST_OK; /* QoS 3: MQTT 5, [MQTT-3.3.1-4] */
    return (first & 0x0F) == wanted ? ST_OK : ST_FRAMING;
}

/* The variable byte integer behind the first byte (MQTT 5, 1.5.5): its value and, in *bytes, its
 * own size. ST_AGAIN while its last byte is missing. */
static enum status
read_length(struct span in, uint32_t *length, size_t *bytes)
{
    *length = 0;
    for (size_t i = 0; i < 4; i++) {
        if (i + 1 >= in.size)
            return ST_AGAIN;
        *length |= (uint32_t)(in.at[i + 1] & 0x7F) << (7 * i);
        if (in.at[i + 1] >= 0x80)
            continue;
        *bytes = i + 1;
        return in.at[i + 1] == 0 && i > 0 ? ST_FRAMING : ST_OK;
    }
    return ST_FRAMING;
}

enum status
mqtt_packet_frame(struct span in, size_t packet_max, struct mqtt_frame *out)
{
    enum status st;
    uint32_t length;
    size_t bytes;

    *out = (struct mqtt_frame){.need = 2};
    if (in.size == 0)
        return ST_AGAIN;
    out->type = (enum mqtt_type)(in.at[0] >> 4);
    out->flags = in.at[0] & 0x0F;
    if ((st = check_first_byte(in.at[0])) != ST_OK)
        return st;
    if ((st = read_length(in, &length, &bytes)) != ST_OK) {
        out->need = in.size + 1;
        return st;
    }
    out->size = 1 + bytes + length;
    out->need = out->size;
    if (out->size > packet_max)
        return ST_TOO_LARGE;
    if (in.size < out->size)
        return ST_AGAIN;
    out->body = span_of(in.at + 1 + bytes, length);
    return ST_OK;
}

const char *
mqtt_type_name(enum mqtt_type type)
{
    assert((unsigned)type < 16);
    return types[type].name;
}
