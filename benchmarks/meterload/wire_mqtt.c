/* MQTT 5 as a client that only publishes (MQTT 5 sections 3.1 to 3.4, 3.12, 3.14). Version 5 because
 * its PUBACK carries a reason and meterd's receipt. */
#include <stdio.h>
#include <string.h>

#include "benchmarks/meterload/wire.h"

#define TOPIC "meterd/v1/readings"
#define KEEP_ALIVE_S 60

enum { CONNACK = 2, PUBACK = 4, PINGRESP = 13, DISCONNECT = 14 };
enum { PROPERTY_REASON_STRING = 0x1F, PROPERTY_RECEIVE_MAXIMUM = 0x21, PROPERTY_USER = 0x26 };

static void
add_u16(struct bytes *out, size_t value)
{
    uint8_t two[2] = {(uint8_t)(value >> 8), (uint8_t)value};

    bytes_add(out, two, sizeof two);
}

static void
add_text(struct bytes *out, const char *text)
{
    add_u16(out, strlen(text));
    bytes_add_text(out, text);
}

/* Variable byte integer (1.5.5). */
static void
add_length(struct bytes *out, size_t length)
{
    do {
        uint8_t byte = (uint8_t)(length & 127) | (length > 127 ? 128 : 0);

        bytes_add(out, &byte, 1);
        length >>= 7;
    } while (length > 0);
}

void
mqtt_write_connect(struct bytes *out, const char *client_id, const char *user,
                   const char *password)
{
    /* Name, level 5, flags: user name, password, clean start; keep alive; no properties. */
    static const uint8_t fixed[] = {0, 4, 'M', 'Q', 'T', 'T', 5, 0xC2, 0, KEEP_ALIVE_S, 0};

    bytes_add(out, "\x10", 1);
    add_length(out, sizeof fixed + 6 + strlen(client_id) + strlen(user) + strlen(password));
    bytes_add(out, fixed, sizeof fixed);
    add_text(out, client_id);
    add_text(out, user);
    add_text(out, password);
}

void
mqtt_write_publish(struct bytes *out, uint16_t packet_id, struct span payload)
{
    bytes_add(out, "\x32", 1); /* QoS 1 */
    add_length(out, 2 + strlen(TOPIC) + 2 + 1 + payload.size);
    add_text(out, TOPIC);
    add_u16(out, packet_id);
    bytes_add(out, "", 1); /* no properties */
    bytes_add(out, payload.at, payload.size);
}

void
mqtt_write_ping(struct bytes *out)
{
    bytes_add(out, "\xC0\x00", 2);
}

void
mqtt_write_disconnect(struct bytes *out)
{
    bytes_add(out, "\xE0\x00", 2);
}

/* Size of a property's value of a server's packet; the identifiers of 2.2.2.2. */
static size_t
property_size(uint8_t identifier, const struct cursor *c)
{
    size_t text = cursor_left(c) < 2 ? 0 : (size_t)c->at[0] << 8 | c->at[1];
    struct cursor second;

    switch (identifier) {
    case 0x24: /* maximum QoS */
    case 0x25: /* retain available */
    case 0x28:
    case 0x29:
    case 0x2A:
        return 1;
    case 0x13: /* server keep alive */
    case PROPERTY_RECEIVE_MAXIMUM:
    case 0x22: /* topic alias maximum */
        return 2;
    case 0x11: /* session expiry */
    case 0x27: /* maximum packet size */
        return 4;
    case PROPERTY_USER:
        second = *c;
        (void)cursor_bytes(&second, text + 2);
        return text + 2 + cursor_text16(&second).size + 2;
    default: /* a text */
        return text + 2;
    }
}

static void
copy_text(struct span text, char *out, size_t size)
{
    size_t taken = text.size < size - 1 ? text.size : size - 1;

    memcpy(out, text.at, taken);
    out[taken] = '\0';
}

static void
read_properties(struct cursor *c, struct answer *out)
{
    uint8_t length = cursor_left(c) == 0 ? 0 : cursor_u8(c);
    size_t size = length & 127;
    struct cursor p;

    if (length > 127)
        size |= (size_t)cursor_u8(c) << 7; /* two bytes are enough for what meterd sends */
    p = cursor_over(cursor_bytes(c, size));
    while (cursor_left(&p) > 0) {
        uint8_t identifier = cursor_u8(&p);
        struct cursor value = cursor_over(cursor_bytes(&p, property_size(identifier, &p)));

        if (identifier == PROPERTY_RECEIVE_MAXIMUM)
            out->in_flight = cursor_u16(&value);
        if (identifier == PROPERTY_REASON_STRING)
            copy_text(cursor_text16(&value), out->why, sizeof out->why);
        if (identifier == PROPERTY_USER && span_is(cursor_text16(&value), "receipt"))
            copy_text(cursor_text16(&value), out->receipts, sizeof out->receipts);
    }
}

/* 0x88 server unavailable, 0x89 busy, 0x8B shutting down, 0x97 over quota, 0x9F rate. */
static bool
is_for_later(unsigned reason)
{
    return reason == 0x80 || reason == 0x83 || reason == 0x88 || reason == 0x89 ||
           reason == 0x8B || reason == 0x97 || reason == 0x9F;
}

static void
judge(struct answer *out, enum answer_kind when_good)
{
    char why[160];

    if (out->code < 0x80) {
        out->kind = when_good;
        return;
    }
    out->kind = is_for_later(out->code) ? ANSWER_LATER : ANSWER_REFUSED;
    out->wait_ms = 500;
    snprintf(why, sizeof why, "%.150s", out->why);
    snprintf(out->why, sizeof out->why, "MQTT reason 0x%02x %s", out->code, why);
}

static void
read_packet(unsigned type, struct cursor *c, struct answer *out)
{
    switch (type) {
    case CONNACK:
        (void)cursor_u8(c); /* session present */
        out->code = cursor_u8(c);
        read_properties(c, out);
        judge(out, ANSWER_READY);
        out->is_last = out->code != 0;
        break;
    case PUBACK:
        out->packet_id = cursor_u16(c);
        out->code = cursor_left(c) > 0 ? cursor_u8(c) : 0;
        read_properties(c, out);
        judge(out, ANSWER_STORED);
        break;
    case DISCONNECT:
        out->code = cursor_left(c) > 0 ? cursor_u8(c) : 0;
        read_properties(c, out);
        out->is_last = true;
        break;
    default: /* PINGRESP */
        break;
    }
}

ptrdiff_t
mqtt_read_answer(struct span in, struct answer *out)
{
    size_t length = 0, head = 1;
    struct cursor body;

    *out = (struct answer){0};
    for (;; head++) {
        if (head >= in.size)
            return 0;
        if (head > 4)
            return -1;
        length |= (size_t)(in.at[head] & 127) << (7 * (head - 1));
        if (in.at[head] < 128)
            break;
    }
    head++;
    if (in.size - head < length)
        return 0;
    body = cursor_over(span_of(in.at + head, length));
    read_packet(in.at[0] >> 4, &body, out);
    return body.failed ? -1 : (ptrdiff_t)(head + length);
}
