"""The subscriptions of the customers as a history of requests to Stripe and of what customers do on Stripe's pages.

A step has the form that `dev.stripe.playback` describes. Nothing here knows how Stripe computes an amount or how the
product reads it.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from dev.population.draws import choose, month_after, parameters, source_of
from dev.population.people import Person

Step = dict[str, Any]
MONTHS_OF = {"monthly": 1, "yearly": 12}
RETRIES_END = timedelta(days=16)  # the last retry is 15 days after the first failure, which ends the subscription
WELCOME, LOYALTY = "WELCOME20", "LOYALTY10"
TIERS = ("Budget", "Mid-tier", "Professional")
RETURN_PAGE = "https://app.mingus.example/billing/return/"
FAILING_CARD, LOST_CARD = "failsAtRenewal", "lostBeforeRenewal"
MONTHS_BEFORE_A_TROUBLE = 7
DAYS_SINCE_A_TROUBLE = 2


@dataclass(frozen=True)
class Offer:
    """A price at Stripe, and the plan that it is of."""

    tier: str
    cycle: str
    plan_id: str
    price_id: str


@dataclass
class Customer:
    """A customer's purchases and changes until `now`, as steps."""

    person: Person
    offers: Mapping[tuple[str, str], Offer]
    now: datetime
    rng: random.Random
    steps: list[Step] = field(default_factory=list)
    purchases: int = 0
    tier: str = ""
    cycle: str = "monthly"

    @property
    def subscription(self) -> str:
        return f"${{{self.person.key}.page{self.purchases}:subscription}}"

    @property
    def stripe_id(self) -> str:
        return f"${{{self.person.key}.customer:id}}"

    def add(self, at: datetime, name: str = "", **step: Any) -> None:
        if at < self.now:
            self.steps.append({"at": int(at.timestamp()), "name": f"{self.person.key}.{name}" if name else "", **step})

    def buy(self, at: datetime, *, code: bool = False) -> datetime:
        """Buy the chosen plan on a checkout page. Return the time of the first payment."""
        offer, is_first = self.offers[self.tier, self.cycle], self.purchases == 0
        labels = {"user_id": str(self.person.id), "plan_id": offer.plan_id}
        trial = parameters()["subscriptions"]["trial_days"] if is_first else 0
        if is_first:
            name = f"{self.person.profile['first_name']} {self.person.profile['last_name']}"
            given = {"email": self.person.email, "name": name, "metadata": {"user_id": str(self.person.id)}}
            self.add(at, "customer", post="/v1/customers", given=given)
        self.purchases += 1
        page = {
            "mode": "subscription",
            "customer": self.stripe_id,
            "client_reference_id": str(self.person.id),
            "line_items": [{"price": offer.price_id, "quantity": 1}],
            "subscription_data": {"metadata": labels, **({"trial_period_days": trial} if trial else {})},
            "metadata": labels,
            "allow_promotion_codes": True,
            "success_url": RETURN_PAGE,
        }
        opened = f"opened{self.purchases}"
        self.add(at, opened, post="/v1/checkout/sessions", given=page)
        entered = {"session": f"${{{self.person.key}.{opened}:id}}", "card": self.card()}
        if code:
            entered["promotion_code"] = WELCOME
        self.add(at + timedelta(minutes=3), f"page{self.purchases}", command="complete_checkout", given=entered)
        return at + timedelta(days=trial)

    def card(self) -> str:
        return choose(self.rng, parameters()["subscriptions"]["cards"])

    def change_card(self, at: datetime, card: str) -> None:
        self.add(at, command="change_card", given={"customer": self.stripe_id, "card": card})

    def cancel(self, at: datetime) -> None:
        reason = choose(self.rng, parameters()["subscriptions"]["reasons"])
        given = {"cancel_at_period_end": True, "cancellation_details": {"feedback": reason}}
        self.add(at, post=f"/v1/subscriptions/{self.subscription}", given=given)

    def change_tier(self, at: datetime, tier: str) -> None:
        self.tier = tier
        read = f"read{int(at.timestamp())}"
        self.add(at, read, get=f"/v1/subscriptions/{self.subscription}")
        item = {"id": f"${{{self.person.key}.{read}:items.data.0.id}}", "price": self.offers[tier, self.cycle].price_id}
        given = {"items": [item], "proration_behavior": "always_invoice"}
        self.add(at + timedelta(minutes=1), post=f"/v1/subscriptions/{self.subscription}", given=given)

    def give_coupon(self, at: datetime, coupon: str) -> None:
        self.add(at, post=f"/v1/subscriptions/{self.subscription}", given={"discounts": [{"coupon": coupon}]})

    def with_charge(self, at: datetime, **step: Any) -> None:
        """Add a step about the newest charge, which it names as CHARGE."""
        read = f"charges{int(at.timestamp())}"
        self.add(at, read, get="/v1/charges", given={"customer": self.stripe_id, "limit": 1})
        step["given"] = {**step["given"], "charge": f"${{{self.person.key}.{read}:data.0.id}}"}
        self.add(at + timedelta(minutes=1), **step)


