#!/usr/bin/python3
"""meterctl against a private PostgreSQL: db init, registry import, gateway token.

usage: meterctl_test.py METERCTL    (working directory: the project's)
"""
import datetime
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import psycopg2

METERCTL = ""
CLUSTER = ""
SINCE_EVER, FOR_EVER = -2**63, 2**63 - 1

GOOD = {
    "prefectures": "\ufeffcode,name,name_en\r\n530100,昆明市,Kunming\r\n530300,曲靖市,Qujing\r\n",
    "parks": 'park_id,name,prefecture_code,level\nP1,"Park ""One""",530100,national\nP2,Two,530300,\n',
    "items": "item,name,unit,kgce_equal\nelectricity,电力,kWh,0.1229\nwater,水,m3,\n",
    "enterprises": "enterprise,valid_from,name,prefecture_code,park_id\n"
                   "kd-1,,One,530100,P1\n"
                   "kd-2,2020-01-01,Two,530100,\n"
                   "kd-2,2024-01-01,Two,530300,P2\n"
                   "kd-3,,Three,530300,P2\n",
    "gateways": "gateway,enterprise,token_sha256\n"
                f"gw-1,kd-1,{'a' * 64}\n"
                "gw-2,kd-2,\n",
    "points": "enterprise,point,valid_from,kind,item,unit,period,stamp,nominal_interval,modulus,"
              "max_rate,factor_num,factor_den,sentinels\n"
              "kd-1,E1,,register,electricity,kWh,,,15min,100000,none,,,-1;99999.9\n"
              "kd-1,E2,2021-01-01,register,electricity,Wh,,,15min,,50.5,1,1000,\n"
              "kd-1,I1,,interval,electricity,kWh,1mon,end,1d,,,,,\n"
              "kd-2,I2,,interval,electricity,kWh,,,1h,,,,,\n"
              "kd-2,R1,,rate,water,m3/h,,,5min,,,,,\n",
    "exchanges": "enterprise,point,t,end,start\nkd-1,E1,2025-01-01T00:20:00+08:00,520,40.5\n",
}


def day(offset):
    """A civil day (UTC+8) that many days from the last moment a reading may have now."""
    now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8, minutes=10)))
    return (now + datetime.timedelta(days=offset)).strftime("%Y-%m-%d")


