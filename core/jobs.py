"""A thin seam over procrastinate: jobs live in PostgreSQL, so one is enqueued in the same transaction as its data.

A task is declared with `@task()` in a `tasks.py` and called with `enqueue(the_task, **arguments)`; `manage.py worker`
carries it out. Arguments are JSON: ids and plain values, never model instances. A job may run twice (a worker can die after
its work and before it says so), so a task must not mind.
"""

import asyncio
import logging
import signal
from collections.abc import Callable
from functools import wraps
from typing import Any

import psycopg
from asgiref.sync import sync_to_async
from django.db import close_old_connections
from procrastinate import App, JobContext, PsycopgConnector, RetryStrategy
from procrastinate.contrib.django import app, connector_params
from procrastinate.exceptions import ConnectorException
from procrastinate.tasks import Task

from core import context, rls

TaskDecorator = Callable[[Callable[..., Any]], Task[..., Any, Any]]
MAX_PERIODIC_DELAY_SECONDS = 24 * 3600  # a daily job that nobody was there for is done when a worker comes back
RECONNECT_DELAY_SECONDS = 2.0
SHUTDOWN_TIMEOUT_SECONDS = 25.0
CONNECTION_TIMEOUT_SECONDS = 2.0

logger = logging.getLogger(__name__)


def run_as_action(call_next: Callable[[], Any], job: JobContext, worker: object) -> object:
    """Run a job as one action of its own, so that its log lines and audit events carry its number. It sees nobody's rows."""
    with context.action(f"job-{job.job.id}", source=f"job {job.job.task_name}"):
        return call_next()


def task(*, retries: int = 3) -> TaskDecorator:
    """Declare a job. After a failure it is tried `retries` times more, with pauses of 2, 4, 8, … seconds.

    A job sees nobody's rows until it says whose: `with rls.as_customer(user)`, or `rls.as_staff()`.
    """
    return app.task(retry=RetryStrategy(max_attempts=retries, exponential_wait=2), task_middleware=[run_as_action])


def periodic(cron: str) -> TaskDecorator:
    """Declare a job that runs by itself, by a cron line in UTC; it is handed the planned instant as a timestamp.

    It passes over everybody's rows.
    """

    def declare(function: Callable[..., Any]) -> Task[..., Any, Any]:
        @wraps(function)
        def passing(timestamp: int) -> object:
            with rls.as_staff():
                return function(timestamp)

        return app.periodic(cron=cron)(task()(passing))

    return declare


def daily(at_hour: int) -> TaskDecorator:
    """Declare a job that runs by itself every day at `at_hour` UTC; it is handed the planned instant as a timestamp."""
    return periodic(f"0 {at_hour} * * *")


def enqueue(job: Task[..., Any, Any], **arguments: Any) -> int:
    """Store a job for the worker; it becomes visible when the surrounding transaction commits. Gives the job's number."""
    return job.defer(**arguments)


def run_pending() -> None:
    """Carry out what is waiting, in this process, and return: for tests and for commands."""
    _worker_app().run_worker(wait=False, install_signal_handlers=False, listen_notify=False)


async def run_worker(*, pause: float = RECONNECT_DELAY_SECONDS) -> None:
    """Carry out jobs until SIGTERM or SIGINT; a job that runs then is finished first.

    When the database goes away, the worker waits for it and goes on.
    """
    stop_requested, said = asyncio.Event(), ""
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop_requested.set)
    while not stop_requested.is_set():
        problem = await _work_while_connected(stop_requested)
        if problem and problem != said:
            logger.warning("The database does not answer, the worker tries again every %g s: %s", pause, problem)
        said = problem
        await sync_to_async(close_old_connections)()
        await _wait(stop_requested, pause)


async def _work_while_connected(stop_requested: asyncio.Event) -> str:
    """What came between the worker and the database; '' when the worker was told to stop."""
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
        pass  # a pool would wait half a minute before it says that there is no server
    async with _worker_app().open_async() as running:
        await running.run_worker_async(install_signal_handlers=False, shutdown_graceful_timeout=SHUTDOWN_TIMEOUT_SECONDS)


def _worker_app() -> App:
    """The same tasks on a connection that can listen.

    The tasks stay tied to Django's connection, so that what a task enqueues belongs to that task's transaction; procrastinate's
    `replace_connector` would send it out at once.
    """
    app.perform_import_paths()
    worker = App(
        connector=PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=4, timeout=CONNECTION_TIMEOUT_SECONDS),
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
