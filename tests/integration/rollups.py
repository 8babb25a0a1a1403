"""What meterd wrote, held to the reference: the same rows, bit for bit (tests/reference)."""

import os
import subprocess

from harness import BUILD, PG_BIN

NOT_ZERO = ("(r.quantity <> 0 or r.estimated <> 0 or r.readings <> 0 or r.late <> 0"
            " or r.suspect <> 0)")
UTC = "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'"
SLOT = f"to_char(r.slot at time zone 'UTC', {UTC})"
DAY = f"to_char(r.day::timestamp - d.utc_offset_ms * interval '1 ms', {UTC})"
LEVELS = {
    "enterprise-slot": ("rollup_enterprise_slot", "enterprise a on a.number = r.enterprise",
                        "a.name", SLOT),
    "enterprise-day": ("rollup_enterprise_day", "enterprise a on a.number = r.enterprise",
                       "a.name", DAY),
    "area-slot": ("rollup_area_slot", "area a on a.number = r.area", "a.code", SLOT),
    "area-day": ("rollup_area_day", "area a on a.number = r.area", "a.code", DAY),
}


def write_ours(site, level, path):
    """The level's rows, as the reference prints them."""
    table, join, name, start = LEVELS[level]
    sql = (f"copy (select {name}, i.item, {start}, r.quantity, r.estimated, r.readings, r.late,"
           f" r.suspect from meterd.{table} r join meterd.{join}"
           f" join meterd.item i on i.number = r.item cross join meterd.deployment d"
           f" where {NOT_ZERO}) to stdout")
    shell = f'"{PG_BIN}/psql" -X -q -c "$SQL" "$CONNINFO" | LC_ALL=C sort > "$OUT"'
    subprocess.run(["bash", "-o", "pipefail", "-c", shell], check=True, env={
        **os.environ, "SQL": sql, "CONNINFO": site.postgres.conninfo, "OUT": path})


def write_reference(level, path, registry, *arguments):
    with open(path, "w") as out:
        done = subprocess.run([f"{BUILD}/meterd_reference", "--registry", registry, "--level",
                               level, *arguments], stdout=out, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"meterd_reference: {done.stderr}")


def hold_to_reference(site, registry, *arguments, levels=tuple(LEVELS)):
    """Fails with the first differences. arguments: of meterd_reference. Returns the number of rows
    compared."""
    count = 0
    for level in levels:
        ours, right = f"{site.directory}/ours-{level}", f"{site.directory}/reference-{level}"
        write_ours(site, level, ours)
        write_reference(level, right, registry, *arguments)
        done = subprocess.run(["diff", "--speed-large-files", ours, right],
                              stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            lines = done.stdout.splitlines()
            raise AssertionError(f"{level}: {len(lines)} lines differ (< meterd, > reference):\n"
                                 + "\n".join(lines[:20]))
        with open(ours, "rb") as f:
            count += sum(1 for _ in f)
        os.unlink(ours)
        os.unlink(right)
    return count


def write_arrivals(path, arrivals):
    """arrivals: (point, t in ms, value, quality, received in ms), in the order of the log."""
    with open(path, "w") as f:
        for arrival in arrivals:
            f.write(",".join(map(str, arrival)) + "\n")


def sums_agree(site):
    """Parks + no park = prefectures = province, and days are the sums of their slots."""
    columns = ("quantity", "estimated", "readings", "late", "suspect")
    sums = ", ".join(f"sum(r.{c})" for c in columns)
    for table, when in (("rollup_area_slot", "slot"), ("rollup_area_day", "day")):
        by_kind = [site.postgres.rows(
            f"select count(*), md5(string_agg(x::text, ',' order by x)) from (select r.item,"
            f" r.{when}, {sums} from meterd.{table} r join meterd.area a on a.number = r.area"
            f" where a.kind = any(%s) group by 1, 2 having not ({zero_sums(columns)})) x", kinds)[0]
            for kinds in (["park", "no_park"], ["prefecture"], ["province"])]
        assert by_kind[0] == by_kind[1] == by_kind[2], (table, by_kind)
    for owner, slots, days in (("enterprise", "rollup_enterprise_slot", "rollup_enterprise_day"),
                               ("area", "rollup_area_slot", "rollup_area_day")):
        of_day = "(r.slot at time zone 'UTC' + d.utc_offset_ms * interval '1 ms')::date"
        wrong = site.postgres.rows(
            f"with s as (select r.{owner}, r.item, {of_day} as day, {sums} from meterd.{slots} r"
            f" cross join meterd.deployment d group by 1, 2, 3 having not ({zero_sums(columns)})),"
            f" t as (select r.{owner}, r.item, r.day, {sums} from meterd.{days} r group by 1, 2, 3"
            f" having not ({zero_sums(columns)}))"
            f" (select * from s except select * from t) union all"
            f" (select * from t except select * from s) limit 5")
        assert wrong == [], (owner, wrong)


def zero_sums(columns):
    return " and ".join(f"sum(r.{c}) = 0" for c in columns)


def parks_add_up(site):
    """The same of what dashboards see (contract 6)."""
    wrong = site.postgres.rows(
        "select item, slot_start from (select item, slot_start, quantity as q, 0 as p from"
        " meterd.v_province_day union all select item, slot_start, 0, quantity from"
        " meterd.v_park_day) x group by 1, 2 having sum(q) <> sum(p) limit 5")
    assert wrong == [], wrong
