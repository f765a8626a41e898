"""Background jobs, on procrastinate. Jobs are stored in PostgreSQL, so a job commits in the same transaction as its data.

A task is declared with `@task()` in a `tasks.py` and enqueued with `enqueue(the_task, **arguments)`. `manage.py worker` runs
it. Arguments are JSON: ids and plain values, never model instances. Tasks must be idempotent, because a job runs again if the
worker dies before it has marked the job as done.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import Any

import psycopg
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections
from procrastinate import App, JobContext, PsycopgConnector, RetryDecision, RetryStrategy
from procrastinate import periodic as procrastinate_periodic
from procrastinate.contrib.django import app, connector_params
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.tasks import Task

from core import context, rls
from core.postgres.failures import QUERY_TIMEOUT, failure_of

TaskDecorator = Callable[[Callable[..., Any]], Task[..., Any, Any]]
MAX_RETRIES = 3
MAX_PERIODIC_DELAY_SECONDS = 24 * 3600  # a daily job that was due while no worker ran is run when a worker starts
RECONNECT_DELAY_SECONDS = 2.0
SHUTDOWN_TIMEOUT_SECONDS = 25.0
LONG_QUEUE = "long"  # jobs of minutes, such as imports; a worker runs one of them beside the others, which need not wait
WEBHOOK_QUEUE = "webhooks"  # jobs that wait for other servers; a worker runs WEBHOOK_CONCURRENCY of them at a time
WEBHOOK_CONCURRENCY = 8
QUEUES = {"default": 1, LONG_QUEUE: 1, WEBHOOK_QUEUE: WEBHOOK_CONCURRENCY}  # how many jobs a worker runs at a time
SPARE_THREADS = 4  # of a worker, besides those of its jobs
CONNECTION_TIMEOUT_SECONDS = 2.0
MAX_RETRY_DELAY_SECONDS = 300

logger = logging.getLogger(__name__)


class JobRetryStrategy(RetryStrategy):
    """A retry strategy that retries a job DATABASE_JOB_RETRIES times if the database failed, for example by a lock timeout."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        is_failure = failure_of(exception) not in (None, QUERY_TIMEOUT)  # the same query would take as long again
        if is_failure and job.attempts < settings.DATABASE_JOB_RETRIES:
            return RetryDecision(retry_in={"seconds": min(2 ** min(job.attempts + 1, 20), MAX_RETRY_DELAY_SECONDS)})
        return super().get_retry_decision(exception=exception, job=job)


class PeriodicDeferrer(procrastinate_periodic.PeriodicDeferrer):
    """A deferrer that only the database tells what it has deferred, because its own memory is wrong once the clock was set.

    After the clock was set back by a day, procrastinate 3.10 would defer no periodic job for a day. After it was set forward,
    it would defer every job of the time in between.
    """

    def get_previous_tasks(self, at: float) -> Iterable[procrastinate_periodic.TaskAtTime]:
        self.last_defers.clear()
        return super().get_previous_tasks(at)


procrastinate_periodic.PeriodicDeferrer = PeriodicDeferrer  # type: ignore[misc]  # the worker has no parameter for it


def run_as_action(call_next: Callable[[], Any], job: JobContext, worker: object) -> object:
    """Run a job in an action context of its own, which puts the job's id into its log lines and audit events."""
    with context.action(f"job-{job.job.id}", source=f"job {job.job.task_name}"):
        return call_next()


def task(*, retries: int = MAX_RETRIES, is_repeated: bool = False, queue: str = "default") -> TaskDecorator:
    """Declare a job. A failed job is retried `retries` times, after 2, 4, 8, … seconds.

    Failures of the database are retried for longer, unless the job `is_repeated`: a periodic job will soon enqueue it again.

    A job can read no owned row outside of `with rls.as_customer(user)` or `rls.as_staff()`.
    """
    strategy = RetryStrategy if is_repeated else JobRetryStrategy
    retry = strategy(max_attempts=retries, exponential_wait=2)
    return app.task(retry=retry, queue=queue, task_middleware=[run_as_action])


