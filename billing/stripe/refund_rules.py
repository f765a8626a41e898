"""Refunds by rule, which need no second staff member: double purchases, payments after the end, void invoices, withdrawals.

A rule refunds each payment once, and at most what the customer paid for that invoice. The rules are applied by each sync, so
that they take effect once after any failure; a withdrawal is also requested by staff. What a customer's own withdrawal returns
is in the metadata of the subscription (`billing.stripe.withdrawals`). A job sends the rows, and staff see them in the list of
adjustments by their rule.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.dispatch import Signal

from billing.models import Adjustment, BillingHistory, StripeCustomer
from billing.models.adjustments import AdjustmentKind, AdjustmentStatus, RefundRule
from billing.services.customer_notices import CustomerNotice, format_amount, format_day, notify_customer
from billing.stripe.objects import StripeInvoice, StripePayment
from billing.stripe.refunds import lock_invoice, refundable_amount, validated_amount
from billing.stripe.subscription_objects import StripeSubscription
from billing.stripe.sync_adjustments import StripeAdjustments
from billing.stripe.values import from_minor_units
from core.errors import ConflictError
from users.models import User

WITHDRAWAL_PERIOD = timedelta(days=14)  # after a payment; the European Union's period for contracts made online
AUTOMATIC_PERIOD = timedelta(days=30)  # an older payment is not refunded automatically, so that an old account is left alone
# Sent with `stripe_customer_id` and `duplicates` when a job must cancel duplicate subscriptions and send refunds
settlement_due = Signal()
# in a subscription's metadata: amounts in Stripe's units, and the seconds since 1970 at which the customer withdrew
REFUND_LABEL, CREDIT_LABEL, WITHDRAWN_LABEL = LABELS = "withdrawal_refund", "withdrawal_credit", "withdrawn_at"
MAX_WITHDRAWAL_DELAY = timedelta(hours=1)  # until the end; the labels of a withdrawal that failed have no effect later
UNUSED_CREDIT = "Unused time of {}, which was paid from credit"  # the description of a balance transaction


@dataclass(frozen=True)
class GrantedWithdrawal:
    """The amounts that a customer who has left gets back: of their payments, and of the credit that paid the rest."""

    ended_at: datetime
    refund: Decimal
    credit: Decimal
    currency: str

    def covers(self, invoice: StripeInvoice) -> bool:
        """Return True if an invoice was paid in the 14 days before the end."""
        return invoice.paid_at is not None and self.ended_at - WITHDRAWAL_PERIOD <= invoice.paid_at <= self.ended_at


def granted_withdrawals(subscriptions: Iterable[StripeSubscription]) -> dict[str, GrantedWithdrawal]:
    """Return the withdrawals that have taken effect, by the ID of the subscription."""
    found = {}
    for item in subscriptions:
        labels = [item.metadata.get(label, "") for label in LABELS]
        if item.ended_at is None or not all(label.isdecimal() for label in labels):
            continue
        *units, withdrawn_at = map(int, labels)
        if abs(item.ended_at.timestamp() - withdrawn_at) <= MAX_WITHDRAWAL_DELAY.total_seconds():
            refund, credit = (from_minor_units(amount, item.currency) for amount in units)
            found[item.id] = GrantedWithdrawal(item.ended_at, refund, credit, item.currency)
    return found


@dataclass(frozen=True)
class RefundRules:
    """The rules that a sync applies.

    `ended_at` has the ends of subscriptions by ID, `duplicates` the IDs of duplicate ones, and `withdrawals` what is returned.
    """

    ended_at: Mapping[str, datetime | None]
    duplicates: Sequence[str]
    withdrawals: Mapping[str, GrantedWithdrawal]
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
        withdrawal = self.withdrawals.get(invoice.subscription_id)
        if withdrawal is not None and withdrawal.refund and withdrawal.covers(invoice):
            return RefundRule.WITHDRAWAL
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
                if rule == RefundRule.WITHDRAWAL:
                    amount = min(amount, self._left_of_withdrawal(invoice, row))
                if amount > 0:
                    _create(row, rule, amount, self.now, stripe_payment_id=payment.id)
                    notify_customer(ours.user, _notice(ours, rule, row, amount), now=self.now)
                    is_due = True
        credits = self._unpaid_credits(ours)
        if is_due or self.duplicates or credits:
            duplicates = list(self.duplicates)
            settlement_due.send(StripeCustomer, stripe_customer_id=ours.stripe_id, duplicates=duplicates, credits=credits)

    def _left_of_withdrawal(self, invoice: StripeInvoice, row: BillingHistory) -> Decimal:
        """Return the amount of a withdrawal that no payment has returned yet, also if a refund has failed."""
        granted = self.withdrawals[invoice.subscription_id].refund
        made = Adjustment.objects.filter(user=row.user_id, rule=RefundRule.WITHDRAWAL, invoice__subscription=row.subscription)
        return max(granted - (made.aggregate(total=Sum("amount"))["total"] or Decimal(0)), Decimal(0))

    def _unpaid_credits(self, ours: StripeCustomer) -> dict[str, str]:
        """Return the credits of recent withdrawals that the customer has not got back, by the ID of the subscription."""
        due = {
            UNUSED_CREDIT.format(key): key
            for key, item in self.withdrawals.items()
            if item.credit and item.ended_at > self.now - AUTOMATIC_PERIOD
        }
        if not due:
            return {}
        given = Adjustment.objects.for_user(ours.user).filter(kind=AdjustmentKind.CREDIT, reason__in=due)
        for reason in given.values_list("reason", flat=True):
            due.pop(reason, None)
        return {key: f"{self.withdrawals[key].credit} {self.withdrawals[key].currency}" for key in due.values()}


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
    day = format_day(ours.user, row.collected_at or row.billing_date)
    refunded = f"refund {format_amount(amount, row.currency)} to the card or account that you paid with."
    if rule == RefundRule.DOUBLE_PURCHASE:
        why = f"On {day} you bought a plan twice. We cancel the second subscription and {refunded}"
        done = "Your first subscription continues, and no further action is needed."
        return CustomerNotice("We refund your second purchase", f"{why} {done}")
    if rule == RefundRule.VOID_INVOICE:
        why = f"On {day} you paid a part of an invoice that was canceled afterwards. We {refunded}"
        return CustomerNotice("We refund your payment", f"{why} No further action is needed.")
    if rule == RefundRule.WITHDRAWAL:
        left = f"You paid on {day} and left within {WITHDRAWAL_PERIOD.days} days."
        more = "Banks take up to 10 days. To use a plan again, subscribe to it."
        return CustomerNotice("We refund your unused time", f"{left} For the time that you did not use, we {refunded} {more}")
    why = f"On {day} you paid an invoice of a subscription that had ended before. We {refunded}"
    return CustomerNotice("We refund your payment", f"{why} To use a plan again, subscribe to it.")
