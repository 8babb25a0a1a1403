#!/usr/bin/python3
"""What the HTTP door answers (contract 1), asked by curl and byte by byte."""

import json
from datetime import datetime, timedelta, timezone

from doors import BODY_MAX, TOKEN, ago, curl, doors, http, quarantined, reading, stored
from gateway import basic, request
from harness import run


def good_readings_are_accepted_with_receipts(site):
    status, answer = curl(site, {"readings": [reading(t=ago(minutes=20), v="1.5"),
                                              reading(t=ago(minutes=10), v=2, q="estimated")]})
    assert status == 200, answer
    assert answer["accepted"] == 2 and answer["unregistered"] == [], answer
    assert answer["quarantined"] == [], answer
    first = answer["receipts"][0]
    status, answer = curl(site, {"t": ago(minutes=5), "values": {"E1": "3", "I1": 7}})
    assert status == 200 and answer["accepted"] == 2, answer
    second = answer["receipts"][0]
    assert second["partition"] == first["partition"], (first, second)
    assert second["offset"] > first["offset"], (first, second)
    site.settle()
    next_offset = site.postgres.value(
        "select next_offset from meterd.v_progress where partition = %s", first["partition"])
    assert next_offset > second["offset"], next_offset


def every_shape_of_the_contract_is_read(site):
    t = ago(minutes=3)
    milliseconds = int(datetime.fromisoformat(t).timestamp() * 1000)
    for body, accepted in [
            ({"readings": []}, 0), ([], 0),
            ([{"readings": [reading("S1")]}, {"t": t, "values": {"S2": "4"}}], 2),
            ({"t": milliseconds, "values": {"S1": "1e2", "S2": -3}, "q": "manual"}, 2),
            ({"readings": [{"point": "E1", "v": 9}]}, 1),
            (f'{{"t":{milliseconds},"values":{{"S3":1,"S3":2}}}}'.encode(), 2)]:
        status, answer = curl(site, body)
        assert status == 200 and answer["accepted"] == accepted, (body, answer)
        assert answer["quarantined"] == [], answer


def every_bad_reading_has_its_code_and_is_kept(site):
    good, cases = ago(minutes=7), [
        ("bad_value", {"v": "abc"}), ("bad_value", {"v": "NaN"}), ("bad_value", {"v": "1e400"}),
        ("bad_value", {"v": "9" * 65}), ("bad_value", {"v": 4600000000000}),
        ("bad_value", {"v": "0x10"}), ("bad_value", {"v": ""}),
        ("future", {"t": ago(minutes=-11)}), ("too_old", {"t": ago(days=401)}),
        ("bad_time", {"t": "yesterday"}), ("bad_time", {"t": "2026-13-01T00:00:00Z"}),
        ("bad_time", {"t": "2026-01-01T00:00:00"}), ("bad_time", {"t": 1700000000})]
    body = [{"point": "BAD", "t": good, "v": 1, **case} for _, case in cases]
    body.insert(3, reading("E1", t=good, v="3"))
    status, answer = curl(site, {"readings": body})
    assert status == 200 and answer["accepted"] == 1, answer
    told = [(q["index"], q["code"]) for q in answer["quarantined"]]
    indexes = [i if i < 3 else i + 1 for i in range(len(cases))]
    assert told == list(zip(indexes, (code for code, _ in cases))), told
    assert all(q["point"] == "BAD" and q["detail"] for q in answer["quarantined"]), answer
    assert "seconds?" in answer["quarantined"][-1]["detail"], answer["quarantined"][-1]
    rows = quarantined(site, "BAD")
    assert [r[0] for r in rows] == [code for code, _ in cases], rows
    assert rows[0] == ("bad_value", good, "abc"), rows[0]
    assert rows[9][1] == "yesterday", rows[9]


def a_time_of_its_own_is_needed_for_intervals_and_unregistered_names(site):
    status, answer = curl(site, {"readings": [{"point": "I1", "v": 1}, {"point": "NT", "v": 1}]})
    assert status == 200 and answer["accepted"] == 0, answer
    assert [q["code"] for q in answer["quarantined"]] == ["bad_time", "bad_time"], answer


def one_bad_reading_of_a_thousand_costs_no_other(site):
    start = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(days=3)
    body = [reading("T1", (start + timedelta(minutes=n)).isoformat(), str(n)) for n in range(1000)]
    body[617]["v"] = "12,5"
    before = stored(site, "T1")
    status, answer = curl(site, {"readings": body})
    assert status == 200 and answer["accepted"] == 999, answer
    [row] = answer["quarantined"]
    assert (row["index"], row["point"], row["code"]) == (617, "T1", "bad_value"), row
    assert stored(site, "T1") - before == 999
    assert quarantined(site, "T1") == [("bad_value", body[617]["t"], "12,5")]


