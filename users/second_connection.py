"""A second database connection, for statements that must not be part of the transaction on the first one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from django.db import connections

ResultT = TypeVar("ResultT")


class SecondConnection:
    """A thread with a connection of its own, which commits each call at once. Calls run in the caller's context."""

    def __enter__(self) -> "SecondConnection":
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="second-connection")
        return self

    def __exit__(self, *failure: object) -> None:
        self.run(connections.close_all)
        self._thread.shutdown()

    def run(self, work: Callable[[], ResultT]) -> ResultT:
        """Call `work` on the second connection, wait for it, and return its result."""
        return self._thread.submit(copy_context().run, work).result()
