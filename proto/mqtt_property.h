/* The property block of MQTT 5 packets (section 2.2.2): every property's type is checked, the few
 * that a publish-only server acts on are kept. Pure; spans live as long as the packet. */
#ifndef METERD_PROTO_MQTT_PROPERTY_H
#define METERD_PROTO_MQTT_PROPERTY_H

#include "proto/span.h"
#include "proto/status.h"

#define MQTT_USER_PROPERTIES_MAX 64 /* in one block */

/* Identifiers, MQTT 5 table 2-4. */
enum mqtt_property_id {
    MQTT_PAYLOAD_FORMAT = 0x01,
    MQTT_MESSAGE_EXPIRY = 0x02,
    MQTT_CONTENT_TYPE = 0x03,
    MQTT_RESPONSE_TOPIC = 0x08,
    MQTT_CORRELATION_DATA = 0x09,
    MQTT_SUBSCRIPTION_ID = 0x0B,
    MQTT_SESSION_EXPIRY = 0x11,
    MQTT_ASSIGNED_CLIENT_ID = 0x12,
    MQTT_SERVER_KEEP_ALIVE = 0x13,
    MQTT_AUTH_METHOD = 0x15,
    MQTT_AUTH_DATA = 0x16,
    MQTT_REQUEST_PROBLEM_INFO = 0x17,
    MQTT_WILL_DELAY = 0x18,
    MQTT_REQUEST_RESPONSE_INFO = 0x19,
    MQTT_RESPONSE_INFO = 0x1A,
    MQTT_SERVER_REFERENCE = 0x1C,
    MQTT_REASON_STRING = 0x1F,
    MQTT_RECEIVE_MAX = 0x21,
    MQTT_TOPIC_ALIAS_MAX = 0x22,
    MQTT_TOPIC_ALIAS = 0x23,
    MQTT_MAX_QOS = 0x24,
    MQTT_RETAIN_AVAILABLE = 0x25,
    MQTT_USER_PROPERTY = 0x26,
    MQTT_PACKET_MAX = 0x27,
    MQTT_WILDCARD_AVAILABLE = 0x28,
    MQTT_SUBSCRIPTION_ID_AVAILABLE = 0x29,
    MQTT_SHARED_AVAILABLE = 0x2A
};

/* Where a block stands: which properties it may have. The bits are this module's own. */
enum mqtt_property_place {
    MQTT_IN_CONNECT = 1,
    MQTT_IN_WILL = 2,
    MQTT_IN_PUBLISH = 4,
    MQTT_IN_ACK = 8, /* PUBACK, PUBREC, PUBREL, PUBCOMP */
    MQTT_IN_SUBSCRIBE = 16,
    MQTT_IN_UNSUBSCRIBE = 32,
    MQTT_IN_DISCONNECT = 64,
    MQTT_IN_AUTH = 128
};

/* What is kept, with the standard's value for a property that is absent. */
struct mqtt_properties {
    uint32_t session_expiry_s; /* 0 */
    uint32_t packet_max;       /* bytes; UINT32_MAX: no limit */
    uint16_t receive_max;      /* 65535 */
    uint16_t topic_alias_max;  /* 0 */
    bool problem_info;         /* true: reason strings may go with any packet */
    bool has_auth_method;
    bool has_topic_alias;
    uint32_t user_property_count;
};

/* Reads the length and the properties at the cursor, which ends behind them.
 * ST_FRAMING: the bytes do not fit, an identifier that does not exist or has no place here
 *   (MQTT 5, 2.2.2.2).
 * ST_PROTOCOL: a property twice, or a value the standard calls a protocol error.
 * ST_TOPIC_ALIAS: topic alias 0, which is never allowed (3.3.2.3.4).
 * ST_TOO_LARGE: more than MQTT_USER_PROPERTIES_MAX user properties. */
enum status mqtt_property_read(struct cursor *c, enum mqtt_property_place place,
                               struct mqtt_properties *out) MUST_USE;

/* The topic of a message: plain UTF-8, at least one byte, no wildcards (MQTT 5, 4.7). Control
 * characters are refused, as 1.5.4 allows. */
bool mqtt_topic_is_valid(struct span topic) MUST_USE;

#endif
