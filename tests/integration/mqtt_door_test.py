#!/usr/bin/python3
"""What the MQTT door answers (contract 2), asked by mosquitto_pub, paho and byte by byte; and what
both doors do without a database."""

import json
import subprocess
import time

import paho.mqtt.client as paho

from doors import PACKET_MAX, TOKEN, ago, curl, doors, http, mqtt, quarantined, reading, stored
from gateway import V4, V5, Closed, Mqtt, request
from harness import Site, eventually, register, run, small_registry


def mosquitto_pub(site, payload, *options, password=TOKEN, topic="meterd/v1/readings"):
    return subprocess.run(
        ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(site.meterd.ports["mqtt"]), "-u", "gw-acme",
         "-P", password, "-t", topic, "-m", payload if isinstance(payload, str)
         else json.dumps(payload), *options],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30)


def mosquitto_pub_stores(site):
    before = stored(site, "Q1")
    for n, options in enumerate((("-q", "0"), ("-q", "1"), ("-q", "1", "-V", "mqttv5"),
                                 ("-q", "1", "-V", "mqttv5", "-r"),
                                 ("-q", "1", "--will-topic", "w", "--will-payload", "gone"))):
        done = mosquitto_pub(site, {"readings": [reading("Q1", ago(minutes=n + 1), n)]}, *options)
        assert done.returncode == 0, (options, done.stdout)
    eventually(lambda: stored(site, "Q1") - before == 5, what="five readings of mosquitto_pub")
    done = mosquitto_pub(site, "{}", "-q", "1", password="wrong")
    assert done.returncode != 0 and "not authori" in done.stdout, done.stdout


def paho_sees_the_reasons(site):
    for version, granted, refused, filter_refused in ((paho.MQTTv311, 0, 5, 0x80),
                                                      (paho.MQTTv5, 0, 0x87, 0x87)):
        for token, expected in (("wrong", refused), (TOKEN, granted)):
            seen = {}
            client = paho.Client(f"paho-{version}", protocol=version)
            client.username_pw_set("gw-acme", token)
            client.on_connect = lambda c, u, f, rc, p=None: seen.setdefault(
                "connect", rc if isinstance(rc, int) else rc.value)
            client.on_subscribe = lambda c, u, mid, codes, p=None: seen.setdefault(
                "subscribe", [q if isinstance(q, int) else q.value for q in codes])
            client.on_publish = lambda c, u, mid: seen.setdefault("publish", mid)
            client.connect("127.0.0.1", site.meterd.ports["mqtt"])
            client.loop_start()
            try:
                eventually(lambda: "connect" in seen, what="CONNACK")
                assert seen["connect"] == expected, (version, seen)
                if token == TOKEN:
                    client.subscribe([("a/b", 1), ("#", 0)]
                                     if version == paho.MQTTv311 else
                                     [("a/b", paho.SubscribeOptions(1)),
                                      ("#", paho.SubscribeOptions(0))])
                    eventually(lambda: "subscribe" in seen, what="SUBACK")
                    assert seen["subscribe"] == [filter_refused] * 2, seen
                    message = json.dumps({"readings": [reading("PA")]})
                    client.publish("meterd/v1/readings", message, 1)
                    eventually(lambda: "publish" in seen, what="PUBACK")
            finally:
                client.disconnect()
                client.loop_stop()


def credentials_of_mqtt(site):
    for version, refused in ((V4, 5), (V5, 0x87)):
        for user, password, granted in ((TOKEN, None, True), ("gw-acme", TOKEN, True),
                                        ("gw-other", TOKEN, False), ("gw-acme", "", False),
                                        (None, None, False), ("nobody", None, False)):
            with Mqtt(site.meterd.ports["mqtt"], version) as c:
                reason = c.connect(user, password)
                assert reason == (0 if granted else refused), (version, user, password, reason)
                if not granted:
                    assert c.end() is None


def version_5_acknowledges_with_a_receipt(site):
    with mqtt(site, V5) as c:
        c.publish(json.dumps({"readings": [reading("R1", ago(minutes=2), 5)]}), packet_id=77)
        packet_id, reason, _, properties = c.puback()
        assert (packet_id, reason) == (77, 0), (packet_id, reason)
        partition, offset = map(int, properties["receipt"].split(":"))
        site.settle()
        assert site.postgres.value("select next_offset from meterd.v_progress where partition = %s",
                                   partition) > offset


def refused_messages_are_kept_and_the_connection_stays(site):
    for version in (V4, V5):
        with mqtt(site, version) as c:
            before = len(quarantined(site, ""))
            c.publish('{"readings":[{"point":"E1"', packet_id=1)
            packet_id, reason, words, properties = c.puback()
            assert packet_id == 1 and reason == (0x99 if version == V5 else 0), reason
            assert version == V4 or (words and "receipt" in properties), (words, properties)
            c.publish("{}", topic="some/topic", packet_id=2)
            packet_id, reason, words, _ = c.puback()
            assert packet_id == 2 and reason == (0x90 if version == V5 else 0), reason
            c.publish(json.dumps({"readings": [reading(v="x")]}), packet_id=3)
            assert c.puback()[:2] == (3, 0)
            assert c.ping()
            rows = quarantined(site, "")[before:]
            assert [r[0] for r in rows] == ["malformed", "bad_topic"], rows
            assert rows[0][2].startswith('{"readings":[{"point":"E1"'), rows


