"""Tables of the CPU time of operations and of cold starts."""

import pytest

from benchmarks import operations
from benchmarks.operations import Cost
from benchmarks.scale import Scale
from benchmarks.servers import cold, resident


def test_exempt_and_refused_operations_have_no_bound() -> None:
    costs = [
        Cost("get", "finance/transactions/", 200, 0.002),
        Cost("post", "users/me/export/", 202, 0.5),
        Cost("get", "health/summary/", 404, 0.1),
        Cost("get", "system/alerts/", 200, 0.013),
    ]
    lines = operations.table(costs).splitlines()
    assert lines[0].startswith("4 operations, of which 1 were refused and 1 are exempt")
    assert "95 % take at most 13.00 ms (goal: 4), and 1 take more than 12 ms" in lines[0]
    assert [line.split("`")[1] for line in lines[4:]] == [
        "POST users/me/export/",
        "GET health/summary/",
        "GET system/alerts/",
        "GET finance/transactions/",
    ]


def test_cold_starts_are_compared_with_the_first_build() -> None:
    text = cold.table({"e81ec44": [(2.0, 1.0), (4.0, 2.0)], "MINGUS": [(1.0, 0.5), (3.0, 1.0)]})
    assert text.splitlines()[-1] == "| MINGUS | 2.00 | 0.62 | 0.75 | 0.50 |"


def test_memory_is_compared_with_the_first_build() -> None:
    sizes = [100 * 2**20] * 9 + [200 * 2**20]
    assert resident.table({"e81ec44": sizes, "MINGUS": [2 * size for size in sizes]}).endswith("| +100.0% | 2.00 |")


@pytest.mark.parametrize(("given", "seconds", "requests"), [(True, 1, 1_000), (False, 1, 10_000)])
def test_quick_runs_send_fewer_requests(given: bool, seconds: int, requests: int) -> None:
    scale = Scale.of(rounds=5, rows=2_000, only=None, quick=given, full=False)
    assert (scale.turn_seconds, scale.memory_requests) == (seconds, requests)
