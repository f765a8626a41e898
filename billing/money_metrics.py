"""Tables of the money that was taken and given back: the books, and disputes by their status."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncMonth

from billing.metric_tables import ZERO, Metric, Row, last_months
from billing.models import Adjustment, BillingHistory
from billing.models.adjustments import IS_SENT_REFUND, IS_WITHDRAWN, AdjustmentKind, AdjustmentStatus
from core.currencies import rounded

DISPUTE_STATUSES = (
    AdjustmentStatus.INQUIRY,
    AdjustmentStatus.INQUIRY_CLOSED,
    AdjustmentStatus.OPEN,
    AdjustmentStatus.WON,
    AdjustmentStatus.LOST,
    AdjustmentStatus.PREVENTED,
)


def books(now: datetime) -> Metric:
    """Return charges, refunds and disputes of each month, and what is left of them."""
    first = last_months(now)[0].begins
    collected = BillingHistory.objects.filter(collected_at__gte=first)
    made = Adjustment.objects.filter(happened_at__gte=first)
    parts = (
        _by_month(collected, "collected_at", Sum("amount_collected")),
        _by_month(made.filter(IS_SENT_REFUND), "happened_at", Sum("amount")),
        _by_month(made.filter(IS_WITHDRAWN), "happened_at", Sum("amount")),
    )
    table: list[Row] = []
    for place in sorted({place for sums in parts for place in sums}):
        month, currency = place
        charged, refunded, disputed = (rounded(sums.get(place, ZERO), currency) for sums in parts)
        table.append((month, currency, charged, refunded, disputed, charged - refunded - disputed))
    return Metric(
        "books",
        "Charges, refunds and disputes",
        "Charges minus refunds minus disputes. A failed refund and a dispute that was won give nothing back; an inquiry takes "
        "nothing.",
        "What was collected through Stripe for invoices, also in parts and for invoices that ended unpaid or void, by the day "
        "of the last payment; refunds that were sent and disputes, by the day on which they were made. What was paid from "
        "credit or outside of Stripe, and Stripe's fees, are not included.",
        ("month", "currency", "charged", "refunded", "disputed", "left"),
        2,
        table,
    )


def _by_month(rows: QuerySet[Any], at: str, total: Sum) -> dict[tuple[str, str], Decimal]:
    """Return the totals of rows by the month of their instant `at`, such as `2026-03`, and their currency."""
    months = rows.order_by().annotate(month=TruncMonth(at, tzinfo=UTC)).values_list("month", "currency").annotate(total=total)
    return {(f"{month:%Y-%m}", currency): amount for month, currency, amount in months}


def disputes(now: datetime) -> Metric:
    """Return the number and amount of disputes and inquiries by status."""
    made = Adjustment.objects.filter(kind=AdjustmentKind.DISPUTE, happened_at__gte=last_months(now)[0].begins)
    sums = made.order_by().values_list("currency", "status").annotate(Count("pk"), Sum("amount"))
    found = {(currency, status): (count, total) for currency, status, count, total in sums}
    table: list[Row] = [
        (status.replace("_", " "), currency, count, rounded(total, currency))
        for currency in sorted({currency for currency, _ in found})
        for status in DISPUTE_STATUSES
        for count, total in [found.get((currency, status), (0, ZERO))]
    ]
    return Metric(
        "disputes",
        "Disputes and inquiries",
        "Disputes of the last twelve months by their present status. An inquiry is a question by the bank: it takes no money "
        "and is no loss, unless it becomes a dispute.",
        "Disputes, inquiries and prevented disputes at Stripe.",
        ("status", "currency", "disputes", "amount"),
        3,
        table,
    )
