"""Gateways that go on sending while things are killed under them, with a ledger of what they sent
and what was acknowledged. What is not acknowledged is sent again before anything newer."""

import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

from gateway import HttpGateway, MqttGateway  # noqa: E402
from harness import eventually, interval, register, small_registry  # noqa: E402
from mixed import DAY, HOUR, MINUTE, as_json, units  # noqa: E402
from rollups import hold_to_reference, parks_add_up, sums_agree, write_arrivals  # noqa: E402

ENTERPRISES = ("e0", "e1", "e2", "e3")
STEP = 15 * MINUTE
PAST_DAYS = 380
PAUSE_S = 0.1  # between two rounds, at most


def registry():
    points = []
    for e in ENTERPRISES:
        points += [register(e, f"{e}-R0"), register(e, f"{e}-R1", max_rate="400"),
                   register(e, f"{e}-R2", modulus="1000"), interval(e, f"{e}-I0"),
                   interval(e, f"{e}-I1", period="1d"),
                   f"{e},{e}-P,,rate,electricity,kWh,,,15min,,,,,,,,,,,"]
    files = small_registry(points, ENTERPRISES)
    files["prefectures.csv"] += "530300,曲靖市,Qujing\n"
    files["enterprises.csv"] = files["enterprises.csv"].replace("e3,,e3,,,530100,P1,",
                                                                "e3,,e3,,,530300,,")
    return files


def course(enterprise, rng):
    """(t, point, value, quality), more or less in the order of time, a year of them."""
    end = int(time.time() * 1000) - 3 * HOUR  # all of it is late, whenever it arrives
    t = end // DAY * DAY - PAST_DAYS * DAY - 8 * HOUR
    values = [rng.randrange(10 ** 9) for _ in range(3)]
    while t < end:
        for n in range(3):
            values[n] += rng.randrange(50 * 10 ** 6)
            if n == 2:
                values[n] %= 10 ** 9
            yield t + n * 1000 * rng.randrange(1, 300), f"{enterprise}-R{n}", units(values[n]), \
                rng.choice(("good",) * 30 + ("fault", "estimated"))
        yield t, f"{enterprise}-I0", units(rng.randrange(10 ** 8)), "good"
        yield t, f"{enterprise}-P", units(rng.randrange(10 ** 9)), "good"
        if (t + 8 * HOUR) % DAY == 0:
            yield t, f"{enterprise}-I1", units(rng.randrange(10 ** 10)), "good"
        t += STEP


class Feeder:
    """One gateway. Rounds: a few batches, all acknowledged before the next round begins. A wrong
    value is sent a round before the right one, a repeat a round after, and some come days late."""

    def __init__(self, site, enterprise, door, seed):
        self.site, self.enterprise, self.door = site, enterprise, door
        self.rng = random.Random(f"{seed} {enterprise}")
        self.course = course(enterprise, self.rng)
        self.sent, self.acknowledged, self.final = set(), set(), {}
        self.late, self.again, self.count = [], [], 0
        self.stop = threading.Event()
        self.failure = None
        self.gateway = None
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        try:
            while not self.stop.is_set():
                self.send_round(self.next_round())
                time.sleep(self.rng.random() * PAUSE_S)
            self.send_round(self.late + self.again)
        except Exception as e:  # noqa: BLE001: told by the main thread
            self.failure = e

    def next_round(self):
        rng, part = self.rng, self.again
        self.again = []
        for _ in range(rng.randrange(1, 120)):
            reading = next(self.course, None)
            if reading is None:
                break
            self.final[reading[:2]] = reading
            choice = rng.random()
            if choice < 0.03:  # wrong at first
                part.append((*reading[:2], units(rng.randrange(10 ** 9)), "good"))
                self.again.append(reading)
                continue
            if choice < 0.08:
                self.late.append(reading)
                continue
            part.append(reading)
            if choice < 0.13:
                self.again.append(reading)
        rng.shuffle(self.late)
        while len(self.late) > 200:
            part.append(self.late.pop())
        return part

    def send_round(self, readings):
        size = self.rng.randrange(5, 40)
        batches = [readings[i:i + size] for i in range(0, len(readings), size)]
        while batches:
            for batch in batches:
                self.sent.update(batch)
            done = self.send([[as_json(r) for r in batch] for batch in batches])
            for batch, is_done in zip(batches, done):
                if is_done:
                    self.acknowledged.update(batch)
                    self.count += len(batch)
            batches = [batch for batch, is_done in zip(batches, done) if not is_done]
            if batches:
                time.sleep(0.02)

    def send(self, batches):
        if self.gateway is None:
            kind = HttpGateway if self.door == "http" else MqttGateway
            self.gateway = kind(self.site.ports[self.door], f"token-{self.enterprise}")
        return self.gateway.send_all(batches)


