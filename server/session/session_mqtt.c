/* MQTT 3.1.1 and 5, publish only (contract 2): packets to messages, and their answers. A packet
 * that has to wait is simply not used up: it is decoded again when there is room. */
#include "server/session/session_parts.h"

#include <assert.h>
#include <stdio.h>

#include "proto/mqtt_decode.h"
#include "proto/mqtt_encode.h"
#include "server/base/bounds.h"
#include "server/base/config.h"
#include "server/base/counter.h"
#include "server/base/directory.h"
#include "server/base/table.h"

#define TOPIC_READINGS "meterd/v1/readings"
#define CONNECT_MS_MAX 10000
#define PACKET_NEED_MIN 2 /* the smallest packet there is */

void
mqtt_open(struct session *s)
{
    s->mqtt.need = PACKET_NEED_MIN;
    s->mqtt.client_packet_max = UINT32_MAX;
}

static void
forget_client(struct session *s)
{
    if (s->mqtt.client != 0 && table_get_pointer(s->all->clients, s->mqtt.client) == s)
        (void)table_remove(s->all->clients, s->mqtt.client);
    s->mqtt.client = 0;
}

void
mqtt_close(struct session *s)
{
    forget_client(s);
}

/* --- the end ------------------------------------------------------------------------------------ */

static void
put_connack(struct session *s, const struct mqtt_connack *ack)
{
    uint8_t out[MQTT_REPLY_SIZE_MAX];

    session_put(s, span_of(out, mqtt_encode_connack(ack, out, sizeof out)));
}