def history(people: Sequence[Person], offers: Sequence[Offer], *, now: datetime) -> list[Step]:
    """Return the steps of all customers until `now`, in the order of their times."""
    begins = beginning(now)
    found = list(_coupons(begins))
    by_name = {(offer.tier, offer.cycle): offer for offer in offers}
    for person in people:
        customer = Customer(person, by_name, now, source_of("subscription", person.key))
        PLAYED[person.part](customer, begins)
        found += customer.steps
    return sorted(found, key=lambda step: step["at"])


def beginning(now: datetime) -> datetime:
    """Return the time at which the history begins."""
    return datetime.combine(month_after(now.date(), -parameters()["months"]), time(0), UTC)


def _coupons(begins: datetime) -> Iterator[Step]:
    at = int(begins.timestamp())
    terms = {"id": WELCOME, "name": "Welcome", "percent_off": 20, "duration": "repeating", "duration_in_months": 3}
    yield {"at": at, "post": "/v1/coupons", "given": terms}
    terms = {"id": LOYALTY, "name": "Loyal customer", "percent_off": 10, "duration": "forever"}
    yield {"at": at, "post": "/v1/coupons", "given": terms}
    code = {"code": WELCOME, "promotion": {"type": "coupon", "coupon": WELCOME}}
    yield {"at": at, "post": "/v1/promotion_codes", "given": code}


def _draw(customer: Customer, begins: datetime) -> None:
    """Draw a customer's history: a trial, periods with their events, the end, and sometimes a return."""
    rng, shares = customer.rng, parameters()["subscriptions"]
    days = (customer.now - begins).days
    in_first_month = rng.random() < shares["started_in_first_month"]
    at = begins + timedelta(
        days=rng.randint(0, 29) if in_first_month else rng.randint(30, days - 1), minutes=rng.randint(360, 1380)
    )
    customer.tier = choose(rng, shares["tiers"])
    customer.cycle = "yearly" if rng.random() < shares["yearly"] else "monthly"
    paid_from = customer.buy(at, code=rng.random() < shares["welcome_code"])
    if rng.random() > shares["trial_becomes_paid"]:
        customer.cancel(at + timedelta(days=rng.randint(1, shares["trial_days"] - 2)))
        return
    ended = _draw_periods(customer, paid_from)
    while ended < customer.now and rng.random() < shares["returned"]:
        at = ended + timedelta(days=rng.randint(*shares["returned_after_days"]), minutes=rng.randint(1, 600))
        customer.tier = choose(rng, shares["tiers"])
        ended = _draw_periods(customer, customer.buy(at)) if at < customer.now else customer.now


