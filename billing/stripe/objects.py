"""Parsers of Stripe's objects, with amounts in minor units and instants in seconds, in old and new API versions.

Since API version 2025-03-31, a subscription's period is in its items. An invoice has its subscription in `parent` and its
payments in `payments`. Endpoints and stored events may still have the old format.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from billing.stripe.terms import StripeDiscount, StripeItem, parse_discounts, parse_item, parse_tax_rates
from core.currencies import minor_units, rounded
from core.errors import DomainError

Object = dict[str, Any]

# https://docs.stripe.com/currencies. Other than by ISO 4217, ISK and UGX are sent with two decimals, and MGA without any.
ZERO_DECIMAL_CURRENCIES = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
)
THREE_DECIMAL_CURRENCIES = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))  # their amounts are multiples of ten


@dataclass(frozen=True)
class StripeSubscription:
    """A subscription. Price, plan and period are those of its first item."""

    id: str
    customer: str
    status: str
    price_id: str
    plan_id: str  # our plan's key, which sync_plans writes to the price's metadata, else ""
    current_period_start: datetime | None
    current_period_end: datetime | None
    cancel_at_period_end: bool
    cancel_at: datetime | None
    canceled_at: datetime | None
    ended_at: datetime | None
    trial_start: datetime | None
    trial_end: datetime | None
    created: datetime
    currency: str = "USD"
    items: tuple[StripeItem, ...] = ()
    discounts: tuple[StripeDiscount, ...] = ()
    is_collection_paused: bool = False
    is_tax_automatic: bool = False
    tax_rates: tuple[str, ...] = ()
    latest_invoice: str = ""
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StripeInvoice:
    """An invoice. `total` is negative if more was credited than charged."""

    id: str
    customer: str
    subscription_id: str
    status: str
    total: Decimal
    amount_due: Decimal
    discount: Decimal
    tax: Decimal
    currency: str
    created: datetime
    due_date: datetime | None
    paid_at: datetime | None
    number: str
    hosted_url: str
    pdf_url: str
    attempt_count: int
    next_payment_attempt: datetime | None
    description: str
    payments: tuple[tuple[str, str], ...]  # ("payment_intent" or "charge", id) of each payment


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
    metadata: dict[str, str] = field(default_factory=dict)


def parse_subscription(obj: Object) -> StripeSubscription:
    """Parse a subscription in the old or the new format."""
    item: Object = next(iter(obj.get("items", {}).get("data", [])), {})
    period_end = obj.get("current_period_end") or item.get("current_period_end")
    return StripeSubscription(
        id=obj["id"],
        customer=id_of(obj["customer"]),
        status=obj["status"],
        price_id=id_of(item.get("price") or obj.get("plan")),
        plan_id=((item.get("price") or {}).get("metadata") or {}).get("plan_id", ""),
        current_period_start=instant(obj.get("current_period_start") or item.get("current_period_start")),
        current_period_end=instant(period_end),
        cancel_at_period_end=bool(obj.get("cancel_at_period_end")) or obj.get("cancel_at", 0) == (period_end or -1),
        cancel_at=instant(obj.get("cancel_at")),
        canceled_at=instant(obj.get("canceled_at")),
        ended_at=instant(obj.get("ended_at")),
        trial_start=instant(obj.get("trial_start")),
        trial_end=instant(obj.get("trial_end")),
        created=_instant(obj["created"]),
        currency=(obj.get("currency") or "usd").upper(),
        items=tuple(parse_item(entry, obj) for entry in (obj.get("items") or {}).get("data", [])),
        discounts=parse_discounts(obj),
        is_collection_paused=obj.get("pause_collection") is not None,
        is_tax_automatic=bool((obj.get("automatic_tax") or {}).get("enabled")),
        tax_rates=parse_tax_rates(obj),
        latest_invoice=id_of(obj.get("latest_invoice")),
        metadata=dict(obj.get("metadata") or {}),
    )


def parse_invoice(obj: Object) -> StripeInvoice:
    """Parse an invoice in the old or the new format."""
    currency = obj["currency"].upper()
    parent = (obj.get("parent") or {}).get("subscription_details") or {}
    return StripeInvoice(
        id=obj["id"],
        customer=id_of(obj["customer"]),
        subscription_id=id_of(obj.get("subscription") or parent.get("subscription")),
        status=obj["status"] or "draft",
        total=from_minor_units(obj["total"], currency),
        amount_due=from_minor_units(obj["amount_due"], currency),
        discount=from_minor_units(sum(entry["amount"] for entry in obj.get("total_discount_amounts") or []), currency),
        tax=from_minor_units(
            sum(tax["amount"] for tax in obj.get("total_taxes") or obj.get("total_tax_amounts") or []), currency
        ),
        currency=currency,
        created=_instant(obj["created"]),
        due_date=instant(obj.get("due_date")),
        paid_at=instant((obj.get("status_transitions") or {}).get("paid_at")),
        number=obj.get("number") or "",
        hosted_url=obj.get("hosted_invoice_url") or "",
        pdf_url=obj.get("invoice_pdf") or "",
        attempt_count=obj.get("attempt_count") or 0,
        next_payment_attempt=instant(obj.get("next_payment_attempt")),
        description=_description(obj),
        payments=tuple(_payment_references(obj)),
    )


def parse_card(customer: Object, subscription: Object | None = None) -> StripeCard:
    """Parse the paying card: the subscription's, else the customer's. The payment method must be expanded in both."""
    own = (subscription or {}).get("default_payment_method")
    method = own or (customer.get("invoice_settings") or {}).get("default_payment_method")
    card = method.get("card") if isinstance(method, dict) else None
    return StripeCard(card["brand"], card["last4"], card["exp_month"], card["exp_year"]) if card else StripeCard()


def parse_credit(customer: Object) -> tuple[Decimal, str]:
    """Return the credit for the customer's next invoices and its currency. Stripe stores it as a negative balance."""
    currency = (customer.get("currency") or "usd").upper()
    return -from_minor_units(customer.get("balance") or 0, currency), currency


