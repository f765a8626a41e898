"""Sets a customer's check-ins against his spending and keeps what was found."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import cast
from uuid import UUID

from django.db import models, transaction
from django.db.models import Count, Exists, OuterRef, Sum

from finance.models import FinancialTransaction
from finance.models.transactions import GOING_OUT, TransactionStatus
from health.analysis import ALL_SPENDING, CorrelationFinding, Days, analyze
from health.models import HealthSpendingCorrelation, UserHealthCheckin
from health.models.correlations import SIGNIFICANT, HealthMetric, Period
from users.models import User

WINDOW = timedelta(days=365)
RECENT = timedelta(days=7)
MAX_CATEGORIES = 3
SPENT = (TransactionStatus.PENDING, TransactionStatus.COMPLETED)
BATCH = 500

COLUMNS = {
    HealthMetric.MOOD: "mood_score",
    HealthMetric.STRESS: "stress_level",
    HealthMetric.SLEEP: "sleep_hours",
    HealthMetric.EXERCISE: "exercise_minutes",
    HealthMetric.WELLNESS: "wellness_score",
}

# Columns of a correlation, and what the statistics call them.
MEASURED = {
    "correlation_strength": "strength",
    "confidence_interval_lower": "lower",
    "confidence_interval_upper": "upper",
    "p_value": "p_value",
}


def analyze_correlations(user: User, *, today: date) -> list[CorrelationFinding]:
    """Correlate the user's check-ins with his spending over the year before `today`, and store what was found.

    The month's earlier analyses make way for it, so that a run every night leaves one analysis a month. Today is left out: it
    is not over. Gives the findings, also those that are not stored because they say nothing.
    """
    last = today - timedelta(days=1)
    health, spending = readings(user, last - WINDOW, last), daily_spending(user, last - WINDOW, last)
    findings = analyze(health, spending)
    rows = [_row(user, finding, today) for finding in findings]
    with transaction.atomic():
        # one run at a time for one customer: two would find the same rows to delete, and both would insert
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        of_this_month = HealthSpendingCorrelation.objects.for_user(user).filter(
            correlation_date__range=(today.replace(day=1), today), analysis_period=Period.DAILY
        )
        of_this_month.delete()
        HealthSpendingCorrelation.objects.bulk_create(rows, batch_size=BATCH)
    return findings


def readings(user: User, first: date, last: date) -> dict[str, dict[date, Decimal]]:
    """The answers of each measure by day; a day on which a question was left out is not there."""
    wellness = UserHealthCheckin.sql_derived()["wellness_score"]
    columns = [wellness if name == "wellness_score" else name for name in COLUMNS.values()]
    rows = UserHealthCheckin.objects.for_user(user).in_days(first, last).values_list("checkin_date", *columns)
    found: dict[str, dict[date, Decimal]] = {metric.value: {} for metric in COLUMNS}
    for day, *values in rows:
        for metric, value in zip(found, values, strict=True):
            if value is not None:
                found[metric][day] = Decimal(value)
    return found


def daily_spending(user: User, first: date, last: date) -> dict[str, Days]:
    """What was spent on each day, on everything ('') and on those categories that were bought from on the most days.

    Expenses and fees in one currency, the one used most: amounts in two are never added. From the first day of spending to the
    last a day without any is a day with 0; outside of them nothing is known, as where a bank's file ends.
    """
    moved = FinancialTransaction.objects.for_user(user).filter(
        transaction_type__in=GOING_OUT, status__in=SPENT, transaction_date__range=(first, last)
    )
    by_day = moved.values("currency", "transaction_date", "category")
    rows = list(by_day.annotate(total=Sum("amount"), number=Count("pk")))
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
    """Every day from the first of `days` to the last."""
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
    """`value` with the column's decimals; None also for one that the column can't hold, such as 1,440 minutes a day."""
    if value is None:
        return None
    column = cast("models.DecimalField", HealthSpendingCorrelation._meta.get_field(name))
    places, digits = column.decimal_places, column.max_digits
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    return rounded if rounded.adjusted() < digits - places else None


def customers_to_analyse(*, today: date, batch: int) -> Iterator[list[UUID]]:
    """The keys of active customers who checked in during the last days, `batch` at a time.

    It walks the customers and looks each one's newest check-ins up, since every index of those begins with the customer.
    """
    newest = UserHealthCheckin.objects.filter(user=OuterRef("pk"), checkin_date__gte=today - RECENT)
    waiting = User.objects.filter(Exists(newest), is_active=True).order_by("pk").values_list("pk", flat=True)
    keys = list(waiting[:batch])
    while keys:
        yield keys
        keys = list(waiting.filter(pk__gt=keys[-1])[:batch])
