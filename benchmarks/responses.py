"""Requests to contenders, and the check that they do the same work."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.api_contract import ONLY_OURS
from benchmarks.contenders.calls import Contender, Request


class UnequalError(Exception):
    """The responses of two contenders differ, so their times cannot be compared."""


def response_times(contender: Contender, requests: Iterable[Request], status: int) -> list[float]:
    """Return the seconds of each request. Raise UnequalError if a response does not have this status."""
    seconds = []
    for request in requests:
        start = time.perf_counter()
        response = contender.handle(request)
        seconds.append(time.perf_counter() - start)
        if response.status != status:
            raise UnequalError(f"{contender.name} returned {response.status}: {response.body[:500]!r}")
    return seconds


def require_equal(results: Mapping[str, Sequence[Mapping[str, Any]]], *, rows: int, ignored: Iterable[str] = ()) -> None:
    """Raise UnequalError unless all contenders returned the same `rows` rows, except for the `ignored` fields."""
    names = list(results)
    first = [_without(row, ignored) for row in results[names[0]]]
    if len(first) != rows:
        raise UnequalError(f"{names[0]} returned {len(first)} rows instead of {rows}")
    for name in names[1:]:
        if [_without(row, ignored) for row in results[name]] != first:
            raise UnequalError(f"{name} and {names[0]} differ: {results[name][:1]} and {results[names[0]][:1]}")


def _without(row: Mapping[str, Any], ignored: Iterable[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ignored and name not in ONLY_OURS}
