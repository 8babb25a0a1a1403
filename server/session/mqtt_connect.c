/* MQTT's CONNECT: who is it, may it come in, and who has to give way to it (contract 2). */
#include "server/session/session_parts.h"

#include <stdio.h>

#include "proto/mqtt_decode.h"
#include "proto/mqtt_encode.h"
#include "server/base/bounds.h"
#include "server/base/config.h"
#include "server/base/counter.h"
#include "server/base/table.h"

void
mqtt_forget_client(struct session *s)
{
    if (s->mqtt.client != 0 && table_get_pointer(s->all->clients, s->mqtt.client) == s)
        (void)table_remove(s->all->clients, s->mqtt.client);
    s->mqtt.client = 0;
}

static void
put_connack(struct session *s, const struct mqtt_connack *ack)
{
    uint8_t out[MQTT_REPLY_SIZE_MAX];

    session_put(s, span_of(out, mqtt_encode_connack(ack, out, sizeof out)));
}

/* A CONNECT that is not granted. */
static void
refuse_connect(struct session *s, uint8_t level, enum status why)
{
    struct mqtt_connack ack = {.level = level == MQTT_V5 ? MQTT_V5 : MQTT_V4};

    ack.reason = level == MQTT_V5 ? status_mqtt_reason(why) : mqtt_return_code(why);
    if (why == ST_MQTT_VERSION && level > MQTT_V5) { /* It must be 5 or newer to be told so. */
        ack.level = MQTT_V5;
        ack.reason = status_mqtt_reason(why);
    }
    put_connack(s, &ack);
    session_abandon(s);
}

static void
close_older(struct sessions *all, uint64_t client, uint64_t number)
{
    struct session *old = table_get_pointer(all->clients, client);

    if (old == NULL || old->mqtt.number >= number)
        return;
    counter_add(COUNT_sessions_taken_over, 1);
    mqtt_disconnect(old, ST_TAKEN_OVER);
    all->o.changed(old->connection);
}

void
mqtt_take_over(struct sessions *all, const struct takeover *t)
{
    close_older(all, t->client, t->number);
}

/* ST_UNAVAILABLE: another loop is too far behind to be told. */
static enum status
take_client_id(struct session *s, struct span client_id)
{
    struct sessions *all = s->all;
    struct takeover t = {
        .client = table_hash_bytes(client_id.at, client_id.size, s->who.gateway) | 1,
        .number = takeover_number(all->o.shared->takeovers),
    };

    if (client_id.size == 0)
        return ST_OK; /* It is given one that is its own. */
    if (!takeover_announce(all->o.shared->takeovers, all->o.loop, &t))
        return ST_UNAVAILABLE;
    close_older(all, t.client, t.number);
    s->mqtt.client = t.client;
    s->mqtt.number = t.number;
    return table_put_pointer(all->clients, t.client, s) == ST_OK ? ST_OK : ST_UNAVAILABLE;
}

static enum status
admit(struct session *s, const struct mqtt_connect *c)
{
    enum status st;

    if (s->all->directory == NULL || s->all->batcher == NULL || s->all->is_draining)
        return ST_UNAVAILABLE;
    st = auth_mqtt(s->all->auth, s->all->directory, c->user_name, c->password, &s->who);
    if (st != ST_OK) {
        counter_add(COUNT_auth_refused, 1);
        s->who = (struct identity){0};
        return st;
    }
    return take_client_id(s, c->client_id);
}

static void
grant(struct session *s, const struct mqtt_connect *c)
{
    char assigned[48];
    uint32_t keep_alive_s = c->keep_alive_s;
    struct mqtt_connack ack = {
        .level = c->level,
        .qos_max = 1,
        .receive_max = MESSAGES_IN_FLIGHT_MAX,
        .packet_max = (uint32_t)s->all->o.config->mqtt.packet_max_bytes,
        .session_ends_with_connection = c->properties.session_expiry_s != 0,
        .client_packet_max = c->properties.packet_max,
    };

    if (keep_alive_s == 0 || keep_alive_s > KEEP_ALIVE_S_MAX) {
        keep_alive_s = KEEP_ALIVE_S_MAX;
        ack.server_keep_alive_s = KEEP_ALIVE_S_MAX;
    }
    if (c->client_id.size == 0) {
        int size = snprintf(assigned, sizeof assigned, "meterd-%u-%llu", s->all->o.loop,
                            (unsigned long long)takeover_number(s->all->o.shared->takeovers));

        ack.assigned_client_id = span_of(assigned, (size_t)size);
    }
    s->mqtt.level = c->level;
    s->mqtt.problem_info = c->properties.problem_info;
    s->mqtt.client_packet_max = c->properties.packet_max;
    s->mqtt.keep_alive_ms = keep_alive_s * 1500;
    session_move(s, SESSION_OPEN);
    put_connack(s, &ack);
}

enum status
mqtt_take_connect(struct session *s, const struct mqtt_frame *f)
{
    struct mqtt_connect c = {0};
    enum status st = mqtt_decode_connect(f, &c);

    if (st == ST_OK && c.properties.has_auth_method)
        st = ST_AUTH_METHOD;
    if (st == ST_FRAMING && c.level != MQTT_V5) {
        session_abandon(s); /* MQTT 3.1.1, 3.1.4: closed without a CONNACK. */
        return ST_OK;
    }
    if (st == ST_OK)
        st = admit(s, &c);
    if (st == ST_OK)
        grant(s, &c);
    else
        refuse_connect(s, c.level, st);
    return ST_OK;
}
