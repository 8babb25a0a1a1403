#!/usr/bin/python3
"""meterload against a real meterd: everything acknowledged is stored, though meterd and meterload are
killed on the way; and its check can fail."""

import os
import re
import socket
import subprocess
import sys
import time

from harness import BUILD, ROOT, Site, run

DATA = os.path.join(ROOT, "deploy/sample/data")
STEEL = os.path.join(DATA, "steel_interval_15min.csv.gz")
SOLAR = os.path.join(DATA, "bdg2_solar_interval_hourly_2016.csv.gz")
REGISTRY = os.path.join(ROOT, "deploy/sample/registry")
TOKENS = os.path.join(ROOT, "deploy/sample/tokens.csv")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Loaded(Site):
    """A site with the sample registry, whose doors keep their ports when meterd starts again."""

    def __init__(self):
        self.http, self.mqtt = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        super().__init__(("--past-max", "8000d"),
                         {"http": {"listen": self.http}, "mqtt": {"listen": self.mqtt}})

    def __enter__(self):
        super().__enter__()
        self.ctl("registry", "import", REGISTRY)
        self.start()
        return self

    def replay(self, *arguments, tokens=TOKENS):
        return [f"{BUILD}/meterload", "replay", "--registry", REGISTRY, "--tokens", tokens,
                "--http", self.http, "--mqtt", self.mqtt, "--patience", "60", *arguments]

    def check(self, ledger, wait=60):
        done = subprocess.run([f"{BUILD}/meterload", "check", "--wait", str(wait), "--conninfo",
                               self.postgres.conninfo, ledger], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def path(self, name):
        return os.path.join(self.directory, name)


def numbers(output):
    return {name: int(n) for name, n in re.findall(r"^(\D+) (\d+)$", output, re.M)}


def all_is_stored_though_both_are_killed():
    with Loaded() as site:
        ledger = site.path("ledger")
        command = site.replay("--order", "random", "--seed", "7", "--repeats", "10",
                              "--corrections", "10", "--batch", "200", "--rate", "20000",
                              "--ledger", ledger, STEEL, SOLAR)
        for _ in range(2):
            load = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            for _ in range(2):
                time.sleep(0.7)
                site.meterd.kill()
                time.sleep(0.3)
                site.start()
            load.kill()
            load.wait()
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
        code, output = site.check(ledger)
        assert code == 0, output
        assert site.postgres.value("select count(*) from meterd.v_superseded") > 5000
        sent_again = sum(1 for line in open(ledger) if line.startswith("S ")) - sum(
            1 for line in open(ledger) if line.startswith("A "))
        assert sent_again > 0, "the kills hit nothing"
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0 and numbers(done.stdout)["messages"] == 0, done.stdout


def check_can_fail():
    with Loaded() as site:
        ledger = site.path("ledger")
        done = subprocess.run(site.replay("--corrections", "5", "--ledger", ledger, STEEL),
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        code, output = site.check(ledger)
        assert code == 0, output

        lines = open(ledger).read().splitlines()
        turned = [re.sub(r":\d+ 0$", ":999999 0", line)
                  if line.startswith("A ") and int(line.split()[2]) == 0 else line
                  for line in lines]
        with open(site.path("turned"), "w") as f:
            f.write("\n".join(turned) + "\n")
        code, output = site.check(site.path("turned"), 0)
        assert code == 1 and "another value is later in the log" in output, output

        site.post({"readings": [{"point": "steel-usage", "t": "2019-01-01T00:00:00Z", "v": 1}]},
                  "sample-token-steel")
        site.settle()
        site.postgres.rows("delete from meterd.reading_superseded where ctid = (select ctid from"
                           " meterd.reading_superseded limit 1)")
        time.sleep(3)
        code, output = site.check(ledger, 0)
        assert code == 1, output
        found = numbers(output)
        assert found["acknowledged, not stored"] == 1, output
        assert found["stored, not sent"] == 1, output


def wrong_tokens_are_refusals_not_retries():
    with Loaded() as site:
        tokens = site.path("tokens.csv")
        with open(TOKENS) as right, open(tokens, "w") as wrong:
            wrong.write(right.read().replace("sample-token-", "stale-token-"))
        for door in ("http", "mqtt"):
            done = subprocess.run(site.replay("--door", door, STEEL, tokens=tokens),
                                  capture_output=True, text=True)
            assert done.returncode == 1, (door, done.stdout, done.stderr)
            assert numbers(done.stdout)["refused"] == 53, (door, done.stdout)
            assert "first refusal: " in done.stdout, done.stdout


def what_is_wrong_is_said():
    def said(*command):
        done = subprocess.run([f"{BUILD}/meterload", *command], capture_output=True, text=True,
                              cwd=ROOT)
        return done.returncode, done.stderr

    code, words = said("replay", "--http", "127.0.0.1:1", "--door", "http", "--patience", "1", STEEL)
    assert code == 69 and "is meterd running?" in words, (code, words)
    code, words = said("replay", os.path.join(DATA, "nothing.csv.gz"))
    assert code == 66 and "cannot be opened" in words, (code, words)
    code, words = said("replay", os.path.join(DATA, "meters.csv"))
    assert code == 65 and "timestamp_utc is missing" in words, (code, words)
    code, words = said("replay", "--rate", "fast", STEEL)
    assert code == 64 and "a whole number" in words, (code, words)
    code, words = said("check", TOKENS, "--conninfo", "host=/nowhere")
    assert code in (65, 69), (code, words)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    run(all_is_stored_though_both_are_killed, check_can_fail,
        wrong_tokens_are_refusals_not_retries, what_is_wrong_is_said)
