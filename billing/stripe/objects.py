"""Parsers of Stripe's objects, with amounts in minor units and instants in seconds, in old and new API versions.

Since API version 2025-03-31, a subscription's period is in its items. An invoice has its subscription in `parent` and its
payments in `payments`. Endpoints and stored events may still have the old format.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.stripe.values import Object, from_minor_units, id_of, instant, required, unix_instant

PAYMENT_KINDS = ("payment_intent", "charge")


@dataclass(frozen=True)
class OpenPayment:
    """The state of the latest payment of an open invoice.

    `decline_code` is Stripe's code of the failure, "" if nothing failed. Stripe tries the payment method again if `is_retried`.
    """

    is_processing: bool = False
    needs_authentication: bool = False
    is_bank_debit: bool = False
    is_retried: bool = True
    decline_code: str = ""


NO_PAYMENT = OpenPayment()


@dataclass(frozen=True)
class StripePayment:
    """A payment that was collected for an invoice. `id` is that of a payment intent or a charge."""

    id: str
    amount: Decimal
    paid_at: datetime


@dataclass(frozen=True)
class StripeLine:
    """A line that charges a recurring price for a time, or credits the rest of a time that was charged before.

    `price` is the price of the whole interval times the quantity, None if it is unknown; that of a proration is after
    discounts. `net` is the part of `amount` that is recurring revenue: after recurring discounts and without tax. It is 0 if
    nothing is charged.
    """

    price_id: str
    starts_at: datetime
    ends_at: datetime
    is_proration: bool
    is_credit: bool
    price: Decimal | None
    amount: Decimal
    net: Decimal


@dataclass(frozen=True)
class StripeInvoice:
    """An invoice. `total` is negative if more was credited than charged."""

    id: str
    customer: str
    subscription_id: str
    status: str
    total: Decimal
    amount_due: Decimal
    amount_remaining: Decimal
    amount_collected: Decimal  # through Stripe, with what the customer paid too much
    discount: Decimal
    tax: Decimal
    currency: str
    created: datetime
    due_date: datetime | None
    paid_at: datetime | None
    collected_at: datetime | None  # of the last payment through Stripe
    number: str
    hosted_url: str
    pdf_url: str
    attempted: bool
    attempt_count: int
    next_payment_attempt: datetime | None
    description: str
    payments: tuple[tuple[str, str], ...]  # ("payment_intent" or "charge", id) of each payment
    used_credit: bool  # a part of it was paid from the customer's credit
    added_credit: bool  # it collected a debt from before, or its negative total became credit
    collected: tuple[StripePayment, ...] = ()  # the payments that took money, largest first
    lines: tuple[StripeLine, ...] = ()  # parsed by `billing.stripe.invoice_lines`
    is_renewal: bool = False
    is_automatic: bool = False  # Stripe finalizes and collects it
    payment: OpenPayment = NO_PAYMENT  # read separately, by `billing.stripe.open_payments`
    is_awaited: bool = False  # True if a plan change or a resumption waits for it

    @property
    def is_being_collected(self) -> bool:
        """True for a renewal that is not paid yet, as long as Stripe has not given it up."""
        if self.payment.is_processing or (self.status == "open" and self.next_payment_attempt is not None):
            return self.is_renewal
        is_untried = self.status == "draft" or (self.status == "open" and self.attempt_count == 0)
        return self.is_renewal and self.is_automatic and is_untried


@dataclass(frozen=True)
class StripeCard:
    """The data of a card that may be displayed."""

    brand: str = ""
    last4: str = ""
    exp_month: int | None = None
    exp_year: int | None = None


@dataclass(frozen=True)
class StripeAdjustment:
    """A refund, credit or dispute. `paid_by` has the IDs of the payment that it changes."""

    id: str
    amount: Decimal
    currency: str
    status: str
    reason: str
    created: datetime
    paid_by: tuple[str, ...] = ()
    failure: str = ""
    is_withdrawn: bool = False  # True for a dispute that took money and did not return it
    metadata: dict[str, str] = field(default_factory=dict)


def parse_invoice(obj: Object) -> StripeInvoice:
    """Parse an invoice in the old or the new format."""
    currency = required(obj, "currency").upper()
    parent = (obj.get("parent") or {}).get("subscription_details") or {}
    starting, ending = obj.get("starting_balance"), obj.get("ending_balance")
    collected = collected_payments(obj)
    overpaid = from_minor_units(obj.get("amount_overpaid") or 0, currency)
    return StripeInvoice(
        id=obj["id"],
        customer=id_of(obj.get("customer")),
        subscription_id=id_of(obj.get("subscription") or parent.get("subscription")),
        status=obj.get("status") or "draft",
        total=from_minor_units(required(obj, "total"), currency),
        amount_due=from_minor_units(required(obj, "amount_due"), currency),
        amount_remaining=from_minor_units(obj.get("amount_remaining") or 0, currency),
        amount_collected=sum((payment.amount for payment in collected), overpaid if collected else Decimal(0)),
        discount=from_minor_units(sum(_amounts(obj.get("total_discount_amounts"))), currency),
        tax=from_minor_units(sum(_amounts(obj.get("total_taxes") or obj.get("total_tax_amounts"))), currency),
        currency=currency,
        created=unix_instant(required(obj, "created")),
        due_date=instant(obj.get("due_date")),
        paid_at=instant((obj.get("status_transitions") or {}).get("paid_at")),
        collected_at=max((payment.paid_at for payment in collected), default=None),
        number=obj.get("number") or "",
        hosted_url=obj.get("hosted_invoice_url") or "",
        pdf_url=obj.get("invoice_pdf") or "",
        attempted=bool(obj.get("attempted")),
        attempt_count=obj.get("attempt_count") or 0,
        next_payment_attempt=instant(obj.get("next_payment_attempt")),
        description=_description(obj),
        payments=tuple(_payment_references(obj)),
        used_credit=starting is not None and ending is not None and starting < ending,
        added_credit=starting is not None and ending is not None and starting > ending,
        collected=collected,
        is_renewal=obj.get("billing_reason") == "subscription_cycle",
        is_automatic=bool(obj.get("auto_advance")),
    )


def parse_card(customer: Object, subscription: Object | None = None) -> StripeCard:
    """Parse the paying card: the subscription's, else the customer's. The payment method must be expanded in both."""
    own = (subscription or {}).get("default_payment_method")
    method = own or (customer.get("invoice_settings") or {}).get("default_payment_method")
    card = method.get("card") if isinstance(method, dict) else None
    if not isinstance(card, dict):
        return StripeCard()
    return StripeCard(card.get("brand") or "", card.get("last4") or "", card.get("exp_month"), card.get("exp_year"))


def parse_credit(customer: Object) -> tuple[Decimal, str]:
    """Return the credit for the customer's next invoices and its currency. Stripe stores it as a negative balance."""
    currency = (customer.get("currency") or "usd").upper()
    return -from_minor_units(customer.get("balance") or 0, currency), currency


