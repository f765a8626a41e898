"""Work for several customers at once, in forked processes, because most of it is Python that one core would do in turn."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Any

from django.db import connections

from dev.population.people import Person

CHUNK = 10  # customers in a task


class Workers:
    """Processes that share nothing but the database. Each has a connection of its own."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self.pool = pool
        self.tasks: list[Future[Any]] = []

    def submit(self, work: Callable[..., Any], *given: Any) -> None:
        self.tasks.append(self.pool.submit(work, *given))

    def submit_all(self, work: Callable[[Sequence[Person]], Any], people: Sequence[Person]) -> None:
        for start in range(0, len(people), CHUNK):
            self.submit(work, people[start : start + CHUNK])

    def finish(self) -> Iterator[None]:
        """Yield as each task ends. Raise the first error."""
        tasks, self.tasks = self.tasks, []
        for task in as_completed(tasks):
            yield task.result()


@contextmanager
def workers() -> Iterator[Workers]:
    opened: Sequence[Any] = connections.all(initialized_only=True)
    for connection in opened:
        connection.close()
        connection.close_pool()  # a forked process must not share a connection; all are forked with the first task
    number = (os.cpu_count() or 1) + 1  # one waits for the database or the emulator at any time
    with ProcessPoolExecutor(number, multiprocessing.get_context("fork")) as pool:
        pool.submit(os.getpid).result()
        try:
            yield Workers(pool)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
