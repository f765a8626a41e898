"""The recurring revenue of a customer over time, computed from recurring charges without a database.

- A price counts from the start of the time that it is charged for until the end, or until a line credits the rest.
- It goes on after the end while the subscription is active, past due or on trial and the present period was charged.
- It ends with the subscription, with a pause, or with the last time that was paid. A renewal that is not paid counts only
  after revenue, because a customer begins with their first payment.
- Of several subscriptions at a time, such as after a double purchase, only the one that began first counts.
- A gap of less than a day, such as between a cancellation and another purchase, is none.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from billing.models.movements import MovementKind
from billing.models.subscriptions import SubscriptionStatus

MAX_GAP = timedelta(days=1)
CONTINUING = (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)
ENDED = (SubscriptionStatus.CANCELED, SubscriptionStatus.INCOMPLETE_EXPIRED)
ZERO = Decimal(0)
NOTHING = ("", ZERO)
Revenue = tuple[str, Decimal]  # the currency and the amount of a year


@dataclass(frozen=True)
class Charge:
    """A line that charges a price for a time; with `annual_amount` None, one that credits the rest of a time."""

    price_id: str
    starts_at: datetime
    ends_at: datetime
    annual_amount: Decimal | None
    is_paid: bool = True


@dataclass(frozen=True)
class ChargedSubscription:
    """A subscription with its charges. `key` orders those that began at the same instant."""

    key: str
    currency: str
    status: str
    charges: tuple[Charge, ...]
    ended_at: datetime | None = None
    period_end: datetime | None = None
    is_collection_paused: bool = False


@dataclass(frozen=True)
class Movement:
    """A change of the recurring revenue of a year in a currency."""

    kind: MovementKind
    currency: str
    happened_at: datetime
    annual_before: Decimal
    annual_after: Decimal


@dataclass
class Span:
    """A time for which a price counts; without an end it goes on."""

    starts_at: datetime
    ends_at: datetime | None
    annual_amount: Decimal

    def covers(self, at: datetime) -> bool:
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass
class Spans:
    """The spans of a subscription by price. A later charge or credit of a price cuts the earlier ones."""

    by_price: dict[str, list[Span]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Span]:
        return (span for spans in self.by_price.values() for span in spans)

    def cut(self, at: datetime, prices: Iterable[str]) -> None:
        """End the spans of prices at an instant."""
        for price in prices:
            kept = [span for span in self.by_price.get(price, ()) if span.starts_at < at]
            self.by_price[price] = [
                Span(span.starts_at, at if span.ends_at is None else min(span.ends_at, at), span.annual_amount) for span in kept
            ]

    def amount_before(self, at: datetime) -> Decimal:
        """Return the revenue until just before an instant, or until a gap before it."""
        last = [span for span in self if span.starts_at < at and (span.ends_at is None or span.ends_at > at - MAX_GAP)]
        return sum((span.annual_amount for span in last), ZERO)


def movements_of(subscriptions: Iterable[ChargedSubscription], *, now: datetime) -> list[Movement]:
    """Return a customer's movements until now, the oldest first."""
    found: list[Movement] = []
    before = NOTHING
    for at, after in _steps(subscriptions):
        if at > now:
            break
        if before[0] == after[0]:
            changes = [(after[0], before[1], after[1])]
        else:  # the currency has changed, or the revenue begins or ends
            changes = [(before[0], before[1], ZERO), (after[0], ZERO, after[1])]
        found += [
            Movement(_kind(was, becomes, is_first=not found), currency, at, was, becomes)
            for currency, was, becomes in changes
            if was != becomes
        ]
        before = after
    return found


def _kind(before: Decimal, after: Decimal, *, is_first: bool) -> MovementKind:
    if not before:
        return MovementKind.NEW if is_first else MovementKind.REACTIVATION
    if not after:
        return MovementKind.CHURN
    return MovementKind.EXPANSION if after > before else MovementKind.CONTRACTION


def _steps(subscriptions: Iterable[ChargedSubscription]) -> list[tuple[datetime, Revenue]]:
    """Return the instants from which a customer's revenue has another amount, without gaps that are too short."""
    charged = [subscription for subscription in subscriptions if subscription.charges]
    charged.sort(key=lambda one: (min(charge.starts_at for charge in one.charges), one.key))
    spans = [(one.currency, _spans(one)) for one in charged]
    instants = sorted({at for _, found in spans for span in found for at in (span.starts_at, span.ends_at) if at is not None})
    steps: list[tuple[datetime, Revenue]] = []
    for at in instants:
        revenue = _revenue_at(spans, at)
        if steps and not steps[-1][1][1] and at - steps[-1][0] < MAX_GAP:
            steps.pop()  # the revenue before the gap goes on until now
        if not steps or steps[-1][1] != revenue:
            steps.append((at, revenue))
    return steps


def _revenue_at(spans: Sequence[tuple[str, Spans]], at: datetime) -> Revenue:
    """Return the revenue of the first subscription that charges an instant, which may be a trial with nothing."""
    for currency, found in spans:
        amounts = [span.annual_amount for span in found if span.covers(at)]
        if amounts:
            return (currency, sum(amounts, ZERO)) if any(amounts) else NOTHING
    return NOTHING


def _spans(subscription: ChargedSubscription) -> Spans:
    spans = Spans()
    # at one instant, credits come first, as the time that they credit was charged before
    for charge in sorted(subscription.charges, key=lambda one: (one.starts_at, one.annual_amount is not None)):
        is_charge, is_continued = charge.annual_amount is not None, subscription.status in CONTINUING
        if is_charge and not charge.is_paid and not (is_continued and spans.amount_before(charge.starts_at)):
            continue
        spans.cut(charge.starts_at, [charge.price_id])
        if charge.annual_amount is not None:
            span = Span(charge.starts_at, charge.ends_at, charge.annual_amount)
            spans.by_price.setdefault(charge.price_id, []).append(span)
    end = _end_of(subscription)
    if end is not None:
        spans.cut(end, list(spans.by_price))
    elif subscription.status in CONTINUING and subscription.period_end and not subscription.is_collection_paused:
        for span in spans:
            if span.ends_at is not None and span.ends_at >= subscription.period_end:
                span.ends_at = None
    return spans


def _end_of(subscription: ChargedSubscription) -> datetime | None:
    """Return when a subscription ended or was paused; None while it goes on."""
    if subscription.status in ENDED:
        return subscription.ended_at
    return subscription.period_end if subscription.status == SubscriptionStatus.PAUSED else None
