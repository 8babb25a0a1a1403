"""A registry of every kind of point, made from a seed, with its readings: in order, late, repeated,
corrected; and what of it counts in the end."""

import csv
import random
import threading
import time
from datetime import datetime, timezone

from gateway import HttpGateway, MqttGateway
from harness import small_registry

MINUTE, HOUR, DAY = 60000, 3600000, 86400000
QUALITIES = ("good",) * 12 + ("estimated", "manual", "fault", "stale", "over_range")
POINT_COLUMNS = ("enterprise", "point", "valid_from", "kind", "item", "unit", "period", "stamp",
                 "nominal_interval", "modulus", "max_rate", "reverse", "factor_num", "factor_den",
                 "sign", "counted", "sentinels", "spread_max", "hold_max", "valid_to")


def text_of(ms):
    return datetime.fromtimestamp(ms / 1000, timezone.utc).isoformat(timespec="milliseconds")


def units(micro):
    """A decimal in units, exact."""
    sign, micro = ("-", -micro) if micro < 0 else ("", micro)
    return f"{sign}{micro // 1000000}.{micro % 1000000:06}"


class Mixed:
    """Some enterprises of some prefectures and parks; each has points of all kinds."""

    def __init__(self, rng, enterprises=4, days=12):
        self.rng = rng
        # Nothing within the last two hours: all of it is late, whenever it arrives.
        self.end = int(time.time() * 1000) - 2 * HOUR
        self.begin = self.end - days * DAY
        self.names = [f"e{n}" for n in range(enterprises)]
        self.points, self.exchanges, self.readings = [], [], {e: [] for e in self.names}
        for enterprise in self.names:
            for n in range(2):
                self.add_register(f"{enterprise}-R{n}", enterprise)
                self.add_interval(f"{enterprise}-I{n}", enterprise)
            self.add_rate(f"{enterprise}-P", enterprise)
        self.rounds = {e: self.rounds_of(e) for e in self.names}

    # --- Points and their true course ---

    def add_point(self, enterprise, point, kind, nominal, **more):
        """One to three dated rows: factor, sign and counted may change."""
        rng, starts = self.rng, [""]
        for _ in range(rng.choice((0, 0, 1, 2))):
            starts.append(text_of(rng.randrange(self.begin, self.end) // MINUTE * MINUTE))
        for start in sorted(set(starts)):
            row = dict.fromkeys(POINT_COLUMNS, "")
            row.update(enterprise=enterprise, point=point, valid_from=start, kind=kind,
                       item=self.item, unit="kWh", nominal_interval=nominal,
                       factor_num=rng.choice((1, 1, 80, 7)), factor_den=rng.choice((1, 1, 3, 1000)),
                       sign=rng.choice((1, 1, 1, -1)),
                       counted=rng.choice(("yes", "yes", "yes", "no")), **more)
            self.points.append(row)

    @property
    def item(self):
        return "electricity"

    def add_register(self, point, enterprise):
        rng = self.rng
        nominal = rng.choice((15 * MINUTE, 15 * MINUTE, HOUR))
        modulus = rng.choice((None, None, 10 ** 9))  # of 1,000 units: it rolls over often
        bounded = rng.random() < 0.5
        self.add_point(enterprise, point, "register", nominal,
                       modulus="" if modulus is None else units(modulus),
                       max_rate="200" if bounded else "none",
                       reverse=rng.choice(("yes", "no")) if bounded else "",
                       sentinels=rng.choice(("", "", "0", "-1;77777")))
        value, t = rng.randrange(10 ** 9), self.begin + rng.randrange(HOUR)
        at_exchange = rng.randrange(self.begin, self.end) if rng.random() < 0.5 else None
        while t < self.end:
            if at_exchange is not None and t > at_exchange:
                end, start = value + rng.randrange(10 ** 6), rng.randrange(10 ** 7)
                if modulus is None or end < modulus:
                    self.exchanges.append((enterprise, point, text_of(t - 1), units(end),
                                           units(start)))
                    value = start
                at_exchange = None
            shown = value if rng.random() > 0.01 else rng.choice((0, value + 10 ** 9, value // 2))
            self.read(enterprise, point, t, shown)
            step = rng.choice((1, 1, 1, 1, 1, 1, 2, 5)) * nominal
            step = 3 * DAY if rng.random() < 0.002 else step + rng.randrange(-MINUTE, MINUTE)
            t += step
            value += rng.randrange(50 * 10 ** 6) * step // HOUR
            if rng.random() < 0.003:
                value = rng.randrange(10 ** 9)  # a new course that nobody has announced
            if modulus is not None:
                value %= modulus

    def add_interval(self, point, enterprise):
        rng = self.rng
        period = rng.choice(("15min", "1h", "1d", "5min"))
        size = {"5min": 5 * MINUTE, "15min": 15 * MINUTE, "1h": HOUR, "1d": DAY}[period]
        self.add_point(enterprise, point, "interval", period, period=period,
                       stamp=rng.choice(("", "start", "end")), sentinels=rng.choice(("", "99")))
        t = (self.begin + 8 * HOUR) // DAY * DAY - 8 * HOUR
        while t < self.end - size:
            if rng.random() > 0.03:
                skew = rng.choice((0, 0, 0, -size // 20 if size < HOUR else -2000, size // 3))
                self.read(enterprise, point, t + skew,
                          rng.choice((rng.randrange(10 ** 8), 99 * 10 ** 6)))
            t += size

    def add_rate(self, point, enterprise):
        self.add_point(enterprise, point, "rate", 15 * MINUTE,
                       hold_max=self.rng.choice(("", "20min")))
        t = self.begin
        while t < self.end:
            self.read(enterprise, point, t, self.rng.randrange(-10 ** 7, 10 ** 9))
            t += self.rng.choice((5, 15, 15, 15, 15, 60)) * MINUTE

    def read(self, enterprise, point, t, micro):
        quality = self.rng.choice(QUALITIES)
        self.readings[enterprise].append((t, point, units(micro), quality))

    # --- The order they are sent in ---

    def rounds_of(self, enterprise, count=5):
        """Parts to be sent one after the other. Most readings come in the order of time; some come
        late, again, or wrong at first."""
        rng, rounds = self.rng, [[] for _ in range(count)]
        readings = sorted(self.readings[enterprise])
        for n, reading in enumerate(readings):
            own = n * count // len(readings)
            if rng.random() < 0.05 and own > 0:
                t, point, _, _ = reading
                rounds[rng.randrange(own)].append((t, point, units(rng.randrange(10 ** 9)),
                                                   rng.choice(QUALITIES)))
            if rng.random() < 0.1:
                own = rng.randrange(own, count)
            rounds[own].append(reading)
            if rng.random() < 0.05:
                rounds[rng.randrange(own, count)].append(reading)
        return rounds

    def arrivals(self):
        """What counts in the end; for the reference."""
        now = self.end + 2 * HOUR
        return [(point, t, value, quality, now) for enterprise in self.names
                for t, point, value, quality in self.readings[enterprise]]

    def send(self, site, pause=0):
        """Everything, over both doors by turns; again until it is acknowledged."""
        failures = []

        def work(n, enterprise):
            rng = random.Random(f"{n}")
            token = f"token-{enterprise}"
            doors = (HttpGateway(site.meterd.ports["http"], token),
                     MqttGateway(site.meterd.ports["mqtt"], token, enterprise))
            try:
                for k, part in enumerate(self.rounds[enterprise]):
                    size = rng.randrange(1, 200)
                    batches = [[as_json(r) for r in part[i:i + size]]
                               for i in range(0, len(part), size)]
                    while batches:
                        done = doors[(n + k) % 2].send_all(batches)
                        batches = [b for b, is_done in zip(batches, done) if not is_done]
                        time.sleep(pause * rng.random() if not batches else 0.02)
            except Exception as e:  # noqa: BLE001: told by the main thread
                failures.append(e)

        threads = [threading.Thread(target=work, args=item) for item in enumerate(self.names)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def write_registry(self, directory):
        files = small_registry([], self.names)
        files["prefectures.csv"] += "530300,曲靖市,Qujing\n"
        files["parks.csv"] += "P2,Second Park,Second Park,530300,provincial\n"
        places = ("530100,P1", "530100,", "530300,P2", "530300,")
        rows = ["enterprise,valid_from,name,uscc,industry,prefecture_code,park_id,valid_to"]
        for n, name in enumerate(self.names):
            rows.append(f"{name},,{name},,,{places[n % 4]},")
            if self.rng.random() < 0.5:
                day = text_of(self.rng.randrange(self.begin, self.end))[:10]
                rows.append(f"{name},{day},{name},,,{places[(n + 1) % 4]},")
        files["enterprises.csv"] = "\n".join(rows) + "\n"
        del files["points.csv"]
        for name, text in files.items():
            with open(f"{directory}/{name}", "w") as f:
                f.write(text)
        with open(f"{directory}/points.csv", "w", newline="") as f:
            out = csv.DictWriter(f, POINT_COLUMNS, lineterminator="\n")
            out.writeheader()
            out.writerows(self.points)
        with open(f"{directory}/exchanges.csv", "w") as f:
            f.write("enterprise,point,t,end,start\n")
            f.writelines(",".join(row) + "\n" for row in self.exchanges)


def as_json(reading):
    t, point, value, quality = reading
    return {"point": point, "t": text_of(t), "v": value, "q": quality}
