"""Correlation of a customer's check-ins with their spending."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import cast
from uuid import UUID

from django.db import models, transaction
from django.db.models import Count, Exists, OuterRef, Sum

from finance.models import Part
from health.analysis import ALL_SPENDING, CorrelationFinding, Days, analyze
from health.models import HealthSpendingCorrelation, UserHealthCheckin
from health.models.correlations import SIGNIFICANT, HealthMetric, Period
from users.models import User

WINDOW = timedelta(days=365)
RECENT = timedelta(days=7)
MAX_CATEGORIES = 3
BATCH = 500

COLUMNS = {
    HealthMetric.MOOD: "mood_score",
    HealthMetric.STRESS: "stress_level",
    HealthMetric.SLEEP: "sleep_hours",
    HealthMetric.EXERCISE: "exercise_minutes",
    HealthMetric.WELLNESS: "wellness_score",
}

# Columns of HealthSpendingCorrelation and the corresponding attributes of health.statistics.Correlation.
MEASURED = {
    "correlation_strength": "strength",
    "confidence_interval_lower": "lower",
    "confidence_interval_upper": "upper",
    "p_value": "p_value",
}


def analyze_correlations(user: User, *, today: date) -> list[CorrelationFinding]:
    """Correlate the user's check-ins with their spending over the year before `today`, store the findings and return them.

    They replace the earlier findings of the same month, so that nightly runs leave one analysis per month. `today` itself is
    excluded because it is incomplete.
    """
    last = today - timedelta(days=1)
    health, spending = readings(user, last - WINDOW, last), daily_spending(user, last - WINDOW, last)
    findings = analyze(health, spending)
    rows = [_row(user, finding, today) for finding in findings]
    with transaction.atomic():
        # one run at a time per customer: two concurrent runs would delete the same rows, and both would insert
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        of_this_month = HealthSpendingCorrelation.objects.for_user(user).filter(
            correlation_date__range=(today.replace(day=1), today), analysis_period=Period.DAILY
        )
        of_this_month.delete()
        HealthSpendingCorrelation.objects.bulk_create(rows, batch_size=BATCH)
    return findings


def readings(user: User, first: date, last: date) -> dict[str, dict[date, Decimal]]:
    """Return {metric: {day: value}} of the check-ins from `first` to `last` that the plan covers, of days with a value."""
    wellness = UserHealthCheckin.sql_derived()["wellness_score"]
    columns = [wellness if name == "wellness_score" else name for name in COLUMNS.values()]
    checkins = UserHealthCheckin.objects.for_user(user).in_days(first, last).covered_by_plan()
    rows = checkins.values_list("checkin_date", *columns)
    found: dict[str, dict[date, Decimal]] = {metric.value: {} for metric in COLUMNS}
    for day, *values in rows:
        for metric, value in zip(found, values, strict=True):
            if value is not None:
                found[metric][day] = Decimal(value)
    return found


def daily_spending(user: User, first: date, last: date) -> dict[str, Days]:
    """Return {category: {day: amount spent}} for all spending ('') and the categories with spending on the most days.

    Only the most frequent currency counts, because amounts in two currencies are never added. A refund reduces the spending of
    its own day. Days without spending are 0 between the first and the last day with spending, and omitted outside, where data
    may be missing.
    """
    spending = Part.objects.for_user(user).spending().filter(transaction_date__range=(first, last))
    by_day = spending.values("currency", "transaction_date", "category")
    rows = list(by_day.annotate(total=Sum("amount"), number=Count("*")))
    by_currency: Counter[str] = Counter()
    for row in rows:
        by_currency[row["currency"]] += row["number"]
    currency = min(by_currency, key=lambda code: (-by_currency[code], code), default="")
    spent: defaultdict[str, defaultdict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in (row for row in rows if row["currency"] == currency):
        for name in {ALL_SPENDING, row["category"]}:
            spent[name][row["transaction_date"]] -= row["total"]
    named = sorted((name for name in spent if name), key=lambda name: (-len(spent[name]), name))
    known = _span(spent[ALL_SPENDING])
    return {name: {day: spent[name].get(day, Decimal(0)) for day in known} for name in (ALL_SPENDING, *named[:MAX_CATEGORIES])}


def _span(days: Iterable[date]) -> list[date]:
    """Return every day from the first to the last of `days`."""
    known = sorted(days)
    return [known[0] + timedelta(days=offset) for offset in range((known[-1] - known[0]).days + 1)] if known else []


def _row(user: User, finding: CorrelationFinding, today: date) -> HealthSpendingCorrelation:
    pairs, found = finding.pairs, finding.correlation
    measured = {} if found is None else {name: _rounded(getattr(found, part), name) for name, part in MEASURED.items()}
    adjusted = _rounded(finding.adjusted_p_value, "adjusted_p_value")
    return HealthSpendingCorrelation(
        user=user,
        correlation_date=today,
        health_metric=pairs.metric,
        health_score=_mean(pairs.health, "health_score"),
        spending_amount=_mean(pairs.spending, "spending_amount"),
        spending_category=pairs.category,
        adjusted_p_value=adjusted,
        is_significant=adjusted is not None and adjusted < SIGNIFICANT,
        method=finding.method,
        lag_days=pairs.lag,
        analysis_period=Period.DAILY,
        data_points_count=pairs.days,
        **measured,
    )


def _mean(values: tuple[Decimal, ...], name: str) -> Decimal | None:
    return _rounded(sum(values, Decimal(0)) / len(values), name) if values else None


def _rounded(value: float | Decimal | None, name: str) -> Decimal | None:
    """Return `value` with the column's decimals; None if it exceeds the column, as a mean of 1,440 minutes a day does."""
    if value is None:
        return None
    column = cast("models.DecimalField", HealthSpendingCorrelation._meta.get_field(name))
    places, digits = column.decimal_places, column.max_digits
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    return rounded if rounded.adjusted() < digits - places else None


def customers_to_analyze(*, today: date, batch: int) -> Iterator[list[UUID]]:
    """Yield the keys of active customers with a check-in in the last seven days, `batch` at a time.

    The query starts from the customers because every index of the check-ins begins with the customer.
    """
    newest = UserHealthCheckin.objects.filter(user=OuterRef("pk"), checkin_date__gte=today - RECENT)
    customers = User.objects.filter(Exists(newest), is_active=True).order_by("pk").values_list("pk", flat=True)
    keys = list(customers[:batch])
    while keys:
        yield keys
        keys = list(customers.filter(pk__gt=keys[-1])[:batch])
