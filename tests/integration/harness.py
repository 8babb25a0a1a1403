"""What the integration tests share: a private PostgreSQL, a real meterd, gateways.

A test makes a Site, imports a registry into it, starts the daemon, talks to its doors and looks at
the database. Everything lives in a temporary directory and ends with the test.
"""

import hashlib
import http.client
import inspect
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

import psycopg2

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("METERD_BUILD", os.path.join(ROOT, "build"))
PG_BIN = os.environ.get("PG_BIN", "/usr/lib/postgresql/15/bin")


def eventually(condition, seconds=30, what="condition"):
    """The condition's first true answer; fails with `what` when the time is up."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def free_port():
    """A port that nobody listens on; for a meterd that is to have the same one again."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


class Postgres:
    """A cluster of its own on a socket in its own directory."""

    def __init__(self, directory):
        self.directory = os.path.join(directory, "pg")
        os.makedirs(self.directory)
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.directory, user.pw_uid, user.pw_gid)
            os.chmod(directory, 0o755)
        self.run(f"{PG_BIN}/initdb", "-D", f"{self.directory}/data", "-A", "trust", "-U", "meterd",
                 "-E", "UTF8", "--locale=C", "-N")
        with open(f"{self.directory}/data/postgresql.conf", "a") as f:
            f.write(f"unix_socket_directories = '{self.directory}'\nlisten_addresses = ''\n"
                    "max_connections = 50\nshared_buffers = 64MB\n")
        self.start()
        self.run(f"{PG_BIN}/createdb", "-h", self.directory, "-U", "meterd", "meterd")

    @property
    def conninfo(self):
        return f"host={self.directory} user=meterd dbname=meterd"

    def run(self, *command):
        if os.geteuid() == 0:
            command = ("runuser", "-u", "postgres", "--") + command
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}")

    def start(self):
        self.run(f"{PG_BIN}/pg_ctl", "-D", f"{self.directory}/data", "-w", "-l",
                 f"{self.directory}/log", "start")

    def stop(self, mode="fast"):
        self.run(f"{PG_BIN}/pg_ctl", "-D", f"{self.directory}/data", "-w", "-m", mode, "stop")

    def kill(self):
        """As a power cut would: no shutdown, every backend at once."""
        with open(f"{self.directory}/data/postmaster.pid") as f:
            postmaster = int(f.readline())
        children = subprocess.run(["pgrep", "-P", str(postmaster)], stdout=subprocess.PIPE,
                                  text=True).stdout.split()
        for pid in [postmaster] + [int(c) for c in children]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for pid in [postmaster] + [int(c) for c in children]:
            eventually(lambda: is_gone(pid), what="PostgreSQL is dead")
        # A dead process that nobody has waited for yet still counts as alive there.
        for name in ("data/postmaster.pid", ".s.PGSQL.5432.lock"):
            if os.path.exists(f"{self.directory}/{name}"):
                os.unlink(f"{self.directory}/{name}")

    def connect(self):
        connection = psycopg2.connect(self.conninfo)
        connection.autocommit = True
        return connection

    def rows(self, sql, *parameters):
        connection = self.connect()
        try:
            cursor = connection.cursor()
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def value(self, sql, *parameters):
        return self.rows(sql, *parameters)[0][0]


