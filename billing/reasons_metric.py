"""The metric of why customers wanted to leave. Few customers are shown as few, so that no one is recognized."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncMonth

from billing.metric_tables import Metric, Row, last_months
from billing.models import Cancellation
from billing.models.cancellations import CancellationOutcome, CancellationReason

MIN_SHOWN = 5
FEW = f"fewer than {MIN_SHOWN}"
NO_REASON = "no reason given"
STAYED = (CancellationOutcome.STAYED, CancellationOutcome.PAUSED, CancellationOutcome.MOVED)


def reasons_for_leaving(now: datetime) -> Metric:
    """Return the numbers of customers by month and reason, and how many of them stayed."""
    made = Cancellation.objects.filter(requested_at__gte=last_months(now)[0].begins)
    months = made.order_by().annotate(month=TruncMonth("requested_at", tzinfo=UTC)).values_list("month", "reason")
    counted = months.annotate(
        customers=Count("user", distinct=True), stayed=Count("user", distinct=True, filter=Q(outcome__in=STAYED))
    )
    names = {"": NO_REASON, **{value: label.lower() for value, label in CancellationReason.choices}}
    table: list[Row] = [
        (f"{month:%Y-%m}", names[reason], shown(customers), shown(stayed))
        for month, reason, customers, stayed in counted.order_by("month", "-customers", "reason")
    ]
    return Metric(
        "reasons",
        "Reasons for leaving",
        f"Customers who canceled, paused or moved to a cheaper plan, by the reason that they gave. {FEW.capitalize()} are not "
        "counted exactly. Those who stayed undid the cancellation, paused or moved.",
        "Cancellations by the month of the request, also those in Stripe's portal. A reason is voluntary.",
        ("month", "reason", "customers", "stayed"),
        2,
        table,
    )


def shown(number: int) -> Any:
    """Return a number of customers, or words for a small one."""
    return FEW if 0 < number < MIN_SHOWN else number
