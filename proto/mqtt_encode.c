/* Structs to packets. A packet is put together behind a gap for its longest header, with its
 * properties last known, and then copied to the caller: answers are small, and lengths that
 * precede what they measure need no second pass over the fields. */
#include "proto/mqtt_encode.h"

#include <assert.h>

#include "proto/mqtt_decode.h"

#define BODY_SIZE_MAX MQTT_REPLY_SIZE_MAX

/* Bytes being put behind each other; what would not fit is a bug, all texts are bounded. */
struct pile {
    size_t size;
    uint8_t at[BODY_SIZE_MAX];
};

/* An empty pile; its bytes stay as they are, answers are made for every message. */
static void
pile_init(struct pile *p)
{
    p->size = 0;
}

static void
put_u8(struct pile *p, uint8_t v)
{
    assert(p->size < sizeof p->at);
    p->at[p->size++] = v;
}

static void
put_u16(struct pile *p, uint16_t v)
{
    put_u8(p, (uint8_t)(v >> 8));
    put_u8(p, (uint8_t)v);
}

static void
put_u32(struct pile *p, uint32_t v)
{
    put_u16(p, (uint16_t)(v >> 16));
    put_u16(p, (uint16_t)v);
}

static void
put_bytes(struct pile *p, struct span s)
{
    assert(s.size <= sizeof p->at - p->size);
    if (s.size > 0)
        memcpy(p->at + p->size, s.at, s.size);
    p->size += s.size;
}

static void
put_text(struct pile *p, struct span s)
{
    assert(s.size <= UINT16_MAX);
    put_u16(p, (uint16_t)s.size);
    put_bytes(p, s);
}

static size_t
varint_size(size_t v)
{
    return v < 1u << 7 ? 1 : v < 1u << 14 ? 2 : v < 1u << 21 ? 3 : 4;
}

/* MQTT 5, 1.5.5. */
static uint8_t *
write_varint(uint8_t *at, size_t v)
{
    assert(v <= MQTT_REMAINING_LENGTH_MAX);
    for (; v >= 0x80; v >>= 7)
        *at++ = (uint8_t)(v | 0x80);
    *at++ = (uint8_t)v;
    return at;
}

static size_t
packet_size(size_t body_size)
{
    return 1 + varint_size(body_size) + body_size;
}

/* Header and body to the caller. */
static size_t
write_packet(uint8_t first, const struct pile *body, uint8_t *out, size_t room)
{
    size_t size = packet_size(body->size);

    if (size > room)
        return 0;
    *out++ = first;
    out = write_varint(out, body->size);
    memcpy(out, body->at, body->size);
    return size;
}

/* Length, then the properties. */
static void
put_block(struct pile *body, const struct pile *properties)
{
    uint8_t length[4];

    put_bytes(body, span_of(length, (size_t)(write_varint(length, properties->size) - length)));
    put_bytes(body, span_of(properties->at, properties->size));
}

static size_t
block_size(size_t properties_size)
{
    return varint_size(properties_size) + properties_size;
}

/* A property that explains and may be missing: only text, of a bounded size, and only when the
 * packet with it is still one the client takes. fixed: body bytes before the property block. */
static void
put_optional(struct pile *properties, uint32_t client_max, size_t fixed, const struct pile *one)
{
    size_t with = packet_size(fixed + block_size(properties->size + one->size));

    if (client_max == 0 || with <= client_max)
        put_bytes(properties, span_of(one->at, one->size));
}

static void
put_reason_string(struct pile *properties, uint32_t client_max, size_t fixed, struct span text)
{
    struct pile one;

    pile_init(&one);
    if (text.size == 0 || text.size > MQTT_TEXT_SIZE_MAX || !span_is_plain_utf8(text))
        return;
    put_u8(&one, MQTT_REASON_STRING);
    put_text(&one, text);
    put_optional(properties, client_max, fixed, &one);
}

static void
put_receipt(struct pile *properties, uint32_t client_max, size_t fixed, struct span text)
{
    struct pile one;

    pile_init(&one);
    if (text.size == 0 || text.size > MQTT_TEXT_SIZE_MAX)
        return;
    put_u8(&one, MQTT_USER_PROPERTY);
    put_text(&one, span_text("receipt"));
    put_text(&one, text);
    put_optional(properties, client_max, fixed, &one);
}

/* --- CONNACK --- */

static void
put_off(struct pile *p, enum mqtt_property_id id)
{
    put_u8(p, (uint8_t)id);
    put_u8(p, 0);
}