class Meterd:
    """The daemon, with its log read for the ports it took. ready: waits until it is ready (True),
    until it listens (False), for nothing (None)."""

    def __init__(self, config, log_path, ready=True, wrapper=()):
        self.log_path = log_path
        self.log_start = os.path.getsize(log_path) if os.path.exists(log_path) else 0
        self.log_file = open(log_path, "ab")
        self.process = subprocess.Popen([*wrapper, f"{BUILD}/meterd", "--config", config],
                                        stderr=self.log_file, stdout=self.log_file)
        self.ports = {}
        try:
            if ready is not None:
                eventually(self.find_ports, what=f"meterd listens (see {log_path})")
            if ready:
                self.wait_ready()
        except AssertionError:
            self.kill()
            raise

    def log(self):
        with open(self.log_path, errors="replace") as f:
            f.seek(self.log_start)
            return f.read()

    def find_ports(self):
        if self.process.poll() is not None:
            raise AssertionError(f"meterd ended with {self.process.returncode}: {self.log()}")
        for door, port in re.findall(r"event=listening door=(\w+) address=\S+:(\d+)", self.log()):
            self.ports[door] = int(port)
        return {"http", "mqtt", "admin"} <= self.ports.keys()

    def wait_ready(self, seconds=30):
        eventually(lambda: self.admin("/readyz")[0] == 200, seconds, "meterd is ready")

    def admin(self, path):
        return http_get(self.ports["admin"], path)

    def metric(self, name):
        for line in self.admin("/metrics")[1].splitlines():
            if line.split(" ")[0] == name:
                return int(float(line.split(" ")[1]))
        raise KeyError(name)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=40):
        """SIGTERM; returns the exit code."""
        self.process.terminate()
        return self.process.wait(seconds)


