"""Samples of the long series: tests marked `long` run a fixed part of their cases in `make test`, and all in `make long`.

A series is cases of one test that differ only in generated data:

- parametrized: `@pytest.mark.long(sample=20)` keeps 20 cases, and `@pytest.mark.long(sample=2, per="kind")` keeps two for each
  value of the parameter `kind`. The sample depends only on the names of the cases, so each machine chooses the same.
- generated in the test: `@pytest.mark.long` keeps the test, which asks `size` for the number of its examples, or `some` for
  the cases themselves.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from hashlib import sha256

import pytest

MARK = "long"
_is_whole = False


def configure(config: pytest.Config) -> None:
    """Choose the whole series if the run is of the tests marked `long`."""
    global _is_whole
    _is_whole = MARK in config.option.markexpr.split()


def size(sample: int, whole: int) -> int:
    """Return the number of examples of a series that its test generates."""
    return whole if _is_whole else sample


def some(cases: Iterable[str], sample: int) -> list[str]:
    """Return the sample of a series of texts that a test repeats itself for, in their order."""
    whole = list(cases)
    kept = sorted(whole, key=lambda case: sha256(case.encode()).digest())[: size(sample, whole=len(whole))]
    return [case for case in whole if case in kept]


def chosen(items: list[pytest.Function]) -> list[pytest.Function]:
    """Return the tests to run, in their order."""
    kept = set(items if _is_whole else sampled(items))
    return [item for item in items if item in kept]


def sampled(items: Iterable[pytest.Function]) -> Iterator[pytest.Function]:
    """Yield all tests outside of the long series, and the sample of each series."""
    series: defaultdict[tuple[str, ...], list[pytest.Function]] = defaultdict(list)
    for item in items:
        mark = item.get_closest_marker(MARK)
        if mark and mark.kwargs:
            series[series_of(item, **mark.kwargs)].append(item)
        else:
            yield item
    for (*_, size), cases in series.items():
        yield from sorted(cases, key=order_of)[: int(size)]


def series_of(item: pytest.Function, sample: int, per: str = "") -> tuple[str, ...]:
    """Return the key of the cases among which a sample is chosen. It ends with the size of the sample."""
    value = str(item.callspec.params[per]) if per else ""
    return item.nodeid.partition("[")[0], value, str(sample)


def order_of(item: pytest.Function) -> bytes:
    return sha256(item.nodeid.encode()).digest()
