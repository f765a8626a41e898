"""Asks contenders, and insists that they do the same work."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.contenders.calls import Contender, Request


class UnequalError(Exception):
    """A contender's answer is not the limit's, so there is nothing to compare."""


def response_times(contender: Contender, calls: Iterable[Request], status: int) -> list[float]:
    """Seconds that each call took, all of which must end with `status`."""
    walls = []
    for call in calls:
        start = time.perf_counter()
        answer = contender.answer(call)
        walls.append(time.perf_counter() - start)
        if answer.status != status:
            raise UnequalError(f"{contender.name} answered {answer.status}: {answer.body[:500]!r}")
    return walls


def require_equal(results: Mapping[str, Sequence[Mapping[str, Any]]], *, rows: int, ignored: Iterable[str] = ()) -> None:
    """Raise UnequalError unless every contender gave the first one's rows, `rows` of them, but for the `ignored` fields."""
    names = list(results)
    first = [_without(row, ignored) for row in results[names[0]]]
    if len(first) != rows:
        raise UnequalError(f"{names[0]} gave {len(first)} rows instead of {rows}")
    for name in names[1:]:
        if [_without(row, ignored) for row in results[name]] != first:
            raise UnequalError(f"{name} and {names[0]} differ: {results[name][:1]} and {results[names[0]][:1]}")


def _without(row: Mapping[str, Any], ignored: Iterable[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ignored}