def unregistered_names_are_stored_and_listed_once(site):
    t = ago(minutes=9)
    status, answer = curl(site, {"readings": [reading("U1", t, 1), reading("U2", t, 1),
                                              reading("U1", ago(minutes=8), 2)]})
    assert status == 200 and answer["accepted"] == 3, answer
    assert answer["unregistered"] == ["U1", "U2"], answer
    many = {f"U-{n}": n for n in range(150)}
    status, answer = curl(site, {"t": t, "values": many})
    assert answer["accepted"] == 150 and len(answer["unregistered"]) == 100, answer
    assert stored(site, "U1") == 2


def names_are_compared_byte_by_byte(site):
    values = {"总表/电": 1, "e1": 1, "E1 ": 1}
    status, answer = curl(site, {"t": ago(minutes=9), "values": values})
    assert status == 200 and answer["unregistered"] == ["e1", "E1 "], answer


def tokens_of_three_kinds_open_the_door(site):
    with http(site) as c:
        for authorization in (f"Bearer {TOKEN}", f"Token {TOKEN}", basic("gw-acme", TOKEN)):
            c.send(f"GET /v1/points HTTP/1.1\r\nHost: m\r\nAuthorization: {authorization}\r\n\r\n")
            assert c.answer()[0] == 200, authorization
        for authorization in ("Bearer wrong", basic("gw-other", TOKEN), "Bearer", "Digest a=b"):
            c.send(f"GET /v1/points HTTP/1.1\r\nHost: m\r\nAuthorization: {authorization}\r\n\r\n")
            status, fields, body = c.answer()
            assert status == 401, (authorization, status)
            assert fields["www-authenticate"] == "Bearer", fields
            assert fields["content-type"] == "application/problem+json", fields
            assert json.loads(body)["status"] == 401, body
        c.send("GET /v1/points HTTP/1.1\r\nHost: m\r\n\r\n")
        assert c.answer()[0] == 401


def points_are_those_of_the_gateways_enterprise(site):
    with http(site) as c:
        c.send(request(TOKEN, "", "GET", "/v1/points", ("Accept: */*",)))
        points = {p["name"]: p for p in json.loads(c.answer()[2])["points"]}
        c.send(request("token-other", "", "GET", "/v1/points", ("Accept: */*",)))
        others = json.loads(c.answer()[2])["points"]
    e1 = points["E1"]
    assert (e1["item"], e1["unit"], e1["kind"]) == ("electricity", "kWh", "register"), e1
    assert points["I1"]["kind"] == "interval" and "总表/电" in points, points
    assert [p["name"] for p in others] == ["X1"], others
    numbers = [p["number"] for p in list(points.values()) + others]
    assert len(set(numbers)) == len(numbers), numbers


def wrong_requests_are_told_what_would_be_right(site):
    body = json.dumps({"readings": [reading()]})
    plain = ("Content-Type: text/plain", f"Content-Length: {len(body)}")
    gzip = ("Content-Type: application/json", "Content-Encoding: gzip",
            f"Content-Length: {len(body)}")
    no_type = (f"Content-Length: {len(body)}",)
    with http(site) as c:
        for data, status in [
                (request(TOKEN, body, path="/v1/reading"), 404),
                (request(TOKEN, body, path="/"), 404),
                (request(None, body, path="/v1/nothing"), 404),
                (request(TOKEN, "", "GET"), 405),
                (request(None, "", "DELETE", fields=("Accept: */*",)), 405),
                (request("wrong", body), 401),
                (request(TOKEN, body, fields=plain), 415),
                (request(TOKEN, body, fields=gzip), 415),
                (request(TOKEN, body, fields=no_type), 415),
                (request(TOKEN, body, path="/v1/readings?x=1"), 200),
                (request(TOKEN, body), 200)]:
            c.send(data)
            got, fields, answer = c.answer()
            assert got == status, (data[:60], got, answer)
            if status == 405:
                assert fields["allow"] == "POST", fields
            if status != 200:
                problem = json.loads(answer)
                assert problem["status"] == status and problem["detail"], problem
        c.send(request(TOKEN, body, "PUT", "/v1/points"))
        status, fields, _ = c.answer()
        assert (status, fields["allow"]) == (405, "GET"), fields
    with http(site) as c:
        c.send(request(TOKEN, "", fields=("Content-Type: application/json",)))
        assert c.answer()[0] == 411 and c.is_closed()


def framing_errors_close(site):
    for data, status in [(b"NONSENSE\r\n\r\n", 400),
                         (b"POST /v1/readings HTTP/3.0\r\nHost: m\r\n\r\n", 505),
                         (b"POST /v1/readings HTTP/1.1\r\nHost: m\r\nContent-Length: 3\r\n"
                          b"Transfer-Encoding: chunked\r\n\r\n", 400),
                         (b"GET / HTTP/1.1\r\nHost: m\r\nX: " + b"y" * 9000 + b"\r\n\r\n", 431)]:
        with http(site) as c:
            c.send(data)
            answer = c.answer()
            assert answer[0] == status, (data[:40], answer)
            assert c.is_closed(), data[:40]


