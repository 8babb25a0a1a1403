"""What the tests of the doors share: a site with small limits, and clients of both doors."""

import json
import subprocess
from datetime import datetime, timedelta, timezone

from gateway import V4, Mqtt, RawHttp
from harness import Site, interval, register, small_registry

BODY_MAX = 256 * 1024
PACKET_MAX = 64 * 1024
TOKEN = "token-acme"


def ago(**span):
    """A moment before now, to the second, as gateways write it."""
    moment = datetime.now(timezone.utc) - timedelta(**span)
    return moment.replace(microsecond=0).isoformat()


def reading(point="E1", t=None, v="1", **more):
    return {"point": point, "t": t or ago(minutes=30), "v": v, **more}


def curl(site, body, *options, path="/v1/readings", token=TOKEN):
    """(status, answer) of a POST by curl."""
    done = subprocess.run(
        ["curl", "-sS", "-w", "\n%{http_code}", "-H", f"Authorization: Bearer {token}",
         "-H", "Content-Type: application/json", *options, "--data-binary", "@-",
         f"http://127.0.0.1:{site.meterd.ports['http']}{path}"],
        input=body if isinstance(body, bytes) else json.dumps(body).encode(),
        stdout=subprocess.PIPE, check=True)
    answer, status = done.stdout.decode().rsplit("\n", 1)
    return int(status), json.loads(answer) if answer else None


def http(site):
    return RawHttp(site.meterd.ports["http"])


def mqtt(site, version=V4, user=TOKEN, **how):
    connection = Mqtt(site.meterd.ports["mqtt"], version)
    reason = connection.connect(user, **how)
    assert reason == 0, reason
    return connection


def quarantined(site, point):
    """(code, t_text, value_text) of a point's rows, oldest first."""
    site.settle()
    return site.postgres.rows("select code, t_text, value_text from meterd.v_quarantine"
                              " where point = %s order by id", point)


def stored(site, point):
    site.settle()
    return site.postgres.value("select count(*) from meterd.v_readings where point = %s", point)


def doors():
    points = [register("acme", "E1"), interval("acme", "I1"), register("acme", "总表/电"),
              register("other", "X1")]
    points += [register("acme", name) for name in ("S1", "S2", "T1", "L1", "M1", "C1", "P1", "Q1",
                                                   "PA", "R1", "SB", "W1")]
    site = Site(options={"http": {"listen": "127.0.0.1:0", "body_max": f"{BODY_MAX // 1024}KiB"},
                         "mqtt": {"listen": "127.0.0.1:0",
                                  "packet_max": f"{PACKET_MAX // 1024}KiB"}})
    site.registry = small_registry(points, ("acme", "other"))
    return site