/* What this server can and cannot do (3.2.2.3). */
static void
put_abilities(struct pile *p, const struct mqtt_connack *c)
{
    if (c->session_ends_with_connection) {
        put_u8(p, MQTT_SESSION_EXPIRY);
        put_u32(p, 0);
    }
    if (c->receive_max > 0) {
        put_u8(p, MQTT_RECEIVE_MAX);
        put_u16(p, c->receive_max);
    }
    if (c->qos_max < 2) {
        put_u8(p, MQTT_MAX_QOS);
        put_u8(p, c->qos_max);
    }
    put_off(p, MQTT_RETAIN_AVAILABLE);
    if (c->packet_max > 0) {
        put_u8(p, MQTT_PACKET_MAX);
        put_u32(p, c->packet_max);
    }
    if (c->assigned_client_id.size > 0) {
        put_u8(p, MQTT_ASSIGNED_CLIENT_ID);
        put_text(p, c->assigned_client_id);
    }
    put_off(p, MQTT_WILDCARD_AVAILABLE);
    put_off(p, MQTT_SUBSCRIPTION_ID_AVAILABLE);
    put_off(p, MQTT_SHARED_AVAILABLE);
    if (c->server_keep_alive_s > 0) {
        put_u8(p, MQTT_SERVER_KEEP_ALIVE);
        put_u16(p, c->server_keep_alive_s);
    }
}

size_t
mqtt_encode_connack(const struct mqtt_connack *p, uint8_t *out, size_t room)
{
    struct pile body;
    struct pile properties;

    pile_init(&body);
    pile_init(&properties);
    assert(p->assigned_client_id.size <= MQTT_TEXT_SIZE_MAX);
    put_u8(&body, 0); /* Session present: no ([MQTT-3.2.2-2], [MQTT-3.2.2-6]). */
    put_u8(&body, p->reason);
    if (p->level == MQTT_V5) {
        if (p->reason == 0)
            put_abilities(&properties, p);
        put_reason_string(&properties, p->client_packet_max, body.size, p->reason_string);
        put_block(&body, &properties);
    }
    return write_packet(MQTT_CONNACK << 4, &body, out, room);
}

uint8_t
mqtt_return_code(enum status st)
{
    switch (st) { /* 3.1.1, table 3.1 */
    case ST_OK:
        return 0;
    case ST_MQTT_VERSION:
        return 1;
    case ST_CLIENT_ID:
        return 2;
    case ST_NOT_AUTHORISED:
        return 5;
    default:
        return 3;
    }
}

/* --- the others --- */

size_t
mqtt_encode_reply(const struct mqtt_reply *p, uint8_t *out, size_t room)
{
    const size_t fixed = 3; /* packet id, reason */
    uint8_t flags = p->type == MQTT_PUBREL ? 2 : 0;
    struct pile body;
    struct pile properties;

    pile_init(&body);
    pile_init(&properties);
    assert(p->type >= MQTT_PUBACK && p->type <= MQTT_PUBCOMP);
    assert(p->packet_id != 0);
    put_u16(&body, p->packet_id);
    if (p->level == MQTT_V5) {
        put_reason_string(&properties, p->client_packet_max, fixed, p->reason_string);
        put_receipt(&properties, p->client_packet_max, fixed, p->receipt);
        /* 3.4.2.1: what says nothing is left off from the end. */
        if (p->reason != 0 || properties.size > 0)
            put_u8(&body, p->reason);
        if (properties.size > 0)
            put_block(&body, &properties);
    }
    return write_packet((uint8_t)((unsigned)p->type << 4 | flags), &body, out, room);
}

/* The start of SUBACK and UNSUBACK: packet id, in version 5 no properties. */
static void
put_filters_head(struct pile *body, uint8_t level, uint16_t packet_id)
{
    assert(packet_id != 0);
    put_u16(body, packet_id);
    if (level == MQTT_V5)
        put_u8(body, 0);
}

static void
put_codes(struct pile *body, uint8_t code, uint32_t count)
{
    assert(count <= MQTT_FILTERS_MAX);
    for (uint32_t i = 0; i < count; i++)
        put_u8(body, code);
}

size_t
mqtt_encode_suback(uint8_t level, uint16_t packet_id, uint32_t count, uint8_t *out, size_t room)
{
    struct pile body;

    pile_init(&body);
    put_filters_head(&body, level, packet_id);
    put_codes(&body, level == MQTT_V5 ? 0x87 : 0x80, count);
    return write_packet(MQTT_SUBACK << 4, &body, out, room);
}

size_t
mqtt_encode_unsuback(uint8_t level, uint16_t packet_id, uint32_t count, uint8_t *out, size_t room)
{
    struct pile body;

    pile_init(&body);
    put_filters_head(&body, level, packet_id);
    if (level == MQTT_V5)
        put_codes(&body, 0x11, count);
    return write_packet(MQTT_UNSUBACK << 4, &body, out, room);
}

size_t
mqtt_encode_pingresp(uint8_t *out, size_t room)
{
    struct pile body;

    pile_init(&body);
    return write_packet(MQTT_PINGRESP << 4, &body, out, room);
}

size_t
mqtt_encode_disconnect(uint8_t reason, struct span reason_string, uint32_t client_packet_max,
                       uint8_t *out, size_t room)
{
    struct pile body;
    struct pile properties;

    pile_init(&body);
    pile_init(&properties);
    put_u8(&body, reason);
    put_reason_string(&properties, client_packet_max, body.size, reason_string);
    if (properties.size > 0)
        put_block(&body, &properties);
    return write_packet(MQTT_DISCONNECT << 4, &body, out, room);
}
