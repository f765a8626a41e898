"""Sync of a customer's refunds, disputes and credits from Stripe."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from billing.models import Adjustment, BillingHistory, StripeCustomer
from billing.models.adjustments import AdjustmentKind, AdjustmentStatus
from billing.services.upsert import upsert_changed
from billing.stripe import client as stripe_client
from billing.stripe import objects as stripe_objects
from billing.stripe.refunds import REFUND_STATUSES, SUBMITTED_STATUSES

# https://docs.stripe.com/api/disputes/object, by its `status`
DISPUTE_STATUSES = {"won": AdjustmentStatus.WON, "lost": AdjustmentStatus.LOST, "prevented": AdjustmentStatus.CANCELED}


class StripeAdjustments:
    """A customer's adjustments at Stripe. `invoice_of_payment` maps payment intents and charges to the invoices they paid."""

    def __init__(self, ours: StripeCustomer, invoice_of_payment: Mapping[str, str]) -> None:
        self.ours, self.invoice_of_payment = ours, invoice_of_payment
        charges = list(stripe_client.list_all("charges", customer=ours.stripe_id))
        self.charges = [charge for charge in charges if charge["paid"]]
        refunded = [charge["id"] for charge in charges if charge["amount_refunded"] or charge["refunded"]]
        disputed = [charge["id"] for charge in charges if charge["disputed"]]
        refunds = [item for charge in refunded for item in stripe_client.list_all("refunds", charge=charge)]
        disputes = [item for charge in disputed for item in stripe_client.list_all("disputes", charge=charge)]
        credits = stripe_client.list_all("customers.balance_transactions", ours.stripe_id)
        self.refunds, self.disputes, self.credits = (
            [stripe_objects.parse_adjustment(item) for item in items] for items in (refunds, disputes, credits)
        )

    def refunded_of(self, invoice: str) -> Decimal:
        """Return the refunded and pending amount of an invoice."""
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for refund in self.refunds:
            if REFUND_STATUSES.get(refund.status) in SUBMITTED_STATUSES:
                totals[self._invoice_of(refund)] += refund.amount
        return totals[invoice]

    def receipt_of(self, invoice: str) -> str:
        """Return the URL of the receipt of the payment of an invoice, "" if nothing was charged."""
        for charge in self.charges:
            keys = (stripe_objects.id_of(charge.get("payment_intent")), charge["id"])
            if any(self.invoice_of_payment.get(key) == invoice for key in keys):
                return charge.get("receipt_url") or ""
        return ""

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
            if item.amount and not self._update_requested_refund(item, status):
                self._store(kind, item, status, invoices.get(self._invoice_of(item)))

    def _update_requested_refund(self, item: stripe_objects.StripeAdjustment, status: AdjustmentStatus) -> bool:
        """Update the row of a refund that staff requested, whose key is in the metadata, and return True if there is one."""
        key = item.metadata.get("adjustment")
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
        upsert_changed(
            Adjustment,
            {"user": self.ours.user, "stripe_id": item.id},
            {"kind": kind, "amount": item.amount, "currency": item.currency, "status": status, "invoice": invoice},
            create_values={"reason": item.reason[:500], "happened_at": item.created},
        )

    def _invoice_of(self, item: stripe_objects.StripeAdjustment) -> str:
        return next((self.invoice_of_payment[key] for key in item.paid_by if key in self.invoice_of_payment), "")
