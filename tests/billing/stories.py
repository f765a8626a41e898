"""Stories of customers: how each buys, and what happens to them on which day, drawn by chance from all kinds of trouble."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import stripe
from django.test import override_settings

from billing import services
from billing.models import Subscription, SubscriptionPlan
from billing.stripe import client as stripe_client
from core import clock
from core.errors import DomainError

if TYPE_CHECKING:
    from tests.billing.population import Customer, Population

Plans = dict[tuple[str, str], SubscriptionPlan]
Action = Callable[["Population", "Customer"], bool]  # False if the customer can't do it on that day
REFUSALS = (DomainError, stripe.InvalidRequestError, stripe.CardError)
DAYS = 66
CARDS = ("visa", "visa_debit", "mastercard", "amex", "refundFail", "pendingRefund", "authenticationRequired")
FAILING = ("failsAtRenewal", "lostBeforeRenewal", "chargeCustomerFail", "authenticationRequired")
BANKS = ("usBankAccount_success", "usBankAccount_insufficientFunds", "usBankAccount_accountClosed", "usBankAccount_dispute")
PLACES = ({}, {"country": "US", "state": "CA"}, {"country": "DE"})


@dataclass
class Story:
    """How a customer buys, and the actions by day."""

    name: str
    plan: tuple[str, str]
    card: str
    trial_days: int
    place: dict[str, str]
    has_coupon: bool
    actions: dict[int, list[Action]] = field(default_factory=dict)

    def __str__(self) -> str:
        days = {day: [action.__name__ for action in actions] for day, actions in self.actions.items()}
        return f"{self.name}: {self.plan}, {self.card}, trial {self.trial_days}, {self.place}, {self.has_coupon}, {days}"


def draw_story(chance: random.Random, number: int) -> Story:
    """Draw a story. `number` chooses its main trouble, so that a few customers have all of them."""
    name, (card, steps) = list(TROUBLES.items())[number % len(TROUBLES)]
    trial_days = chance.choice((0, 0, 14)) if name != "double purchase" else 0
    story = Story(
        name,
        chance.choice((("Mid-tier", "monthly"), ("Mid-tier", "monthly"), ("Professional", "monthly"), ("Mid-tier", "yearly"))),
        card or chance.choice(CARDS),
        trial_days,
        chance.choice(PLACES),
        chance.random() < 0.25,
    )
    first = chance.randint(0, 3)
    buys = buy_twice if name == "double purchase" else buy
    story.actions[first] = [buys]
    for earliest, action in steps:
        day = first + earliest + (trial_days if earliest else 0) + chance.randint(0, 2)
        story.actions.setdefault(day, []).append(action)
    if chance.random() < 0.3:
        story.actions.setdefault(first + chance.randint(3, 40), []).append(chance.choice(EXTRAS))
    return story


def buy(world: Population, customer: Customer) -> bool:
    """Buy a plan on the checkout page, with a promotion code, tax and a trial as the story says."""
    story = customer.story
    with override_settings(BILLING_TRIAL_DAYS=story.trial_days, BILLING_AUTOMATIC_TAX=bool(story.place)):
        try:
            page = services.start_checkout(user=customer.user, plan=world.plans[story.plan], now=clock.now())
        except DomainError:
            return False
    entries = {**story.place, "promotion_code": "SPRING"} if story.has_coupon else story.place
    world.stripe.complete_checkout(page.id, card=story.card, authenticated=True, **entries)
    return True


def buy_twice(world: Population, customer: Customer) -> bool:
    """Buy on two pages, which two clicks have opened."""
    plan = world.plans[customer.story.plan]
    page = services.start_checkout(user=customer.user, plan=plan, now=clock.now())
    parameters: Any = {
        "mode": "subscription",
        "customer": customer.stripe_id,
        "subscription_data": {"metadata": {"user_id": str(customer.user.pk)}},
        "line_items": [{"price": plan.stripe_price_id, "quantity": 1}],
        "success_url": "https://example.com",
    }
    for key in (page.id, world.v1.checkout.sessions.create(parameters).id):
        world.stripe.complete_checkout(key, card=customer.story.card)
    return True


def running(customer: Customer) -> Subscription | None:
    rows = Subscription.objects.for_user(customer.user).running().exclude(stripe_subscription_id="")
    return rows.select_related("plan").first()


def by_api(change: Callable[[Population, Subscription], Any]) -> Action:
    """Return an action that changes the running subscription. Refusals are part of the story."""

    def action(world: Population, customer: Customer) -> bool:
        subscription = running(customer)
        if subscription is None:
            return False
        try:
            change(world, subscription)
        except REFUSALS:
            return False
        return True

    action.__name__ = change.__name__
    return action


@by_api
def upgrade(world: Population, row: Subscription) -> None:
    plan = world.plans["Professional", row.plan.billing_cycle]
    services.change_plan(row, plan=plan, now=clock.now())


@by_api
def downgrade(world: Population, row: Subscription) -> None:
    plan = world.plans["Budget", row.plan.billing_cycle]
    services.change_plan(row, plan=plan, now=clock.now())


@by_api
def cancel(world: Population, row: Subscription) -> None:
    services.cancel_at_period_end(row, now=clock.now())


@by_api
def cancel_at_a_day(world: Population, row: Subscription) -> None:
    end = clock.now() + timedelta(days=9)
    world.v1.subscriptions.update(row.stripe_subscription_id, {"cancel_at": int(end.timestamp())})


@by_api
def end_now(world: Population, row: Subscription) -> None:
    services.cancel_now(row, now=clock.now())


@by_api
def pause(world: Population, row: Subscription) -> None:
    world.v1.subscriptions.pause(row.stripe_subscription_id)  # type: ignore[call-arg]


@by_api
def resume(world: Population, row: Subscription) -> None:
    services.resume(row, now=clock.now())


@by_api
def discount(world: Population, row: Subscription) -> None:
    coupon = world.v1.coupons.create({"percent_off": 50, "duration": "once"})
    world.v1.subscriptions.update(row.stripe_subscription_id, {"discounts": [{"coupon": coupon.id}]})


@by_api
def be_sent_invoices(world: Population, row: Subscription) -> None:
    terms: Any = {"collection_method": "send_invoice", "days_until_due": 14}
    world.v1.subscriptions.update(row.stripe_subscription_id, terms)


@by_api
def receive_credit(world: Population, row: Subscription) -> None:
    change_balance(world, row, -world.chance.randint(100, 6000))


@by_api
def owe_from_before(world: Population, row: Subscription) -> None:
    change_balance(world, row, world.chance.randint(100, 900))


def change_balance(world: Population, row: Subscription, amount: int) -> None:
    world.v1.customers.balance_transactions.create(row.stripe_customer_id, {"amount": amount, "currency": "usd"})


@by_api
def subscribe_to_another_app(world: Population, row: Subscription) -> None:
    world.stripe.add_foreign_app()


def change_card_to(card: str) -> Action:
    def change_card(world: Population, customer: Customer) -> bool:
        world.stripe.change_card(customer.stripe_id, card)
        return True

    change_card.__name__ = f"change card to {card}"
    return change_card


def pay_open_invoice(world: Population, customer: Customer) -> bool:
    """Pay the newest open invoice on its page."""
    for invoice in stripe_client.list_all("invoices", customer=customer.stripe_id, status="open"):
        if invoice["amount_remaining"]:
            world.stripe.pay_invoice(invoice["id"], "mastercard", authenticated=True)
            return True
    return False


def pay_in_two_parts(world: Population, customer: Customer) -> bool:
    for invoice in stripe_client.list_all("invoices", customer=customer.stripe_id, status="open"):
        if invoice["amount_remaining"] > 1000:
            world.stripe.pay_invoice_part(invoice["id"], 900, "visa")
            world.stripe.pay_invoice(invoice["id"], "mastercard", authenticated=True)
            return True
    return False


def delete_customer(world: Population, customer: Customer) -> bool:
    world.v1.customers.delete(customer.stripe_id)
    return True


def about_charge(change: Callable[[Population, Any], Any]) -> Action:
    """Return an action about the newest payment that was not given back."""

    def action(world: Population, customer: Customer) -> bool:
        charges = stripe_client.list_all("charges", customer=customer.stripe_id)
        paid = (item for item in charges if item["paid"] and not item["disputed"] and not item["amount_refunded"])
        charge = next(paid, None)
        if charge is not None:
            change(world, charge)
        return charge is not None

    action.__name__ = change.__name__
    return action


@about_charge
def refund_a_part(world: Population, charge: Any) -> None:
    world.v1.refunds.create({"charge": charge["id"], "amount": world.chance.randint(1, charge["amount"])})


@about_charge
def inquire(world: Population, charge: Any) -> None:
    world.stripe.close_dispute(world.stripe.open_dispute(charge["id"], case="inquiry"), won=False)


@about_charge
def win_dispute(world: Population, charge: Any) -> None:
    world.stripe.close_dispute(world.stripe.open_dispute(charge["id"]), won=True)


@about_charge
def lose_dispute(world: Population, charge: Any) -> None:
    world.stripe.close_dispute(world.stripe.open_dispute(charge["id"]), won=False)


@about_charge
def dispute_prevented(world: Population, charge: Any) -> None:
    world.stripe.open_dispute(charge["id"], case="resolution")


@about_charge
def dispute_escalated(world: Population, charge: Any) -> None:
    dispute = world.stripe.open_dispute(charge["id"], case="inquiry")
    world.stripe.escalate_dispute(dispute)


@about_charge
def warn_of_fraud(world: Population, charge: Any) -> None:
    world.stripe.warn_of_fraud(charge["id"])


def bank(name: str) -> Steps:
    return [(3, change_card_to(f"usBankAccount_{name}"))]


Steps = list[tuple[int, Action]]
FAILS = change_card_to("failsAtRenewal")
# the card ("" for any) and the actions with the earliest day after the purchase or the trial
TROUBLES: dict[str, tuple[str, Steps]] = {
    "nothing": ("", []),
    "double purchase": ("visa", []),
    "declined and pays": ("visa", [(3, FAILS), (36, pay_open_invoice)]),
    "declined for ever": ("visa", [(3, FAILS)]),
    "lost card, another card": ("visa", [(3, change_card_to("lostBeforeRenewal")), (34, change_card_to("mastercard"))]),
    "authenticates each time": ("authenticationRequired", [(33, pay_open_invoice)]),
    "pays after the end": ("visa", [(3, FAILS), (50, pay_open_invoice)]),
    "pays in two parts": ("visa", [(3, FAILS), (34, pay_in_two_parts)]),
    "debit succeeds": ("visa", bank("success")),
    "debit fails late": ("visa", bank("accountClosed")),
    "debit fails, retried": ("visa", bank("insufficientFunds")),
    "debit fails late and pays": ("visa", [*bank("accountClosed"), (43, pay_open_invoice)]),
    "debit disputed": ("visa", bank("dispute")),
    "upgrade": ("", [(5, upgrade), (20, downgrade)]),
    "upgrade authenticates": ("visa", [(3, change_card_to("authenticationRequired")), (6, upgrade), (6, pay_open_invoice)]),
    "downgrade": ("", [(5, downgrade), (38, upgrade)]),
    "credit": ("", [(5, receive_credit)]),
    "debit from before": ("visa", [(5, owe_from_before)]),
    "discount": ("visa", [(5, discount)]),
    "refund fails": ("refundFail", [(3, refund_a_part)]),
    "refund pends": ("pendingRefund", [(3, refund_a_part)]),
    "refund": ("visa", [(3, refund_a_part), (34, refund_a_part)]),
    "dispute won": ("visa", [(3, win_dispute)]),
    "dispute lost": ("visa", [(3, lose_dispute)]),
    "dispute prevented": ("visa", [(3, dispute_prevented)]),
    "inquiry escalated": ("visa", [(3, dispute_escalated)]),
    "inquiry": ("visa", [(3, inquire)]),
    "fraud warning": ("visa", [(3, warn_of_fraud)]),
    "pause": ("visa", [(8, pause), (15, resume)]),
    "pause, resumes by authentication": (
        "visa",
        [(8, pause), (9, change_card_to("authenticationRequired")), (15, resume), (18, pay_open_invoice)],
    ),
    "cancels": ("visa", [(6, cancel)]),
    "cancels at a day": ("visa", [(6, cancel_at_a_day), (18, buy)]),
    "ends now and returns": ("visa", [(6, end_now), (34, buy)]),
    "deleted customer": ("visa", [(6, delete_customer), (12, buy)]),
    "another app": ("visa", [(4, subscribe_to_another_app)]),
    "sent invoices": ("visa", [(5, be_sent_invoices), (52, pay_open_invoice)]),
}
EXTRAS: tuple[Action, ...] = (receive_credit, refund_a_part, win_dispute, inquire, discount, cancel, upgrade, FAILS)
