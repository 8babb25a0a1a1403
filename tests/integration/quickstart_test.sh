#!/bin/bash
# shellcheck disable=SC2317 # functions are called by check
# The quickstart in a copy of the project, from nothing: it ends well, its numbers add up, its
# examples and README's work unchanged, what was acknowledged is stored, it can be run again, stopped,
# and started once more.
set -euo pipefail
cd "$(dirname "$0")/../.."
project=$PWD

# In a network of its own the default ports are free, whatever else runs here.
if [ -z "${QUICKSTART_TEST_INSIDE:-}" ]; then
    export QUICKSTART_TEST_INSIDE=1
    if unshare --net ip link set lo up 2>/dev/null; then
        # shellcheck disable=SC2016 # $0 is for the inner shell
        exec unshare --net bash -c 'ip link set lo up && exec "$0"' "$project/tests/integration/quickstart_test.sh"
    fi
fi

work=$(mktemp -d /tmp/meterd-quickstart-XXXXXX)
chmod 755 "$work"
failed=0

clean_up() {
    local code=$?
    (cd "$work/meterd" 2>/dev/null && ./deploy/quickstart stop >/dev/null 2>&1) || true
    if [ "$code" != 0 ] || [ "$failed" != 0 ]; then
        tail -n 20 "$work"/*.out "$work"/meterd/var/quickstart/*.log 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap clean_up EXIT

report() {
    if [ "$1" = 0 ]; then
        printf 'ok   %s\n' "$2"
    else
        failed=$((failed + 1))
        printf 'FAIL %s\n' "$2"
    fi
}

check() {
    local fact=$1 code=0
    shift
    "$@" >"$work/check.out" 2>&1 || code=$?
    [ $code = 0 ] || cat "$work/check.out"
    report $code "$fact"
}

value() { psql -X -At -h "$PWD/var/quickstart/socket" -U meterd -c "$1"; }
equals() {
    local found
    found=$(value "$1")
    [ "$found" = "$2" ] || { echo "found $found, not $2"; return 1; }
}

parks_are_prefectures_are_the_province() {
    equals "SELECT count(*) FROM
              (SELECT item, sum(quantity) q FROM meterd.v_park_year GROUP BY 1) a
              JOIN (SELECT item, sum(quantity) q FROM meterd.v_prefecture_year GROUP BY 1) b USING (item)
              JOIN (SELECT item, sum(quantity) q FROM meterd.v_province_year GROUP BY 1) c USING (item)
             WHERE a.q <> b.q OR b.q <> c.q" 0
}

# The totals of interval meters are plain sums: they must be those of the published files.
interval_totals_are_the_publishers() {
    local expected
    expected=$(/usr/bin/python3 - <<'PYTHON'
import csv
import decimal
total = sum(decimal.Decimal(r["sum"]) for r in csv.DictReader(
    open("tests/data/expected/expected_totals.csv"))
    if r["sum"] and r["meter"].startswith("ucam") and r["meter"].endswith("electricity"))
print(f"{total:.1f}")
PYTHON
    )
    equals "SELECT sum(quantity)::numeric(20,1) FROM meterd.v_enterprise_year
             WHERE area LIKE 'ucam%' AND item = 'electricity'" "$expected"
}

posted_readings_are_counted() {
    for _ in $(seq 30); do
        ! equals "SELECT string_agg(quantity::text, ' ' ORDER BY slot_start)
                    FROM meterd.v_enterprise_slot
                   WHERE area = 'steel' AND item = 'electricity' AND slot_start >= '2018-07-01'" \
            "12.5 13.25 12.5 13.25 11.75 12" || return 0
        sleep 0.5
    done
    return 1
}

# A second quickstart must not disturb the first, nor a taken port be taken for meterd.
a_taken_port_is_named() {
    local said
    /usr/bin/python3 -c '
import socket, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", 8080))
s.listen()
time.sleep(60)' &
    local holder=$!
    sleep 1
    if said=$(./deploy/quickstart 2>&1); then
        kill "$holder"
        return 1
    fi
    kill "$holder"
    grep -q '127.0.0.1:8080 is taken by another program' <<<"$said" || { echo "$said"; return 1; }
}

mkdir "$work/meterd"
git ls-files -z | tar --null -T - -c | tar -x -C "$work/meterd"
cd "$work/meterd"

code=0
./deploy/quickstart >"$work/first.out" 2>&1 || code=$?
report $code "quickstart ends well"
[ $code = 0 ] || exit 1
check "parks add up to prefectures, prefectures to the province" parks_are_prefectures_are_the_province
check "16 prefectures have water" equals \
    "SELECT count(DISTINCT area) FROM meterd.v_prefecture_year WHERE item = 'water' AND quantity > 0" 16
check "the sums of interval meters are the publishers'" interval_totals_are_the_publishers
check "what was acknowledged is stored, what is stored was sent" build/meterload check --wait 60 \
    --conninfo "host=$PWD/var/quickstart/socket user=meterd dbname=meterd" var/quickstart/sample.ledger
check "the quickstart's examples work" tests/support/examples.sh "$work/first.out"
check "README's examples work" tests/support/examples.sh README.md
check "posted readings are counted" posted_readings_are_counted
check "quickstart again goes on" ./deploy/quickstart
check "stop" ./deploy/quickstart stop
check "a taken port is named" a_taken_port_is_named
check "quickstart after stop goes on" ./deploy/quickstart
check "nothing is counted twice" posted_readings_are_counted
check "stop again" ./deploy/quickstart stop
exit $((failed > 0))
