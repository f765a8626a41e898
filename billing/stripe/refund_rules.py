"""Refunds by rule, which need no second staff member: double purchases, payments after the end, void invoices, withdrawals.

A rule refunds each payment once, and at most what the customer paid for that invoice. The first three rules are applied by each
sync. The rows are sent by a job, and staff see them in the list of adjustments by their rule.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.dispatch import Signal

from billing.models import Adjustment, BillingHistory, StripeCustomer
from billing.models.adjustments import AdjustmentKind, AdjustmentStatus, RefundRule
from billing.services.customer_notices import CustomerNotice, format_amount, format_day, notify_customer
from billing.stripe.objects import StripeInvoice, StripePayment
from billing.stripe.refunds import lock_invoice, refundable_amount, validated_amount
from billing.stripe.sync_adjustments import StripeAdjustments
from core.errors import ConflictError
from users.models import User

WITHDRAWAL_PERIOD = timedelta(days=14)  # after a payment; the European Union's period for contracts made online
AUTOMATIC_PERIOD = timedelta(days=30)  # an older payment is not refunded automatically, so that an old account is left alone
# Sent with `stripe_customer_id` and `duplicates` when a job must cancel duplicate subscriptions and send refunds
settlement_due = Signal()


@dataclass(frozen=True)
class RefundRules:
    """The rules that a sync applies. `ended_at` has the ends of subscriptions by ID, `duplicates` the IDs of duplicate ones."""

    ended_at: Mapping[str, datetime | None]
    duplicates: Sequence[str]
    now: datetime

    def rule_for(self, invoice: StripeInvoice) -> RefundRule | None:
        """Return the rule that refunds an invoice."""
        if invoice.collected_at is None or invoice.collected_at < self.now - AUTOMATIC_PERIOD:
            return None
        if invoice.status == "void":  # it was paid in part, and its amount is 0 now: docs.stripe.com/invoicing/overview#void
            return RefundRule.VOID_INVOICE
        if invoice.paid_at is None:
            return None
        if invoice.subscription_id in self.duplicates:
            return RefundRule.DOUBLE_PURCHASE
        ended_at = self.ended_at.get(invoice.subscription_id)
        return RefundRule.PAID_AFTER_END if ended_at is not None and invoice.paid_at > ended_at else None

    def apply(
        self, ours: StripeCustomer, invoices: Iterable[tuple[StripeInvoice, BillingHistory]], adjustments: StripeAdjustments
    ) -> None:
        """Request the refunds that a rule grants, and notify the customer of each. Idempotent."""
        is_due = False
        for invoice, row in invoices:
            rule = self.rule_for(invoice)
            for payment in _unrefunded(invoice, row, adjustments) if rule else ():
                amount = min(payment.amount, refundable_amount(row))
                if amount > 0:
                    _create(row, rule, amount, self.now, stripe_payment_id=payment.id)
                    notify_customer(ours.user, _notice(ours, rule, row, amount), now=self.now)
                    is_due = True
        if is_due or self.duplicates:
            settlement_due.send(StripeCustomer, stripe_customer_id=ours.stripe_id, duplicates=list(self.duplicates))


def _unrefunded(invoice: StripeInvoice, row: BillingHistory, adjustments: StripeAdjustments) -> Iterator[StripePayment]:
    """Yield what is left of the payments of an invoice that no rule has refunded yet."""
    by_rule = Adjustment.objects.filter(user=row.user_id, invoice=row).exclude(rule="")
    known = set(by_rule.values_list("stripe_payment_id", flat=True))
    for payment in invoice.collected:
        left = payment.amount - adjustments.returned_of(payment.id)
        if payment.id not in known and "" not in known and left > 0:
            yield replace(payment, amount=left)


@transaction.atomic
def refund_withdrawal(*, invoice: BillingHistory, reason: str, by: User, now: datetime) -> Adjustment:
    """Refund the rest of an invoice of a customer who withdraws within 14 days of the payment. No approval is needed.

    Raise ConflictError after that period, while the subscription runs, or if a rule has refunded the invoice before.
    """
    found = lock_invoice(invoice)
    amount = validated_amount(found, None)
    if not is_withdrawable(found, now=now):
        sentence = f"It was paid more than {WITHDRAWAL_PERIOD.days} days ago. Another staff member must approve a refund."
        raise ConflictError("withdrawal_too_late", sentence)
    if found.subscription is not None and found.subscription.is_running:
        raise ConflictError("subscription_running", "The subscription is running. Cancel it now, then refund the withdrawal.")
    if Adjustment.objects.filter(invoice=found).exclude(rule="").exists():
        raise ConflictError("refunded_by_rule", "A rule has refunded this invoice. Another staff member must approve more.")
    return _create(found, RefundRule.WITHDRAWAL, amount, now, reason=reason, requested_by=by)


def is_withdrawable(invoice: BillingHistory, *, now: datetime) -> bool:
    """Return True within 14 days after the payment of an invoice."""
    return invoice.paid_at is not None and now - WITHDRAWAL_PERIOD <= invoice.paid_at <= now


def _create(row: BillingHistory, rule: RefundRule | None, amount: Decimal, now: datetime, **more: object) -> Adjustment:
    return Adjustment.objects.create(
        user_id=row.user_id,
        invoice=row,
        kind=AdjustmentKind.REFUND,
        amount=amount,
        currency=row.currency,
        status=AdjustmentStatus.PENDING,
        rule=rule or "",
        happened_at=now,
        **more,
    )


def _notice(ours: StripeCustomer, rule: RefundRule | None, row: BillingHistory, amount: Decimal) -> CustomerNotice:
    refunded = f"refund {format_amount(amount, row.currency)} to the card or account that you paid with."
    if rule == RefundRule.DOUBLE_PURCHASE:
        why = f"You bought a plan twice. We cancel the second subscription and {refunded} Your first subscription continues."
        return CustomerNotice("We refund your second purchase", why)
    day = format_day(ours.user, row.collected_at or row.billing_date)
    if rule == RefundRule.VOID_INVOICE:
        why = f"On {day} you paid a part of an invoice that was canceled afterwards. We {refunded}"
        return CustomerNotice("We refund your payment", why)
    why = f"On {day} you paid an invoice of a subscription that had ended before. We {refunded}"
    return CustomerNotice("We refund your payment", f"{why} To use a plan again, subscribe to it.")
