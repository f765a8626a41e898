#!/usr/bin/env bash
# procrastinate 3.10.0, with time-machine 3.6.0 to set the clock
# Expected: a worker whose clock was an hour ahead, and is corrected, goes on with its periodic jobs within one period.
# Seen: it defers none until the clock reaches the time at which the last one was deferred: an hour without periodic jobs. The
#   worker remembers the last time of each job and yields only later ones. It looks healthy: its heartbeat and its other jobs
#   go on. The other way round, a clock set forward makes it defer a job for every period in between.
# Why it matters: virtual machines that are resumed or moved have such clocks. Payments that fall due, reminders, and the retry
#   of jobs of dead workers, which the documentation advises to run periodically, all stop without an error.
# Source: procrastinate/periodic.py, PeriodicDeferrer.get_previous_tasks and get_timestamps (last_defers, since)
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3.11 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -qq procrastinate==3.10.0 time-machine==3.6.0

timeout 60 "$tmp/venv/bin/python" - <<'PYTHON'
import asyncio, sys
from datetime import datetime, timedelta, timezone
import time_machine
from procrastinate import App
from procrastinate.testing import InMemoryConnector

RIGHT = datetime(2026, 3, 10, 12, tzinfo=timezone.utc)
app = App(connector=InMemoryConnector())
runs = []

@app.periodic(cron="* * * * * */1")  # each second
@app.task
async def post_due_payments(timestamp):
    runs.append(timestamp)

async def seconds_with_runs(clock, seconds):
    """Return how many periodic jobs the worker has run in some seconds of a clock."""
    with time_machine.travel(clock):
        runs.clear()
        await asyncio.sleep(seconds)
        return len(runs)

async def main():
    async with app.open_async():
        worker = asyncio.create_task(app.run_worker_async(install_signal_handlers=False, fetch_job_polling_interval=0.1))
        ahead = await seconds_with_runs(RIGHT + timedelta(hours=1), 5)
        still_ahead = await seconds_with_runs(RIGHT + timedelta(hours=1, seconds=5), 5)
        corrected = await seconds_with_runs(RIGHT, 8)
        worker.cancel()
    print("expected: about one job a second before and after the correction")
    print(f"seen: {ahead} in 5 s, {still_ahead} in the next 5 s, then after the correction {corrected} in 8 s")
    sys.exit(not (ahead >= 2 and still_ahead >= 2 and corrected == 0))

asyncio.run(main())
PYTHON
