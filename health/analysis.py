"""Which measures of health are set against which spending, how many days later, and what may be said about it.

All tests of a run are one family: measure x category x lag x method. What is found in so many places is found somewhere by
chance, so the p-values are adjusted over all of them. Pure: days and numbers in, findings out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from health.statistics import Correlation, benjamini_hochberg, correlate, mid_ranks

LAGS = range(8)
MIN_DAYS = 21
MIN_EFFECTIVE_SIZE = 10
RELIABLE_EFFECTIVE_SIZE = 30
SIGNIFICANT = 0.05
ALL_SPENDING = ""

Days = Mapping[date, Decimal]
Read = Callable[[Sequence[float]], list[float]]

# How each method reads a series before Pearson's formula is put to it.
METHODS: dict[str, Read] = {"pearson": list, "spearman": mid_ranks}


@dataclass(frozen=True, slots=True)
class PairedSeries:
    """A measure of health and the spending `lag` days later, on those days that have both, in their order."""

    metric: str
    category: str
    lag: int
    health: tuple[Decimal, ...]
    spending: tuple[Decimal, ...]

    @property
    def days(self) -> int:
        return len(self.health)


@dataclass(frozen=True, slots=True)
class CorrelationFinding:
    """What one method says about one set of pairs; without a `correlation` nothing, and `missing` says why."""

    pairs: PairedSeries
    method: str
    correlation: Correlation | None
    missing: str = ""
    adjusted_p_value: float | None = None

    @property
    def is_headline(self) -> bool:
        """Whether it is about all spending on the day itself: shown to say what is missing, even when it says nothing."""
        return self.pairs.category == ALL_SPENDING and self.pairs.lag == 0

    @property
    def is_reliable(self) -> bool:
        """Whether enough independent days are behind it, it stands up among all tests, and its interval leaves 0 out."""
        found = self.correlation
        if found is None or self.adjusted_p_value is None:
            return False
        enough, excludes_zero = found.effective_size >= RELIABLE_EFFECTIVE_SIZE, found.lower * found.upper > 0
        return enough and excludes_zero and self.adjusted_p_value < SIGNIFICANT


def analyze(health: Mapping[str, Days], spending: Mapping[str, Days]) -> list[CorrelationFinding]:
    """Every finding of the family, and the headlines that lack something.

    `health` has the days of each measure, `spending` those of each category; a day without spending is there with 0, a day
    of which nothing is known is not there.
    """
    tested = [finding for pairs in paired(health, spending) for finding in _by_each_method(pairs)]
    told = [finding for finding in tested if finding.correlation]
    adjusted = benjamini_hochberg([finding.correlation.p_value for finding in told if finding.correlation])
    adjusted_findings = [replace(finding, adjusted_p_value=p) for finding, p in zip(told, adjusted, strict=True)]
    return adjusted_findings + [finding for finding in tested if finding.is_headline and not finding.correlation]


def paired(health: Mapping[str, Days], spending: Mapping[str, Days]) -> Iterator[PairedSeries]:
    """Every measure with every category at every lag; measures of which there is no day are left out."""
    for metric, readings in health.items():
        days = sorted(readings)
        for category, spent in spending.items():
            for lag in LAGS if days else ():
                later = timedelta(days=lag)
                both = [day for day in days if day + later in spent]
                yield PairedSeries(
                    metric,
                    category,
                    lag,
                    tuple(readings[day] for day in both),
                    tuple(spent[day + later] for day in both),
                )


def _by_each_method(pairs: PairedSeries) -> Iterator[CorrelationFinding]:
    health, spending = [float(value) for value in pairs.health], [float(value) for value in pairs.spending]
    for method, read in METHODS.items():
        found, missing = None, ""
        if pairs.days < MIN_DAYS:
            missing = f"{MIN_DAYS} days with both are needed, and there are {pairs.days}."
        elif (found := correlate(read(health), read(spending))) is None:
            missing = "There is no variation: one of the two was the same on every day."
        elif found.effective_size < MIN_EFFECTIVE_SIZE:
            count = f"{pairs.days} days count as {found.effective_size:.1f} independent ones"
            found, missing = None, f"The days resemble each other: {count}, and {MIN_EFFECTIVE_SIZE} are needed."
        yield CorrelationFinding(pairs, method, found, missing)
