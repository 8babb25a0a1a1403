/* Reads MQTT 5 properties by a table of identifier, type and place, so that a property nobody
 * uses is still checked to the byte. Unknown identifiers have no length and end the packet. */
#include "proto/mqtt_property.h"

enum value_type { NONE, BYTE, U16, U32, VARINT, TEXT, BINARY, PAIR };

#define ALL_PLACES 0xFF

/* MQTT 5, table 2-4; packets that only servers send have no place. */
static const struct {
    uint8_t type;
    uint8_t places;
} table[] = {
    [MQTT_PAYLOAD_FORMAT] = {BYTE, MQTT_IN_PUBLISH | MQTT_IN_WILL},
    [MQTT_MESSAGE_EXPIRY] = {U32, MQTT_IN_PUBLISH | MQTT_IN_WILL},
    [MQTT_CONTENT_TYPE] = {TEXT, MQTT_IN_PUBLISH | MQTT_IN_WILL},
    [MQTT_RESPONSE_TOPIC] = {TEXT, MQTT_IN_PUBLISH | MQTT_IN_WILL},
    [MQTT_CORRELATION_DATA] = {BINARY, MQTT_IN_PUBLISH | MQTT_IN_WILL},
    [MQTT_SUBSCRIPTION_ID] = {VARINT, MQTT_IN_PUBLISH | MQTT_IN_SUBSCRIBE},
    [MQTT_SESSION_EXPIRY] = {U32, MQTT_IN_CONNECT | MQTT_IN_DISCONNECT},
    [MQTT_AUTH_METHOD] = {TEXT, MQTT_IN_CONNECT | MQTT_IN_AUTH},
    [MQTT_AUTH_DATA] = {BINARY, MQTT_IN_CONNECT | MQTT_IN_AUTH},
    [MQTT_REQUEST_PROBLEM_INFO] = {BYTE, MQTT_IN_CONNECT},
    [MQTT_WILL_DELAY] = {U32, MQTT_IN_WILL},
    [MQTT_REQUEST_RESPONSE_INFO] = {BYTE, MQTT_IN_CONNECT},
    [MQTT_REASON_STRING] = {TEXT, MQTT_IN_ACK | MQTT_IN_DISCONNECT | MQTT_IN_AUTH},
    [MQTT_RECEIVE_MAX] = {U16, MQTT_IN_CONNECT},
    [MQTT_TOPIC_ALIAS_MAX] = {U16, MQTT_IN_CONNECT},
    [MQTT_TOPIC_ALIAS] = {U16, MQTT_IN_PUBLISH},
    [MQTT_USER_PROPERTY] = {PAIR, ALL_PLACES},
    [MQTT_PACKET_MAX] = {U32, MQTT_IN_CONNECT},
    [MQTT_SHARED_AVAILABLE] = {NONE, 0}, /* The last identifier there is. */
};

struct value {
    uint32_t number;
    struct span text;
};

static struct span
read_text(struct cursor *c)
{
    struct span s = cursor_text16(c);

    if (!span_is_plain_utf8(s))
        c->failed = true;
    return s;
}

static struct value
read_value(struct cursor *c, enum value_type type)
{
    struct value v = {0};

    switch (type) {
    case BYTE:
        v.number = cursor_u8(c);
        break;
    case U16:
        v.number = cursor_u16(c);
        break;
    case U32:
        v.number = cursor_u32(c);
        break;
    case VARINT:
        v.number = cursor_mqtt_varint(c);
        break;
    case TEXT:
        v.text = read_text(c);
        break;
    case BINARY:
        v.text = cursor_text16(c);
        break;
    case PAIR:
        (void)read_text(c);
        v.text = read_text(c);
        break;
    case NONE:
        c->failed = true;
    }
    return v;
}

