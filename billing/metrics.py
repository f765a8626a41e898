"""Business metrics as sums over all customers, without personal data: revenue, churn, trials and overdue invoices.

Each metric includes its formula and its inputs. Each table is computed by one database query, and a month without activity
has zeros. Amounts in different currencies are never added.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.db.models.functions import Coalesce

from billing import revenue_metrics
from billing.metric_tables import ZERO, Metric, Row, last_months, percent
from billing.models import BillingHistory, Subscription
from billing.models.invoices import OWED
from billing.models.subscriptions import IS_LOCAL
from core.currencies import rounded


def all_metrics(*, now: datetime) -> list[Metric]:
    """Return the tables as of `now`."""
    return [
        revenue_metrics.monthly_recurring_revenue(now),
        revenue_metrics.revenue_by_month(now),
        revenue_metrics.churn(now),
        *revenue_metrics.retention(now),
        trial_conversion(now),
        overdue(now),
    ]


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
        (month.name, found[f"n{number}"], found[f"paid{number}"], percent(found[f"paid{number}"], found[f"n{number}"]))
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
        (name, found["currency"], found[f"n{key}"], rounded(found[f"sum{key}"] or ZERO, found["currency"]))
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