def _draw_periods(customer: Customer, first: datetime) -> datetime:
    """Draw the periods of a subscription that is first paid at `first`. Return its end, `now` if it runs."""
    rng, shares, months = customer.rng, parameters()["subscriptions"], MONTHS_OF[customer.cycle]
    failing = shares["lost_to_failed_payments"] / (1 - shares["recovered"])
    number = 0
    while (begins := _period(first, number * months)) < customer.now:
        ends = _period(first, (number + 1) * months)
        is_failing = number > 0 and rng.random() < failing
        if is_failing and not _draw_failure(customer, begins):
            return begins + RETRIES_END
        if rng.random() < 1 - (1 - shares["canceled_by_customer"]) ** months:
            customer.cancel(begins + timedelta(days=rng.randint(8, 26), hours=rng.randint(1, 12)))
            return ends
        if not is_failing:
            _draw_change(customer, begins)
        number += 1
    return customer.now


def _period(first: datetime, months: int) -> datetime:
    return datetime.combine(month_after(first.date(), months), first.timetz())


def _draw_failure(customer: Customer, renewal: datetime) -> bool:
    """Let the card fail at a renewal. Return True if the customer pays with another one in time."""
    rng, shares = customer.rng, parameters()["subscriptions"]
    recovers = rng.random() < shares["recovered"]
    is_hard = not recovers and rng.random() < shares["hard_decline"]
    customer.change_card(renewal - timedelta(days=1), LOST_CARD if is_hard else FAILING_CARD)
    if recovers:
        customer.change_card(renewal + timedelta(days=rng.randint(1, 6), hours=5), customer.card())
    return recovers


def _draw_change(customer: Customer, begins: datetime) -> None:
    """Draw another tier, a coupon by support or a refund in a period."""
    rng, shares, place = customer.rng, parameters()["subscriptions"], TIERS.index(customer.tier)
    at = begins + timedelta(days=rng.randint(3, 22), hours=rng.randint(1, 12))
    drawn = rng.random()
    if drawn < shares["upgraded"] and place + 1 < len(TIERS):
        customer.change_tier(at, TIERS[place + 1])
    elif shares["upgraded"] <= drawn < shares["upgraded"] + shares["downgraded"] and place:
        customer.change_tier(at, TIERS[place - 1])
    elif drawn > 1 - shares["loyalty_coupon"] / 12:
        customer.give_coupon(at, LOYALTY)
    elif drawn > 1 - shares["loyalty_coupon"] / 12 - shares["refunded"]:
        reason = {"reason": "requested_by_customer"}
        customer.with_charge(begins + timedelta(days=2), post="/v1/refunds", given=reason)


def _renews_lately(customer: Customer, tier: str = "Mid-tier") -> datetime:
    """Subscribe so that a renewal was some days before now. Return the time of the trouble, which is after it."""
    trouble = customer.now - timedelta(days=DAYS_SINCE_A_TROUBLE)
    first = datetime.combine(month_after(trouble.date(), -MONTHS_BEFORE_A_TROUBLE), time(7, 30), UTC)
    customer.tier = tier
    customer.buy(first - timedelta(days=parameters()["subscriptions"]["trial_days"]))
    return trouble


def _fail_lately(customer: Customer, begins: datetime) -> None:
    trouble = _renews_lately(customer)
    customer.change_card(trouble - timedelta(days=8), FAILING_CARD)


def _dispute_lately(customer: Customer, begins: datetime) -> None:
    trouble = _renews_lately(customer, "Professional")
    case = {"reason": "product_not_received", "case": "chargeback"}
    customer.with_charge(trouble + timedelta(hours=20), command="dispute", given=case)


def _pay_always(customer: Customer, begins: datetime) -> None:
    _renews_lately(customer)


PLAYED: dict[str, Callable[[Customer, datetime], None]] = {
    "": _draw,
    "payment fails": _fail_lately,
    "disputes": _dispute_lately,
    "wants a refund": _pay_always,
    "is locked out": _pay_always,
    "has imported twice": _pay_always,
    "is being erased": lambda customer, begins: None,  # never bought a plan
}