/* What the standard says about values, and what is kept of them. */
static enum status
take_value(unsigned id, const struct value *v, enum mqtt_property_place place,
           struct mqtt_properties *out)
{
    switch (id) {
    case MQTT_PAYLOAD_FORMAT: /* 3.3.2.3.2 */
    case MQTT_REQUEST_RESPONSE_INFO: /* 3.1.2.11.6 */
        return v->number <= 1 ? ST_OK : ST_PROTOCOL;
    case MQTT_REQUEST_PROBLEM_INFO: /* 3.1.2.11.7 */
        out->problem_info = v->number != 0;
        return v->number <= 1 ? ST_OK : ST_PROTOCOL;
    case MQTT_RESPONSE_TOPIC: /* 3.3.2.3.5 */
        return mqtt_topic_is_valid(v->text) ? ST_OK : ST_PROTOCOL;
    case MQTT_SUBSCRIPTION_ID: /* [MQTT-3.3.4-6], 3.8.2.1.2 */
        return place == MQTT_IN_SUBSCRIBE && v->number > 0 ? ST_OK : ST_PROTOCOL;
    case MQTT_SESSION_EXPIRY:
        out->session_expiry_s = v->number;
        return ST_OK;
    case MQTT_AUTH_METHOD:
        out->has_auth_method = true;
        return ST_OK;
    case MQTT_RECEIVE_MAX: /* 3.1.2.11.3 */
        out->receive_max = (uint16_t)v->number;
        return v->number > 0 ? ST_OK : ST_PROTOCOL;
    case MQTT_TOPIC_ALIAS_MAX:
        out->topic_alias_max = (uint16_t)v->number;
        return ST_OK;
    case MQTT_TOPIC_ALIAS: /* 3.3.2.3.4 */
        out->has_topic_alias = true;
        return v->number > 0 ? ST_OK : ST_TOPIC_ALIAS;
    case MQTT_PACKET_MAX: /* 3.1.2.11.4 */
        out->packet_max = v->number;
        return v->number > 0 ? ST_OK : ST_PROTOCOL;
    case MQTT_USER_PROPERTY:
        return ++out->user_property_count <= MQTT_USER_PROPERTIES_MAX ? ST_OK : ST_TOO_LARGE;
    default:
        return ST_OK;
    }
}

static enum status
read_property(struct cursor *c, enum mqtt_property_place place, uint64_t *seen,
              struct mqtt_properties *out)
{
    uint32_t id = cursor_mqtt_varint(c);
    struct value v;

    if (id >= sizeof table / sizeof table[0] || (table[id].places & place) == 0)
        return ST_FRAMING;
    v = read_value(c, (enum value_type)table[id].type);
    if (!cursor_ok(c))
        return ST_FRAMING;
    if (id != MQTT_USER_PROPERTY && (*seen & UINT64_C(1) << id) != 0)
        return ST_PROTOCOL;
    *seen |= UINT64_C(1) << id;
    return take_value(id, &v, place, out);
}

enum status
mqtt_property_read(struct cursor *c, enum mqtt_property_place place, struct mqtt_properties *out)
{
    uint32_t size = cursor_mqtt_varint(c);
    struct cursor block = cursor_over(cursor_bytes(c, size));
    uint64_t seen = 0;
    enum status st;

    *out = (struct mqtt_properties){
        .packet_max = UINT32_MAX,
        .receive_max = UINT16_MAX,
        .problem_info = true,
    };
    if (!cursor_ok(c))
        return ST_FRAMING;
    while (cursor_left(&block) > 0)
        if ((st = read_property(&block, place, &seen, out)) != ST_OK)
            return st;
    /* MQTT 5, 3.1.2.11.10: data without a method. */
    if ((seen & UINT64_C(1) << MQTT_AUTH_DATA) != 0 && !out->has_auth_method)
        return ST_PROTOCOL;
    return ST_OK;
}

bool
mqtt_topic_is_valid(struct span topic)
{
    return topic.size > 0 && span_is_plain_utf8(topic) && memchr(topic.at, '+', topic.size) == NULL
           && memchr(topic.at, '#', topic.size) == NULL;
}
