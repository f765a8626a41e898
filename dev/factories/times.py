"""Days and instants relative to the clock, so that rows of factories are as old on every day on which the tests run."""

from datetime import timedelta
from typing import Any

import factory

from core import clock


def days_from_now(days: float) -> Any:
    """Return a field's value: the instant that is `days` after the current time; before it if negative."""
    return factory.LazyFunction(lambda: clock.now() + timedelta(days=days))


def day_from_now(days: int) -> Any:
    """Return a field's value: the day (UTC) that is `days` after today; before it if negative."""
    return factory.LazyFunction(lambda: (clock.now() + timedelta(days=days)).date())


def one_of_the_last_days() -> Any:
    """Return a field's value: a day of the last 25 years, for each row the day after the previous row's."""
    return factory.Sequence(lambda number: (clock.now() - timedelta(days=9_000 - number % 9_000)).date())
