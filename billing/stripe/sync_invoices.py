"""Sync of a customer's invoices and of what was paid for them, as a part of `billing.stripe.sync`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from billing.models import BillingHistory, StripeCustomer, Subscription
from billing.models.invoices import InvoiceStatus
from billing.services.dunning import record_dunning
from billing.services.upsert import upsert_changed
from billing.stripe.customer_objects import CustomerObjects
from billing.stripe.objects import StripeInvoice
from billing.stripe.problems import leaving_out
from billing.stripe.refund_rules import RefundRules
from billing.stripe.sync_adjustments import StripeAdjustments

INVOICE_STATUSES = {
    "draft": InvoiceStatus.DRAFT,
    "open": InvoiceStatus.PENDING,
    "paid": InvoiceStatus.PAID,
    "void": InvoiceStatus.VOID,
    "uncollectible": InvoiceStatus.UNPAID,
}


def sync_invoices(
    ours: StripeCustomer,
    found: CustomerObjects,
    invoices: Sequence[StripeInvoice],
    subscriptions: Mapping[str, Subscription],
    rules: RefundRules,
    problems: list[str],
) -> dict[str, BillingHistory]:
    """Write the invoices and the adjustments in `found`, and return the rows of the invoices by Stripe ID.

    `subscriptions` are our rows by Stripe ID. What can't be stored is described in `problems`.
    """
    if any(rules.rule_for(invoice) for invoice in invoices):
        found.read_refunds(ours.stripe_id)  # what was refunded before is not refunded again
    adjustments = StripeAdjustments(ours, found, invoices, problems)
    rows: dict[str, BillingHistory] = {}
    for invoice in invoices:
        refunded = adjustments.refunded_of(invoice.id)
        receipt = adjustments.receipt_of(invoice.id)
        with leaving_out(f"Invoice {invoice.id}", problems):
            row = _write_invoice(ours, invoice, subscriptions.get(invoice.subscription_id), refunded, receipt)
            record_dunning(user=ours.user, invoice=row, stripe=invoice, now=rules.now)
            rows[invoice.id] = row
    adjustments.write(rows, rules.now)
    rules.apply(ours, [(invoice, rows[invoice.id]) for invoice in invoices if invoice.id in rows], adjustments)
    _write_payment_urls(subscriptions, invoices)
    # a draft can be deleted at Stripe; all other invoices remain, also those of a customer who was deleted
    drafts = BillingHistory.objects.for_user(ours.user).filter(status=InvoiceStatus.DRAFT).exclude(stripe_invoice_id="")
    drafts.exclude(stripe_invoice_id__in=[item["id"] for item in found.invoices]).update(status=InvoiceStatus.VOID)
    return rows


def _write_payment_urls(subscriptions: Mapping[str, Subscription], invoices: Sequence[StripeInvoice]) -> None:
    """Write to each subscription the page of its newest invoice that the customer can pay."""
    payable = [
        item for item in invoices if item.status == "open" and item.amount_remaining > 0 and not item.payment.is_processing
    ]
    for key, row in subscriptions.items():
        newest_first = sorted((item for item in payable if item.subscription_id == key), key=lambda item: item.created)[::-1]
        url = newest_first[0].hosted_url if newest_first and row.is_running else ""
        if row.payment_url != url:
            row.payment_url = url
            row.save(update_fields=["payment_url"])


def _write_invoice(
    ours: StripeCustomer,
    found: StripeInvoice,
    subscription: Subscription | None,
    refunded: Decimal,
    receipt: str,
) -> BillingHistory:
    amount = max(found.total, Decimal(0))  # a negative total is part of the customer's credit
    refunded = min(refunded, amount)  # a refund of what was paid too much, or of a debt from before, is more
    return upsert_changed(
        BillingHistory,
        {"user": ours.user, "stripe_invoice_id": found.id},
        {
            "subscription": subscription,
            "amount": amount,
            "amount_refunded": refunded,
            "amount_due": found.amount_due,
            "amount_collected": found.amount_collected,
            "discount": found.discount,
            "tax": found.tax,
            "currency": found.currency,
            "status": _status_of(found, amount, refunded),
            "is_processing": found.payment.is_processing,
            "billing_date": found.created,
            "due_date": _due_date_of(found, subscription),
            "paid_at": found.paid_at or (found.created if found.status == "paid" else None),
            "collected_at": found.collected_at,
            "description": found.description,
            "number": found.number,
            "hosted_invoice_url": found.hosted_url,
            "invoice_pdf": found.pdf_url,
            **({"receipt_url": receipt} if receipt else {}),  # a stored one remains
            "metadata": {"total": str(found.total)} if found.total < 0 else {},
        },
    )


def _due_date_of(found: StripeInvoice, subscription: Subscription | None) -> datetime:
    if found.is_awaited and subscription is not None and subscription.pending_until is not None:
        return subscription.pending_until
    return found.due_date or found.created


def _status_of(found: StripeInvoice, amount: Decimal, refunded: Decimal) -> str:
    if found.status == "paid" and amount and refunded == amount:
        return InvoiceStatus.REFUNDED
    is_waiting = found.payment.is_processing or found.is_awaited
    if found.status == "open" and found.attempt_count and not is_waiting:
        return InvoiceStatus.FAILED
    return INVOICE_STATUSES.get(found.status, InvoiceStatus.PENDING)
