"""The parser of Stripe's subscriptions, in old and new API versions, see `billing.stripe.objects`."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from billing.services.cancellations import NO_FEEDBACK, CancellationFeedback, feedback_of
from billing.stripe.terms import StripeDiscount, StripeItem, parse_discounts, parse_item, parse_tax_rates, price_of
from billing.stripe.values import Object, id_of, instant


@dataclass(frozen=True)
class StripeSubscription:
    """A subscription. Its period is that of its first item. A plan change to `pending_items` waits for a payment until then."""

    id: str
    customer: str
    status: str
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
    pending_items: tuple[StripeItem, ...] = ()
    pending_until: datetime | None = None
    feedback: CancellationFeedback = NO_FEEDBACK
    is_cancellation_requested: bool = True  # False if Stripe canceled it, because it was not paid or was disputed

    @property
    def awaited_invoice_id(self) -> str:
        """The invoice whose payment a plan change or a resumption waits for."""
        return self.latest_invoice if self.pending_until else ""


def parse_subscription(obj: Object) -> StripeSubscription:
    """Parse a subscription in the old or the new format."""
    old_item = [{"price": obj["plan"]}] if obj.get("plan") else []
    entries = [entry for entry in (obj.get("items") or {}).get("data") or old_item if price_of(entry)]
    items = tuple(parse_item(entry, obj) for entry in entries)
    starts, ends = (items[0].period_start, items[0].period_end) if items else (None, None)
    period_start, period_end = _span(starts, ends)
    trial_start, trial_end = _span(instant(obj.get("trial_start")), instant(obj.get("trial_end")))
    cancel_at = instant(obj.get("cancel_at"))
    pending: Object = obj.get("pending_update") or {}
    details: Object = obj.get("cancellation_details") or {}
    return StripeSubscription(
        id=obj["id"],
        customer=id_of(obj.get("customer")),
        status=obj.get("status") or "",
        current_period_start=period_start,
        current_period_end=period_end,
        cancel_at_period_end=bool(obj.get("cancel_at_period_end")) or (cancel_at is not None and cancel_at == period_end),
        cancel_at=cancel_at,
        canceled_at=instant(obj.get("canceled_at")),
        ended_at=instant(obj.get("ended_at")),
        trial_start=trial_start,
        trial_end=trial_end,
        created=instant(obj.get("created")) or datetime.fromtimestamp(0, UTC),
        currency=(obj.get("currency") or "usd").upper(),
        items=items,
        discounts=parse_discounts(obj),
        is_collection_paused=obj.get("pause_collection") is not None,
        is_tax_automatic=bool((obj.get("automatic_tax") or {}).get("enabled")),
        tax_rates=parse_tax_rates(obj),
        latest_invoice=id_of(obj.get("latest_invoice")),
        metadata=dict(obj.get("metadata") or {}),
        pending_items=tuple(parse_item(entry, {}) for entry in pending.get("subscription_items") or [] if price_of(entry)),
        pending_until=instant(pending.get("expires_at")),
        feedback=feedback_of(details.get("feedback"), details.get("comment")),
        is_cancellation_requested=details.get("reason") in (None, "cancellation_requested"),
    )


def _span(start: datetime | None, end: datetime | None) -> tuple[datetime | None, datetime | None]:
    """Return the start and the end of a period or trial. One of no length has an end, after which it grants nothing."""
    return (None, end) if start is not None and end is not None and end <= start else (start, end)
