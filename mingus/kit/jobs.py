"""A thin seam over procrastinate: jobs live in PostgreSQL, so one is enqueued in the same transaction as its data.

A task is declared with `@task()` in a `tasks.py` and called with `enqueue(the_task, **arguments)`; `manage.py worker`
carries it out. Arguments are JSON: ids and plain values, never model instances.
"""

from collections.abc import Callable
from typing import Any

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.tasks import Task

TaskDecorator = Callable[[Callable[..., Any]], Task[..., Any, Any]]


def task(*, retries: int = 3) -> TaskDecorator:
    """Declare a job. After a failure it is tried `retries` times more, with pauses of 2, 4, 8, … seconds."""
    return app.task(retry=RetryStrategy(max_attempts=retries, exponential_wait=2))


def daily(at_hour: int) -> TaskDecorator:
    """Declare a job that runs by itself every day at `at_hour` UTC; it is handed the planned instant as a timestamp."""

    def declare(function: Callable[..., Any]) -> Task[..., Any, Any]:
        return app.periodic(cron=f"0 {at_hour} * * *")(app.task(function))

    return declare


def enqueue(job: Task[..., Any, Any], **arguments: Any) -> int:
    """Store a job for the worker; it becomes visible when the surrounding transaction commits. Gives the job's number."""
    return job.defer(**arguments)


def run_waiting() -> None:
    """Carry out what is waiting, in this process, and return: for tests and for commands."""
    app.run_worker(wait=False, install_signal_handlers=False, listen_notify=False)
