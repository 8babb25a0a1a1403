"""The sample readings (deploy/sample): real ones, and the gateways that send them."""

import csv
import gzip
import os
import random
import threading

from gateway import HttpGateway, MqttGateway
from harness import ROOT

SAMPLE = os.path.join(ROOT, "deploy/sample")
REGISTRY = os.path.join(SAMPLE, "registry")
DATA = os.path.join(SAMPLE, "data")
SETS = ("steel_interval_15min", "bdg2_solar_interval_hourly_2016", "ampds2_electricity_1min",
        "daiad_water_register", "ampds2_gas_water_register_1min", "ucam_interval_hourly_2019")
BATCH = 1000
THREADS = 4


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as f:
        yield from csv.DictReader(f)


def data_file(name):
    return os.path.join(DATA, name + ".csv.gz")


def enterprise_of_points():
    return {r["point"]: r["enterprise"] for r in rows_of(f"{REGISTRY}/points.csv")}


def tokens():
    """enterprise -> the token of its gateway."""
    of_gateway = {r["gateway"]: r["token"] for r in rows_of(f"{SAMPLE}/tokens.csv")}
    return {r["enterprise"]: of_gateway[r["gateway"]] for r in rows_of(f"{REGISTRY}/gateways.csv")}


def readings_by_enterprise(sets, wanted=lambda point: True):
    """enterprise -> its readings, in the order of the files."""
    owner, by_enterprise = enterprise_of_points(), {}
    for name in sets:
        with gzip.open(data_file(name), "rt", encoding="utf-8") as f:
            next(f)
            for line in f:
                point, t, _, _, _, value, _ = line.rstrip("\n").split(",")
                if wanted(point):
                    by_enterprise.setdefault(owner[point], []).append(
                        {"point": point, "t": t, "v": value})
    return by_enterprise


def batches_of(readings, size=BATCH):
    return [readings[i:i + size] for i in range(0, len(readings), size)]


def send_half_and_half(site, by_enterprise):
    """All readings, in order: an enterprise's first half over HTTP, the rest over MQTT."""
    def of_one(enterprise, readings, token):
        batches = batches_of(readings)
        half = (len(batches) + 1) // 2
        for gateway, part in (
                (HttpGateway(site.meterd.ports["http"], token), batches[:half]),
                (MqttGateway(site.meterd.ports["mqtt"], token, enterprise), batches[half:])):
            assert all(gateway.send_all(part)), f"{enterprise}: not all acknowledged"
            gateway.close()
    in_threads(of_one, by_enterprise)


def send_shuffled(site, by_enterprise, seed, rounds=8):
    """All readings in random order over both doors, 20 % of them again, 5 % of them wrong at first.
    A wrong value is acknowledged before the right one is sent: the last in the log counts."""
    def of_one(enterprise, readings, token):
        rng = random.Random(f"{seed} {enterprise}")
        doors = (HttpGateway(site.meterd.ports["http"], token),
                 MqttGateway(site.meterd.ports["mqtt"], token, enterprise))
        for part in shuffled_rounds(readings, rng, rounds):
            batches = batches_of(part, 500)
            for n, door in enumerate(doors):
                assert all(door.send_all(batches[n::2])), f"{enterprise}: not all acknowledged"
        for door in doors:
            door.close()
    in_threads(of_one, by_enterprise)


def shuffled_rounds(readings, rng, count):
    rounds = [[] for _ in range(count)]
    for reading in readings:
        at = rng.randrange(count)
        if rng.random() < 0.05 and at > 0:
            rounds[rng.randrange(at)].append({**reading, "v": f"{rng.randrange(10 ** 6)}.5"})
        rounds[at].append(reading)
        if rng.random() < 0.2:
            rounds[rng.randrange(at, count)].append(reading)
    for part in rounds:
        rng.shuffle(part)
    return rounds


def in_threads(of_one, by_enterprise):
    """of_one(enterprise, readings, token) for each; the largest first."""
    token_of = tokens()
    waiting = sorted(by_enterprise.items(), key=lambda item: len(item[1]))
    failures = []

    def work():
        while True:
            try:
                enterprise, readings = waiting.pop()
            except IndexError:
                return
            try:
                of_one(enterprise, readings, token_of[enterprise])
            except Exception as e:  # noqa: BLE001: told by the main thread
                failures.append(e)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
