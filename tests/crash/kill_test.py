#!/usr/bin/python3
"""meterd and PostgreSQL killed at random moments, again and again, under load over both doors: what
was acknowledged is stored, what is stored was sent, and every row is as if nothing had happened."""

import os
import random
import subprocess
import sys
import threading
import time

from feeder import Fleet, registry

from harness import BUILD, Site, eventually, free_port, run
from mixed import Mixed
from rollups import hold_to_reference, write_arrivals
from sample import REGISTRY, data_file

SEED = int(os.environ.get("METERD_SEED", time.time_ns() % 1000000))
LONG = "--long" in sys.argv or os.environ.get("METERD_LONG") == "1"
KILLS = 300 if LONG else 50
DATABASE_KILLS = 50 if LONG else 10
AWAY_S = 60


def crash_site(init=(), **options):
    """Its doors keep their ports, so that gateways find it again."""
    ports = {door: free_port() for door in ("http", "mqtt", "admin")}
    site = Site(init, {**options, **{door: {"listen": f"127.0.0.1:{port}"}
                                     for door, port in ports.items()}})
    site.ports = ports
    return site


def meterd_killed_at_random_moments():
    rng = random.Random(SEED)
    print(f"     seed {SEED}", flush=True)
    with crash_site() as site:
        files = registry()
        site.import_registry(files)
        site.start()
        with Fleet(site, SEED) as fleet:
            ready = 0
            for _ in range(KILLS):
                # Some moments are before it is ready.
                time.sleep(rng.choice((0.05, 0.1, 0.5, 1.0)) * rng.random())
                ready += "event=ready" in site.meterd.log()
                site.meterd.kill()
                site.start(ready=None)
            site.meterd.kill()
            site.start()
            time.sleep(1)
            fleet.finish()
            print(f"     {KILLS} kills, {ready} of them when ready", flush=True)
            assert ready > KILLS // 4, ready
            fleet.check(files)
        assert site.meterd.stop() == 0


def a_stop_between_kills_changes_nothing():
    with crash_site() as site:
        files = registry()
        site.import_registry(files)
        site.start()
        with Fleet(site, SEED) as fleet:
            for n in range(6):
                time.sleep(0.7)
                if n % 2:
                    site.meterd.kill()
                else:
                    assert site.meterd.stop() == 0
                site.start()
            fleet.finish()
            fleet.check(files)


def postgresql_killed_at_random_moments():
    rng = random.Random(SEED)
    with crash_site() as site:
        files = registry()
        site.import_registry(files)
        site.start()
        with Fleet(site, SEED) as fleet:
            for _ in range(DATABASE_KILLS):
                time.sleep(2 * rng.random())
                site.postgres.kill()
                time.sleep(rng.random())
                site.postgres.start()
                assert site.meterd.process.poll() is None, "meterd ended"
            time.sleep(1)
            fleet.finish()
            fleet.check(files)
        assert site.meterd.stop() == 0


def both_killed():
    rng = random.Random(SEED)
    with crash_site() as site:
        files = registry()
        site.import_registry(files)
        site.start()
        with Fleet(site, SEED) as fleet:
            for _ in range(5):
                time.sleep(rng.random())
                site.postgres.kill()
                time.sleep(0.3 * rng.random())
                site.meterd.kill()
                site.start(ready=False)
                time.sleep(0.3 * rng.random())
                site.postgres.start()
            site.meterd.wait_ready(60)
            fleet.finish()
            fleet.check(files)


def postgresql_away_for_long():
    with crash_site() as site:
        files = registry()
        site.import_registry(files)
        site.start()
        with Fleet(site, SEED) as fleet:
            time.sleep(1)
            site.postgres.stop("immediate")
            end, before = time.monotonic() + AWAY_S, fleet.count()
            while time.monotonic() < end:
                time.sleep(AWAY_S / 4)
                now = fleet.count()
                assert now > before, "acknowledgements have stopped"
                before = now
            assert site.meterd.admin("/readyz")[0] == 503
            assert site.meterd.admin("/livez")[0] == 200
            site.postgres.start()
            site.meterd.wait_ready(60)
            eventually(lambda: fleet.count() > before, what="acknowledgements go on")
            fleet.finish()
            fleet.check(files)


def every_kind_of_point_under_kills():
    """With few and many threads, written often and nearly never, with much memory and little."""
    for n, rollup in enumerate(({}, {"aggregators": "4", "flush_age": "1h"},
                                {"memory": "16MiB", "flush_age": "10s"})):
        rng = random.Random(SEED + n)
        with crash_site(rollup=rollup, ingest={"loops": str(1 + n % 2)}) as site:
            directory = f"{site.directory}/mixed"
            os.makedirs(directory)
            mixed = Mixed(rng)
            mixed.write_registry(directory)
            site.ctl("registry", "import", directory)
            site.start()
            feed = threading.Thread(target=mixed.send, args=(site, 0.7))
            feed.start()
            kills = 0
            while feed.is_alive():
                time.sleep(0.4 * rng.random())
                site.meterd.kill()
                site.start(ready=None)
                kills += 1
            site.meterd.kill()
            site.start()
            site.settle(120)
            write_arrivals(f"{directory}/arrivals", mixed.arrivals())
            rows = hold_to_reference(site, directory, "--arrivals", f"{directory}/arrivals")
            print(f"     {kills} kills, {rows} rows", flush=True)


def real_readings_shuffled_under_kills():
    """meterload feeds real readings in random order, some of them again, some wrong at first, and
    checks its own ledger."""
    rng = random.Random(SEED)
    past = ("--past-max", "8000d")
    files = [data_file("steel_interval_15min"), data_file("ampds2_electricity_1min")]
    with crash_site(past) as site:
        site.ctl("registry", "import", REGISTRY)
        site.start()
        ledger = f"{site.directory}/ledger"
        feed = subprocess.Popen(
            [f"{BUILD}/meterload", "replay", "--http", f"127.0.0.1:{site.ports['http']}", "--mqtt",
             f"127.0.0.1:{site.ports['mqtt']}", "--door", "both", "--order", "random", "--seed",
             str(SEED), "--repeats", "20", "--corrections", "5", "--batch", "200", "--rate",
             "10000", "--ledger", ledger, *files], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        kills = 0
        while feed.poll() is None and kills < KILLS:
            time.sleep(1.5 * rng.random())
            site.meterd.kill()
            site.start(ready=None)
            kills += 1
        site.meterd.kill()
        site.start()
        told = feed.communicate(timeout=120)[0]
        assert feed.returncode == 0, told
        site.settle(120)
        check = subprocess.run([f"{BUILD}/meterload", "check", "--conninfo",
                                site.postgres.conninfo, "--wait", "20", ledger],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert check.returncode == 0, check.stdout
        now = str(int(time.time() * 1000))
        rows = hold_to_reference(site, REGISTRY, *past, "--received-at", now, *files)
        print(f"     {kills} kills, {rows} rows; meterload check: {check.stdout.strip()}",
              flush=True)


if __name__ == "__main__":
    run(meterd_killed_at_random_moments, every_kind_of_point_under_kills,
        real_readings_shuffled_under_kills, a_stop_between_kills_changes_nothing,
        postgresql_killed_at_random_moments, both_killed, postgresql_away_for_long)
