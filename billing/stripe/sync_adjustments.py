"""Sync of a customer's refunds, disputes and credits from Stripe."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.db.models import Count, Q, Sum

from billing.models import Adjustment, BillingHistory, StripeCustomer
from billing.models.adjustments import AdjustmentKind, AdjustmentStatus
from billing.services.upsert import upsert_changed
from billing.stripe import client as stripe_client
from billing.stripe import objects as stripe_objects
from billing.stripe.customer_objects import CustomerObjects
from billing.stripe.problems import leaving_out, parsed
from billing.stripe.readable import key_in
from billing.stripe.refunds import REFUND_STATUSES, SUBMITTED_STATUSES

# https://docs.stripe.com/api/disputes/object, by its `status`
DISPUTE_STATUSES = {"won": AdjustmentStatus.WON, "lost": AdjustmentStatus.LOST, "prevented": AdjustmentStatus.CANCELED}


class StripeAdjustments:
    """A customer's adjustments at Stripe. `invoices` map the payments to the invoices that they paid."""

    def __init__(
        self,
        ours: StripeCustomer,
        found: CustomerObjects,
        invoices: list[stripe_objects.StripeInvoice],
        problems: list[str],
    ) -> None:
        self.ours, self.problems, self.were_refunds_read = ours, problems, found.refunds is not None
        self.invoice_of_payment = {key: item.id for item in invoices for _, key in item.payments}
        self.refunds, self.disputes = (
            parsed(items or [], stripe_objects.parse_adjustment, problems) for items in (found.refunds, found.disputes)
        )
        self.credits = self._credits(sum(invoice.used_credit for invoice in invoices))

    def _credits(self, invoices: int) -> list[stripe_objects.StripeAdjustment]:
        """Read the credits, unless our rows add up to the balance and explain all `invoices` that used credit."""
        rows = Adjustment.objects.for_user(self.ours.user).filter(kind=AdjustmentKind.CREDIT)
        uses, total = Count("pk", filter=Q(amount__lt=0)), Sum("amount", filter=Q(currency=self.ours.currency))
        stored = rows.aggregate(uses=uses, total=total)
        if (stored["total"] or 0) == self.ours.credit and stored["uses"] >= invoices:
            return []
        found = stripe_client.list_all("customers.balance_transactions", self.ours.stripe_id)
        return parsed(found, stripe_objects.parse_adjustment, self.problems)

    def refunded_of(self, invoice: str) -> Decimal:
        """Return the refunded and pending amount of an invoice; the stored one if refunds were not read."""
        if not self.were_refunds_read:
            row = BillingHistory.objects.for_user(self.ours.user).filter(stripe_invoice_id=invoice).first()
            return row.amount_refunded if row else Decimal(0)
        submitted = (item for item in self.refunds if REFUND_STATUSES.get(item.status) in SUBMITTED_STATUSES)
        return sum((item.amount for item in submitted if self._invoice_of(item) == invoice), Decimal(0))

    def write(self, invoices: Mapping[str, BillingHistory]) -> None:
        """Store the adjustments. Idempotent."""
        self._write(AdjustmentKind.REFUND, self.refunds, REFUND_STATUSES, AdjustmentStatus.PENDING, invoices)
        self._write(AdjustmentKind.DISPUTE, self.disputes, DISPUTE_STATUSES, AdjustmentStatus.OPEN, invoices)
        self._write(AdjustmentKind.CREDIT, self.credits, {}, AdjustmentStatus.SUCCEEDED, invoices)

    def _write(
        self,
        kind: AdjustmentKind,
        found: Iterable[stripe_objects.StripeAdjustment],
        statuses: Mapping[str, AdjustmentStatus],
        other: AdjustmentStatus,
        invoices: Mapping[str, BillingHistory],
    ) -> None:
        for item in found:
            status = statuses.get(item.status, other)
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