class Fleet:
    """All feeders; even ones over HTTP, odd ones over MQTT."""

    def __init__(self, site, seed):
        self.site = site
        self.feeders = [Feeder(site, e, ("http", "mqtt")[n % 2], seed)
                        for n, e in enumerate(ENTERPRISES)]

    def __enter__(self):
        for feeder in self.feeders:
            feeder.thread.start()
        return self

    def __exit__(self, *_):
        for feeder in self.feeders:
            feeder.stop.set()
        for feeder in self.feeders:
            feeder.thread.join(60)

    def count(self):
        """Readings acknowledged so far."""
        return sum(f.count for f in self.feeders)

    def finish(self):
        """Stops when everything sent is acknowledged."""
        self.__exit__()
        for feeder in self.feeders:
            if feeder.failure:
                raise feeder.failure
            assert not feeder.thread.is_alive(), f"{feeder.enterprise} is not acknowledged"

    def check(self, files, seconds=120):
        """Nothing lost, nothing made up, and every row as if nothing had happened."""
        site = self.site
        site.settle(seconds)
        self.check_ledger()
        directory = f"{site.directory}/reference-registry"
        os.makedirs(directory, exist_ok=True)
        for name, text in files.items():
            with open(f"{directory}/{name}", "w") as f:
                f.write(text)
        arrivals = f"{site.directory}/arrivals"
        now = int(time.time() * 1000)
        write_arrivals(arrivals, ((point, t, value, quality, now) for f in self.feeders
                                  for t, point, value, quality in f.final.values()))
        rows = hold_to_reference(site, directory, "--arrivals", arrivals)
        sums_agree(site)
        parks_add_up(site)
        counts = site.postgres.rows("select sum(received), sum(counted) from"
                                    " meterd.v_enterprise_arrivals")[0]
        assert counts[1] == sum(len(f.final) for f in self.feeders), counts
        print(f"     {counts[0]} arrivals, {counts[1]} readings, {rows} rows", flush=True)

    def check_ledger(self):
        """acknowledged is in stored, stored is in sent: reading by reading."""
        sent = set().union(*(f.sent for f in self.feeders))
        acknowledged = set().union(*(f.acknowledged for f in self.feeders))
        try:  # v_readings is as of the last write of each point: flush_age
            eventually(lambda: acknowledged <= self.stored(), 15, "what was acknowledged is stored")
        except AssertionError:
            raise AssertionError(f"lost: {sorted(acknowledged - self.stored())[:5]}") from None
        stored = self.stored()
        assert stored <= sent, sorted(stored - sent)[:5]

    def stored(self):
        """Of the set, or superseded in it."""
        rows = set()
        for view in ("v_readings", "v_superseded"):
            rows |= set(self.site.postgres.rows(
                f"select round(extract(epoch from t) * 1000)::bigint, point,"
                f" (value * 1000000)::bigint, quality from meterd.{view}"))
        return {(t, point, units(value), quality) for t, point, value, quality in rows}
