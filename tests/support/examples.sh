#!/bin/bash
# Runs the examples of a text, as it stands: what begins with curl, mosquitto_pub, psql or
# ./build/meterctl, with the lines a backslash continues. From the project's folder.
#
# examples.sh FILE: prints "ok" or "FAIL" for each, exits 1 when one failed or there was none.
set -euo pipefail
text=$1
count=0
failed=0

run_example() {
    local output
    count=$((count + 1))
    if output=$(bash -c "set -e; $1" 2>&1) && ! grep -q '"status":[45]' <<<"$output"; then
        printf 'ok   %.90s\n' "${1//$'\n'/ }"
    else
        failed=$((failed + 1))
        printf 'FAIL %s\n%s\n' "$1" "$output"
    fi
}

example=
while IFS= read -r line || [ -n "$line" ]; do
    if [ -z "$example" ] && [[ ! $line =~ ^(curl|mosquitto_pub|psql|\./build/meterctl)\  ]]; then
        continue
    fi
    example+=$line$'\n'
    if [[ $line != *\\ ]]; then
        run_example "$example"
        example=
    fi
done <"$text"
[ "$count" -gt 0 ] || { echo "FAIL $text has no example"; exit 1; }
exit $((failed > 0))
