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

#define TOPIC_READINGS "meterd/v1/readings"
#define CONNECT_MS_MAX 10000
#define PACKET_NEED_MIN 2 /* the smallest packet there is */

void
mqtt_open(struct session *s)
{
    s->mqtt.need = PACKET_NEED_MIN;
    s->mqtt.client_packet_max = UINT32_MAX;
}

void
mqtt_close(struct session *s)
{
    mqtt_forget_client(s);
}

/* --- the end ---------------------------------------------------------------------------------- */

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
    mqtt_forget_client(s);
    session_abandon(s);
}

/* --- PUBLISH ---------------------------------------------------------------------------------- */

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

/* --- other packets ---------------------------------------------------------------------------- */

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
        return f->type == MQTT_CONNECT ? mqtt_take_connect(s, f) : ST_PROTOCOL;
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

/* --- deadlines -------------------------------------------------------------------------------- */

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
