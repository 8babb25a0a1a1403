"""What a measurement needs around meterd: a site of its own, processors, clocks of processes."""

import ctypes
import hashlib
import json
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "integration"))

import harness  # noqa: E402

SERVER_CPU, LOAD_CPU = 0, 1
PREFECTURES, PARKS = 16, 128

LIBC = ctypes.CDLL(None, use_errno=True)


class Timespec(ctypes.Structure):
    _fields_ = [("s", ctypes.c_long), ("ns", ctypes.c_long)]


def cpu_ns(pid):
    """CPU time of a process, all threads, ended ones too."""
    clock, t = ctypes.c_int(), Timespec()
    if LIBC.clock_getcpuclockid(pid, ctypes.byref(clock)) != 0:
        return 0
    return t.s * 10**9 + t.ns if LIBC.clock_gettime(clock, ctypes.byref(t)) == 0 else 0


def thread_ns(pid):
    """CPU time of each thread by name."""
    out = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/comm") as f:
                name = f.read().strip()
            with open(f"/proc/{pid}/task/{task}/schedstat") as f:
                out[name] = out.get(name, 0) + int(f.read().split()[0])
        except OSError:
            pass
    return out


def children(pid):
    done = subprocess.run(["pgrep", "-P", str(pid)], stdout=subprocess.PIPE, text=True)
    return [int(p) for p in done.stdout.split()]


def registry(gateways, points):
    """The registry `meterload run` sends for: each gateway an enterprise with registers E0000 ...,
    and one gateway `load-probe` with the register P. Name of file -> text."""
    names = [f"load-{i:05}" for i in range(gateways)]

    def lines(head, rows):
        return head + "\n" + "\n".join(rows) + "\n"

    def sha(text):
        return hashlib.sha256(text.encode()).hexdigest()

    def prefecture(park):
        return 530100 + park % PREFECTURES * 100

    tail = "register,electricity,kWh,,,15min,,none,,,,,,,,,"
    owners = [(n, i % PARKS) for i, n in enumerate(names)] + [("load-probe", 0)]
    return {
        "prefectures.csv": lines("code,name,name_en", (
            f"{prefecture(i)},P{i},Prefecture {i}" for i in range(PREFECTURES))),
        "parks.csv": lines("park_id,name,name_en,prefecture_code,level", (
            f"K{i:03},K{i},Park {i},{prefecture(i)},national" for i in range(PARKS))),
        "items.csv": "item,valid_from,name,unit,kgce_calorific,kgce_equal\n"
                     "electricity,,electricity,kWh,0.1229,\n",
        "enterprises.csv": lines(
            "enterprise,valid_from,name,uscc,industry,prefecture_code,park_id,valid_to",
            (f"{n},,{n},,,{prefecture(k)},K{k:03}," for n, k in owners)),
        "gateways.csv": lines("gateway,enterprise,token_sha256,token2_sha256", (
            f"{n},{n},{sha(n.replace('load-', 'load-token-'))}," for n, _ in owners)),
        "points.csv": lines(
            "enterprise,point,valid_from,kind,item,unit,period,stamp,nominal_interval,modulus,"
            "max_rate,reverse,factor_num,factor_den,sign,counted,sentinels,spread_max,hold_max,"
            "valid_to",
            [f"{n},E{i:04},,{tail}" for n in names for i in range(points)]
            + [f"load-probe,P,,{tail}"]),
    }


class LoadSite(harness.Site):
    """PostgreSQL (fsync on) on the load's processor, meterd on its own."""

    def __init__(self, gateways, points, rollup=None, log=None):
        super().__init__(init=("--past-max", "400d"), options={
            "log": {"size": "8GiB", **(log or {})},
            "rollup": {"commit_interval": "100ms", "flush_age": "30min", "keep": "435d",
                       "memory": "8GiB",
                       **(rollup or {})}})
        self.files = registry(gateways, points)

    def __enter__(self):
        super().__enter__()
        with open(f"{self.directory}/pg/data/postgresql.conf", "a") as f:
            f.write("shared_buffers = 1GB\nmax_wal_size = 8GB\n")
        self.postgres.stop()
        self.postgres.start()
        with open(f"{self.directory}/pg/data/postmaster.pid") as f:
            self.postmaster = int(f.readline())
        for pid in [self.postmaster] + children(self.postmaster):
            subprocess.run(["taskset", "-pc", str(LOAD_CPU), str(pid)],
                           stdout=subprocess.DEVNULL, check=True)
        self.import_registry(self.files)
        return self

    def start(self, **options):
        options.setdefault("wrapper", ("taskset", "-c", str(SERVER_CPU)))
        return super().start(**options)

    def postgres_ns(self):
        return sum(cpu_ns(p) for p in children(self.postmaster))

    def end_offsets(self):
        return {p["partition"]: p["end_offset"]
                for p in json.loads(self.meterd.admin("/status")[1])["partitions"]}

    def is_covered(self, cursor):
        """Everything the log holds is in every row."""
        ends = self.end_offsets()
        cursor.execute("select partition, next_offset, inbox + refold_work from meterd.v_progress")
        rows = {r[0]: r for r in cursor.fetchall()}
        return all(p in rows and rows[p][1] >= end and rows[p][2] == 0 for p, end in ends.items())

    def counted(self):
        return self.postgres.value(
            "select coalesce(sum(readings), 0)::bigint from meterd.v_enterprise_slot")


def start_load(build, address, door, case, seconds, days_back, rate=None):
    """Starts meterload run; returns when all connections stand, before the first message."""
    command = ["taskset", "-c", str(LOAD_CPU), f"{build}/meterload", "run", f"--{door}", address,
               "--door", door, "--gateways", str(case["gateways"]), "--batch", str(case["batch"]),
               "--in-flight", str(case.get("in_flight", 1)), "--shape", case.get("shape", "values"),
               "--rate", str(rate if rate is not None else case.get("rate", 0)),
               "--step", str(case.get("step", 900000)), "--duration", str(seconds),
               "--days-back", str(days_back), "--hold", "500"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    if not line.startswith("connected"):
        raise RuntimeError(f"{' '.join(command)} ended with {process.wait()}")
    return process


def end_load(process):
    """Waits for the end; what it printed as name -> value."""
    text = process.stdout.read()
    if process.wait() != 0:
        raise RuntimeError(f"meterload ended with {process.returncode}: {text}")
    out = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        out[name] = value if name == "latency_us" else float(value)
    for name, value in re.findall(r"(\S+) ([0-9.]+)", out["latency_us"]):
        out[name] = float(value)
    return out


def wait_still(*clocks, ns=300_000_000):
    """Until the clocks stand still for that long (an idle daemon's own turns aside)."""
    before, since = None, time.monotonic_ns()
    while True:
        now = [clock() for clock in clocks]
        if before is None or any(a - b > 3_000_000 for a, b in zip(now, before)):
            before, since = now, time.monotonic_ns()
        if time.monotonic_ns() - since > ns:
            return
        time.sleep(0.02)
