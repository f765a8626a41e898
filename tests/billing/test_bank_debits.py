"""Bank debits, whose result is known days later: pending until then, and never shown or dunned as failed."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core import mail
from rest_framework.test import APIClient

from billing.models import BillingHistory, DunningStep, StripeCustomer, Subscription, SubscriptionPlan
from core import clock
from system.models import SystemAlert
from tests.billing.stripe_payments import Payments
from tests.dev.stripe.fixtures import client_of
from users.models import User

pytestmark = pytest.mark.django_db
SUCCEEDS, FAILS = "usBankAccount_success", "usBankAccount_insufficientFunds"


def pay_from_bank(payments: Payments, user: User, plan: SubscriptionPlan, account: str) -> BillingHistory:
    """Buy a plan, change to a bank account during the trial, and return the first invoice after it."""
    payments.buy(user, plan, now=clock.now())
    payments.process_events(now=clock.now())
    payments.stripe.change_card(StripeCustomer.objects.get(user=user).stripe_id, account)
    return pass_days(payments, user, 15)


def pass_days(payments: Payments, user: User, days: int) -> BillingHistory:
    """Advance Stripe's clock, handle its events at its time, and return the newest invoice."""
    now = datetime.fromtimestamp(payments.stripe.advance(days * 86_400), UTC)
    with time_machine.travel(now, tick=False):
        payments.process_events(now=now)
        return BillingHistory.objects.for_user(user).latest("billing_date")


def titles(user: User) -> list[str]:
    alerts = SystemAlert.objects.for_user(user).order_by("created_at", "id")
    return list(alerts.values_list("title", flat=True))


def kinds(user: User) -> list[str]:
    return list(DunningStep.objects.for_user(user).order_by("created_at", "id").values_list("kind", flat=True))


def test_a_debit_under_way_is_pending(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    invoice = pay_from_bank(payments, alice, mid_tier, SUCCEEDS)
    assert (invoice.status, invoice.is_processing, invoice.is_overdue) == ("pending", True, False)
    subscription = Subscription.objects.get(user=alice)
    assert (subscription.status, subscription.payment_url) == ("active", "")
    assert kinds(alice) == ["processing"]


def test_its_notice_asks_for_nothing(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    pay_from_bank(payments, alice, mid_tier, SUCCEEDS)
    [sent] = mail.outbox
    assert sent.subject == "[MINGUS] Your payment is under way"
    assert "debited with 35.00 USD" in sent.body
    assert "You do not need to pay again, and we will tell you the result. Your access continues." in sent.body
    assert "Pay now" not in sent.body
    assert not SystemAlert.objects.filter(action_required=True).exists()


def test_a_debit_that_succeeds_is_paid(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    pay_from_bank(payments, alice, mid_tier, SUCCEEDS)
    paid = pass_days(payments, alice, 4)
    assert (paid.status, paid.is_processing, paid.amount) == ("paid", False, Decimal("35.00"))
    assert titles(alice) == ["Your payment is under way", "Payment received"]


def test_a_debit_that_fails_asks_to_pay(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    pay_from_bank(payments, alice, mid_tier, FAILS)
    failed = pass_days(payments, alice, 4)
    subscription = Subscription.objects.get(user=alice)
    assert (failed.status, failed.is_processing, subscription.status) == ("failed", False, "past_due")
    assert subscription.payment_url == failed.hosted_invoice_url
    assert kinds(alice)[:3] == ["processing", "attempt", "notice"]
    assert "Your bank did not pay the debit of 35.00 USD because there were not enough funds." in mail.outbox[1].body
    assert f"Pay now: {subscription.payment_url}\n" in mail.outbox[1].body


def test_a_retried_debit_is_pending_again(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    pay_from_bank(payments, alice, mid_tier, FAILS)
    retried = pass_days(payments, alice, 7)
    assert (retried.status, retried.is_processing) == ("pending", True)
    assert titles(alice)[-1] == "Your payment is under way"
    assert Subscription.objects.get(user=alice).status == "past_due"


def test_a_closed_account_is_not_tried_again(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    pay_from_bank(payments, alice, mid_tier, "usBankAccount_accountClosed")
    pass_days(payments, alice, 4)
    assert "We will try again" not in mail.outbox[1].body
    assert "We do not try this one again." in mail.outbox[1].body


def test_the_api_shows_it_and_filters_by_it(
    payments: Payments, mid_tier: SubscriptionPlan, alice: User, as_owner: APIClient
) -> None:
    invoice = pay_from_bank(payments, alice, mid_tier, SUCCEEDS)
    [shown] = as_owner.get("/api/v1/billing/history/?is_processing=true").json()["results"]
    assert (shown["id"], shown["status"], shown["is_processing"]) == (str(invoice.pk), "pending", True)


def test_a_first_payment_from_a_bank_opens_the_plan(
    payments: Payments, mid_tier: SubscriptionPlan, alice: User, settings: Any
) -> None:
    settings.BILLING_TRIAL_DAYS = 0
    payments.buy(alice, mid_tier, now=clock.now(), card=SUCCEEDS)
    payments.process_events(now=clock.now())
    invoice = BillingHistory.objects.get(user=alice)
    assert (Subscription.objects.get(user=alice).status, invoice.status, invoice.is_processing) == ("active", "pending", True)


def test_a_partial_payment_leaves_the_rest_to_pay(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    invoice = pay_from_bank(payments, alice, mid_tier, "failsAtRenewal")
    v1, customer = client_of(payments.stripe).v1, StripeCustomer.objects.get(user=alice).stripe_id
    payment = {"amount": 1500, "currency": "usd", "customer": customer, "payment_method": "pm_card_visa", "confirm": True}
    v1.invoices.attach_payment(invoice.stripe_invoice_id, {"payment_intent": v1.payment_intents.create(payment).id})
    failed = pass_days(payments, alice, 4)
    assert (failed.status, failed.amount) == ("failed", Decimal("35.00"))
    assert "We could not charge 20.00 USD to your card Visa •••• 9961." in mail.outbox[-1].body
    payments.stripe.pay_invoice(failed.stripe_invoice_id, "visa")
    assert pass_days(payments, alice, 0).status == "paid"
