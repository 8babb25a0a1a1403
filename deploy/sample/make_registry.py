#!/usr/bin/python3
"""Makes the sample registry from the list of meters and the tables of parks and prefectures.

usage: deploy/sample/make_registry.py METERS.csv PARKS.csv PREFECTURES.csv EXPECTED_TOTALS.csv

The meters are real, where they stand here is not: their sites are dealt out to the prefectures and
parks in turn, every tenth to none. The same input gives the same files.
"""
import csv
import hashlib
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
SINCE = "2012-01-01"  # before the first reading

ITEMS = [
    ("electricity", "电力", "kWh"),
    ("water", "水", "m3"),
    ("gas", "天然气", "m3"),
    ("gas_energy", "天然气(热值)", "kWh"),
    ("solar", "光伏发电", "kWh"),
    ("reactive", "无功电量", "kvarh"),
    ("apparent", "视在电量", "kVAh"),
]
# Unit of the meter -> what a thousand of them are, for the items counted in that.
THOUSANDTHS = {"L", "dm3", "W", "Wh", "varh", "VAh"}
# The most a register can advance in an hour, in its own unit: a domestic water or gas connection,
# and two conductors of 200 A at 120 V.
MAX_RATES = {"L": 10000, "dm3": 10000, "Wh": 48000}
DAIAD_GROUP = 4  # households of one sample enterprise


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(name, header, rows):
    with open(HERE / name, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header.split(","))
        out.writerows(rows)


def enterprise_of(meter, order):
    """(key, name, industry) of the enterprise a meter belongs to."""
    dataset, name = meter["dataset"], meter["meter"]

    if dataset == "daiad":
        group = order // DAIAD_GROUP + 1
        return (f"daiad-{group:02}", f"Water customers, group {group:02} (DAIAD, Alicante)", "")
    if dataset == "ucam":
        building = name.split("-")[1]
        return (f"ucam-{building}", f"University building {building} (Cambridge)", "")
    if dataset == "steel":
        return ("steel", "Steel plant (DAEWOO Steel, Gwangyang)", "31")
    if dataset == "ampds2":
        return ("ampds2", "House (AMPds2, Burnaby)", "")
    site = name.split("_")[-1].split("-")[0].lower()
    return (f"bdg2-{site}", f"Solar plant {site} (BDG2, Bobcat)", "44")


def item_of(meter):
    unit = meter["unit"]

    if unit in ("varh", "kvarh"):
        return "reactive"
    if unit == "VAh":
        return "apparent"
    if meter["dataset"] == "bdg2":
        return "solar"
    if meter["medium"] == "gas" and unit == "kWh":
        return "gas_energy"
    return meter["medium"]


def point_row(enterprise, meter, steps_back):
    kind = {"instant": "rate"}.get(meter["kind"], meter["kind"])
    item = item_of(meter)
    # Reactive and apparent energy are explained, not added; power only repeats the register.
    counted = item not in ("reactive", "apparent") and kind != "rate"
    return (enterprise, meter["meter"], SINCE, kind, item, meter["unit"],
            f"{int(meter['nominal_interval_s']) * 1000}",
            MAX_RATES.get(meter["unit"], "none") if kind == "register" else "",
            "yes" if steps_back.get(meter["meter"]) else "no",
            1, 1000 if meter["unit"] in THOUSANDTHS else 1, "yes" if counted else "no")


def place(order, prefectures, parks):
    """Prefectures in turn; in each its parks in turn; every tenth enterprise in no park."""
    code = prefectures[order % len(prefectures)]["gbt2260_code"]
    inside = [p["park_id"] for p in parks if p["prefecture_code"] == code]
    return code, "" if order % 10 == 9 else inside[order // len(prefectures) % len(inside)]


def main(meters, parks, prefectures, totals):
    meters, parks, prefectures = rows_of(meters), rows_of(parks), rows_of(prefectures)
    steps_back = {r["meter"]: int(r["n_neg"]) for r in rows_of(totals) if r["n_neg"]}
    parks = [p for p in parks if p["prefecture_code"] in {r["gbt2260_code"] for r in prefectures}]
    enterprises, points, daiad = {}, [], 0

    for meter in meters:
        if meter["dataset"] == "ett":
            continue
        key, name, industry = enterprise_of(meter, daiad)
        daiad += meter["dataset"] == "daiad"
        enterprises.setdefault(key, (name, industry))
        points.append(point_row(key, meter, steps_back))

    write("registry/prefectures.csv", "code,name,name_en",
          [(r["gbt2260_code"], r["name_zh"], r["name_en"]) for r in prefectures])
    write("registry/parks.csv", "park_id,name,name_en,prefecture_code,level",
          [(r["park_id"], r["name_zh"], r["name_en"], r["prefecture_code"], r["level"])
           for r in parks])
    write("registry/items.csv", "item,valid_from,name,unit", [(i, "", n, u) for i, n, u in ITEMS])
    write("registry/enterprises.csv",
          "enterprise,valid_from,name,industry,prefecture_code,park_id",
          [(key, SINCE, name, industry, *place(order, prefectures, parks))
           for order, (key, (name, industry)) in enumerate(enterprises.items())])
    write("registry/points.csv",
          "enterprise,point,valid_from,kind,item,unit,nominal_interval,max_rate,reverse,"
          "factor_num,factor_den,counted", points)
    tokens = [(f"{key}-gw", key, f"sample-token-{key}") for key in enterprises]
    write("registry/gateways.csv", "gateway,enterprise,token_sha256",
          [(gateway, key, hashlib.sha256(token.encode()).hexdigest())
           for gateway, key, token in tokens])
    write("tokens.csv", "gateway,token", [(gateway, token) for gateway, _, token in tokens])


if len(sys.argv) != 5:
    sys.exit(__doc__)
main(*sys.argv[1:])
