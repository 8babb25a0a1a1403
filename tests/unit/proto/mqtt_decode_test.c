/* Packets of gateways: the vectors, what they decode to, and what any cut or flipped bit does. */
#include <check.h>
#include <stdlib.h>

#include "proto/mqtt_decode.h"
#include "tests/support/vector_file.h"

#define MIB (1024 * 1024)

static enum status
decode_body(const struct mqtt_frame *f, uint8_t level)
{
    struct mqtt_connect connect;
    struct mqtt_publish publish;
    struct mqtt_ack ack;
    struct mqtt_filters filters;
    uint8_t reason;

    switch (f->type) {
    case MQTT_CONNECT:
        return mqtt_decode_connect(f, &connect);
    case MQTT_PUBLISH:
        return mqtt_decode_publish(f, level, &publish);
    case MQTT_PUBACK:
    case MQTT_PUBREC:
    case MQTT_PUBREL:
    case MQTT_PUBCOMP:
        return mqtt_decode_ack(f, level, &ack);
    case MQTT_SUBSCRIBE:
        return mqtt_decode_subscribe(f, level, &filters);
    case MQTT_UNSUBSCRIBE:
        return mqtt_decode_unsubscribe(f, level, &filters);
    case MQTT_PINGREQ:
        return mqtt_decode_pingreq(f);
    case MQTT_DISCONNECT:
        return mqtt_decode_disconnect(f, level, &reason);
    case MQTT_AUTH:
        return mqtt_decode_auth(f, level, &reason);
    default:
        return ST_PROTOCOL;
    }
}

/* Framing, then decoding; the packet must be all of the bytes. */
static enum status
judge(struct span packet, uint8_t level)
{
    struct mqtt_frame f;
    enum status st = mqtt_packet_frame(packet, MIB, &f);

    if (st != ST_OK)
        return st;
    ck_assert_uint_eq(f.size, packet.size);
    return decode_body(&f, level);
}

static void
check_file(const char *path, unsigned count_min)
{
    struct vector_file v;

    vector_file_open(&v, path);
    while (vector_file_next(&v, 4)) {
        struct span packet = vector_bytes(v.field[2]);
        enum status st = judge(packet, (uint8_t)strtoul(v.field[1], NULL, 10));

        ck_assert_msg(strcmp(vector_status_name(st), v.field[3]) == 0, "%s: %s: %s, not %s", path,
                      v.field[0], vector_status_name(st), v.field[3]);
        vector_free(packet);
    }
    ck_assert_uint_ge(v.count, count_min);
    vector_file_close(&v);
}

START_TEST(connect_vectors)
{
    check_file("tests/vectors/mqtt/connect.vec", 67);
}
END_TEST

START_TEST(publish_vectors)
{
    check_file("tests/vectors/mqtt/publish.vec", 37);
}
END_TEST

START_TEST(subscribe_vectors)
{
    check_file("tests/vectors/mqtt/subscribe.vec", 38);
}
END_TEST

START_TEST(other_vectors)
{
    check_file("tests/vectors/mqtt/other.vec", 66);
}
END_TEST

/* Every cut of a good packet, and every flipped bit: any answer, in bounds, and a cut packet is
 * never whole. The exact allocations let a sanitizer see a byte read too far. */
static void
disturb(struct span packet, uint8_t level)
{
    for (size_t size = 0; size < packet.size; size++) {
        uint8_t *cut = malloc(size + (size == 0));
        struct mqtt_frame f;

        memcpy(cut, packet.at, size);
        ck_assert_int_eq(mqtt_packet_frame(span_of(cut, size), MIB, &f), ST_AGAIN);
        if (size >= 2 && packet.size <= 127) {
            cut[1] = (uint8_t)(size - 2);
            (void)judge(span_of(cut, size), level);
        }
        free(cut);
    }
    for (size_t bit = 0; bit < packet.size * 8; bit++) {
        uint8_t *copy = malloc(packet.size);
        struct mqtt_frame f;

        memcpy(copy, packet.at, packet.size);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (mqtt_packet_frame(span_of(copy, packet.size), MIB, &f) == ST_OK)
            (void)decode_body(&f, level);
        free(copy);
    }
}

START_TEST(disturbed_packets_stay_in_bounds)
{
    static const char *const paths[] = {
        "tests/vectors/mqtt/connect.vec", "tests/vectors/mqtt/publish.vec",
        "tests/vectors/mqtt/subscribe.vec", "tests/vectors/mqtt/other.vec"};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct vector_file v;

        vector_file_open(&v, paths[i]);
        while (vector_file_next(&v, 4)) {
            struct span packet = vector_bytes(v.field[2]);

            if (strcmp(v.field[3], "OK") == 0)
                disturb(packet, (uint8_t)strtoul(v.field[1], NULL, 10));
            vector_free(packet);
        }
        vector_file_close(&v);
    }
}
END_TEST

/* mqtt_packets.tsv: file, packet, qos, dup, retain, packet_id, hex, note; see its LICENSE. All
 * decode but the one that is no MQTT. */
START_TEST(recorded_packets_decode)
{
    FILE *file = fopen("tests/vectors/mqtt/mqtt_packets.tsv", "r");
    char line[4096];
    unsigned count = 0;

    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
    while (fgets(line, sizeof line, file) != NULL) {
        char *rest = line;
        char *field[8] = {0};
        struct span packet;
        enum status wanted;

        for (unsigned i = 0; i < 8; i++)
            field[i] = strsep(&rest, "\t\n");
        packet = vector_bytes(field[6]);
        wanted = strstr(field[0], "mqtt.connect.140.raw") != NULL ? ST_FRAMING : ST_OK;
        ck_assert_msg(judge(packet, MQTT_V4) == wanted, "%s", field[0]);
        vector_free(packet);
        count++;
    }
    fclose(file);
    ck_assert_uint_eq(count, 79);
}
END_TEST

