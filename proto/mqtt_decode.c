/* Packet bodies to structs, in the order of the standard's figures. The cursor remembers running
 * over the end, so each packet is read like its figure and judged once; what only the standard
 * forbids is judged field by field. */
#include "proto/mqtt_decode.h"

#include <assert.h>

enum connect_flag {
    FLAG_RESERVED = 0x01,
    FLAG_CLEAN_START = 0x02,
    FLAG_WILL = 0x04,
    FLAG_WILL_QOS = 0x18,
    FLAG_WILL_RETAIN = 0x20,
    FLAG_PASSWORD = 0x40,
    FLAG_USER_NAME = 0x80
};

/* A packet ends where its last field ends. */
static enum status
at_end(const struct cursor *c)
{
    return cursor_ok(c) && cursor_left(c) == 0 ? ST_OK : ST_FRAMING;
}

/* Properties: only version 5 has them. */
static enum status
read_properties(struct cursor *c, uint8_t level, enum mqtt_property_place place,
                struct mqtt_properties *out)
{
    struct cursor none = cursor_over(span_of("", 1)); /* a block of length 0: the defaults */

    if (!cursor_ok(c))
        return ST_FRAMING;
    return mqtt_property_read(level == MQTT_V5 ? c : &none, place, out);
}

/* --- CONNECT --- */

/* Protocol name and level (3.1.2.1, 3.1.2.2). */
static enum status
read_protocol(struct cursor *c, struct mqtt_connect *out)
{
    struct span name = cursor_text16(c);

    out->level = cursor_u8(c);
    if (!cursor_ok(c))
        return ST_FRAMING;
    if (span_is(name, "MQIsdp"))
        return ST_MQTT_VERSION;
    if (!span_is(name, "MQTT"))
        return ST_FRAMING;
    return out->level == MQTT_V4 || out->level == MQTT_V5 ? ST_OK : ST_MQTT_VERSION;
}

/* The flags among each other (3.1.2.3 to 3.1.2.9). */
static bool
flags_are_valid(uint8_t flags, uint8_t level)
{
    if ((flags & FLAG_RESERVED) != 0)
        return false; /* [MQTT-3.1.2-3] */
    if ((flags & FLAG_WILL) == 0 && (flags & (FLAG_WILL_QOS | FLAG_WILL_RETAIN)) != 0)
        return false; /* [MQTT-3.1.2-11], [MQTT-3.1.2-13] */
    if ((flags & FLAG_WILL_QOS) == FLAG_WILL_QOS)
        return false; /* [MQTT-3.1.2-12] */
    if (level == MQTT_V4 && (flags & FLAG_USER_NAME) == 0 && (flags & FLAG_PASSWORD) != 0)
        return false; /* 3.1.1: [MQTT-3.1.2-22]; version 5 allows a password alone */
    return true;
}

/* Will properties, topic and message (3.1.3.2 to 3.1.3.4): checked, then forgotten. */
static enum status
read_will(struct cursor *c, uint8_t level)
{
    struct mqtt_properties ignored;
    enum status st = read_properties(c, level, MQTT_IN_WILL, &ignored);
    struct span topic;

    if (st != ST_OK)
        return st;
    topic = cursor_text16(c);
    (void)cursor_text16(c);
    return cursor_ok(c) && mqtt_topic_is_valid(topic) ? ST_OK : ST_FRAMING;
}

/* Client id, will, user name, password: in this order (3.1.3). */
static enum status
read_connect_payload(struct cursor *c, uint8_t flags, struct mqtt_connect *out)
{
    enum status st;

    out->client_id = cursor_text16(c);
    if (out->has_will && (st = read_will(c, out->level)) != ST_OK)
        return st;
    if (out->has_user_name)
        out->user_name = cursor_text16(c);
    if (out->has_password)
        out->password = cursor_text16(c);
    if (at_end(c) != ST_OK || !span_is_plain_utf8(out->client_id)
        || !span_is_plain_utf8(out->user_name))
        return ST_FRAMING;
    if (out->level == MQTT_V4 && out->client_id.size == 0 && (flags & FLAG_CLEAN_START) == 0)
        return ST_CLIENT_ID; /* 3.1.1: [MQTT-3.1.3-8] */
    return ST_OK;
}

