"""Processor time of a call on long input, with a limit, so that a test of exponential code ends."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests import long_series

LONG = long_series.size(24_000, whole=48_000)  # characters
LIMIT = 3.0  # seconds of processor time, for slow machines, too
# Linear code takes 4 times as long for 4 times the text, quadratic code 16 times. The allowance is for what is measured badly
MAX_GROWTH = 9
ALLOWANCE = 0.1


class TooSlowError(Exception):
    """The call took more than LIMIT seconds of processor time."""


@contextmanager
def limited() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def seconds(run: Callable[[], object]) -> float:
    """Return the processor time of a call in this thread; LIMIT if it takes longer."""
    begin = time.thread_time()
    try:
        with limited():
            run()
    except TooSlowError:
        return LIMIT
    return time.thread_time() - begin


def grows_linearly(run: Callable[[int], object], longest: int = LONG) -> bool:
    """Return False if the time of `run(n)` grows much faster than n. Calls that are short for every n are linear."""
    long = seconds(lambda: run(longest))
    if long <= ALLOWANCE or long >= LIMIT:
        return long <= ALLOWANCE
    short = min(seconds(lambda: run(longest // 4)) for _ in range(3))
    return min(long, seconds(lambda: run(longest))) <= MAX_GROWTH * short + ALLOWANCE