def parse_adjustment(obj: Object) -> StripeAdjustment:
    """Parse a refund, a dispute or a balance transaction.

    Stripe represents a credit as a negative balance transaction. Here it is positive, and a credit that was used is negative.
    """
    amount, status, reason = required(obj, "amount"), obj.get("status") or "pending", obj.get("reason")
    if obj["object"] == "customer_balance_transaction":
        kind = (obj.get("type") or "").replace("_", " ")
        amount, status, reason = -amount, "succeeded", obj.get("description") or kind
    currency = required(obj, "currency").upper()
    paid_by = (id_of(obj.get("payment_intent")), id_of(obj.get("charge")))
    return StripeAdjustment(
        id=obj["id"],
        amount=from_minor_units(amount, currency),
        currency=currency,
        status=status,
        reason=reason or "",
        created=unix_instant(required(obj, "created")),
        paid_by=tuple(key for key in paid_by if key),
        failure=obj.get("failure_reason") or "",
        is_withdrawn=sum(entry.get("amount") or 0 for entry in obj.get("balance_transactions") or ()) < 0,
        metadata=dict(obj.get("metadata") or {}),
    )


def _amounts(entries: Any) -> list[int]:
    """Return the amounts of the entries of a list, which may be null."""
    return [entry.get("amount") or 0 for entry in entries or []]


def _description(obj: Object) -> str:
    lines = [line.get("description") for line in (obj.get("lines") or {}).get("data") or []]
    return obj.get("description") or "; ".join(line for line in lines if line)


def _payment_references(obj: Object) -> list[tuple[str, str]]:
    new = [payment.get("payment") or {} for payment in (obj.get("payments") or {}).get("data") or []]
    found = [(kind, id_of(payment[kind])) for payment in new for kind in PAYMENT_KINDS if payment.get(kind)]
    old = [(kind, id_of(obj.get(kind))) for kind in PAYMENT_KINDS]
    return found or [(kind, key) for kind, key in old if key]


def collected_payments(obj: Object) -> tuple[StripePayment, ...]:
    """Return the payments that took money for an invoice, largest first. In the new format `payments` must be expanded.

    Payments outside of Stripe are left out: `payment_record` in the new format, `paid_out_of_band` in the old one.
    """
    currency, created = obj["currency"].upper(), required(obj, "created")
    entries = [entry for entry in (obj.get("payments") or {}).get("data") or [] if entry.get("status") == "paid"]
    found = [
        (id_of((entry.get("payment") or {}).get(kind)), entry.get("amount_paid"), entry.get("status_transitions"))
        for entry in entries
        for kind in PAYMENT_KINDS
    ]
    old_kinds = [] if obj.get("paid_out_of_band") else [kind for kind in PAYMENT_KINDS if obj.get(kind)]
    old = [(id_of(obj.get(kind)), obj.get("amount_paid"), obj.get("status_transitions")) for kind in old_kinds[:1]]
    collected = [
        StripePayment(key, from_minor_units(amount, currency), unix_instant((transitions or {}).get("paid_at") or created))
        for key, amount, transitions in found or old
        if key and amount
    ]
    return tuple(sorted(collected, key=lambda entry: (-entry.amount, entry.id)))
