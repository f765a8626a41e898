#!/usr/bin/env bash
# Run a sample of the tests on Debian's PostgreSQL 15, and then tests/integration with PgBouncer in transaction mode, Redis and
# localstripe. PG15=whole runs all tests, except those of the embedded server. All servers are deleted afterwards.
set -euo pipefail
cd "$(dirname "$0")/.."

programs=/usr/lib/postgresql/15/bin
tools/need.sh $programs/postgres postgresql-15
PATH=$PATH:/usr/sbin tools/need.sh pgbouncer pgbouncer
tools/need.sh redis-server redis-server
tools/need.sh wrk wrk

# Neither server runs as root.
owner=$(id -un)
as_owner=()
if [ "$owner" = root ]; then
    owner=postgres
    as_owner=(setpriv --reuid=postgres --regid=postgres --init-groups --)
fi

work=$(mktemp -d)
pooler=
cleanup() {
    trap - EXIT INT TERM
    if [ -n "$pooler" ]; then kill "$pooler" 2>/dev/null || true; fi
    "${as_owner[@]}" $programs/pg_ctl stop --silent --pgdata="$work/data" --mode=immediate 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

free_port() { .venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

start_server() {
    (umask 077 && echo "$password" >"$work/password")
    chown "$owner" "$work" "$work/password"
    "${as_owner[@]}" $programs/initdb --pgdata="$work/data" --username=postgres --auth-local=peer --auth-host=scram-sha-256 \
        --pwfile="$work/password" --encoding=UTF8 --locale=C.UTF-8 >"$work/initdb.log"
    "${as_owner[@]}" $programs/pg_ctl start --silent --wait --timeout=60 --pgdata="$work/data" --log="$work/server.log" \
        --options="-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c max_connections=100 -c max_locks_per_transaction=256"
    MINGUS_PASSWORD=$password as_superuser --file=tools/create-role.sql
    as_superuser --command="ALTER ROLE mingus CREATEDB"
}

as_superuser() {
    PGPASSWORD=$password psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --host=127.0.0.1 --port="$port" --username=postgres "$@"
}

start_pooler() {
    cat >"$work/pgbouncer.ini" <<-INI
		[databases]
		single_mingus_pgbouncer = host=127.0.0.1 port=$port dbname=mingus_pgbouncer pool_size=1
		* = host=127.0.0.1 port=$port
		[pgbouncer]
		listen_addr = 127.0.0.1
		listen_port = $pooler_port
		unix_socket_dir =
		pool_mode = transaction
		auth_type = scram-sha-256
		auth_file = $work/users.txt
		max_client_conn = 400
		default_pool_size = 10
	INI
    (umask 077 && printf '"%s" "%s"\n' mingus "$password" mingus_server "$password" >"$work/users.txt")
    chown "$owner" "$work/users.txt"
    "${as_owner[@]}" "$(PATH=$PATH:/usr/sbin command -v pgbouncer)" --quiet "$work/pgbouncer.ini" >"$work/pgbouncer.log" 2>&1 &
    pooler=$!
    timeout 20 bash -c "until (: </dev/tcp/127.0.0.1/$pooler_port) 2>/dev/null; do sleep 0.1; done"
}

password=$(.venv/bin/python -c 'import secrets; print(secrets.token_hex(16))')
port=$(free_port)
start_server
export DATABASE_URL=postgresql://mingus:$password@127.0.0.1:$port/mingus

# The tests of our own SQL: functions, triggers, policies, constraints, partitions, derived values, aggregates, search and COPY.
tests_of_sql=(
    tests/{changes,core,contract,security,system,privacy,limits,analytics,api}
    tests/finance/{accounts,attachments,divisions,due_dates,exports,imports,names,projections,rules,search,transactions,transfers}
    tests/billing/test_{catalog,derived_values,dunning,feature_overview,gating,metrics,money_metrics,movements,overrides}.py
    tests/billing/test_{period_ends,plan_access,plan_access_table,plans,reconciliation,revenue,revenue_metrics,subscriptions}.py
    tests/billing/test_{usage,usage_idempotency,usage_periods,webhooks}.py
    tests/health/test_{analysis,correlations,plan_limits,statistics,wellness}.py
    tests/career/test_{job_security_index,milestone_derived,milestone_progress}.py
    tests/users/test_{statements_of_a_session,token_access,tokens}.py
    tests/webhooks/test_{api,delivery,outbox}.py
    tests/admin/test_{history,list_queries,masked_rows,ordering,paging,search,slow_query}.py
)
chosen=("${tests_of_sql[@]}" --every 10)
if [ "${PG15:-sample}" = whole ]; then chosen=(tests); fi

if [ -z "${ONLY_INTEGRATION:-}" ]; then
echo "== ${PG15:-sample} of the tests on $($programs/postgres --version); make faults runs the fault tests"
timeout 30m .venv/bin/python -m pytest -n 2 --dist worksteal -p no:schemathesis -p tests.selection \
    -m "not e2e and not integration and not faults" "${chosen[@]}" \
    --ignore=tests/dev/postgres --ignore=tests/disasters --ignore=tests/fuzz "$@"
fi

pooler_port=$(free_port)
start_pooler
export SUPERUSER_URL=postgresql://postgres:$password@127.0.0.1:$port/postgres
export PGBOUNCER_URL=postgresql://mingus:$password@127.0.0.1:$pooler_port/mingus

echo "== roles, restore, PgBouncer in transaction mode, Redis, a replica, and localstripe"
timeout 20m .venv/bin/python -m pytest -p no:schemathesis -m integration tests/integration ${ONLY_INTEGRATION:+"$@"}