def http_get(port, path, token=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path,
                           headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()


class Site:
    """A directory with a database, a configuration and, when started, a meterd. init: options of
    `db init`; None: no schema yet."""

    def __init__(self, init=(), options=None):
        self.directory = tempfile.mkdtemp(prefix="meterd-test-")
        self.postgres = None
        self.meterd = None
        self.init = init
        self.options = {
            "http": {"listen": "127.0.0.1:0"},
            "mqtt": {"listen": "127.0.0.1:0"},
            "admin": {"listen": "127.0.0.1:0"},
            "log": {"path": f"{self.directory}/log", "size": "1GiB"},
            "rollup": {"commit_interval": "100ms", "flush_age": "1s", "keep": "9000d"},
            "node": {"state": f"{self.directory}/state"},
        }
        for section, keys in (options or {}).items():
            self.options.setdefault(section, {}).update(keys)
        self.config = f"{self.directory}/meterd.conf"

    def __enter__(self):
        self.postgres = Postgres(self.directory)
        self.options.setdefault("database", {"conninfo": self.postgres.conninfo})
        self.write_config()
        if self.init is not None:
            self.ctl("db", "init", *self.init)
        return self

    def __exit__(self, kind, value, trace):
        if self.meterd and self.meterd.process.poll() is None:
            self.meterd.kill()
        if kind is not None and not (kind is SystemExit and value.code == 0):
            self.show_log()
        try:
            self.postgres.stop("immediate")
        except RuntimeError:
            pass
        if not os.environ.get("METERD_KEEP"):
            shutil.rmtree(self.directory, ignore_errors=True)

    def show_log(self):
        path = f"{self.directory}/meterd.log"
        if os.path.exists(path):
            with open(path, errors="replace") as f:
                sys.stderr.write("--- meterd's log, its end ---\n" + f.read()[-4000:] + "\n")

    def write_config(self):
        with open(self.config, "w") as f:
            for section, keys in self.options.items():
                f.write(f"[{section}]\n")
                for key, value in keys.items():
                    f.write(f"{key} = {value}\n")

    def ctl(self, *arguments, expect=0):
        done = subprocess.run([f"{BUILD}/meterctl", "--config", self.config, *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if expect is not None and done.returncode != expect:
            raise AssertionError(f"meterctl {' '.join(arguments)} ended with {done.returncode}, "
                                 f"not {expect}: {done.stdout}{done.stderr}")
        return done

    def import_registry(self, files, *options, expect=0):
        """files: name -> text of the CSV."""
        directory = tempfile.mkdtemp(prefix="registry-", dir=self.directory)
        for name, text in files.items():
            with open(os.path.join(directory, name), "w") as f:
                f.write(text)
        return self.ctl("registry", "import", directory, *options, expect=expect)

    def start(self, **options):
        self.meterd = Meterd(self.config, f"{self.directory}/meterd.log", **options)
        return self.meterd

    def post(self, body, token, path="/v1/readings", headers=None):
        """Posts JSON (a value, or text as it is); returns (status, parsed or raw answer)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.meterd.ports["http"], timeout=30)
        try:
            text = body if isinstance(body, (str, bytes)) else json.dumps(body)
            connection.request("POST", path, text, {
                "Authorization": f"Bearer {token}", "Content-Type": "application/json",
                **(headers or {})})
            answer = connection.getresponse()
            raw = answer.read().decode()
            try:
                return answer.status, json.loads(raw)
            except ValueError:
                return answer.status, raw
        finally:
            connection.close()

    def settle(self, seconds=60):
        """Waits until everything acknowledged so far is in every row (contract 6, v_progress)."""
        def settled():
            code = self.meterd.process.poll()
            if code is not None:
                raise AssertionError(f"meterd ended with {code}")
            status, text = self.meterd.admin("/status")
            if status != 200:
                return False
            partitions = json.loads(text)["partitions"]
            if not partitions:  # Not yet: /status is renewed twice a second.
                return False
            for p in partitions:
                row = self.postgres.rows(
                    "select next_offset, inbox + refold_work from meterd.v_progress"
                    " where partition = %s", p["partition"])
                if not row or row[0][0] < p["end_offset"] or row[0][1] != 0:
                    return False
            return True
        eventually(settled, seconds, "the rollup has caught up")

    def slots(self, view="v_enterprise_slot"):
        return self.postgres.rows(
            f"select area, item, slot_start, quantity, estimated, readings, late, suspect"
            f" from meterd.{view} where quantity <> 0 or estimated <> 0 or readings <> 0 or late <> 0"
            f" or suspect <> 0 order by 1, 2, 3")


def token_hash(token):
    return hashlib.sha256(token.encode()).hexdigest()


def small_registry(points, enterprises=("acme",)):
    """A registry of one park, one prefecture, and enterprises each with a gateway `gw-NAME` whose
    token is `token-NAME`. points: lines of points.csv after enterprise,point."""
    lines = "\n".join
    return {
        "prefectures.csv": "code,name,name_en\n530100,昆明市,Kunming\n",
        "parks.csv": "park_id,name,name_en,prefecture_code,level\n"
                     "P1,First Park,First Park,530100,national\n",
        "items.csv": "item,valid_from,name,unit,kgce_calorific,kgce_equal\n"
                     "electricity,,electricity,kWh,0.1229,\nwater,,water,m3,,\n",
        "enterprises.csv": "enterprise,valid_from,name,uscc,industry,prefecture_code,park_id,"
                           "valid_to\n" + lines(f"{e},,{e},,,530100,P1," for e in enterprises)
                           + "\n",
        "gateways.csv": "gateway,enterprise,token_sha256,token2_sha256\n"
                        + lines(f"gw-{e},{e},{token_hash('token-' + e)}," for e in enterprises)
                        + "\n",
        "points.csv": "enterprise,point,valid_from,kind,item,unit,period,stamp,nominal_interval,"
                      "modulus,max_rate,reverse,factor_num,factor_den,sign,counted,sentinels,"
                      "spread_max,hold_max,valid_to\n" + lines(points) + "\n",
    }


def register(enterprise, point, item="electricity", unit="kWh", nominal="15min", modulus="",
             max_rate="none"):
    return f"{enterprise},{point},,register,{item},{unit},,,{nominal},{modulus},{max_rate},,,,,,,,,"


def interval(enterprise, point, period="15min", item="electricity", unit="kWh", stamp="",
             nominal=None):
    return (f"{enterprise},{point},,interval,{item},{unit},{period},{stamp},{nominal or period}"
            ",,,,,,,,,,,")


def run(*tests, site=None):
    """Runs the functions, a line each; those that take a parameter get the site. Exits 1 when one
    failed."""
    failed = 0
    for test in tests:
        started = time.monotonic()
        try:
            if inspect.signature(test).parameters:
                test(site)
            else:
                test()
            print(f"ok   {test.__name__} ({time.monotonic() - started:.1f} s)", flush=True)
        except Exception as e:  # noqa: BLE001: a failing test must not stop the others
            failed += 1
            traceback.print_exc()
            print(f"FAIL {test.__name__}: {e}", flush=True)
    sys.exit(1 if failed else 0)
