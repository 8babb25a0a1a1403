#!/usr/bin/python3
"""A commit whose answer is lost is applied once, and an owner that is no longer the owner writes
nothing. Between meterd and PostgreSQL stands a proxy that cuts at the worst moments."""

import os
import random
import selectors
import socket
import threading
import time

from feeder import Fleet, registry

from harness import Site, eventually, free_port, register, run, small_registry

SEED = int(os.environ.get("METERD_SEED", time.time_ns() % 1000000))
CUTS = 40
EX_TEMPFAIL = 75
SOCKET = ".s.PGSQL.5432"
# Bind of the prepared statement "commit", and the server's CommandComplete of COMMIT.
ASKED, DONE = b"\0commit\0", b"C\0\0\0\x0bCOMMIT\0"


class CutProxy:
    """Forwards a Unix socket. With some probability a connection is cut instead of forwarding a
    COMMIT, or instead of forwarding its answer; the server has then committed."""

    def __init__(self, directory, target, rng):
        self.target, self.rng = target, rng
        self.probability = 0.0
        self.before = self.after = 0  # cuts
        os.makedirs(directory, exist_ok=True)
        os.chmod(directory, 0o755)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(f"{directory}/{SOCKET}")
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.forward, args=(client,), daemon=True).start()

    def forward(self, client):
        server = socket.socket(socket.AF_UNIX)
        with client, server, selectors.DefaultSelector() as ready:
            try:
                server.connect(f"{self.target}/{SOCKET}")
                ready.register(client, selectors.EVENT_READ, (server, ASKED))
                ready.register(server, selectors.EVENT_READ, (client, DONE))
                self.forward_both(ready, server)
            except OSError:
                return

    def forward_both(self, ready, server):
        tails = {}
        while True:
            for key, _ in ready.select():
                to, word = key.data
                data = key.fileobj.recv(65536)
                if not data:
                    return
                seen = tails.get(word, b"") + data
                tails[word] = seen[-len(DONE) + 1:]
                if word in seen and self.rng.random() < self.probability:
                    if word == ASKED and self.rng.random() < 0.5:
                        self.before += 1
                        return
                    if word == DONE:
                        self.after += 1
                        return
                if word in seen:
                    tails[word] = b""
                to.sendall(data)


def proxied_site(rng):
    ports = {door: free_port() for door in ("http", "mqtt", "admin")}
    site = Site(options={door: {"listen": f"127.0.0.1:{port}"} for door, port in ports.items()})
    site.ports = ports
    between = f"{site.directory}/proxy"
    site.proxy = CutProxy(between, f"{site.directory}/pg", rng)
    site.options["database"] = {"conninfo": f"host={between} user=meterd dbname=meterd"}
    return site


def a_commit_without_its_answer_is_applied_once():
    rng = random.Random(SEED)
    print(f"     seed {SEED}", flush=True)
    with proxied_site(rng) as site:
        files = registry()
        site.import_registry(files)
        site.start()
        with Fleet(site, SEED) as fleet:
            site.proxy.probability = 0.3
            eventually(lambda: site.proxy.after >= CUTS and site.proxy.before >= CUTS / 4, 120,
                       "enough answers are cut off")
            assert site.meterd.process.poll() is None, "meterd ended"
            site.proxy.probability = 0.0
            fleet.finish()
            print(f"     cut before {site.proxy.before} commits, after {site.proxy.after}",
                  flush=True)
            fleet.check(files)
        assert site.meterd.stop() == 0


def cut_off_and_killed():
    """The answer is lost, and then the one who would have asked again is killed."""
    rng = random.Random(SEED + 1)
    with proxied_site(rng) as site:
        files = registry()
        site.import_registry(files)
        site.start()
        with Fleet(site, SEED) as fleet:
            site.proxy.probability = 0.5
            for _ in range(15):
                cuts = site.proxy.after + site.proxy.before
                eventually(lambda: site.proxy.after + site.proxy.before > cuts, 30, "a cut")
                time.sleep(0.1 * rng.random())
                site.meterd.kill()
                site.start(ready=False)
            site.proxy.probability = 0.0
            site.meterd.wait_ready(60)
            fleet.finish()
            fleet.check(files)


def an_older_owner_writes_nothing():
    rng = random.Random(SEED)
    with proxied_site(rng) as site:
        files = registry()
        site.import_registry(files)
        site.start()
        with Fleet(site, SEED) as fleet:
            for n in range(4):
                time.sleep(0.5 + rng.random())
                site.postgres.rows("update meterd.log_partition set owner_epoch = owner_epoch + 1"
                                   " where part = %s or %s", n, n == 3)
                assert site.meterd.process.wait(30) == EX_TEMPFAIL
                assert "event=owner_changed" in site.meterd.log()
                site.start()
            fleet.finish()
            fleet.check(files)
        assert site.meterd.stop() == 0


def a_second_owner_fences_the_first():
    """Somebody claims every partition, as a second meterd would at its start."""
    rng = random.Random(SEED)
    with proxied_site(rng) as site:
        files = registry()
        site.import_registry(files)
        site.start()
        with Fleet(site, SEED) as fleet:
            time.sleep(1)
            epochs = site.postgres.rows("select part, meterd.claim(topic, part)::text"
                                        " from meterd.log_partition")
            assert len(epochs) == 16
            assert site.meterd.process.wait(30) == EX_TEMPFAIL
            site.start()
            fleet.finish()
            fleet.check(files)


def nothing_of_a_lost_partition_rides_with_the_others():
    """Partition 0 is lost while its commit waits and partition 1 has not committed yet: what was
    folded of both since must not come with a commit of partition 1 alone."""
    names, options = ("e0", "e1"), {"rollup": {"commit_interval": "300ms", "flush_age": "1h"}}
    with Site(init=("--partitions", "2"), options=options) as site:
        site.import_registry(small_registry([register(e, f"{e}-R") for e in names], names))
        site.start()
        start = int(time.time() * 1000) - 5 * 3600 * 1000
        sent = dict.fromkeys(names, 0)

        def post(name, count):
            at = sent[name]
            status, _ = site.post({"readings": [
                {"point": f"{name}-R", "t": start + n * 1000, "v": n}
                for n in range(at, at + count)]}, f"token-{name}")
            assert status == 200
            sent[name] = at + count

        post("e0", 10)
        site.settle()
        connection = site.postgres.connect()
        connection.autocommit = False
        cursor = connection.cursor()
        cursor.execute("update meterd.log_partition set owner_epoch = owner_epoch + 1"
                       " where part = 0")
        post("e0", 10)
        time.sleep(1)  # its commit waits at the row that is locked
        post("e1", 10)
        post("e0", 1000)
        time.sleep(0.5)
        connection.commit()
        assert site.meterd.process.wait(30) == EX_TEMPFAIL
        site.start()
        site.settle()
        rows = site.postgres.rows("select area, sum(quantity), sum(readings) from"
                                  " meterd.v_enterprise_day group by 1 order by 1")
        assert rows == [(e, sent[e] - 1, sent[e]) for e in names], (rows, sent)


if __name__ == "__main__":
    run(a_commit_without_its_answer_is_applied_once, cut_off_and_killed,
        an_older_owner_writes_nothing, nothing_of_a_lost_partition_rides_with_the_others,
        a_second_owner_fences_the_first)