def quality_of_service_2_is_not_offered(site):
    with mqtt(site, V5) as c:
        c.publish("{}", qos=2)
        assert c.end() == 0x9B
    with mqtt(site, V4) as c:
        c.publish("{}", qos=2)
        assert c.end() is None


def subscriptions_are_refused_and_the_connection_stays(site):
    for version, code in ((V4, 0x80), (V5, 0x87)):
        with mqtt(site, version) as c:
            assert c.subscribe("a", "b/#", "+") == [code] * 3
            assert c.ping()
            c.publish(json.dumps({"readings": [reading("SB")]}))
            assert c.puback()[:2] == (1, 0)


def many_under_way_are_acknowledged_in_order(site):
    with mqtt(site, V4) as c:
        for n in range(1, 201):
            c.publish(json.dumps({"readings": [reading("W1", ago(minutes=n), n)]}), packet_id=n)
        assert [c.puback()[0] for _ in range(200)] == list(range(1, 201))
    assert stored(site, "W1") == 200


def the_same_client_again_ends_the_older(site):
    for version, reason in ((V4, None), (V5, 0x8E)):
        with mqtt(site, version, client="twice") as older:
            with mqtt(site, version, client="twice") as newer:
                assert older.end() == reason
                assert newer.ping()
            with mqtt(site, version, user="token-other", client="twice"):
                pass


def a_packet_too_large_or_broken_ends_the_connection(site):
    with mqtt(site, V5) as c:
        c.publish(" " * (PACKET_MAX + 1))
        assert c.end() == 0x95
    with mqtt(site, V4) as c:
        c.socket.sendall(b"\xf0\x00")
        assert c.end() is None
    with Mqtt(site.meterd.ports["mqtt"]) as c:
        c.publish("{}")
        try:
            assert c.end() is None
        except Closed:
            pass


def arrivals_add_up(site):
    site.settle()
    rows = site.postgres.rows("select received, counted, superseding, repeated, quarantined"
                              " from meterd.v_enterprise_arrivals")
    assert rows and all(r[0] == sum(r[1:]) for r in rows), rows
    kept = site.postgres.value("select count(*) from meterd.v_quarantine")
    assert sum(r[4] for r in rows) == kept, (rows, kept)


def without_a_database_gateways_are_told_to_come_back():
    with Site() as site:
        site.import_registry(small_registry([register("acme", "E1")]))
        site.postgres.stop()
        site.start(ready=False)
        body = {"readings": [reading()]}
        with http(site) as c:
            for _ in range(2):
                c.send(request(TOKEN, json.dumps(body)))
                status, fields, answer = c.answer()
                assert status == 503 and int(fields["retry-after"]) > 0, answer
        for version, reason in ((V4, 3), (V5, 0x88)):
            with Mqtt(site.meterd.ports["mqtt"], version) as c:
                assert c.connect(TOKEN) == reason
        assert site.meterd.admin("/livez")[0] == 200
        status, ready = site.meterd.admin("/readyz")
        assert status == 503 and json.loads(ready)["why"], ready
        site.postgres.start()
        site.meterd.wait_ready()
        assert curl(site, body)[0] == 200
        with mqtt(site) as c:
            c.publish(json.dumps(body))
            assert c.puback()[0] == 1
        site.settle()
        assert stored(site, "E1") > 0
        assert site.meterd.stop() == 0


def without_a_database_running_gateways_are_served():
    with Site() as site:
        site.import_registry(small_registry([register("acme", "E1")]))
        site.start()
        assert curl(site, {"readings": [reading(v=1)]})[0] == 200
        site.postgres.stop()
        time.sleep(1)
        for n in range(20):
            assert curl(site, {"readings": [reading(t=ago(minutes=n), v=n)]})[0] == 200
        eventually(lambda: site.meterd.admin("/readyz")[0] == 503, what="not ready")
        site.postgres.start()
        site.meterd.wait_ready()
        assert stored(site, "E1") == 21


if __name__ == "__main__":
    with doors() as shared:
        shared.import_registry(shared.registry)
        shared.start()
        run(mosquitto_pub_stores, paho_sees_the_reasons, credentials_of_mqtt,
            version_5_acknowledges_with_a_receipt,
            refused_messages_are_kept_and_the_connection_stays,
            quality_of_service_2_is_not_offered,
            subscriptions_are_refused_and_the_connection_stays,
            many_under_way_are_acknowledged_in_order, the_same_client_again_ends_the_older,
            a_packet_too_large_or_broken_ends_the_connection, arrivals_add_up,
            without_a_database_gateways_are_told_to_come_back,
            without_a_database_running_gateways_are_served, site=shared)