enum status
mqtt_decode_connect(const struct mqtt_frame *f, struct mqtt_connect *out)
{
    struct cursor c = cursor_over(f->body);
    enum status st;
    uint8_t flags;

    assert(f->type == MQTT_CONNECT);
    *out = (struct mqtt_connect){.client_id = span_of(f->body.at, 0),
                                 .user_name = span_of(f->body.at, 0),
                                 .password = span_of(f->body.at, 0)};
    if ((st = read_protocol(&c, out)) != ST_OK)
        return st;
    flags = cursor_u8(&c);
    out->keep_alive_s = cursor_u16(&c);
    if (!cursor_ok(&c) || !flags_are_valid(flags, out->level))
        return ST_FRAMING;
    out->clean_start = (flags & FLAG_CLEAN_START) != 0;
    out->has_will = (flags & FLAG_WILL) != 0;
    out->has_user_name = (flags & FLAG_USER_NAME) != 0;
    out->has_password = (flags & FLAG_PASSWORD) != 0;
    if ((st = read_properties(&c, out->level, MQTT_IN_CONNECT, &out->properties)) != ST_OK)
        return st;
    return read_connect_payload(&c, flags, out);
}

/* --- PUBLISH --- */

static enum status
check_topic(const struct mqtt_publish *p, const struct mqtt_properties *props, uint8_t level)
{
    if (props->has_topic_alias)
        return ST_TOPIC_ALIAS; /* Topic Alias Maximum was absent: 0 (3.2.2.3.8). */
    if (p->topic.size == 0)
        return level == MQTT_V5 ? ST_PROTOCOL : ST_FRAMING; /* 3.3.2.1 */
    return mqtt_topic_is_valid(p->topic) ? ST_OK : ST_FRAMING; /* [MQTT-3.3.2-1], [MQTT-3.3.2-2] */
}

enum status
mqtt_decode_publish(const struct mqtt_frame *f, uint8_t level, struct mqtt_publish *out)
{
    struct cursor c = cursor_over(f->body);
    struct mqtt_properties props;
    enum status st;

    assert(f->type == MQTT_PUBLISH);
    *out = (struct mqtt_publish){
        .dup = (f->flags & 8) != 0,
        .qos = f->flags >> 1 & 3,
        .retain = (f->flags & 1) != 0,
    };
    if (out->qos == 3 || (out->qos == 0 && out->dup))
        return ST_FRAMING; /* [MQTT-3.3.1-4], [MQTT-3.3.1-2] */
    out->topic = cursor_text16(&c);
    out->packet_id = out->qos > 0 ? cursor_u16(&c) : 0;
    if ((st = read_properties(&c, level, MQTT_IN_PUBLISH, &props)) != ST_OK)
        return st;
    out->payload = cursor_rest(&c);
    if (out->qos > 0 && out->packet_id == 0)
        return ST_PROTOCOL; /* [MQTT-2.2.1-3] */
    return check_topic(out, &props, level);
}

/* --- PUBACK, PUBREC, PUBREL, PUBCOMP --- */

/* Reason code and properties, which version 5 leaves off from the end when they say nothing
 * (3.4.2.1, 3.14.2.1, 3.15.2.1). */
static enum status
read_reason(struct cursor *c, uint8_t level, enum mqtt_property_place place, uint8_t *reason)
{
    struct mqtt_properties ignored;
    enum status st;

    *reason = 0;
    if (level == MQTT_V5 && cursor_left(c) > 0) {
        *reason = cursor_u8(c);
        if (cursor_left(c) > 0 && (st = mqtt_property_read(c, place, &ignored)) != ST_OK)
            return st;
    }
    return at_end(c);
}

enum status
mqtt_decode_ack(const struct mqtt_frame *f, uint8_t level, struct mqtt_ack *out)
{
    struct cursor c = cursor_over(f->body);
    enum status st;

    assert(f->type >= MQTT_PUBACK && f->type <= MQTT_PUBCOMP);
    *out = (struct mqtt_ack){.packet_id = cursor_u16(&c)};
    if ((st = read_reason(&c, level, MQTT_IN_ACK, &out->reason)) != ST_OK)
        return st;
    return out->packet_id == 0 ? ST_PROTOCOL : ST_OK;
}

/* --- SUBSCRIBE, UNSUBSCRIBE --- */

