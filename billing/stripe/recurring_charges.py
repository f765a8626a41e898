"""Sync of what a customer's invoices charge for which time, and of the movements of recurring revenue that follow from it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.models import BillingHistory, RecurringCharge, StripeCustomer
from billing.models.plans import BillingCycle
from billing.models.subscription_charges import BillingInterval
from billing.services.movements import recurring_charges, write_movements
from billing.stripe.objects import StripeInvoice, StripeLine
from billing.stripe.problems import naming
from billing.stripe.subscription_objects import StripeSubscription
from billing.stripe.values import UnreadableObjectError, decimals
from core.currencies import AMOUNT_LIMIT, rounded

A_YEAR = {  # the intervals in a year
    BillingInterval.DAY: Decimal(365),
    BillingInterval.WEEK: Decimal(365) / 7,
    BillingInterval.MONTH: Decimal(12),
    BillingInterval.YEAR: Decimal(1),
}
YEAR = Decimal(365 * 86_400)  # in seconds
OF_PLANS = {BillingCycle.MONTHLY: A_YEAR[BillingInterval.MONTH], BillingCycle.YEARLY: A_YEAR[BillingInterval.YEAR]}
MONTH_LENGTHS = {months: (timedelta(days=low), timedelta(days=high)) for months, low, high in ((1, 28, 31), (12, 365, 366))}
Facts = dict[str, Any]


def sync_recurring_revenue(
    ours: StripeCustomer,
    invoices: Sequence[StripeInvoice],
    rows: Mapping[str, BillingHistory],
    a_year: Mapping[str, Decimal],
    problems: list[str],
    now: datetime,
) -> None:
    """Write the recurring charges of the invoices, and the customer's movements. Idempotent.

    `rows` are our invoices by Stripe ID, and `a_year` has the number of intervals in a year by price.
    """
    stored = recurring_charges(ours.user)
    by_invoice: dict[Any, list[RecurringCharge]] = {row.pk: [] for row in rows.values()}
    for charge in stored:
        by_invoice.setdefault(charge.invoice_id, []).append(charge)
    has_changed = False
    for invoice in invoices:
        row = rows.get(invoice.id)
        if row is not None:
            with naming(f"The recurring revenue of invoice {invoice.id}", problems):
                has_changed |= _write_charges(row, _charges_of(invoice, a_year), by_invoice[row.pk])
    write_movements(user=ours.user, charges=recurring_charges(ours.user) if has_changed else stored, now=now)


def intervals_a_year(plan_cycles: Mapping[str, str], subscriptions: Iterable[StripeSubscription]) -> dict[str, Decimal]:
    """Return the number of intervals in a year of the prices of plans, by Stripe ID, and of subscriptions."""
    found = {price: OF_PLANS[BillingCycle(cycle)] for price, cycle in plan_cycles.items()}
    items = [item for subscription in subscriptions for item in (*subscription.items, *subscription.pending_items)]
    return found | {
        item.price_id: A_YEAR[BillingInterval(item.interval)] / item.interval_count for item in items if item.interval
    }


def _charges_of(invoice: StripeInvoice, a_year: Mapping[str, Decimal]) -> list[Facts]:
    """Return the facts of the rows of an invoice; none if it covers nothing, because it is neither paid nor being collected."""
    if not invoice.subscription_id or not (invoice.status == "paid" or invoice.is_being_collected):
        return []
    return [
        {
            "number": number,
            "price_id": line.price_id,
            "starts_at": line.starts_at,
            "ends_at": line.ends_at,
            "annual_amount": None if line.is_credit else _annual_amount(line, invoice.currency, a_year),
            "currency": invoice.currency,
        }
        for number, line in enumerate(invoice.lines)
    ]


def _annual_amount(line: StripeLine, currency: str, a_year: Mapping[str, Decimal]) -> Decimal:
    """Return what a line charges for a year. A part of an interval counts with the price of the whole interval."""
    if not line.net:
        return rounded(Decimal(0), currency)
    times = a_year.get(line.price_id) or _times_a_year(line)
    if times is None or line.price is None:  # an unknown interval, or a price with tiers
        seconds = Decimal(int((line.ends_at - line.starts_at).total_seconds()))
        amount = line.net * (times if times and not line.is_proration else YEAR / seconds)
    else:
        amount = line.price * line.net * times / line.amount
    amount = amount.scaleb(-decimals(currency))
    if amount >= AMOUNT_LIMIT:
        raise UnreadableObjectError("its amount is too large")
    return rounded(amount, currency)


def _times_a_year(line: StripeLine) -> Decimal | None:
    """Return the intervals in a year by the length of a whole interval, for a price that no plan or subscription has now."""
    if line.is_proration or line.price != line.amount:
        return None
    length = line.ends_at - line.starts_at
    return next((Decimal(12) / months for months, (low, high) in MONTH_LENGTHS.items() if low <= length <= high), None)


def _write_charges(row: BillingHistory, wanted: list[Facts], stored: list[RecurringCharge]) -> bool:
    """Write the charges of an invoice, and return True if they have changed."""
    known = [{name: getattr(charge, name) for name in wanted[0]} for charge in stored] if wanted else stored
    if known == wanted:
        return False
    with transaction.atomic():
        RecurringCharge.objects.filter(user=row.user_id, invoice=row).delete()
        RecurringCharge.objects.bulk_create(RecurringCharge(user_id=row.user_id, invoice=row, **facts) for facts in wanted)
    return True