def parse_adjustment(obj: Object) -> StripeAdjustment:
    """Parse a refund, a dispute or a balance transaction.

    Stripe represents a credit as a negative balance transaction. Here it is positive, and a credit that was used is negative.
    """
    amount, status, reason = obj["amount"], obj.get("status") or "pending", obj.get("reason")
    if obj["object"] == "customer_balance_transaction":
        amount, status, reason = -amount, "succeeded", obj.get("description") or obj["type"].replace("_", " ")
    currency = obj["currency"].upper()
    paid_by = (id_of(obj.get("payment_intent")), id_of(obj.get("charge")))
    return StripeAdjustment(
        id=obj["id"],
        amount=from_minor_units(amount, currency),
        currency=currency,
        status=status,
        reason=reason or "",
        created=_instant(obj["created"]),
        paid_by=tuple(key for key in paid_by if key),
        metadata=dict(obj.get("metadata") or {}),
    )


def _description(obj: Object) -> str:
    lines = [line.get("description") for line in (obj.get("lines") or {}).get("data", [])]
    return obj.get("description") or "; ".join(line for line in lines if line)


def _payment_references(obj: Object) -> list[tuple[str, str]]:
    new = [payment["payment"] for payment in (obj.get("payments") or {}).get("data", [])]
    found = [(payment["type"], id_of(payment[payment["type"]])) for payment in new if payment["type"] in payment]
    old = [(kind, id_of(obj.get(kind))) for kind in ("payment_intent", "charge")]
    return found or [(kind, key) for kind, key in old if key]


def id_of(value: Any) -> str:
    """Return the ID of an object that may be expanded; "" for None."""
    return value["id"] if isinstance(value, dict) else value or ""


def instant(seconds: int | None) -> datetime | None:
    """Return the instant of a Unix timestamp; None for None."""
    return None if seconds is None else _instant(seconds)


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def decimals(currency: str) -> int:
    """Return the number of decimals of Stripe's amounts in a currency."""
    code = currency.upper()
    return 0 if code in ZERO_DECIMAL_CURRENCIES else 3 if code in THREE_DECIMAL_CURRENCIES else 2


def from_minor_units(amount: int, currency: str) -> Decimal:
    """Convert an amount in Stripe's unit of the currency to an amount with the decimals of ISO 4217.

    Stripe neither charges nor pays out fractions of a currency without decimals.
    """
    return rounded(Decimal(amount).scaleb(-decimals(currency)), currency.upper())


def to_minor_units(amount: Decimal, currency: str) -> int:
    """Convert `amount` to Stripe's unit of the currency. Raise DomainError if Stripe would have to round it."""
    code, places = currency.upper(), decimals(currency)
    step = 10 if code in THREE_DECIMAL_CURRENCIES else 10 ** max(places - minor_units(code), 0)
    scaled = amount.scaleb(places)
    if scaled % step:
        smallest = Decimal(step).scaleb(-places)
        sentence = f"{amount} {code} has too many decimals. Stripe needs a multiple of {smallest:f}."
        raise DomainError("too_fine", sentence, field="amount")
    return int(scaled)
