"""Actions of simulated customers, their banks and the staff. Each returns False if it is not possible on that day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import stripe
from django.test import override_settings

from billing import services
from billing.models import Subscription
from billing.stripe import client as stripe_client
from core import clock
from core.errors import DomainError

if TYPE_CHECKING:
    from tests.billing.population import Customer, Population

Action = Callable[["Population", "Customer"], bool]
REFUSALS = (DomainError, stripe.InvalidRequestError, stripe.CardError)


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
    """Buy on two pages, which two clicks have opened. Neither begins with a trial, so that both are paid."""
    plan = world.plans[customer.story.plan]
    with override_settings(BILLING_TRIAL_DAYS=customer.story.trial_days):
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
def move_to_yearly(world: Population, row: Subscription) -> None:
    services.change_plan(row, plan=world.plans["Professional", "yearly"], now=clock.now())


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
    world.v1.subscriptions.pause(row.stripe_subscription_id)


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


def about_open_invoice(change: Callable[[Population, Any], Any], more_than: int = 0) -> Action:
    """Return an action about the newest open invoice of which more than an amount is unpaid."""

    def action(world: Population, customer: Customer) -> bool:
        found = stripe_client.list_all("invoices", customer=customer.stripe_id, status="open")
        invoice = next((item for item in found if item["amount_remaining"] > more_than), None)
        if invoice is not None:
            change(world, invoice)
        return invoice is not None

    action.__name__ = change.__name__
    return action


PART = 900
about_divisible_invoice = partial(about_open_invoice, more_than=PART)


@about_open_invoice
def pay_open_invoice(world: Population, invoice: Any) -> None:
    world.stripe.pay_invoice(invoice["id"], "mastercard", authenticated=True)


@about_divisible_invoice
def pay_in_two_parts(world: Population, invoice: Any) -> None:
    world.stripe.pay_invoice_part(invoice["id"], PART, "visa")
    world.stripe.pay_invoice(invoice["id"], "mastercard", authenticated=True)


@about_divisible_invoice
def pay_part(world: Population, invoice: Any) -> None:
    world.stripe.pay_invoice_part(invoice["id"], PART, "visa")


def pay_part_of_change(world: Population, customer: Customer) -> bool:
    """Change to a yearly plan with a card that the bank asks to confirm, and pay a part with another one."""
    return move_to_yearly(world, customer) and pay_part(world, customer)


@about_open_invoice
def pay_too_much(world: Population, invoice: Any) -> None:
    world.stripe.pay_invoice_part(invoice["id"], invoice["amount_remaining"] + 500, "visa")


@about_open_invoice
def pay_elsewhere(world: Population, invoice: Any) -> None:
    world.v1.invoices.pay(invoice["id"], {"paid_out_of_band": True})


@about_open_invoice
def give_up_invoice(world: Population, invoice: Any) -> None:
    world.v1.invoices.mark_uncollectible(invoice["id"])


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