def periodic(cron: str, *, is_repeated: bool = True) -> TaskDecorator:
    """Declare a job that runs on a cron schedule in UTC, as staff. It is called with the scheduled time as a timestamp."""

    def declare(function: Callable[..., Any]) -> Task[..., Any, Any]:
        @wraps(function)
        def run_as_staff(timestamp: int) -> object:
            with rls.as_staff():
                return function(timestamp)

        return app.periodic(cron=cron)(task(is_repeated=is_repeated)(run_as_staff))

    return declare


def daily(at_hour: int) -> TaskDecorator:
    """Declare a job that runs every day at `at_hour` UTC, like `periodic`."""
    return periodic(f"0 {at_hour} * * *", is_repeated=False)


def enqueue(job: Task[..., Any, Any], *, lock: str | None = None, **arguments: Any) -> int:
    """Store a job, which a worker runs after the current transaction has committed, and return the job's id.

    Jobs with the same `lock` run one after the other.
    """
    return job.configure(lock=lock).defer(**arguments)


def run_pending() -> None:
    """Run the waiting jobs in this process and return, for tests and commands."""
    _worker_app().run_worker(wait=False, install_signal_handlers=False, listen_notify=False)


async def run_worker(*, pause: float = RECONNECT_DELAY_SECONDS) -> None:
    """Run jobs until SIGTERM or SIGINT, and let running jobs finish. After a lost connection retry every `pause` seconds."""
    stop_requested, logged = asyncio.Event(), ""
    # a thread for each job: the default pool of a small machine has fewer, and jobs that wait for other servers would fill it
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(sum(QUEUES.values()) + SPARE_THREADS))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop_requested.set)
    while not stop_requested.is_set():
        problem = await _work_while_connected(stop_requested)
        if problem and problem != logged:
            logger.warning("The database is unreachable. The worker retries every %g s: %s", pause, problem)
        logged = problem
        await sync_to_async(close_old_connections)()
        await _wait(stop_requested, pause)


async def _work_while_connected(stop_requested: asyncio.Event) -> str:
    """Run jobs until the connection fails, and return the error; return '' if a stop was requested."""
    worker, stop = asyncio.create_task(_run()), asyncio.create_task(stop_requested.wait())
    await asyncio.wait({worker, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    worker.cancel()
    try:
        await worker
    except asyncio.CancelledError:
        return ""
    except (ConnectorException, psycopg.OperationalError) as error:
        return str(error.__cause__ or error).strip()
    return "" if stop_requested.is_set() else "the connection was lost"


async def _run() -> None:
    async with await psycopg.AsyncConnection.connect(**connector_params()):
        pass  # fails at once without a server, where the pool would wait for half a minute
    async with _worker_app().open_async() as running:
        options: Any = {"install_signal_handlers": False, "shutdown_graceful_timeout": SHUTDOWN_TIMEOUT_SECONDS}
        workers = [
            asyncio.create_task(running.run_worker_async(queues=[queue], concurrency=concurrency, **options))
            for queue, concurrency in QUEUES.items()
        ]
        try:
            ended, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_COMPLETED)
        finally:  # stop the others, which finish their jobs
            for worker in workers:
                worker.cancel()
            await asyncio.wait(workers)
        for worker in ended:
            worker.result()


def _worker_app() -> App:
    """Return a procrastinate app with the same tasks, on a connection that supports LISTEN.

    The tasks stay bound to Django's connection, so that a job which a task enqueues is part of the task's transaction. With
    procrastinate's `replace_connector` it would be committed at once.
    """
    app.perform_import_paths()
    worker = App(
        connector=PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=6, timeout=CONNECTION_TIMEOUT_SECONDS),
        worker_defaults=app.worker_defaults,
        periodic_defaults={"max_delay": MAX_PERIODIC_DELAY_SECONDS},
    )
    worker.tasks, worker.periodic_registry = app.tasks, app.periodic_registry
    return worker


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
