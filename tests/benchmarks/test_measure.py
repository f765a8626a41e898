"""Measurements of benchmark rounds and their statistics."""

import os
import time

import pytest

from benchmarks.measure import Meter, Sample, always, cpu_of, interleaved, percentile
from benchmarks.responses import UnequalError, require_equal


class Scripted(Meter):
    """A meter that uses the numbers returned by the work as its seconds, all of them CPU."""

    def __init__(self) -> None:
        self.seen = 0

    def sample(self, work: object) -> Sample:
        self.seen += 1
        seconds = work()  # type: ignore[operator]
        return Sample(sum(seconds), 0.0, seconds)


def test_a_contender_is_compared_with_the_limit_of_its_own_round() -> None:
    limit, other = iter([9.0, 1.0, 2.0, 4.0]), iter([9.0, 3.0, 4.0, 16.0])
    found = interleaved(
        {"limit": always(lambda: [next(limit)]), "other": always(lambda: [next(other)])}, rounds=3, meter=Scripted()
    )
    ratio = found[1].cpu_ratio
    assert (ratio.median, ratio.least, ratio.most) == (3.0, 2.0, 4.0)


def test_the_first_round_warms_up_and_does_not_count() -> None:
    meter = Scripted()
    found = interleaved({"limit": always(lambda: [0.5])}, rounds=2, meter=meter)
    assert (meter.seen, found[0].cpu) == (3, 0.5)


@pytest.mark.parametrize(("percent", "value"), [(50, 50.0), (99, 99.0), (100, 100.0)])
def test_a_percentile_is_a_measured_value(percent: int, value: float) -> None:
    assert percentile([float(number) for number in range(1, 101)], percent) == value


def test_the_cpu_of_a_process_is_read_in_seconds() -> None:
    before, ours = cpu_of(os.getpid()), time.process_time()
    while time.process_time() < ours + 0.1:
        pass
    assert cpu_of(os.getpid()) - before == pytest.approx(0.1, abs=0.05)


def test_contenders_that_do_different_work_are_not_compared() -> None:
    with pytest.raises(UnequalError, match="other"):
        require_equal({"limit": [{"id": 1, "amount": "1.00"}], "other": [{"id": 2, "amount": "1"}]}, rows=1, ignored=["id"])