/* Wildcards stand alone in their level, # only in the last (4.7.1). */
static bool
filter_is_valid(struct span filter)
{
    if (filter.size == 0 || !span_is_plain_utf8(filter))
        return false;
    for (size_t i = 0; i < filter.size; i++) {
        bool starts = i == 0 || filter.at[i - 1] == '/';
        bool last = i + 1 == filter.size;

        if (filter.at[i] == '#' && !(starts && last))
            return false;
        if (filter.at[i] == '+' && !(starts && (last || filter.at[i + 1] == '/')))
            return false;
    }
    return true;
}

/* The byte behind a filter: QoS alone in 3.1.1 (its 3.8.3), more in version 5 (3.8.3.1). */
static enum status
check_options(uint8_t options, uint8_t level, struct span filter)
{
    static const char shared[] = "$share/";
    bool is_shared = filter.size >= sizeof shared - 1
                     && memcmp(filter.at, shared, sizeof shared - 1) == 0;

    if (level == MQTT_V4)
        return options <= 2 ? ST_OK : ST_FRAMING; /* 3.1.1: [MQTT-3.8.3-4] */
    if ((options & 0xC0) != 0)
        return ST_FRAMING; /* [MQTT-3.8.3-5] */
    if ((options & 3) == 3 || (options & 0x30) == 0x30)
        return ST_PROTOCOL;
    return is_shared && (options & 4) != 0 ? ST_PROTOCOL : ST_OK; /* [MQTT-3.8.3-4] */
}

/* One filter, with its options byte in SUBSCRIBE. */
static enum status
read_filter(struct cursor *c, uint8_t level, bool has_options)
{
    struct span filter = cursor_text16(c);
    uint8_t options = has_options ? cursor_u8(c) : 0;

    if (!cursor_ok(c) || !filter_is_valid(filter))
        return ST_FRAMING;
    return has_options ? check_options(options, level, filter) : ST_OK;
}

static enum status
decode_filters(const struct mqtt_frame *f, uint8_t level, struct mqtt_filters *out)
{
    bool is_subscribe = f->type == MQTT_SUBSCRIBE;
    struct cursor c = cursor_over(f->body);
    struct mqtt_properties ignored;
    enum status st;

    *out = (struct mqtt_filters){.packet_id = cursor_u16(&c)};
    st = read_properties(&c, level, is_subscribe ? MQTT_IN_SUBSCRIBE : MQTT_IN_UNSUBSCRIBE,
                         &ignored);
    if (st != ST_OK)
        return st;
    for (; cursor_left(&c) > 0; out->count++) {
        if (out->count == MQTT_FILTERS_MAX)
            return ST_TOO_LARGE;
        if ((st = read_filter(&c, level, is_subscribe)) != ST_OK)
            return st;
    }
    /* [MQTT-3.8.3-2], [MQTT-3.10.3-2]: at least one; [MQTT-2.2.1-3]. */
    return out->count == 0 || out->packet_id == 0 ? ST_PROTOCOL : ST_OK;
}

enum status
mqtt_decode_subscribe(const struct mqtt_frame *f, uint8_t level, struct mqtt_filters *out)
{
    assert(f->type == MQTT_SUBSCRIBE);
    return decode_filters(f, level, out);
}

enum status
mqtt_decode_unsubscribe(const struct mqtt_frame *f, uint8_t level, struct mqtt_filters *out)
{
    assert(f->type == MQTT_UNSUBSCRIBE);
    return decode_filters(f, level, out);
}

/* --- the rest --- */

enum status
mqtt_decode_pingreq(const struct mqtt_frame *f)
{
    assert(f->type == MQTT_PINGREQ);
    return f->body.size == 0 ? ST_OK : ST_FRAMING;
}

enum status
mqtt_decode_disconnect(const struct mqtt_frame *f, uint8_t level, uint8_t *reason)
{
    struct cursor c = cursor_over(f->body);

    assert(f->type == MQTT_DISCONNECT);
    return read_reason(&c, level, MQTT_IN_DISCONNECT, reason);
}

enum status
mqtt_decode_auth(const struct mqtt_frame *f, uint8_t level, uint8_t *reason)
{
    struct cursor c = cursor_over(f->body);

    assert(f->type == MQTT_AUTH);
    *reason = 0;
    return level == MQTT_V5 ? read_reason(&c, level, MQTT_IN_AUTH, reason) : ST_FRAMING;
}
