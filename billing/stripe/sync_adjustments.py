"""Sync of a customer's refunds, disputes and credits from Stripe."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Q, Sum

from billing.models import Adjustment, BillingHistory, StripeCustomer
from billing.models.adjustments import SUBMITTED_STATUSES, AdjustmentKind, AdjustmentStatus
from billing.services.customer_notices import format_amount
from billing.services.staff_notices import notify_staff
from billing.services.upsert import upsert_changed
from billing.stripe import client as stripe_client
from billing.stripe import objects as stripe_objects
from billing.stripe.customer_objects import CustomerObjects
from billing.stripe.problems import leaving_out, parsed
from billing.stripe.readable import key_in
from billing.stripe.refunds import REFUND_STATUSES

# https://docs.stripe.com/api/disputes/object, by its `status`. All others are open: the bank has not decided.
DISPUTE_STATUSES = {
    "won": AdjustmentStatus.WON,
    "lost": AdjustmentStatus.LOST,
    "prevented": AdjustmentStatus.PREVENTED,
    "warning_needs_response": AdjustmentStatus.INQUIRY,
    "warning_under_review": AdjustmentStatus.INQUIRY,
    "warning_closed": AdjustmentStatus.INQUIRY_CLOSED,
}

APPLIED_TO_INVOICE = "applied to invoice"  # the type of a balance transaction, which is the reason if it has no description


class StripeAdjustments:
    """A customer's adjustments at Stripe. `invoices` map the payments to the invoices that they paid."""

    def __init__(
        self,
        ours: StripeCustomer,
        found: CustomerObjects,
        invoices: Sequence[stripe_objects.StripeInvoice],
        problems: list[str],
    ) -> None:
        self.ours, self.problems, self.were_refunds_read = ours, problems, found.refunds is not None
        self.receipts = found.receipts
        self.invoice_of_payment = {key: item.id for item in invoices for _, key in item.payments}
        self.refunds, self.disputes = (
            parsed(items or [], stripe_objects.parse_adjustment, problems) for items in (found.refunds, found.disputes)
        )
        self.credits = self._credits(
            sum(invoice.used_credit for invoice in invoices), sum(invoice.added_credit for invoice in invoices)
        )

    def _credits(self, using: int, adding: int) -> list[stripe_objects.StripeAdjustment]:
        """Read the credits, unless our rows add up to the balance and explain all invoices that used or added credit."""
        rows = Adjustment.objects.for_user(self.ours.user).filter(kind=AdjustmentKind.CREDIT)
        uses, total = Count("pk", filter=Q(amount__lt=0)), Sum("amount", filter=Q(currency=self.ours.currency))
        additions = Count("pk", filter=Q(amount__gt=0, reason=APPLIED_TO_INVOICE))
        stored = rows.aggregate(uses=uses, additions=additions, total=total)
        is_explained = stored["uses"] >= using and stored["additions"] >= adding
        if (stored["total"] or 0) == self.ours.credit and is_explained:
            return []
        found = stripe_client.list_all("customers.balance_transactions", self.ours.stripe_id)
        return parsed(found, stripe_objects.parse_adjustment, self.problems)

    def refunded_of(self, invoice: str) -> Decimal:
        """Return the refunded and pending amount of an invoice; the stored one if refunds were not read."""
        if not self.were_refunds_read:
            row = BillingHistory.objects.for_user(self.ours.user).filter(stripe_invoice_id=invoice).first()
            return row.amount_refunded if row else Decimal(0)
        return _total(refund for refund in self._submitted_refunds() if self._invoice_of(refund) == invoice)

    def returned_of(self, payment: str) -> Decimal:
        """Return the amount of a payment intent or charge that was refunded, is pending, or was withdrawn by a dispute."""
        withdrawn = [dispute for dispute in self.disputes if dispute.is_withdrawn]
        return _total(item for item in [*self._submitted_refunds(), *withdrawn] if payment in item.paid_by)

    def receipt_of(self, invoice: str) -> str:
        """Return the URL of the receipt of the payment of an invoice, "" if none is known."""
        return next((url for key, url in self.receipts.items() if self.invoice_of_payment.get(key) == invoice), "")

    def write(self, invoices: Mapping[str, BillingHistory], now: datetime) -> None:
        """Store the adjustments, and notify staff of refunds that have failed. Idempotent."""
        failed = {item.id: item for item in self.refunds if item.status == "failed"}
        told = Adjustment.objects.for_user(self.ours.user).filter(stripe_id__in=failed, status=AdjustmentStatus.FAILED)
        for known in told.values_list("stripe_id", flat=True):
            del failed[known]
        self._write(AdjustmentKind.REFUND, self.refunds, _refund_status, invoices)
        self._write(AdjustmentKind.DISPUTE, self.disputes, _dispute_status, invoices)
        self._write(AdjustmentKind.CREDIT, self.credits, lambda item: AdjustmentStatus.SUCCEEDED, invoices)
        for item in failed.values():
            _report_failed_refund(self.ours, item, now)

    def _submitted_refunds(self) -> Iterator[stripe_objects.StripeAdjustment]:
        return (refund for refund in self.refunds if _refund_status(refund) in SUBMITTED_STATUSES)

    def _write(
        self,
        kind: AdjustmentKind,
        found: Iterable[stripe_objects.StripeAdjustment],
        status_of: Callable[[stripe_objects.StripeAdjustment], AdjustmentStatus],
        invoices: Mapping[str, BillingHistory],
    ) -> None:
        for item in found:
            status = status_of(item)
            with leaving_out(f"{kind.label} {item.id}", self.problems):
                if item.amount and not self._update_requested_refund(item, status):
                    self._store(kind, item, status, invoices.get(self._invoice_of(item)))

    def _update_requested_refund(self, item: stripe_objects.StripeAdjustment, status: AdjustmentStatus) -> bool:
        """Update the row of a refund that staff requested, whose key is in the metadata, and return True if there is one."""
        key = key_in(item.metadata, "adjustment")
        requested = Adjustment.objects.for_user(self.ours.user).filter(pk=key) if key else Adjustment.objects.none()
        if not requested.exists():
            return False
        requested.exclude(stripe_id=item.id, status=status).update(stripe_id=item.id, status=status)
        return True

    def _store(
        self,
        kind: AdjustmentKind,
        item: stripe_objects.StripeAdjustment,
        status: AdjustmentStatus,
        invoice: BillingHistory | None,
    ) -> None:
        link = {"invoice": invoice} if invoice else {}  # a stored link remains while the invoice is left out
        upsert_changed(
            Adjustment,
            {"user": self.ours.user, "stripe_id": item.id},
            {"kind": kind, "amount": item.amount, "currency": item.currency, "status": status, **link},
            create_values={"reason": item.reason[:500], "happened_at": item.created},
        )

    def _invoice_of(self, item: stripe_objects.StripeAdjustment) -> str:
        return next((self.invoice_of_payment[key] for key in item.paid_by if key in self.invoice_of_payment), "")


def _refund_status(item: stripe_objects.StripeAdjustment) -> AdjustmentStatus:
    return REFUND_STATUSES.get(item.status, AdjustmentStatus.PENDING)


def _dispute_status(item: stripe_objects.StripeAdjustment) -> AdjustmentStatus:
    """Return the status of a dispute. One that was prevented without taking money is canceled."""
    status = DISPUTE_STATUSES.get(item.status, AdjustmentStatus.OPEN)
    return AdjustmentStatus.CANCELED if status == AdjustmentStatus.PREVENTED and not item.is_withdrawn else status


def _total(items: Iterable[stripe_objects.StripeAdjustment]) -> Decimal:
    return sum((item.amount for item in items), Decimal(0))


def _report_failed_refund(ours: StripeCustomer, item: stripe_objects.StripeAdjustment, now: datetime) -> None:
    amount, reason = format_amount(item.amount, item.currency), item.failure.replace("_", " ") or "unknown"
    message = (
        f"The bank returned a refund of {amount} to customer {ours.stripe_id}. The reason: {reason}. "
        "The amount can be refunded again. Ask the customer for another way to pay it out."
    )
    notify_staff(title=f"Refund {item.id} failed", message=message, now=now, is_once=True)