/* --- what packets decode to --- */

static struct mqtt_frame
framed(struct span packet)
{
    struct mqtt_frame f;

    ck_assert_int_eq(mqtt_packet_frame(packet, MIB, &f), ST_OK);
    return f;
}

START_TEST(connect_of_version_4_has_its_fields)
{
    struct span p = vector_bytes("10 1a 0004 4d515454 04 ee 003c 0001 67 0001 74 0001 6d"
                                 "0001 75 0002 7077");
    struct mqtt_frame f = framed(p);
    struct mqtt_connect c;

    ck_assert_int_eq(mqtt_decode_connect(&f, &c), ST_OK);
    ck_assert_uint_eq(c.level, 4);
    ck_assert_uint_eq(c.keep_alive_s, 60);
    ck_assert(c.clean_start && c.has_will && c.has_user_name && c.has_password);
    ck_assert(span_is(c.client_id, "g"));
    ck_assert(span_is(c.user_name, "u"));
    ck_assert(span_is(c.password, "pw"));
    ck_assert_uint_eq(c.properties.receive_max, 65535);
    ck_assert_uint_eq(c.properties.packet_max, UINT32_MAX);
    ck_assert(c.properties.problem_info);
    vector_free(p);
}
END_TEST

START_TEST(connect_of_version_5_has_its_properties)
{
    struct span p = vector_bytes("10 26 0004 4d515454 05 02 001e 16"
                                 "11 00000e10 21 000a 27 000003e8 22 0005 17 00 15 0001 6d"
                                 "0003 677731");
    struct mqtt_frame f = framed(p);
    struct mqtt_connect c;

    ck_assert_int_eq(mqtt_decode_connect(&f, &c), ST_OK);
    ck_assert_uint_eq(c.level, 5);
    ck_assert_uint_eq(c.properties.session_expiry_s, 3600);
    ck_assert_uint_eq(c.properties.receive_max, 10);
    ck_assert_uint_eq(c.properties.packet_max, 1000);
    ck_assert_uint_eq(c.properties.topic_alias_max, 5);
    ck_assert(!c.properties.problem_info);
    ck_assert(c.properties.has_auth_method);
    ck_assert(!c.has_user_name && !c.has_password && !c.has_will);
    ck_assert(span_is(c.client_id, "gw1"));
    vector_free(p);
}
END_TEST

START_TEST(an_unknown_version_tells_its_level)
{
    struct span p = vector_bytes("10 0f 0006 4d5149736470 03 02 003c 0001 67");
    struct mqtt_frame f = framed(p);
    struct mqtt_connect c;

    ck_assert_int_eq(mqtt_decode_connect(&f, &c), ST_MQTT_VERSION);
    ck_assert_uint_eq(c.level, 3);
    vector_free(p);
}
END_TEST

START_TEST(publish_has_its_fields)
{
    struct span p = vector_bytes("3d 0e 0003 612f62 1234 05 0200000009 78");
    struct mqtt_frame f = framed(p);
    struct mqtt_publish m;

    ck_assert_int_eq(mqtt_decode_publish(&f, MQTT_V5, &m), ST_OK);
    ck_assert(span_is(m.topic, "a/b"));
    ck_assert(span_is(m.payload, "x"));
    ck_assert_uint_eq(m.packet_id, 0x1234);
    ck_assert_uint_eq(m.qos, 2);
    ck_assert(m.dup && m.retain);
    vector_free(p);
}
END_TEST

START_TEST(filters_are_counted)
{
    struct span p = vector_bytes("82 0a 0007 0001 61 00 0001 62 01");
    struct mqtt_frame f = framed(p);
    struct mqtt_filters m;

    ck_assert_int_eq(mqtt_decode_subscribe(&f, MQTT_V4, &m), ST_OK);
    ck_assert_uint_eq(m.packet_id, 7);
    ck_assert_uint_eq(m.count, 2);
    vector_free(p);
}
END_TEST

START_TEST(acknowledgements_have_id_and_reason)
{
    struct span p = vector_bytes("62 03 0102 92");
    struct mqtt_frame f = framed(p);
    struct mqtt_ack m;
    uint8_t reason;

    ck_assert_int_eq(mqtt_decode_ack(&f, MQTT_V5, &m), ST_OK);
    ck_assert_uint_eq(m.packet_id, 0x0102);
    ck_assert_uint_eq(m.reason, 0x92);
    vector_free(p);
    p = vector_bytes("e0 01 04");
    f = framed(p);
    ck_assert_int_eq(mqtt_decode_disconnect(&f, MQTT_V5, &reason), ST_OK);
    ck_assert_uint_eq(reason, 4);
    vector_free(p);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("mqtt_decode");
    TCase *t = tcase_create("mqtt_decode");
    SRunner *r;
    int failed;

    tcase_set_timeout(t, 60);
    tcase_add_test(t, connect_vectors);
    tcase_add_test(t, publish_vectors);
    tcase_add_test(t, subscribe_vectors);
    tcase_add_test(t, other_vectors);
    tcase_add_test(t, disturbed_packets_stay_in_bounds);
    tcase_add_test(t, recorded_packets_decode);
    tcase_add_test(t, connect_of_version_4_has_its_fields);
    tcase_add_test(t, connect_of_version_5_has_its_properties);
    tcase_add_test(t, an_unknown_version_tells_its_level);
    tcase_add_test(t, publish_has_its_fields);
    tcase_add_test(t, filters_are_counted);
    tcase_add_test(t, acknowledgements_have_id_and_reason);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