def a_body_too_large_is_told_the_limit(site):
    chunk = b"%x\r\n" % 65536 + b" " * 65536 + b"\r\n"
    length = ("Content-Type: application/json", f"Content-Length: {BODY_MAX + 1}")
    chunked = ("Content-Type: application/json", "Transfer-Encoding: chunked")
    for fields, body in ((length, b""), (chunked, chunk * (BODY_MAX // 65536 + 1))):
        with http(site) as c:
            c.send(request(TOKEN, b"", fields=fields) + body)
            status, _, answer = c.answer()
            problem = json.loads(answer)
            assert status == 413, answer
            assert problem["value"] == BODY_MAX, problem
            assert problem["setting"] == "[http] body_max" and problem["limit"], problem
            assert c.is_closed()


def a_body_as_large_as_allowed_is_stored(site):
    body = json.dumps({"t": ago(minutes=6), "values": {"L1": 1}}).encode()
    status, answer = curl(site, body + b" " * (BODY_MAX - len(body)))
    assert status == 200 and answer["accepted"] == 1, answer


def malformed_json_stores_nothing(site):
    good = json.dumps(reading("M1"))
    for body in ('{"readings":[' + good + ',{"point":"M1"', '{"readings":[' + good + '] x', "",
                 '{"readings":{}}', '{"values":[]}', '"text"', "[" * 20 + "]" * 20,
                 '{"readings":[' + good + ',17]}', b'{"readings":[{"point":"\xff","v":1}]}'):
        data = body if isinstance(body, bytes) else body.encode()
        status, answer = curl(site, data)
        assert status == 400, (body, answer)
        assert answer["code"] == "malformed" and answer["status"] == 400, answer
    assert stored(site, "M1") == 0


def chunked_bodies_are_read(site):
    body = json.dumps({"readings": [reading("C1", ago(minutes=n + 1), n) for n in range(30)]})
    pieces = [body[i:i + 97] for i in range(0, len(body), 97)]
    with http(site) as c:
        c.send(request(TOKEN, b"", fields=("Content-Type: application/json",
                                           "Transfer-Encoding: chunked")))
        for piece in pieces:
            c.send(f"{len(piece):x};x=y\r\n{piece}\r\n")
        c.send("0\r\nTrailer: ignored\r\n\r\n" + request(TOKEN, "{", "POST").decode())
        status, _, answer = c.answer()
        assert status == 200 and json.loads(answer)["accepted"] == 30, answer
        assert c.answer()[0] == 400
    status, answer = curl(site, body.encode(), "-H", "Expect: 100-continue", "-H",
                          "Transfer-Encoding: chunked")
    assert status == 200 and answer["accepted"] == 30, answer


def pipelined_answers_keep_the_order(site):
    data, expected = b"", []
    for n in range(1, 101):
        body = {"readings": [reading("P1", ago(minutes=m), n) for m in range(n % 7)]}
        data += request(TOKEN, json.dumps(body))
        expected.append((200, n % 7))
        if n % 10 == 0:
            data += request(TOKEN, "", "GET", "/nothing", ("Accept: */*",))
            expected.append((404, None))
        if n % 25 == 0:
            data += request(TOKEN, "[{")
            expected.append((400, None))
    with http(site) as c:
        c.send(data)
        for at, (status, accepted) in enumerate(expected):
            got, _, answer = c.answer()
            assert got == status, (at, got, status)
            if accepted is not None:
                assert json.loads(answer)["accepted"] == accepted, (at, answer)
        c.send(request(TOKEN, "{}", fields=("Connection: close", "Content-Length: 2")))
        assert c.answer()[0] == 415 and c.is_closed()


def http_1_0_closes_after_its_answer(site):
    with http(site) as c:
        c.send(request(TOKEN, json.dumps({"readings": []})).replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert c.answer()[0] == 200 and c.is_closed()


def arrivals_add_up(site):
    site.settle()
    rows = site.postgres.rows("select received, counted, superseding, repeated, quarantined"
                              " from meterd.v_enterprise_arrivals")
    assert rows and all(r[0] == sum(r[1:]) for r in rows), rows
    kept = site.postgres.value("select count(*) from meterd.v_quarantine")
    assert sum(r[4] for r in rows) == kept, (rows, kept)


if __name__ == "__main__":
    with doors() as shared:
        shared.import_registry(shared.registry)
        shared.start()
        run(good_readings_are_accepted_with_receipts, every_shape_of_the_contract_is_read,
            every_bad_reading_has_its_code_and_is_kept,
            a_time_of_its_own_is_needed_for_intervals_and_unregistered_names,
            one_bad_reading_of_a_thousand_costs_no_other,
            unregistered_names_are_stored_and_listed_once, names_are_compared_byte_by_byte,
            tokens_of_three_kinds_open_the_door, points_are_those_of_the_gateways_enterprise,
            wrong_requests_are_told_what_would_be_right, framing_errors_close,
            a_body_too_large_is_told_the_limit, a_body_as_large_as_allowed_is_stored,
            malformed_json_stores_nothing, chunked_bodies_are_read,
            pipelined_answers_keep_the_order, http_1_0_closes_after_its_answer, arrivals_add_up,
            site=shared)
