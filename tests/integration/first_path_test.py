#!/usr/bin/python3
"""One reading from a socket into v_park_slot, and what must not happen on the way."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

from harness import Site, eventually, interval, register, run, small_registry

CST = timezone(timedelta(hours=8))


def recent(minutes_ago):
    """A quarter of an hour that many minutes before the last full hour."""
    hour = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
    return hour - timedelta(minutes=minutes_ago)


def two_register_readings_become_a_slot():
    with Site() as site:
        site.import_registry(small_registry([register("acme", "E1")]))
        site.start()
        t0, t1 = recent(30), recent(15)
        status, answer = site.post({"readings": [
            {"point": "E1", "t": t0.isoformat(), "v": "100"},
            {"point": "E1", "t": t1.isoformat(), "v": "110.5"}]}, "token-acme")
        assert status == 200 and answer["accepted"] == 2, answer
        site.settle()
        rows = site.postgres.rows(
            "select area, item, slot_start, quantity, readings from meterd.v_park_slot"
            " where quantity <> 0")
        assert rows == [("P1", "electricity", t0, Decimal("10.5"), 1)], rows
        assert site.slots("v_province_slot")[0][3] == Decimal("10.5")
        assert site.meterd.stop() == 0


def a_restart_neither_loses_nor_doubles():
    with Site() as site:
        site.import_registry(small_registry([register("acme", "E1"), interval("acme", "I1")]))
        site.start()
        for n in range(8):
            body = {"t": recent(120 - 15 * n).isoformat(), "values": {"E1": 100 + n, "I1": "0.25"}}
            assert site.post(body, "token-acme")[0] == 200
            if n % 3 == 2:
                site.meterd.kill()
                site.start()
        site.settle()
        total = site.postgres.value("select sum(quantity) from meterd.v_province_slot")
        assert total == 7 + 8 * Decimal("0.25"), total
        arrivals = site.postgres.rows("select received, counted, repeated from"
                                      " meterd.v_enterprise_arrivals")
        assert sum(r[0] for r in arrivals) == 16 and sum(r[1] for r in arrivals) == 16, arrivals


def an_unregistered_name_is_counted_once_registered():
    with Site() as site:
        site.import_registry(small_registry([register("acme", "E1")]))
        site.start()
        status, answer = site.post({"readings": [
            {"point": "E2", "t": recent(30).isoformat(), "v": 5},
            {"point": "E2", "t": recent(15).isoformat(), "v": 7}]}, "token-acme")
        assert status == 200 and answer["unregistered"] == ["E2"], answer
        site.settle()
        assert site.slots() == []
        site.import_registry(small_registry([register("acme", "E1"), register("acme", "E2")]))
        eventually(lambda: [r[3] for r in site.slots() if r[3]] == [Decimal(2)], what="E2 counts")


if __name__ == "__main__":
    run(two_register_readings_become_a_slot, a_restart_neither_loses_nor_doubles,
        an_unregistered_name_is_counted_once_registered)
