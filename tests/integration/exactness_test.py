#!/usr/bin/python3
"""Rows against the reference, bit for bit: a mixed registry, and the real readings of
deploy/sample, in order and shuffled with repeats and corrections.

All sets go through both doors. Shuffled are a part of them; with --long (or METERD_LONG=1) all.
"""

import csv
import glob
import gzip
import os
import random
import sys
import tempfile
from datetime import datetime
from decimal import Decimal

from harness import ROOT, Site, run
from mixed import Mixed
from rollups import hold_to_reference, parks_add_up, sums_agree, write_arrivals
from sample import (REGISTRY, SETS, data_file, readings_by_enterprise, rows_of, send_half_and_half,
                    send_shuffled)

LONG = "--long" in sys.argv or os.environ.get("METERD_LONG") == "1"
SEED = int(os.environ.get("METERD_SEED", "20160229"))
EXPECTED = os.path.join(ROOT, "tests/data/expected")
OPTIONS = {"rollup": {"commit_interval": "1s", "flush_age": "10s"}, "log": {"size": "4GiB"}}
PAST = ("--past-max", "8000d")
MICRO = 1000000


def sample_site():
    return Site(init=PAST, options=OPTIONS)


def begin(site):
    site.ctl("registry", "import", REGISTRY)
    site.start()


def received(site):
    """All of the sample is late, whenever it is sent: one time of arrival is as good as another."""
    return "--received-at", str(site.postgres.value("select (extract(epoch from now()) * 1000)"
                                                    "::bigint"))


# --- The real readings, in order ---


def every_set_through_both_doors_equals_the_reference():
    with sample_site() as site:
        begin(site)
        readings = readings_by_enterprise(SETS)
        send_half_and_half(site, readings)
        site.settle(600)
        rows = hold_to_reference(site, REGISTRY, *PAST, *received(site),
                                 *(data_file(s) for s in SETS))
        assert rows > 3000000, rows
        sums_agree(site)
        parks_add_up(site)
        days_are_those_that_others_computed(site)
        arrivals = site.postgres.rows("select sum(received), sum(counted) from"
                                      " meterd.v_enterprise_arrivals")
        count = sum(map(len, readings.values()))
        assert arrivals == [(count, count)], (arrivals, count)
        assert site.meterd.stop() == 0


def expected_files(pattern):
    return glob.glob(f"{EXPECTED}/{pattern}*")


def expected_days(pattern, column, of_point):
    """(enterprise, item, day) -> {point: expected sum of the civil day}."""
    days = {}
    for path in expected_files(pattern):
        opened = gzip.open(path, "rt") if path.endswith(".gz") else open(path)
        with opened as f:
            for row in csv.DictReader(f):
                point = of_point.get(row["meter"])
                if point is None or row["tz"] != "Asia/Shanghai" or row[column] == "":
                    continue
                key = (point["enterprise"], point["item"], row["day"])
                days.setdefault(key, {})[row["meter"]] = (
                    Decimal(row[column]) * int(point["factor_num"]) / int(point["factor_den"]))
    return days


def plain_meters():
    """Registers whose plain sum is what semantics wants: never back, no hole that is not spread."""
    plain = set()
    for path in expected_files("expected_totals.csv"):
        plain |= {r["meter"] for r in rows_of(path)
                  if r["kind"] == "interval" or (r["n_neg"] == "0" and
                                                 int(r["max_gap_s"]) <= 48 * 3600)}
    return plain


def days_are_those_that_others_computed(site):
    """Sums of a civil day computed by other programs from the same files (README beside them)."""
    counted = [p for p in rows_of(f"{REGISTRY}/points.csv") if p["counted"] == "yes"]
    of_point = {p["point"]: p for p in counted}
    points = {}
    for p in counted:
        points.setdefault((p["enterprise"], p["item"]), set()).add(p["point"])
    ours = {(a, i, str(day)): q for a, i, day, q in site.postgres.rows(
        "select area, item, (slot_start at time zone 'Asia/Shanghai')::date, quantity"
        " from meterd.v_enterprise_day")}
    plain, compared = plain_meters(), 0
    for pattern, column in (("expected_interval_daily", "sum"),
                            ("expected_register_daily", "boundary")):
        for key, sums in expected_days(pattern, column, of_point).items():
            if sums.keys() != points[key[:2]] or not sums.keys() <= plain:
                continue
            right, got = sum(sums.values()), ours.get(key, Decimal(0))
            assert abs(got - right) * MICRO <= 2 * len(sums), (key, got, right)
            compared += 1
    assert compared > 10000, compared


# --- The real readings, shuffled ---


def shuffled_part(point):
    """Meters that step back, that stand still, that have holes; registers and intervals."""
    return LONG or not point.startswith("daiad-") or point in SHUFFLED_METERS


SHUFFLED_SETS = ("daiad_water_register", "bdg2_solar_interval_hourly_2016")


def shuffled_meters():
    """The meters of two groups of households, and the one that shows two counters in turn."""
    points = [p for p in rows_of(f"{REGISTRY}/points.csv") if p["point"].startswith("daiad-")]
    odd = {p["enterprise"] for p in points if p["point"].startswith("daiad-9348c9bb")}
    return {p["point"] for p in points if p["enterprise"] in odd | {"daiad-01"}}


SHUFFLED_METERS = shuffled_meters()


def shuffled_with_repeats_and_corrections_equals_the_reference():
    sets = SETS if LONG else SHUFFLED_SETS
    with sample_site() as site, tempfile.TemporaryDirectory() as directory:
        begin(site)
        readings = readings_by_enterprise(sets, shuffled_part)
        print(f"     seed {SEED}, {sum(map(len, readings.values()))} readings", flush=True)
        send_shuffled(site, readings, SEED)
        site.settle(3600 if LONG else 300)
        arrivals, now = f"{directory}/arrivals", received(site)[1]
        write_arrivals(arrivals, ((r["point"], ms_of(r["t"]), r["v"], "good", now)
                                  for of_one in readings.values() for r in of_one))
        assert hold_to_reference(site, REGISTRY, *PAST, "--arrivals", arrivals) > 100000
        sums_agree(site)
        counts = site.postgres.rows("select sum(received), sum(counted), sum(repeated) > 0,"
                                    " sum(superseding) > 0 from meterd.v_enterprise_arrivals")[0]
        assert counts[1] == sum(map(len, readings.values())) and counts[2] and counts[3], counts
        assert site.postgres.value("select sum(inbox + refold_work) from meterd.v_progress") == 0


def ms_of(t):
    return round(datetime.fromisoformat(t.replace("Z", "+00:00")).timestamp() * 1000)


# --- Every kind of point ---


def a_mixed_registry_equals_the_reference():
    """Factors, signs, dated changes, moduli, exchanges, rates, months; in order and not."""
    for seed in range(SEED, SEED + (20 if LONG else 3)):
        with Site() as site, tempfile.TemporaryDirectory() as directory:
            mixed = Mixed(random.Random(seed))
            mixed.write_registry(directory)
            site.ctl("registry", "import", directory)
            site.start()
            mixed.send(site)
            site.settle(120)
            write_arrivals(f"{directory}/arrivals", mixed.arrivals())
            rows = hold_to_reference(site, directory, "--arrivals", f"{directory}/arrivals")
            print(f"     seed {seed}, {rows} rows", flush=True)
            sums_agree(site)
            parks_add_up(site)


if __name__ == "__main__":
    run(a_mixed_registry_equals_the_reference,
        shuffled_with_repeats_and_corrections_equals_the_reference,
        every_set_through_both_doors_equals_the_reference)
