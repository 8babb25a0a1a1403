#!/usr/bin/python3
"""The operator's day (contract 3, 4): configuration, registry, tokens, status, start and stop."""

import json
import os
import re
import shutil
import subprocess
import time
from datetime import datetime, timedelta, timezone

from gateway import Mqtt, RawHttp, V5, request
from harness import (BUILD, Site, eventually, http_get, interval, register, run,
                     small_registry, token_hash)

EX_OK, EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_UNAVAILABLE, EX_TEMPFAIL, EX_CONFIG = (
    0, 64, 65, 66, 69, 75, 78)


def meterd(site, config, *options):
    """(exit code, stdout, stderr) of a meterd that is to end by itself."""
    path = f"{site.directory}/other.conf"
    with open(path, "w") as f:
        f.write(config)
    done = subprocess.run([f"{BUILD}/meterd", "--config", path, *options], timeout=30,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stdout, done.stderr


def config_text(site):
    with open(site.config) as f:
        return f.read()


def body(v=1, minutes=30):
    t = (datetime.now(timezone.utc) - timedelta(minutes=minutes)).isoformat()
    return {"readings": [{"point": "E1", "t": t, "v": v}]}


# --- Configuration ---


def all_faults_of_a_configuration_are_told_at_once(site):
    wrong = ("[node]\nrole = boss\n[http]\nlisten = localhost:80\nbody_max = 8 potatoes\n"
             "colour = red\n[kitchen]\nsink = 1\n[rollup]\ncommit_interval = 2h\n"
             "just words\n")
    for options in ((), ("--check-config",)):
        code, out, err = meterd(site, wrong, *options)
        assert code == EX_CONFIG and out == "", (code, out)
        told = {int(n) for n in re.findall(r"other\.conf:(\d+): ", err)}
        assert told >= {2, 4, 5, 6, 10, 11} and told & {7, 8}, err
        assert all(": " in line for line in err.splitlines()), err
        assert "would be right" in err, err


def a_missing_configuration_is_told(site):
    done = subprocess.run([f"{BUILD}/meterd", "--config", "/nonexistent.conf"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == EX_CONFIG and "/nonexistent.conf" in done.stderr, done


def a_right_configuration_is_checked_and_dumped(site):
    code, out, err = meterd(site, config_text(site), "--check-config")
    assert (code, out, err) == (EX_OK, "", ""), (code, out, err)
    code, first, err = meterd(site, config_text(site), "--dump-config")
    assert code == EX_OK and "commit_interval = 100ms" in first, first
    code, second, err = meterd(site, first, "--dump-config")
    assert (code, second) == (EX_OK, first), second
    code, defaults, err = meterd(site, "", "--dump-config")
    assert code == EX_OK and "commit_interval = 5s" in defaults, defaults


def what_this_version_has_not_is_told(site):
    code, _, err = meterd(site, "[log]\nkind = kafka\n")
    assert code == EX_CONFIG and "not in this version" in err, err
    assert "other.conf:2:" in err, err


def usage_errors_have_their_exit_code(site):
    for program in ("meterd", "meterctl"):
        for options, code in (((["--nonsense"]), EX_USAGE), (["--help"], 0), (["--version"], 0)):
            done = subprocess.run([f"{BUILD}/{program}", *options], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
            assert done.returncode == code, (program, options, done)
    site.ctl("paint", "house", expect=EX_USAGE)
    site.ctl("db", "init", "--slot", "7min", expect=EX_USAGE)


# --- Database and registry ---


def db_init_again_agrees_or_says_what_differs(site):
    site.ctl("db", "init")
    done = site.ctl("db", "init", "--slot", "1h", "--past-max", "9d", expect=EX_DATAERR)
    assert "slot" in done.stderr and "past" in done.stderr, done.stderr
    assert site.ctl("db", "status").stdout
    assert json.loads(site.ctl("--json", "db", "status").stdout)["version"] > 0


def wrong_files_are_told_line_by_line_and_change_nothing(site):
    revision = site.postgres.value("select max(revision) from meterd.revision")
    files = small_registry([register("acme", "NEW1"),
                            "acme,NEW2,,register,nothing,kWh,,,15min,,none,,,,,,,,,",
                            "nobody,NEW3,,register,electricity,kWh,,,15min,,none,,,,,,,,,",
                            "acme,NEW4,,pump,electricity,kWh,,,15min,,none,,,,,,,,,",
                            "acme,NEW5,,register,electricity,kWh,,,15min,,,,,,,,,,,",
                            register("acme", "NEW1")])
    files["gateways.csv"] += f"gw-x,acme,{'z' * 64},\n"
    done = site.import_registry(files, expect=EX_DATAERR)
    told = re.findall(r"(\w+\.csv):(\d+): ", done.stderr)
    for line in ("3", "4", "5", "6", "7"):
        assert ("points.csv", line) in told, (line, done.stderr)
    assert ("gateways.csv", "3") in told, done.stderr
    assert site.postgres.value("select max(revision) from meterd.revision") == revision
    assert site.postgres.value("select count(*) from meterd.point where name like 'NEW%%'") == 0
    site.ctl("registry", "import", "/nonexistent", expect=EX_NOINPUT)


def a_dry_run_says_what_would_change_and_changes_nothing(site):
    revision = site.postgres.value("select max(revision) from meterd.revision")
    done = site.import_registry(small_registry([register("acme", "DRY")]), "--dry-run")
    assert "DRY" in done.stdout and "dry run" in done.stdout, done.stdout
    assert site.postgres.value("select max(revision) from meterd.revision") == revision
    assert site.postgres.value("select count(*) from meterd.point where name = 'DRY'") == 0


def the_same_import_again_is_no_new_revision(site):
    revision = site.postgres.value("select max(revision) from meterd.revision")
    done = site.import_registry(site.registry)
    assert site.postgres.value("select max(revision) from meterd.revision") == revision
    assert "nothing changes" in done.stdout, done.stdout
    with_bom = {name: "\ufeff" + text.replace("\n", "\r\n")
                for name, text in site.registry.items()}
    site.import_registry(with_bom)
    assert site.postgres.value("select max(revision) from meterd.revision") == revision


def a_loss_of_points_needs_force(site):
    tomorrow = (datetime.now(timezone.utc) + timedelta(days=1)).isoformat()
    gone = f"acme,E2,{tomorrow},register,electricity,kWh,,,15min,,none,,,,,no,,,,"
    done = site.import_registry({"points.csv": small_registry([gone])["points.csv"]},
                                expect=EX_DATAERR)
    assert "--force" in done.stderr, done.stderr


def an_import_is_at_the_doors_within_two_seconds(site):
    assert site.post(body(), "token-later")[0] == 401
    later = small_registry([register("later", "E1")], ("later",))
    site.import_registry(later)
    started = time.monotonic()
    eventually(lambda: site.post(body(), "token-later")[0] == 200, 10, "the new token opens")
    took = time.monotonic() - started
    assert took < 2.5, took
    assert site.post(body(), "token-later")[1]["unregistered"] == []


# --- Tokens ---


def a_new_token_opens_and_rotates(site):
    first = site.ctl("gateway", "token", "gw-acme").stdout.strip()
    second = json.loads(site.ctl("--json", "gateway", "token", "gw-acme").stdout)["token"]
    assert len(first) >= 32 and first != second
    eventually(lambda: site.post(body(), second)[0] == 200, 10, "the newest token opens")
    assert site.post(body(), first)[0] == 200, "the token before it opens too"
    assert site.post(body(), "token-acme")[0] == 401, "the one before that does not"
    hashes = site.postgres.rows("select encode(token_sha256, 'hex'), encode(token2_sha256, 'hex')"
                                " from meterd.gateway where name = 'gw-acme'")[0]
    assert set(hashes) == {token_hash(first), token_hash(second)}
    site.ctl("gateway", "token", "gw-nobody", expect=EX_DATAERR)
    site.import_registry(site.registry)
    eventually(lambda: site.post(body(), "token-acme")[0] == 200, 10, "the files' token is back")


def connections_of_a_withdrawn_token_are_closed(site):
    with Mqtt(site.meterd.ports["mqtt"], V5, timeout=60) as leaves, \
            Mqtt(site.meterd.ports["mqtt"], V5) as stays:
        assert leaves.connect("token-leaves", client="a") == 0
        assert stays.connect("token-acme", client="b") == 0
        files = dict(site.registry)
        files["gateways.csv"] = ("gateway,enterprise,token_sha256,token2_sha256\n"
                                 f"gw-leaves,leaves,{token_hash('token-other')},\n")
        site.import_registry({"gateways.csv": files["gateways.csv"]})
        assert leaves.end() == 0x87
        assert stays.ping()
        assert site.post(body(), "token-leaves")[0] == 401
        assert site.post(body(), "token-other")[0] == 200
    site.import_registry(site.registry)


# --- Looking ---


def status_tells_partitions_and_what_is_degraded(site):
    assert site.post(body(), "token-acme")[0] == 200
    site.settle()
    with open(f"{site.directory}/ctl.conf", "w") as f:
        f.write(re.sub(r"(\[admin\]\nlisten = 127\.0\.0\.1:)\d+", f"\\g<1>"
                       f"{site.meterd.ports['admin']}", config_text(site)))
    command = [f"{BUILD}/meterctl", "--config", f"{site.directory}/ctl.conf", "status"]
    table = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    assert "partition" in table and "next offset" in table and "inbox" in table, table
    answer = json.loads(subprocess.run(command + ["--json"], stdout=subprocess.PIPE, text=True,
                                       check=True).stdout)
    assert sum(p["next_offset"] for p in answer["partitions"]) > 0, answer
    assert all(p["inbox"] == 0 for p in answer["partitions"]), answer
    running = answer["meterd"]
    assert running["database_ok"] and running["log_ok"] and running["degraded"] == [], running
    live = [p for p in running["partitions"] if p["owner_epoch"] is not None]
    assert len(live) == 16 and all(p["lag_records"] == 0 for p in live), running


def the_admin_door_answers(site):
    assert site.meterd.admin("/livez")[0] == 200
    status, ready = site.meterd.admin("/readyz")
    assert status == 200 and json.loads(ready)["ready"] is True, ready
    assert json.loads(site.meterd.admin("/status")[1])["partitions"]
    assert site.meterd.admin("/nothing")[0] == 404
    lines = site.meterd.admin("/metrics")[1].splitlines()
    samples = [line for line in lines if line and not line.startswith("#")]
    assert len(samples) > 20, lines
    for line in samples:
        assert re.fullmatch(r'[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^}]*\})? -?[0-9.e+]+(\d+)?', line), line
    named = {line.split(" ")[2] for line in lines if line.startswith("# TYPE ")}
    assert {re.split(r"[{ ]", line)[0] for line in samples} <= named, named


def status_without_meterd_says_so():
    with Site() as site:
        site.import_registry(small_registry([register("acme", "E1")]))
        with open(site.config) as f:
            config = f.read().replace("[admin]\nlisten = 127.0.0.1:0",
                                      "[admin]\nlisten = 127.0.0.1:9")
        with open(site.config, "w") as f:
            f.write(config)
        done = site.ctl("status", expect=EX_UNAVAILABLE)
        assert "meterd is away" in done.stderr, done.stderr
        site.postgres.stop()
        done = site.ctl("db", "status", expect=EX_UNAVAILABLE)
        assert done.stderr.startswith("meterctl: "), done.stderr


# --- Starting and stopping ---


def a_stop_drains():
    with Site() as site:
        site.import_registry(small_registry([register("acme", "E1"), interval("acme", "I1")]))
        site.start()
        with Mqtt(site.meterd.ports["mqtt"], V5) as c:
            assert c.connect("token-acme") == 0
            for n in range(30):
                assert site.post(body(n, 30 - n), "token-acme")[0] == 200
            site.meterd.process.terminate()
            assert c.end() == 0x8B
        assert site.meterd.process.wait(30) == EX_OK
        assert http_get(site.meterd.ports["http"], "/v1/points")[0] == 0
        total = site.postgres.value("select sum(counted) from meterd.v_enterprise_arrivals")
        assert total == 30, total
        assert "event=stopped" in site.meterd.log()


def a_registry_that_comes_while_it_stops_changes_nothing():
    with Site() as site:
        files = small_registry([register("acme", "E1")])
        site.import_registry(files)
        site.start()
        with RawHttp(site.meterd.ports["http"]) as c:
            c.send(request("token-acme", json.dumps(body()))[:-10])  # half a request: the drain waits for it
            time.sleep(0.2)
            files["points.csv"] += register("acme", "E2") + "\n"
            site.import_registry(files)
            assert site.meterd.stop() == EX_OK


def a_log_has_one_meterd(site):
    second = subprocess.run([f"{BUILD}/meterd", "--config", site.config], timeout=30,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert second.returncode == EX_TEMPFAIL, second
    assert site.options["log"]["path"] in second.stderr, second.stderr
    assert site.post(body(), "token-acme")[0] == 200


def a_log_of_another_deployment_is_refused():
    with Site() as site:
        site.import_registry(small_registry([register("acme", "E1")]))
        site.start()
        assert site.post(body(), "token-acme")[0] == 200
        assert site.meterd.stop() == EX_OK
        shutil.copytree(f"{site.directory}/log", f"{site.directory}/kept-log")
        site.postgres.rows("drop schema meterd cascade")
        site.ctl("db", "init")
        site.import_registry(small_registry([register("acme", "E1")]))
        meterd_ended(site, EX_CONFIG)
        shutil.rmtree(f"{site.directory}/log")
        site.start()
        assert site.meterd.stop() == EX_OK
        shutil.rmtree(f"{site.directory}/log")
        meterd_ended(site, EX_CONFIG)  # the log is missing: a new one is not the one
        shutil.rmtree(f"{site.directory}/log")
        os.rename(f"{site.directory}/kept-log", f"{site.directory}/log")
        meterd_ended(site, EX_CONFIG)


def meterd_ended(site, code):
    done = subprocess.run([f"{BUILD}/meterd", "--config", site.config], timeout=30,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == code and "event=log_refused" in done.stderr, done
    return done


def another_version_of_the_schema_is_refused():
    with Site() as site:
        site.postgres.rows("insert into meterd.schema_version (version, name) values (9999, 'x')")
        site.ctl("db", "status", expect=EX_DATAERR)
        site.start(ready=False)
        eventually(lambda: "9999" in site.meterd.log(), what="the version is told")
        assert site.meterd.admin("/readyz")[0] == 503
        site.postgres.rows("delete from meterd.schema_version where version = 9999")
        site.meterd.wait_ready()


def a_door_that_is_taken_is_told(site):
    config = config_text(site).replace("[http]\nlisten = 127.0.0.1:0", "[http]\nlisten = "
                                       f"127.0.0.1:{site.meterd.ports['http']}")
    code, _, err = meterd(site, config)
    assert code == EX_UNAVAILABLE and str(site.meterd.ports["http"]) in err, (code, err)


def operators_site():
    site = Site()
    site.registry = small_registry([register("acme", "E1"), register("acme", "E2"),
                                    register("leaves", "E1")], ("acme", "leaves"))
    return site


if __name__ == "__main__":
    with operators_site() as shared:
        shared.import_registry(shared.registry)
        shared.start()
        run(all_faults_of_a_configuration_are_told_at_once, a_missing_configuration_is_told,
            a_right_configuration_is_checked_and_dumped, what_this_version_has_not_is_told,
            usage_errors_have_their_exit_code, db_init_again_agrees_or_says_what_differs,
            wrong_files_are_told_line_by_line_and_change_nothing,
            a_dry_run_says_what_would_change_and_changes_nothing,
            the_same_import_again_is_no_new_revision, a_loss_of_points_needs_force,
            an_import_is_at_the_doors_within_two_seconds, a_new_token_opens_and_rotates,
            connections_of_a_withdrawn_token_are_closed,
            status_tells_partitions_and_what_is_degraded, the_admin_door_answers,
            a_log_has_one_meterd, a_door_that_is_taken_is_told, status_without_meterd_says_so,
            a_stop_drains, a_registry_that_comes_while_it_stops_changes_nothing,
            a_log_of_another_deployment_is_refused, another_version_of_the_schema_is_refused,
            site=shared)
