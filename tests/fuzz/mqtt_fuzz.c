/* A stream of packets: the first byte says the version, the rest is framed and decoded packet by
 * packet. A packet has one size, however its bytes come; bodies are copied to memory of their own
 * size, so that a sanitizer sees a byte read too far. */
#include "proto/mqtt_decode.h"

#include <assert.h>
#include <stdlib.h>

#define PACKET_MAX 65536

static void
decode_body(const struct mqtt_frame *f, uint8_t level)
{
    struct mqtt_connect connect;
    struct mqtt_publish publish;
    struct mqtt_ack ack;
    struct mqtt_filters filters;
    uint8_t reason;

    switch (f->type) {
    case MQTT_CONNECT:
        if (mqtt_decode_connect(f, &connect) == ST_OK) {
            assert(connect.level == MQTT_V4 || connect.level == MQTT_V5);
            assert(span_is_plain_utf8(connect.client_id) && connect.properties.receive_max > 0);
        }
        break;
    case MQTT_PUBLISH:
        if (mqtt_decode_publish(f, level, &publish) == ST_OK) {
            assert(publish.qos <= 2 && (publish.packet_id != 0) == (publish.qos > 0));
            assert(publish.topic.size > 0 && mqtt_topic_is_valid(publish.topic));
            assert(publish.payload.at + publish.payload.size == f->body.at + f->body.size);
        }
        break;
    case MQTT_SUBSCRIBE:
        if (mqtt_decode_subscribe(f, level, &filters) == ST_OK)
            assert(filters.count > 0 && filters.count <= MQTT_FILTERS_MAX);
        break;
    case MQTT_UNSUBSCRIBE:
        if (mqtt_decode_unsubscribe(f, level, &filters) == ST_OK)
            assert(filters.count > 0 && filters.packet_id != 0);
        break;
    case MQTT_PINGREQ:
        assert((mqtt_decode_pingreq(f) == ST_OK) == (f->body.size == 0));
        break;
    case MQTT_DISCONNECT:
        (void)!mqtt_decode_disconnect(f, level, &reason);
        break;
    case MQTT_AUTH:
        (void)!mqtt_decode_auth(f, level, &reason);
        break;
    default:
        if (mqtt_decode_ack(f, level, &ack) == ST_OK)
            assert(ack.packet_id != 0);
    }
}

static void
check_prefixes(struct span packet, size_t size)
{
    struct mqtt_frame f;

    for (size_t n = 0; n < size; n += n < 8 ? 1 : size / 8) {
        assert(mqtt_packet_frame(span_of(packet.at, n), PACKET_MAX, &f) == ST_AGAIN);
        assert(f.need > n && f.need <= size);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest;
    struct mqtt_frame f;
    uint8_t level;

    if (size == 0)
        return 0;
    level = (data[0] & 1) == 0 ? MQTT_V4 : MQTT_V5;
    rest = span_of(data + 1, size - 1);
    while (mqtt_packet_frame(rest, PACKET_MAX, &f) == ST_OK) {
        uint8_t *body = malloc(f.body.size + (f.body.size == 0));

        assert(body != NULL && f.size <= rest.size && f.size <= PACKET_MAX);
        check_prefixes(rest, f.size);
        memcpy(body, f.body.at, f.body.size);
        f.body = span_of(body, f.body.size);
        decode_body(&f, level);
        free(body);
        rest = span_of(rest.at + f.size, rest.size - f.size);
    }
    return 0;
}
