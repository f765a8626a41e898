"""The access that subscriptions grant, computed by `billing.plan_access` from their rows and unpaid invoices."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, Max, Min, OuterRef, Q, Subquery
from django.db.models.functions import Greatest

from billing.models import BillingHistory, DunningStep, Subscription
from billing.models.dunning import DunningKind
from billing.models.invoices import OWED, InvoiceStatus
from billing.models.subscriptions import SubscriptionStatus
from billing.plan_access import PlanAccess, plan_access_at

UNKNOWN_PRICE_ACCESS = PlanAccess(False, None, "The subscription has a price that belongs to no plan. Contact support.")


def grace_period() -> timedelta:
    """Return how long a failed renewal may remain unpaid."""
    return timedelta(days=settings.BILLING_GRACE_DAYS)


def access_of(subscriptions: Iterable[Subscription], *, now: datetime) -> list[tuple[Subscription, PlanAccess]]:
    """Return each subscription with its access. Invoices are queried once, and only if a subscription is past due."""
    rows = list(subscriptions)
    since = _unpaid_since([row.pk for row in rows if row.status == SubscriptionStatus.PAST_DUE], now)
    return [
        (
            row,
            UNKNOWN_PRICE_ACCESS
            if row.unknown_price_id
            else plan_access_at(row, now=now, grace=grace_period(), unpaid_since=since.get(row.pk)),
        )
        for row in rows
    ]


def _unpaid_since(keys: list[Any], now: datetime) -> dict[Any, datetime]:
    """Return since when the oldest due invoice is unpaid, by subscription. A later paid invoice makes it count as paid.

    That is the day of the invoice, or its due date if that is later, or the day on which we learned that a bank debit failed.
    """
    if not keys:
        return {}
    paid = BillingHistory.objects.filter(subscription=OuterRef("subscription"), status=InvoiceStatus.PAID)
    last_paid = paid.order_by().values("subscription").annotate(last=Max("billing_date")).values("last")
    debits = DunningStep.objects.filter(invoice=OuterRef("invoice"), kind=DunningKind.PROCESSING)
    attempts = DunningStep.objects.filter(Exists(debits), invoice=OuterRef("pk"), kind=DunningKind.ATTEMPT).order_by()
    debit_failed = attempts.values("invoice").annotate(first=Min("happened_at")).values("first")
    due = BillingHistory.objects.filter(Q(due_date__isnull=True) | Q(due_date__lte=now), subscription__in=keys, status__in=OWED)
    bills = due.alias(last_paid=Subquery(last_paid), unpaid_since=Greatest("billing_date", "due_date", Subquery(debit_failed)))
    unpaid = bills.filter(Q(last_paid__isnull=True) | Q(billing_date__gt=F("last_paid")))
    return dict(unpaid.order_by().values_list("subscription").annotate(since=Min("unpaid_since")))
