"""Correlations of all health metrics with all spending categories at several lags. No clock, no database.

All tests of a run (metric x category x lag x method) are one family. Some of so many tests would be significant by chance, so
the p-values are adjusted over the whole family.
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

# Transformation of a series before Pearson's formula is applied, by method.
METHODS: dict[str, Read] = {"pearson": list, "spearman": mid_ranks}


@dataclass(frozen=True, slots=True)
class PairedSeries:
    """A health metric and the spending `lag` days later, on all days with both values, in order of time."""

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
    """The result of one method for one pair of series; without a `correlation`, `missing` states the reason."""

    pairs: PairedSeries
    method: str
    correlation: Correlation | None
    missing: str = ""
    adjusted_p_value: float | None = None

    @property
    def is_headline(self) -> bool:
        """Return True for all spending at lag 0: these findings are reported even without a correlation."""
        return self.pairs.category == ALL_SPENDING and self.pairs.lag == 0

    @property
    def is_reliable(self) -> bool:
        """Return True for a sufficient sample size, a significant adjusted p-value, and an interval that excludes 0."""
        found = self.correlation
        if found is None or self.adjusted_p_value is None:
            return False
        enough, excludes_zero = found.effective_size >= RELIABLE_EFFECTIVE_SIZE, found.lower * found.upper > 0
        return enough and excludes_zero and self.adjusted_p_value < SIGNIFICANT


def analyze(health: Mapping[str, Days], spending: Mapping[str, Days]) -> list[CorrelationFinding]:
    """Return all findings with a correlation, and the headline findings without one.

    `health` maps metrics and `spending` maps categories to values by day. A day without spending has the value 0; a day for
    which there is no data is omitted.
    """
    tested = [finding for pairs in paired(health, spending) for finding in _by_each_method(pairs)]
    correlated = [finding for finding in tested if finding.correlation]
    adjusted = benjamini_hochberg([finding.correlation.p_value for finding in correlated if finding.correlation])
    adjusted_findings = [replace(finding, adjusted_p_value=p) for finding, p in zip(correlated, adjusted, strict=True)]
    return adjusted_findings + [finding for finding in tested if finding.is_headline and not finding.correlation]


def paired(health: Mapping[str, Days], spending: Mapping[str, Days]) -> Iterator[PairedSeries]:
    """Yield every metric with every category at every lag, except metrics without any day."""
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
            missing = f"{MIN_DAYS} days with both values are needed, but there are {pairs.days}."
        elif (found := correlate(read(health), read(spending))) is None:
            missing = "There is no variation: one of the two has the same value on every day."
        elif found.effective_size < MIN_EFFECTIVE_SIZE:
            count = f"{pairs.days} days count as {found.effective_size:.1f} independent ones"
            found, missing = None, f"The days are too similar: {count}, but {MIN_EFFECTIVE_SIZE} are needed."
        yield CorrelationFinding(pairs, method, found, missing)
