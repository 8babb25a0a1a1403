/* MQTT 3.1.1 and 5, sections 3.1 and 3.3, client side. */
#include "tests/support/mqtt_bytes.h"

#include <assert.h>

static uint8_t packet[1 << 21];
static uint8_t body[1 << 21];

static uint8_t *
put_text(uint8_t *at, const char *text)
{
    size_t size = strlen(text);

    *at++ = (uint8_t)(size >> 8);
    *at++ = (uint8_t)size;
    memcpy(at, text, size);
    return at + size;
}

struct span
mqtt_bytes_packet(uint8_t first, struct span b)
{
    uint8_t *at = packet;
    size_t left = b.size;

    *at++ = first;
    do {
        *at++ = (uint8_t)((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
        left >>= 7;
    } while (left > 0);
    assert(b.size < sizeof packet - 5);
    if (b.size > 0)
        memmove(at, b.at, b.size);
    return span_of(packet, (size_t)(at - packet) + b.size);
}

struct span
mqtt_bytes_connect(uint8_t level, const char *client_id, const char *user, const char *password,
                   uint16_t keep_alive_s)
{
    uint8_t *at = put_text(body, "MQTT");

    *at++ = level;
    *at++ = (uint8_t)(0x02 | (user != NULL ? 0x80 : 0) | (password != NULL ? 0x40 : 0));
    *at++ = (uint8_t)(keep_alive_s >> 8);
    *at++ = (uint8_t)keep_alive_s;
    if (level == 5)
        *at++ = 0;
    at = put_text(at, client_id);
    if (user != NULL)
        at = put_text(at, user);
    if (password != NULL)
        at = put_text(at, password);
    return mqtt_bytes_packet(0x10, span_of(body, (size_t)(at - body)));
}

struct span
mqtt_bytes_publish(uint8_t level, uint8_t qos, uint16_t packet_id, const char *topic,
                   const char *payload)
{
    uint8_t *at = put_text(body, topic);
    size_t size = strlen(payload);

    if (qos > 0) {
        *at++ = (uint8_t)(packet_id >> 8);
        *at++ = (uint8_t)packet_id;
    }
    if (level == 5)
        *at++ = 0;
    memcpy(at, payload, size);
    at += size;
    return mqtt_bytes_packet((uint8_t)(0x30 | qos << 1), span_of(body, (size_t)(at - body)));
}
