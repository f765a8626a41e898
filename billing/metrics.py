"""Business metrics as sums over all customers, without personal data: revenue, churn, trials and overdue invoices.

Each metric includes its formula and its inputs. Each table is computed by one database query, and a month without activity has
zeros. Amounts in different currencies are never added.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db.models import Case, Count, DateTimeField, DecimalField, Exists, F, OuterRef, Q, Sum, Value, When
from django.db.models.functions import Coalesce

from billing.models import BillingHistory, Subscription
from billing.models.invoices import OWED
from billing.models.subscription_charges import BillingInterval
from billing.models.subscriptions import IS_LOCAL, SubscriptionStatus
from core.currencies import rounded

MONTH_COUNT = 12
PLACES = Decimal("0.01")
AMOUNT: Any = DecimalField(max_digits=18, decimal_places=6)
ZERO = Decimal(0)
IS_PAID_SUBSCRIPTION = ~IS_LOCAL
PER_MONTH = {  # the intervals in a month
    BillingInterval.DAY: Decimal(365) / 12,
    BillingInterval.WEEK: Decimal(365) / 84,
    BillingInterval.MONTH: Decimal(1),
    BillingInterval.YEAR: Decimal(1) / 12,
}
PAYING_STATUSES = (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Metric:
    """One table. `formula` and `inputs` explain it; `bar` is the index of the column that is drawn as bars."""

    key: str
    title: str
    formula: str
    inputs: str
    columns: tuple[str, ...]
    bar: int
    rows: list[Row]


@dataclass(frozen=True)
class CalendarMonth:
    """A calendar month in UTC, from `begins` until just before `ends`."""

    begins: datetime
    ends: datetime

    @property
    def name(self) -> str:
        return f"{self.begins:%Y-%m}"


def all_metrics(*, now: datetime) -> list[Metric]:
    """Return the tables as of `now`."""
    return [monthly_recurring_revenue(now), revenue_by_month(now), churn(now), trial_conversion(now), overdue(now)]


def last_months(now: datetime) -> list[CalendarMonth]:
    """Return the twelve months up to and including the current one, oldest first."""
    present = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    begins = [present - relativedelta(months=back) for back in reversed(range(MONTH_COUNT))]
    return [CalendarMonth(begin, begin + relativedelta(months=1)) for begin in begins]


def monthly_amount() -> Case:
    """Return what a subscription charges for a month as an expression: nothing while its collection is paused."""
    intervals = [
        When(interval=interval, then=F("recurring_amount") * factor / F("interval_count"))
        for interval, factor in PER_MONTH.items()
    ]
    paused = When(is_collection_paused=True, then=Value(ZERO))
    return Case(paused, *intervals, default=Value(ZERO), output_field=AMOUNT)


def paying_subscriptions() -> Any:
    """Return the paid subscriptions, annotated with the monthly amount and the instants when payment began and ended."""
    ended = Case(
        When(status=SubscriptionStatus.CANCELED, ended_at__isnull=False, then=F("ended_at")),
        When(status=SubscriptionStatus.CANCELED, cancel_at_period_end=True, then=Coalesce("current_period_end", "canceled_at")),
        When(status=SubscriptionStatus.CANCELED, then=Coalesce("canceled_at", "updated_at", output_field=DateTimeField())),
    )
    rows = Subscription.objects.filter(IS_PAID_SUBSCRIPTION, status__in=(*PAYING_STATUSES, SubscriptionStatus.CANCELED))
    return rows.annotate(
        monthly=monthly_amount(), began=Coalesce("trial_end", "created_at", output_field=DateTimeField()), ended=ended
    )


def paying_at(instant: datetime) -> Q:
    """Return the condition that a subscription of `paying_subscriptions` was paying at `instant`."""
    return Q(began__lt=instant) & (Q(ended__isnull=True) | Q(ended__gte=instant))


def monthly_recurring_revenue(now: datetime) -> Metric:
    """Return the current monthly recurring revenue (MRR) by currency."""
    active, late = Q(status=SubscriptionStatus.ACTIVE), Q(status=SubscriptionStatus.PAST_DUE)
    charged = paying_subscriptions().filter(status__in=PAYING_STATUSES, is_collection_paused=False)
    found = charged.values("currency").order_by("currency")
    sums = found.annotate(
        mrr=Sum("monthly", filter=active),
        customers=Count("user", filter=active, distinct=True),
        late_mrr=Sum("monthly", filter=late),
        late_customers=Count("user", filter=late, distinct=True),
    )
    rows = [
        (currency, row["customers"], _money(row["mrr"], currency), row["late_customers"], _money(row["late_mrr"], currency))
        for row in sums
        for currency in (row["currency"],)
    ]
    return Metric(
        "mrr",
        "Monthly recurring revenue now",
        "Sum of what the subscriptions charge: each customer's own price and quantity after recurring discounts, without tax, "
        "with yearly amounts divided by 12. Past-due subscriptions are shown separately.",
        "Active and past-due subscriptions managed by Stripe. Gifts, trials and subscriptions whose collection is paused are "
        "excluded.",
        ("currency", "customers", "MRR", "customers past due", "MRR past due"),
        2,
        rows,
    )


def revenue_by_month(now: datetime) -> Metric:
    """Return the MRR at the end of each month, and for the current month the MRR now."""
    months = last_months(now)
    ends = [min(month.ends, now) for month in months]
    sums: dict[str, Any] = {f"mrr{number}": Sum("monthly", filter=paying_at(end)) for number, end in enumerate(ends)}
    counts: dict[str, Any] = {f"n{number}": _people(paying_at(end)) for number, end in enumerate(ends)}
    rows = [
        (month.name, row["currency"], row[f"n{number}"], _money(row[f"mrr{number}"], row["currency"]))
        for row in _by_currency(sums | counts)
        for number, month in enumerate(months)
    ]
    return Metric(
        "mrr-by-month",
        "Monthly recurring revenue by month",
        "The same sum at the end of each month, and now. Includes past-due subscriptions: past statuses are not stored.",
        "Subscriptions managed by Stripe, from the end of the trial (without one, from when they were recorded) until they "
        "ended, at their current or last amount. While its collection is paused, the amount of a subscription is 0.",
        ("month", "currency", "customers", "MRR"),
        3,
        rows,
    )


def churn(now: datetime) -> Metric:
    """Return the customers and the MRR lost in each month."""
    months = last_months(now)
    figures: dict[str, Any] = {}
    for number, month in enumerate(months):
        there = paying_at(month.begins)
        left = there & Q(ended__gte=month.begins, ended__lt=min(month.ends, now))
        figures[f"n{number}"], figures[f"mrr{number}"] = _people(there), Sum("monthly", filter=there)
        figures[f"lost{number}"], figures[f"less{number}"] = _people(left), Sum("monthly", filter=left)
    rows: list[Row] = []
    for found in _by_currency(figures):
        for number, month in enumerate(months):
            people, lost = found[f"n{number}"], found[f"lost{number}"]
            mrr, less = (_money(found[f"{sums}{number}"], found["currency"]) for sums in ("mrr", "less"))
            shares = _percent(lost, people), _percent(less, mrr)
            rows.append((month.name, found["currency"], people, lost, shares[0], mrr, less, shares[1]))
    return Metric(
        "churn",
        "Churn",
        "Customers whose subscription ended in the month, divided by those who were paying when it began; the same for their "
        "MRR. The percentage is empty if there were no paying customers.",
        "Subscriptions managed by Stripe that were paying before the month began. They end with the last paid period.",
        ("month", "currency", "customers at start", "lost", "%", "MRR at start", "MRR lost", "% of MRR"),
        3,
        rows,
    )


def trial_conversion(now: datetime) -> Metric:
    """Return the number of trials that became paid, by the month in which the trial ended."""
    months = last_months(now)
    payments = BillingHistory.objects.filter(subscription=OuterRef("pk"), amount__gt=0, paid_at__isnull=False)
    rows = Subscription.objects.filter(~IS_LOCAL, trial_end__lte=now).annotate(paid=Exists(payments))
    figures: dict[str, Any] = {}
    for number, month in enumerate(months):
        ended = Q(trial_end__gte=month.begins, trial_end__lt=month.ends)
        figures[f"n{number}"] = Count("pk", filter=ended)
        figures[f"paid{number}"] = Count("pk", filter=ended & Q(paid=True))
    found = rows.aggregate(**figures)
    table: list[Row] = [
        (month.name, found[f"n{number}"], found[f"paid{number}"], _percent(found[f"paid{number}"], found[f"n{number}"]))
        for number, month in enumerate(months)
    ]
    return Metric(
        "trials",
        "Trials that became paid",
        "Trials that ended in the month and now have a paid invoice above 0, divided by all trials that ended in the month.",
        "Subscriptions managed by Stripe whose trial has ended, and their invoices. Gifts are excluded.",
        ("month", "trials that ended", "paid", "%"),
        2,
        table,
    )


def overdue(now: datetime) -> Metric:
    """Return the overdue amounts, by the month of their due date."""
    months = last_months(now)
    rows = BillingHistory.objects.filter(status__in=OWED).annotate(due=Coalesce("due_date", "billing_date")).filter(due__lt=now)
    figures: dict[str, Any] = {}
    for number, month in enumerate(months):
        fell_due = Q(due__gte=month.begins, due__lt=month.ends)
        figures[f"n{number}"], figures[f"sum{number}"] = Count("pk", filter=fell_due), Sum("amount", filter=fell_due)
    before = Q(due__lt=months[0].begins)
    figures["n"], figures["sum"] = Count("pk", filter=before), Sum("amount", filter=before)
    names = [("", "before"), *((str(number), month.name) for number, month in enumerate(months))]
    sums: Iterable[dict[str, Any]] = rows.values("currency").annotate(**figures).order_by("currency")  # type: ignore[assignment]
    table = [
        (name, found["currency"], found[f"n{key}"], _money(found[f"sum{key}"], found["currency"]))
        for found in sums
        for key, name in names
    ]
    return Metric(
        "overdue",
        "Overdue",
        "Amounts of unpaid invoices whose due date has passed. An invoice that is charged to a card is due on its date.",
        "Invoices that are pending, unpaid or failed, including those of gifts.",
        ("month", "currency", "invoices", "amount"),
        3,
        table,
    )


def _by_currency(figures: dict[str, Any]) -> Iterable[dict[str, Any]]:
    return paying_subscriptions().values("currency").annotate(**figures).order_by("currency")


def _people(condition: Q) -> Count:
    return Count("user", filter=condition, distinct=True)


def _money(amount: Decimal | None, currency: str) -> Decimal:
    return rounded(amount or ZERO, currency)


def _percent(part: Any, whole: Any) -> Decimal | None:
    return (Decimal(100) * part / whole).quantize(PLACES) if whole else None
