#!/bin/sh
# A private PostgreSQL cluster for tests, reached only through a socket in its own directory.
# pg_cluster.sh start DIR: makes and starts it. pg_cluster.sh stop DIR: stops it and removes DIR.
set -eu
action=$1
dir=$2
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || { echo "pg_cluster.sh: no PostgreSQL server is installed" >&2; exit 69; }

# The server refuses to run as root.
as_owner() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && runuser -u postgres -- "$@")
    else
        "$@"
    fi
}

case $action in
start)
    [ "$(id -u)" != 0 ] || chown postgres "$dir"
    chmod 755 "$dir"
    as_owner "$bin/initdb" -D "$dir/data" -A trust -U postgres -E UTF8 --locale=C.UTF-8 --no-sync \
        >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
    # Tests look for lost commits, not for lost disks.
    as_owner "$bin/pg_ctl" -D "$dir/data" -w -t 60 -l "$dir/data/log" -o "-c listen_addresses='' \
        -c unix_socket_directories='$dir' -c fsync=off -c max_connections=50 \
        -c shared_buffers=32MB -c deadlock_timeout=100ms" start >/dev/null \
        || { cat "$dir/data/log" >&2; exit 1; }
    psql -X -q -v ON_ERROR_STOP=1 -h "$dir" -U postgres -d postgres \
        -c "CREATE DATABASE meterd_template" || exit 1
    for file in migrations/0*.sql; do
        psql -X -q -v ON_ERROR_STOP=1 -1 -h "$dir" -U postgres -d meterd_template -f "$file"
    done
    ;;
stop)
    as_owner "$bin/pg_ctl" -D "$dir/data" -w -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$dir"
    ;;
*)
    echo "pg_cluster.sh: start DIR | stop DIR" >&2
    exit 64
    ;;
esac