class Case(unittest.TestCase):
    number = 0

    def setUp(self):
        Case.number += 1
        name = f"ctl_{Case.number}"
        self.sql("CREATE DATABASE " + name, "postgres")
        self.database = name
        folder = tempfile.TemporaryDirectory(prefix="meterctl-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "conf").write_text(
            f"[database]\nconninfo = host={CLUSTER} user=postgres dbname={name}\n")
        self.registry = self.folder / "registry"
        self.registry.mkdir()

    def sql(self, query, database=None):
        with_db = psycopg2.connect(host=CLUSTER, user="postgres",
                                   dbname=database or self.database)
        with_db.autocommit = True
        try:
            with with_db.cursor() as cursor:
                cursor.execute(query)
                return cursor.fetchall() if cursor.description else None
        finally:
            with_db.close()

    def run_ctl(self, *words):
        done = subprocess.run([METERCTL, "--config", self.folder / "conf", *words],
                              capture_output=True, text=True, check=False, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def ctl(self, *words):
        code, out, err = self.run_ctl(*words)
        self.assertEqual((code, err), (0, ""), words)
        return out

    def write(self, files):
        for old in self.registry.iterdir():
            old.unlink()
        for name, text in files.items():
            (self.registry / (name + ".csv")).write_bytes(text.encode())

    def load(self, files, *options):
        self.write(files)
        return json.loads(self.ctl("--json", "registry", "import", str(self.registry), *options))

    def refused(self, files, *options):
        self.write(files)
        before = self.dump()
        code, _, err = self.run_ctl("registry", "import", str(self.registry), *options)
        self.assertEqual(code, 65, err)
        self.assertEqual(self.dump(), before)
        lines = err.splitlines()
        self.assertIn("nothing was changed", lines[-1])
        return [line.removeprefix(str(self.registry) + "/") for line in lines[:-1]]

    def dump(self):
        tables = ("revision area prefecture park item item_attr enterprise enterprise_attr gateway "
                  "point point_attr exchange").split()
        return [self.sql(f"SELECT t::text FROM meterd.{t} t ORDER BY 1") for t in tables]


class DbInit(Case):
    def test_makes_the_schema_then_agrees_then_differs(self):
        self.assertEqual(self.run_ctl("db", "status")[0], 65)
        self.assertIn("made", self.ctl("db", "init", "--past-max", "8000d", "--slot=30min"))
        self.ctl("db", "init", "--past-max", "8000d", "--slot", "30min")
        code, _, err = self.run_ctl("db", "init")
        self.assertEqual(code, 65)
        self.assertIn("slot (ms) is 1800000 in the database, asked for 900000", err)
        self.assertIn("past-max", err)
        self.ctl("db", "status")
        self.ctl("db", "migrate")
        row = self.sql("SELECT slot_ms, utc_offset_ms, past_max_ms, partitions, code, a.name FROM"
                       " meterd.deployment JOIN meterd.area a ON number = province_area")
        self.assertEqual(row, [(1800000, 28800000, 8000 * 86400000, 16, "530000", "云南省")])

    def test_reader_sees_the_views_only(self):
        self.ctl("db", "init")
        can = "SELECT has_table_privilege('meterd_reader', 'meterd.%s', 'SELECT')"
        self.assertEqual(self.sql(can % "v_park_slot"), [(True,)])
        self.assertEqual(self.sql(can % "gateway"), [(False,)])

    def test_bad_options_are_usage_errors(self):
        for words in (["--slot", "7min"], ["--slot"], ["--utc-offset", "8"], ["--partitions", "0"],
                      ["--colour", "red"], ["extra"], ["--past-max", "x"]):
            self.assertEqual(self.run_ctl("db", "init", *words)[0], 64, words)

    def test_foreign_schema_is_left_alone(self):
        self.sql("CREATE SCHEMA meterd")
        self.assertEqual(self.run_ctl("db", "init")[0], 65)

    def test_database_away_is_69(self):
        (self.folder / "conf").write_text("[database]\nconninfo = host=/nowhere dbname=x\n")
        self.assertEqual(self.run_ctl("db", "init")[0], 69)
        self.assertEqual(self.run_ctl("registry", "import", str(self.registry))[0], 69)


class Import(Case):
    def setUp(self):
        super().setUp()
        self.ctl("db", "init")

    def test_applied_once_and_again_changes_nothing(self):
        result = self.load(GOOD)
        self.assertEqual((result["revision"], result["applied"]), (1, True))
        self.assertEqual(result["points.csv"], {"add": 5, "change": 0, "remove": 0})
        before = self.dump()
        result = self.load(GOOD)
        self.assertEqual((result["revision"], result["changed"]), (1, False))
        self.assertEqual(self.dump(), before)

    def test_rows_are_stored_as_written(self):
        self.load(GOOD)
        self.assertEqual(
            self.sql("SELECT kind, code, name, prefecture FROM meterd.area ORDER BY number"),
            [("province", "530000", "云南省", None), ("prefecture", "530100", "昆明市", "530100"),
             ("no_park", "-530100", "昆明市, no park", "530100"),
             ("prefecture", "530300", "曲靖市", "530300"),
             ("no_park", "-530300", "曲靖市, no park", "530300"),
             ("park", "P1", 'Park "One"', "530100"), ("park", "P2", "Two", "530300")])
        self.assertEqual(
            self.sql("SELECT name, kind, unit, period_ms, period_months, stamp, changed_revision"
                     " FROM meterd.point ORDER BY number"),
            [("E1", "register", "kWh", None, None, "start", 1),
             ("E2", "register", "Wh", None, None, "start", 1),
             ("I1", "interval", "kWh", None, 1, "end", 1),
             ("I2", "interval", "kWh", 3600000, None, "start", 1),
             ("R1", "rate", "m3/h", None, None, "start", 1)])
        self.assertEqual(
            self.sql("SELECT valid_from_ms, valid_to_ms, modulus, max_rate, factor_den, sentinels"
                     " FROM meterd.point_attr ORDER BY point LIMIT 2"),
            [(SINCE_EVER, FOR_EVER, 10**11, None, 1, [-10**6, 99999900000]),
             (1609430400000, FOR_EVER, None, 50500000, 1000, [])])
        self.assertEqual(self.sql("SELECT t_ms, end_value, start_value FROM meterd.exchange"),
                         [(1735662000000, 520000000, 40500000)])
        self.assertEqual(self.sql("SELECT name, part FROM meterd.enterprise ORDER BY number"),
                         [("kd-1", 0), ("kd-2", 1), ("kd-3", 2)])

    def test_dry_run_changes_nothing_and_says_what_would(self):
        before = self.dump()
        result = self.load(GOOD, "--dry-run")
        self.assertEqual((result["changed"], result["applied"]), (True, False))
        self.assertIn({"file": "exchanges.csv", "line": 2, "act": "add",
                       "what": "exchange kd-1/E1 at 2025-01-01 00:20:00"}, result["changes"])
        self.assertEqual(self.dump(), before)

    def test_partitions_are_filled_evenly_lowest_first(self):
        self.load({k: GOOD[k] for k in ("prefectures", "parks")} |
                  {"enterprises": "enterprise,name,prefecture_code\n" +
                                  "".join(f"e{i},E,530100\n" for i in range(20))})
        self.sql("DELETE FROM meterd.enterprise_attr; DELETE FROM meterd.enterprise WHERE part < 2")
        self.load({"enterprises": "enterprise,name,prefecture_code\n" +
                                  "".join(f"f{i},E,530100\n" for i in range(5))})
        self.assertEqual(
            self.sql("SELECT name, part FROM meterd.enterprise WHERE name LIKE 'f%' ORDER BY 1"),
            [("f0", 0), ("f1", 1), ("f2", 0), ("f3", 1), ("f4", 4)])

    def test_unregistered_name_keeps_its_number(self):
        self.load({k: v for k, v in GOOD.items() if k not in ("points", "exchanges")})
        number = self.sql("SELECT meterd.intern(number, 'E1') FROM meterd.enterprise"
                          " WHERE name = 'kd-1'")[0][0]
        self.assertEqual(self.load(GOOD)["revision"], 2)
        self.assertEqual(
            self.sql("SELECT kind, changed_revision FROM meterd.point WHERE number = %d" % number),
            [("register", 2)])
        self.assertEqual(self.sql("SELECT count(*) FROM meterd.point"), [(5,)])

    def test_every_error_of_every_file_is_told_at_once(self):
        self.load(GOOD)
        self.maxDiff = None
        self.assertEqual(self.refused({
            "prefectures": "code,name\n530000,clash\n530900,\n530800,x\n530800,y\n",
            "parks": "park_id,name,prefecture_code\nP1,moved,530300\nP7,x,999999\n",
            "items": "item,name,unit\nelectricity,a,MWh\n",
            "enterprises": "enterprise,valid_from,name,prefecture_code,park_id\n"
                           "kd-1,2024-01-01,One,530300,\nkd-8,,E,530900,P1\nkd-9,,E,530777,NO\n",
            "gateways": f"gateway,enterprise,token_sha256\ngw-9,kd-7,\ngw-8,kd-1,{'a' * 64}\n",
            "points": "enterprise,point,valid_from,kind,item,unit,nominal_interval,max_rate\n"
                      "kd-1,E1,2027-01-01,interval,electricity,kWh,15min,\n"
                      "kd-1,N1,,register,steam,kWh,15min,none\n"
                      "kd-1,N2,,register,electricity,kWh,15min,\n"
                      "kd-1,N3,,register,electricity,kWh,15min,1\n"
                      "kd-1,N3,,register,electricity,Wh,15min,1\n",
            "exchanges": "enterprise,point,t,end,start\n"
                         "kd-1,E1,2025-01-01T00:20:00+08:00,521,40.5\n"
                         "kd-1,I1,2025-01-01,1,2\nkd-1,X1,2025-01-01,1,2\nkd-1,N2,2025-01-01,1,2\n",
        }), [
            "prefectures.csv:2: 530000 is the code of another area: codes of areas are unique",
            "prefectures.csv:3: name is empty",
            "prefectures.csv:5: prefecture 530800 stands in line 4 already: one row for each key",
            "parks.csv:2: park P1 lies in prefecture 530100, which never changes: give a new park a"
            " new park_id",
            "parks.csv:3: prefecture 999999 is not known: add it to prefectures.csv",
            "items.csv:2: item electricity has unit kWh, which never changes: make a new item",
            f"enterprises.csv:2: enterprise kd-1 is registered and its amounts before {day(1)}"
            " 00:00:00 may be given already: date the change then or later",
            "enterprises.csv:3: park P1 lies in prefecture 530300, not in 530900",
            "enterprises.csv:4: park NO is not known: add it to parks.csv",
            "enterprises.csv:4: prefecture 530777 is not known: add it to prefectures.csv",
            "gateways.csv:2: enterprise kd-7 is not known: add it to enterprises.csv",
            "gateways.csv:3: a token of gateway gw-8 is also a token of gateway gw-1",
            "points.csv:2: kind of point kd-1/E1 is register, here interval; it never changes: make"
            " a new point",
            "points.csv:2: period of point kd-1/E1 is none, here 900000 ms; it never changes: make"
            " a new point",
            "points.csv:3: item steam is not known: add it to items.csv",
            "points.csv:4: max_rate is empty: a counted register needs the most it can advance in"
            " an hour, or none",
            "points.csv:6: point kd-1/N3 with this valid_from stands in line 5 already: one row for"
            " each key",
            "points.csv:6: unit of point kd-1/N3 is kWh, here Wh; it never changes: make a new"
            " point",
            "exchanges.csv:2: point kd-1/E1 was registered by an earlier import: this version takes"
            " exchanges only together with a new point",
            "exchanges.csv:3: point kd-1/I1 has kind interval: only a register is exchanged",
            "exchanges.csv:4: point kd-1/X1 is not known: add it to points.csv",
        ])

    def points(self, *rows):
        return {"points": "enterprise,point,valid_from,kind,item,unit,nominal_interval,modulus,"
                          "max_rate,sentinels,counted,valid_to\n" + "".join(rows)}

    def test_known_point_changes_only_in_the_future(self):
        self.load(GOOD)
        row = "kd-1,E1,{},register,electricity,kWh,15min,100000,{},-1;99999.9,{},{}\n"
        told = self.refused(self.points(row.format("", "7", "", "")))
        self.assertRegex(told[0], "^points.csv:2: point kd-1/E1 is registered and its amounts")
        self.assertEqual(len(self.refused(self.points(row.format(day(-1), "7", "", "")))), 1)
        self.assertEqual(len(self.refused(self.points(row.format("", "none", "", day(0))))), 1)
        result = self.load(self.points(row.format("", "none", "", ""), row.format(day(2), 7, "", "")))
        self.assertEqual((result["revision"], result["points.csv"]["add"]), (2, 1))
        self.assertEqual(self.sql("SELECT name FROM meterd.point WHERE changed_revision = 2"),
                         [("E1",)])
        result = self.load(self.points(row.format(day(2), 8, "", "")))
        self.assertEqual((result["revision"], result["points.csv"]["change"]), (3, 1))
        self.assertEqual(
            self.sql("SELECT max_rate, added_revision, removed_revision FROM meterd.point_attr"
                     " WHERE valid_from_ms > 1700000000000 ORDER BY 2"),
            [(7000000, 2, 3), (8000000, 3, None)])

    def test_losing_points_needs_force(self):
        self.load(GOOD)
        rows = self.points("kd-1,E1,,register,electricity,kWh,15min,100000,none,-1;99999.9,,"
                           f"{day(3)}\n")
        self.write(rows)
        code, _, err = self.run_ctl("registry", "import", str(self.registry))
        self.assertEqual(code, 65)
        self.assertIn("1 of 5 points counted now would no longer be", err)
        self.assertTrue(self.load(rows, "--dry-run")["needs_force"])
        self.assertEqual(self.load(rows, "--force")["revision"], 2)
        self.assertEqual(self.load(rows)["revision"], 2)

    def test_enterprise_moves_from_tomorrow_on(self):
        self.load(GOOD)
        row = "enterprise,valid_from,name,prefecture_code,park_id\nkd-1,{},{},{},{}\n"
        self.assertEqual(
            len(self.refused({"enterprises": row.format(day(0), "One", "530300", "P2")})), 1)
        self.load({"enterprises": row.format("", "Renamed", "530100", "P1")})
        self.load({"enterprises": row.format(day(1), "One", "530300", "P2")})
        self.assertEqual(
            self.sql("SELECT changed_revision FROM meterd.enterprise WHERE name = 'kd-1'"), [(3,)])

    def test_enterprise_moves_when_its_months_are_over(self):
        self.load(GOOD)
        self.load({"points": "enterprise,point,kind,item,unit,period,nominal_interval\n"
                             "kd-1,M1,interval,electricity,kWh,1mon,1d\n"})
        row = "enterprise,valid_from,name,prefecture_code,park_id\nkd-1,{},One,530300,P2\n"
        self.assertEqual(len(self.refused({"enterprises": row.format(day(30))})), 1)
        self.load({"enterprises": row.format(day(32))})

    def test_token_rotates_and_column_left_out_keeps_it(self):
        self.load(GOOD)
        token = json.loads(self.ctl("--json", "gateway", "token", "gw-1"))["token"]
        self.assertGreaterEqual(len(token), 43)
        tokens = ("SELECT encode(token_sha256, 'hex'), encode(token2_sha256, 'hex'),"
                  " changed_revision FROM meterd.gateway WHERE name = 'gw-1'")
        hashed = hashlib.sha256(token.encode()).hexdigest()
        self.assertEqual(self.sql(tokens), [(hashed, "a" * 64, 2)])
        self.load({"gateways": "gateway,enterprise\ngw-1,kd-1\n"})
        self.assertEqual(self.sql(tokens), [(hashed, "a" * 64, 2)])
        self.load({"gateways": "gateway,enterprise,token2_sha256\ngw-1,kd-1,\n"})
        self.assertEqual(self.sql(tokens), [(hashed, None, 3)])
        self.assertEqual(self.run_ctl("gateway", "token", "nobody")[0], 65)

    def test_directory_without_files_is_66(self):
        self.assertEqual(self.run_ctl("registry", "import", str(self.registry))[0], 66)


class Status(Case):
    def test_meterd_away_is_69_and_the_table_is_shown(self):
        self.ctl("db", "init")
        with open(self.folder / "conf", "a", encoding="ascii") as conf:
            conf.write("[admin]\nlisten = 127.0.0.1:1\n")
        code, out, err = self.run_ctl("--json", "status")
        self.assertEqual(code, 69)
        self.assertIn("meterd is away", err)
        self.assertEqual(json.loads(out),
                         {"partitions": [], "registry_revision": 0, "meterd": None})

    def test_help_version_and_unknown_commands(self):
        self.assertIn("registry import DIR", self.ctl("--help"))
        self.assertRegex(self.ctl("--version"), r"^meterctl \d")
        self.assertEqual(self.run_ctl("dance")[0], 64)
        self.assertEqual(self.run_ctl()[0], 64)


def main():
    global METERCTL, CLUSTER
    METERCTL = os.path.abspath(sys.argv.pop(1))
    CLUSTER = tempfile.mkdtemp(prefix="meterctl-pg-")
    script = ["sh", "tests/support/pg_cluster.sh"]
    try:
        subprocess.run(script + ["start", CLUSTER], check=True)
        unittest.main()
    finally:
        subprocess.run(script + ["stop", CLUSTER], check=False)


if __name__ == "__main__":
    main()
