#!/usr/bin/python3
"""What comes late or changes afterwards, at a meterd that runs and at one that was restarted: old
readings, names registered later, corrections, exchanges, months, rates."""

import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from harness import Site, eventually, interval, register, run, small_registry

CST = timezone(timedelta(hours=8))
TOKEN = "token-acme"


def hour_ago(hours, minutes=0):
    now = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
    return now - timedelta(hours=hours) + timedelta(minutes=minutes)


def reading(point, t, v, **more):
    return {"point": point, "t": t.isoformat(), "v": str(v), **more}


def send(site, *readings):
    status, answer = site.post({"readings": list(readings)}, TOKEN)
    assert status == 200 and answer["accepted"] == len(readings), answer
    return answer


def quantities(site, item="electricity", view="v_province_slot"):
    """slot_start -> quantity, without zeros."""
    site.settle()
    return dict(site.postgres.rows(
        f"select slot_start, quantity from meterd.{view} where item = %s and quantity <> 0", item))


class with_points:
    """A site with these points, started."""

    def __init__(self, *points):
        self.points = points

    def __enter__(self):
        self.site = Site()
        self.site.__enter__()
        self.site.import_registry(small_registry(self.points))
        self.site.start()
        return self.site

    def __exit__(self, *exception):
        return self.site.__exit__(*exception)


def restart(site):
    assert site.meterd.stop() == 0
    site.start()


def late_readings_go_through_the_inbox_and_out_again():
    with with_points(register("acme", "E1")) as site:
        start = hour_ago(24 * 20)
        for n in range(0, 1900, 100):
            send(site, *(reading("E1", start + timedelta(minutes=15 * m), m * 2)
                         for m in range(n, min(n + 100, 1900)) if m % 10 != 5))
        site.settle()
        restart(site)
        before = quantities(site)
        assert sum(before.values()) == 2 * 1899, sum(before.values())
        # Of the past three weeks, newest first: memory holds the newest part at most.
        late = [reading("E1", start + timedelta(minutes=15 * m), m * 2 + 1)
                for m in range(5, 1900, 10)]
        send(site, *reversed(late))
        after = quantities(site)
        assert sum(after.values()) == 2 * 1899, sum(after.values())
        slot = start + timedelta(minutes=15 * 4)
        assert (before[slot], after[slot]) == (2, 3), (before[slot], after[slot])
        assert after[slot + timedelta(minutes=15)] == 1, after
        put, taken = (site.meterd.metric(f"meterd_readings_{way}_inbox_total")
                      for way in ("to", "from"))
        assert put == taken > 100, (put, taken)
        rows = site.postgres.rows("select sum(inbox), sum(refold_work) from meterd.v_progress")
        assert rows == [(0, 0)], rows
        counts = site.postgres.rows("select sum(readings), sum(late) from meterd.v_province_slot")
        assert counts[0][0] == 1900, counts
        send(site, *late)
        assert quantities(site) == after
        repeated = site.postgres.value("select sum(repeated) from meterd.v_enterprise_arrivals")
        assert repeated == len(late), repeated


def an_unregistered_register_counts_once_registered():
    with with_points(register("acme", "E1")) as site:
        for n in range(9):
            answer = send(site, reading("NEW", hour_ago(30, 15 * n), 10 * n))
            assert answer["unregistered"] == ["NEW"], answer
        assert quantities(site) == {}
        restart(site)
        send(site, reading("NEW", hour_ago(30, 15 * 9), 90))
        assert quantities(site) == {}
        site.import_registry(small_registry([register("acme", "E1"), register("acme", "NEW")]))
        eventually(lambda: sum(quantities(site).values()) == 90, what="NEW counts")
        assert quantities(site)[hour_ago(30)] == 10
        assert send(site, reading("NEW", hour_ago(29), 47))["unregistered"] == []
        # 00:45 -> 37 and 01:15 -> 43: 30 40 47 50 in the end, and the sum is the same.
        after = quantities(site)
        assert sum(after.values()) == 90 and after[hour_ago(29)] == 3, after