void
mqtt_disconnect(struct session *s, enum status why)
{
    uint8_t out[MQTT_REPLY_SIZE_MAX];
    size_t size;

    if (s->state == SESSION_ENDING)
        return;
    if (s->mqtt.level == MQTT_V5 && s->state != SESSION_GREETING) {
        size = mqtt_encode_disconnect(status_mqtt_reason(why), span_of(NULL, 0),
                                      s->mqtt.client_packet_max, out, sizeof out);
        session_put(s, span_of(out, size));
    }
    forget_client(s);
    session_abandon(s);
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

/* --- CONNECT ------------------------------------------------------------------------------------ */

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

    if (s->all->directory == NULL || s->all->log == NULL || s->all->is_draining)
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

static enum status
take_connect(struct session *s, const struct mqtt_frame *f)
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

/* --- PUBLISH ------------------------------------------------------------------------------------ */

static bool
is_in_flight(const struct session *s, uint16_t packet_id)
{
    /* At most MESSAGES_IN_FLIGHT_MAX, and nearly always one or two. */
    for (const struct reply *r = s->first; r != NULL; r = r->next)
        if (r->qos > 0 && r->packet_id == packet_id)
            return true;
    return false;
}

static enum status
store(struct session *s, const struct mqtt_publish *p, bool is_stable, struct reply *r)
{
    struct sessions *all = s->all;
    struct message m = {
        .enterprise = s->who.enterprise,
        .gateway = s->who.gateway,
        .received_at_ms = all->wall_ms,
        .now_ms = all->now_ms,
        .payload = p->payload,
        .is_stable = is_stable,
        .waiter = &r->waiter,
    };
    char detail[96];
    enum status st = ST_BAD_TOPIC;

    r->detail = "topic is unknown";
    if (span_is(p->topic, TOPIC_READINGS)) {
        st = intake_take_json(all->intake, &m);
        if (st != ST_MALFORMED)
            return st;
        r->detail = intake_error(all->intake).text;
        (void)snprintf(detail, sizeof detail, "%s (at byte %zu)", r->detail,
                       intake_error(all->intake).offset);
    } else {
        (void)snprintf(detail, sizeof detail, "topic %.*s",
                       (int)(p->topic.size < 80 ? p->topic.size : 80), (const char *)p->topic.at);
    }
    r->reason = status_mqtt_reason(st);
    return intake_refuse(all->intake, &m, st, detail);
}

static enum status
take_publish(struct session *s, const struct mqtt_frame *f, bool is_stable)
{
    struct mqtt_publish p;
    struct reply *r;
    enum status st = mqtt_decode_publish(f, s->mqtt.level, &p);

    if (st != ST_OK)
        return st;
    if (p.qos == 2)
        return ST_QOS;
    if (s->taking == NULL && p.qos > 0 && s->in_flight > 0) {
        /* The peer has sent it again, or has lost count: the first one's answer is the answer. */
        if (is_in_flight(s, p.packet_id))
            return p.dup ? ST_OK : ST_PROTOCOL;
        if (s->mqtt.level == MQTT_V5 && s->in_flight >= MESSAGES_IN_FLIGHT_MAX)
            return ST_RECEIVE_MAX;
    }
    if (!sessions_can_store(s->all)) {
        session_stall(s, STALL_LOG);
        return ST_BUSY;
    }
    r = reply_begin(s);
    if (r == NULL)
        return ST_BUSY;
    r->packet_id = p.packet_id;
    r->qos = p.qos;
    st = store(s, &p, is_stable, r);
    if (st == ST_BUSY) {
        session_stall(s, STALL_LOG);
        return st;
    }
    counter_add(COUNT_mqtt_publishes, 1);
    reply_commit(s);
    return ST_OK;
}

void
mqtt_answer(struct session *s, struct reply *r)
{
    uint8_t out[MQTT_REPLY_SIZE_MAX];
    char receipt[48];
    struct mqtt_reply p = {
        .type = MQTT_PUBACK,
        .level = s->mqtt.level,
        .reason = r->reason,
        .packet_id = r->packet_id,
        .client_packet_max = s->mqtt.client_packet_max,
    };

    if (s->state == SESSION_ENDING && s->is_reset)
        return;
    if (r->waiter.status != ST_OK) { /* Not known to be stored: the gateway keeps it. */
        mqtt_disconnect(s, ST_UNAVAILABLE);
        return;
    }
    if (r->qos == 0)
        return;
    if (s->mqtt.level == MQTT_V5 && s->mqtt.problem_info) {
        if (r->reason != 0)
            p.reason_string = span_text(r->detail);
        if (r->waiter.offset_count > 0) {
            int size = snprintf(receipt, sizeof receipt, "%u:%lld", r->waiter.partition,
                                (long long)r->waiter.offsets[r->waiter.offset_count - 1]);

            p.receipt = span_of(receipt, (size_t)size);
        }
    }
    session_put(s, span_of(out, mqtt_encode_reply(&p, out, sizeof out)));
}

/* --- other packets ------------------------------------------------------------------------------ */

static enum status
take_filters(struct session *s, const struct mqtt_frame *f)
{
    uint8_t out[MQTT_REPLY_SIZE_MAX];
    struct mqtt_filters filters;
    bool is_subscribe = f->type == MQTT_SUBSCRIBE;
    size_t size;
    enum status st = is_subscribe ? mqtt_decode_subscribe(f, s->mqtt.level, &filters)
                                  : mqtt_decode_unsubscribe(f, s->mqtt.level, &filters);

    if (st != ST_OK)
        return st;
    if (is_subscribe)
        size = mqtt_encode_suback(s->mqtt.level, filters.packet_id, filters.count, out,
                                  sizeof out);
    else
        size = mqtt_encode_unsuback(s->mqtt.level, filters.packet_id, filters.count, out,
                                    sizeof out);
    session_put(s, span_of(out, size));
    return ST_OK;
}

static enum status
take_small(struct session *s, const struct mqtt_frame *f)
{
    uint8_t out[MQTT_REPLY_SIZE_MAX];
    uint8_t reason;
    enum status st;

    switch (f->type) {
    case MQTT_SUBSCRIBE:
    case MQTT_UNSUBSCRIBE:
        return take_filters(s, f);
    case MQTT_PINGREQ:
        st = mqtt_decode_pingreq(f);
        if (st == ST_OK)
            session_put(s, span_of(out, mqtt_encode_pingresp(out, sizeof out)));
        return st;
    case MQTT_DISCONNECT:
        st = mqtt_decode_disconnect(f, s->mqtt.level, &reason);
        if (st == ST_OK)
            session_end(s);
        return st;
    default:
        return ST_PROTOCOL; /* A second CONNECT, AUTH, acknowledgements of what was never sent. */
    }
}

static enum status
take_packet(struct session *s, const struct mqtt_frame *f, bool is_stable)
{
    if (s->state == SESSION_GREETING)
        return f->type == MQTT_CONNECT ? take_connect(s, f) : ST_PROTOCOL;
    if (f->type == MQTT_PUBLISH)
        return take_publish(s, f, is_stable);
    return take_small(s, f);
}

static void
fail(struct session *s, enum status why)
{
    counter_add(COUNT_framing_errors, 1);
    mqtt_disconnect(s, why);
}

size_t
mqtt_take(struct session *s, struct span bytes, bool is_stable)
{
    size_t used = 0;

    while (session_is_taking(s) && bytes.size - used >= s->mqtt.need) {
        struct span rest = span_of(bytes.at + used, bytes.size - used);
        size_t packet_max = s->state == SESSION_GREETING
                                ? MQTT_CONNECT_SIZE_MAX
                                : s->all->o.config->mqtt.packet_max_bytes;
        struct mqtt_frame f;
        enum status st = mqtt_packet_frame(rest, packet_max, &f);

        if (s->state == SESSION_OPEN && s->unsent + s->out.size > UNSENT_PAUSE_BYTES) {
            session_stall(s, STALL_UNSENT);
            break;
        }
        if (st == ST_AGAIN && s->state == SESSION_GREETING && f.type != MQTT_CONNECT)
            st = ST_PROTOCOL;
        if (st == ST_AGAIN) {
            s->mqtt.need = (uint32_t)f.need;
            break;
        }
        if (st == ST_OK) {
            s->mqtt.need = PACKET_NEED_MIN;
            s->since_ms = s->all->now_ms;
            st = take_packet(s, &f, is_stable);
        }
        if (st == ST_BUSY)
            break;
        if (st != ST_OK) {
            fail(s, st);
            break;
        }
        counter_add(COUNT_mqtt_packets, 1);
        used += f.size;
    }
    return used;
}

/* --- deadlines ---------------------------------------------------------------------------------- */

int64_t
mqtt_due_ms(const struct session *s)
{
    if (s->state == SESSION_GREETING)
        return s->since_ms + CONNECT_MS_MAX;
    /* A packet that comes slowly must come at 1 KiB/s. */
    return s->since_ms + s->mqtt.keep_alive_ms + (int64_t)s->in.size * 1000 / 1024;
}

void
mqtt_deadline(struct session *s)
{
    mqtt_disconnect(s, ST_TIMEOUT);
}
