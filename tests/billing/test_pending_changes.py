"""Plan changes whose payment the customer must make or confirm on Stripe's page."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from rest_framework.test import APIClient

from billing.models import BillingHistory, StripeCustomer, Subscription, SubscriptionPlan
from core import clock
from tests.billing.notice_contents import missing_in
from tests.billing.stripe_payments import Payments
from tests.dev.stripe.fixtures import client_of
from users.models import User

pytestmark = pytest.mark.django_db
AUTHENTICATES = "authenticationRequired"


@pytest.fixture
def professional(mid_tier: SubscriptionPlan) -> SubscriptionPlan:
    return SubscriptionPlan.objects.get(name="Professional", billing_cycle="monthly")


@pytest.fixture
def paying(payments: Payments, mid_tier: SubscriptionPlan, alice: User, settings: Any) -> Subscription:
    """Return Alice's subscription to Mid-tier, paid by Visa without a trial."""
    settings.BILLING_TRIAL_DAYS = 0
    payments.buy(alice, mid_tier, now=clock.now())
    payments.process_events(now=clock.now())
    return Subscription.objects.get(user=alice)


def upgrade(client: APIClient, subscription: Subscription, plan: SubscriptionPlan) -> Any:
    return client.post(f"/api/v1/billing/subscriptions/{subscription.pk}/change-plan/", {"plan": str(plan.pk)})


def change_card(payments: Payments, user: User, card: str) -> None:
    payments.stripe.change_card(StripeCustomer.objects.get(user=user).stripe_id, card)


def newest_intent(payments: Payments, user: User) -> str:
    customer = StripeCustomer.objects.get(user=user).stripe_id
    return str(client_of(payments.stripe).v1.payment_intents.list({"customer": customer}).data[0].id)


@pytest.mark.parametrize("card", [AUTHENTICATES, "chargeCustomerFail"])
def test_an_upgrade_that_is_not_paid_waits(
    payments: Payments, paying: Subscription, professional: SubscriptionPlan, alice: User, as_owner: APIClient, card: str
) -> None:
    change_card(payments, alice, card)
    response = upgrade(as_owner, paying, professional)
    shown = response.json()
    assert (response.status_code, shown["plan"], shown["pending_plan"]) == (200, str(paying.plan_id), str(professional.pk))
    assert shown["payment_url"].startswith(f"{payments.stripe.url}/i/")
    until = datetime.fromisoformat(shown["pending_until"])
    assert abs(until - clock.now() - timedelta(hours=23)) < timedelta(minutes=1)
    invoice = BillingHistory.objects.for_user(alice).latest("billing_date", "created_at")
    assert (invoice.status, invoice.is_overdue) == ("pending", False)


def test_it_takes_effect_when_the_customer_confirms(
    payments: Payments, paying: Subscription, professional: SubscriptionPlan, alice: User, as_owner: APIClient
) -> None:
    change_card(payments, alice, AUTHENTICATES)
    upgrade(as_owner, paying, professional)
    payments.stripe.authenticate(newest_intent(payments, alice))
    payments.process_events(now=clock.now())
    paying.refresh_from_db()
    assert (paying.plan, paying.pending_plan, paying.pending_until, paying.payment_url) == (professional, None, None, "")
    assert mail.outbox[-1].subject == "[MINGUS] Payment received"


def test_the_notice_has_amount_day_and_page(
    payments: Payments, paying: Subscription, professional: SubscriptionPlan, alice: User, as_owner: APIClient
) -> None:
    change_card(payments, alice, AUTHENTICATES)
    upgrade(as_owner, paying, professional)
    payments.process_events(now=clock.now())
    [sent] = mail.outbox
    paying.refresh_from_db()
    assert sent.subject == "[MINGUS] Confirm your payment"
    assert "Your bank requires you to confirm the payment of 40.00 USD with your card Visa •••• 3184." in sent.body
    assert "Your plan changes to Professional when it is paid by " in sent.body
    assert "Otherwise it stays Mid-tier, and nothing is charged." in sent.body
    assert f"Pay now: {paying.payment_url}\n" in sent.body


def test_it_expires_after_23_hours(
    payments: Payments, paying: Subscription, professional: SubscriptionPlan, alice: User, as_owner: APIClient
) -> None:
    change_card(payments, alice, AUTHENTICATES)
    upgrade(as_owner, paying, professional)
    later = datetime.fromtimestamp(payments.stripe.advance(24 * 3600), UTC)
    with time_machine.travel(later, tick=False):
        payments.process_events(now=later)
    paying.refresh_from_db()
    assert (paying.status, paying.plan.name, paying.pending_plan, paying.payment_url) == ("active", "Mid-tier", None, "")
    assert mail.outbox[-1].subject == "[MINGUS] Your change did not take effect"
    assert "The payment of 40.00 USD for your change was not made by " in mail.outbox[-1].body
    assert missing_in(mail.outbox[-1].body) == []


def test_the_same_request_returns_the_same_page(
    payments: Payments, paying: Subscription, professional: SubscriptionPlan, alice: User, as_owner: APIClient
) -> None:
    change_card(payments, alice, AUTHENTICATES)
    first, second = (upgrade(as_owner, paying, professional).json() for _ in range(2))
    assert first["payment_url"] == second["payment_url"]
    assert BillingHistory.objects.for_user(alice).count() == 2


def test_without_a_card_the_remedy_is_the_portal(
    payments: Payments, paying: Subscription, professional: SubscriptionPlan, alice: User, as_owner: APIClient
) -> None:
    v1, customer = client_of(payments.stripe).v1, StripeCustomer.objects.get(user=alice).stripe_id
    v1.payment_methods.detach(str(v1.customers.payment_methods.list(customer).data[0].id))
    response = upgrade(as_owner, paying, professional)
    [error] = response.json()["errors"]
    assert (response.status_code, error["code"]) == (402, "payment_method_required")
    assert "POST /api/v1/billing/subscriptions/portal/" in error["detail"]
    page = as_owner.post("/api/v1/billing/subscriptions/portal/", {"page": "card"}).json()
    assert page["url"].startswith(f"{payments.stripe.url}/p/session/")


def test_an_upgrade_from_a_bank_account_is_made_at_once(
    payments: Payments, paying: Subscription, professional: SubscriptionPlan, alice: User, as_owner: APIClient
) -> None:
    change_card(payments, alice, "usBankAccount_success")
    shown = upgrade(as_owner, paying, professional).json()
    assert (shown["plan"], shown["pending_plan"], shown["payment_url"]) == (str(professional.pk), None, "")
    assert BillingHistory.objects.for_user(alice).filter(is_processing=True).count() == 1


def test_a_renewal_that_must_be_confirmed_is_not_retried(payments: Payments, paying: Subscription, alice: User) -> None:
    change_card(payments, alice, AUTHENTICATES)
    later = datetime.fromtimestamp(payments.stripe.advance(32 * 86_400), UTC)
    with time_machine.travel(later, tick=False):
        payments.process_events(now=later)
    assert "Your bank requires you to confirm the payment of 35.00 USD" in mail.outbox[0].body
    assert "We will try again" not in mail.outbox[0].body