def an_unregistered_interval_counts_once_registered():
    with with_points(register("acme", "E1")) as site:
        for n in range(8):  # the clock is 40 s early
            send(site, reading("IV", hour_ago(40, 15 * n) - timedelta(seconds=40), n + 1))
        send(site, reading("IV", hour_ago(40), 100))  # the same period: the later arrival counts
        assert quantities(site) == {}
        site.import_registry(small_registry([register("acme", "E1"), interval("acme", "IV")]))
        eventually(lambda: quantities(site), what="IV counts")
        right = {hour_ago(40, 15 * n): Decimal(n + 1 if n else 100) for n in range(8)}
        assert quantities(site) == right, quantities(site)
        restart(site)
        send(site, reading("IV", hour_ago(40), 1))
        assert quantities(site) == {**right, hour_ago(40): Decimal(1)}


def corrections_replace_and_are_kept():
    with with_points(register("acme", "E1"), interval("acme", "I1")) as site:
        for n, v in enumerate((100, 110, 130, 140)):
            send(site, reading("E1", hour_ago(10, 15 * n), v))
        send(site, reading("I1", hour_ago(10), 5))
        restart(site)
        send(site, reading("E1", hour_ago(10, 15), 112))
        send(site, reading("I1", hour_ago(10), 7))
        send(site, reading("I1", hour_ago(10), 7))
        after = quantities(site)
        assert after[hour_ago(10)] == 12 + 7 and after[hour_ago(10, 15)] == 18, after
        # A good reading sent again as fault is withdrawn.
        send(site, reading("E1", hour_ago(10, 15), 112, q="fault"))
        send(site, reading("I1", hour_ago(10), 7, q="fault"))
        after = quantities(site)
        assert after[hour_ago(10)] == 15 and after[hour_ago(10, 15)] == 15, after
        site.settle()
        replaced = site.postgres.rows("select point, value, quality from meterd.v_superseded"
                                      " order by replaced_at, point")
        assert sorted(replaced) == sorted([("E1", 110, "good"), ("I1", 5, "good"),
                                           ("E1", 112, "good"), ("I1", 7, "good")]), replaced
        suspect = site.postgres.value("select sum(suspect) from meterd.v_province_slot")
        assert suspect == 2, suspect


def a_registers_exchange_is_believed():
    with with_points(register("acme", "E1", max_rate="100")) as site:
        files = small_registry([register("acme", "E1", max_rate="100"),
                                register("acme", "X1", max_rate="100")])
        files["exchanges.csv"] = ("enterprise,point,t,end,start\n"
                                  f"acme,X1,{hour_ago(10, 20).isoformat()},520,40\n")
        # Sent while the name is unknown; registered later, with its exchange (semantics 6.7).
        for minutes, v in ((15, 510), (30, 52), (45, 60)):
            send(site, reading("X1", hour_ago(10, minutes), v))
        site.settle()
        site.import_registry(files)
        right = {hour_ago(10, 15): Decimal(22), hour_ago(10, 30): Decimal(8)}
        eventually(lambda: quantities(site) == right, what=f"{right}")
        restart(site)
        send(site, reading("X1", hour_ago(10, 22), 44))
        assert quantities(site) == right, quantities(site)


def months_and_days_are_civil():
    now = datetime.now(CST)
    first = (now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
             - timedelta(days=40)).replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    days = (following - first).days
    with with_points(interval("acme", "M1", period="1mon", nominal="30d"),
                     interval("acme", "D1", period="1d", item="water", unit="m3")) as site:
        send(site, reading("M1", first, 96 * days), reading("D1", first - timedelta(seconds=1), 96))
        slots = quantities(site)
        assert len(slots) == 96 * days and set(slots.values()) == {Decimal(1)}, len(slots)
        assert min(slots) == first and max(slots) == following - timedelta(minutes=15)
        assert quantities(site, view="v_province_month") == {first: Decimal(96 * days)}
        assert quantities(site, "water", "v_province_day") == {first: Decimal(96)}
        restart(site)
        send(site, reading("M1", first, 192 * days))
        assert set(quantities(site).values()) == {Decimal(2)}
        assert quantities(site, view="v_province_month") == {first: Decimal(192 * days)}
        estimated = site.postgres.value("select sum(estimated) from meterd.v_province_slot"
                                        " where item = 'electricity'")
        assert estimated == 192 * days, estimated


def a_year_corrected_again_and_again_holds_nobody_up():
    """Thousands of corrections in one message are folded as one change of 35,040 slots."""
    count = 5000
    first = datetime.now(CST).replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    with with_points(interval("acme", "Y1", period="1y", nominal="365d")) as site:
        send(site, reading("Y1", first, 1))
        site.settle()
        refolds = site.meterd.metric("meterd_refolds_total")
        send(site, *(reading("Y1", first, 1 + n % 2 + n) for n in range(count)))
        last = 1 + (count - 1) % 2 + count - 1
        assert sum(quantities(site).values()) == last
        # A part of them may have been committed before the rest came.
        assert site.meterd.metric("meterd_refolds_total") - refolds <= 100
        assert site.postgres.value("select count(*) from meterd.v_superseded") == \
            site.postgres.value("select superseding from meterd.v_enterprise_arrivals")


def a_rate_counts_until_the_next_or_its_hold():
    rate = "acme,P1,,rate,electricity,kW,,,15min,,,,,,,,,,,"
    with with_points(rate) as site:
        send(site, reading("P1", hour_ago(10), 120))
        assert quantities(site) == {}
        send(site, reading("P1", hour_ago(10, 15), 120))
        assert quantities(site) == {hour_ago(10): Decimal(30)}
        restart(site)
        send(site, reading("P1", hour_ago(8), 40))  # held for 30 min only
        right = {hour_ago(10): Decimal(30), hour_ago(10, 15): Decimal(30),
                 hour_ago(10, 30): Decimal(30)}
        assert quantities(site) == right, quantities(site)
        send(site, reading("P1", hour_ago(10, 30), 0))
        del right[hour_ago(10, 30)]
        assert quantities(site) == right, quantities(site)


def a_point_added_while_running_is_counted_at_once():
    with with_points(register("acme", "E1")) as site:
        files = small_registry([register("acme", "E1"), register("acme", "E2")])
        site.import_registry(files)
        eventually(lambda: send(site, reading("E2", hour_ago(5), 1))["unregistered"] == [], 10,
                   "E2 is known at the doors")
        send(site, reading("E2", hour_ago(5, 15), 4))
        assert quantities(site) == {hour_ago(5): Decimal(3)}


def an_import_while_readings_arrive_changes_no_sum():
    with with_points(register("acme", "E1")) as site:
        points = [register("acme", "E1")]
        for n in range(8):
            name = f"N{n}"
            for m in range(10):
                send(site, reading(name, hour_ago(50, 15 * m), m),
                     reading("E1", hour_ago(50, 15 * (10 * n + m)), 10 * n + m))
            points.append(register("acme", name))
            site.import_registry(small_registry(points))
            if n % 3 == 1:
                site.meterd.kill()
                site.start()
            time.sleep(0.1)
        eventually(lambda: sum(quantities(site).values()) == 79 + 8 * 9, what="all of it counts")


if __name__ == "__main__":
    run(late_readings_go_through_the_inbox_and_out_again,
        an_unregistered_register_counts_once_registered,
        an_unregistered_interval_counts_once_registered, corrections_replace_and_are_kept,
        a_registers_exchange_is_believed, months_and_days_are_civil,
        a_year_corrected_again_and_again_holds_nobody_up,
        a_rate_counts_until_the_next_or_its_hold, a_point_added_while_running_is_counted_at_once,
        an_import_while_readings_arrive_changes_no_sum)
