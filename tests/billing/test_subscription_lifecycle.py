"""The lifecycle of a subscription from the checkout to its end."""

from datetime import timedelta
from decimal import Decimal

import pytest

from billing import services
from billing.models import (
    Adjustment,
    BillingHistory,
    DunningStep,
    FeatureAccess,
    StripeCustomer,
    StripeEvent,
    Subscription,
    SubscriptionPlan,
)
from core import clock
from tests.billing.stripe_payments import Payments
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def bought(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> Subscription:
    """Return Alice's first subscription, on trial."""
    payments.buy(alice, mid_tier, now=clock.now())
    payments.process_events(now=clock.now())
    row: Subscription = Subscription.objects.get(user=alice)
    return row


def test_a_trial_opens_the_plan_and_costs_nothing(bought: Subscription, mid_tier: SubscriptionPlan, alice: User) -> None:
    assert (bought.status, bought.plan) == ("trialing", mid_tier)
    assert bought.current_period_end == bought.trial_end is not None
    assert FeatureAccess.objects.get(user=alice, feature_name="ai_insights").is_enabled
    assert [(row.amount, row.status) for row in BillingHistory.objects.all()] == [(Decimal("0.00"), "paid")]
    assert StripeCustomer.objects.get(user=alice).card == "Visa •••• 4242"


def test_after_the_trial_it_is_paid_for(bought: Subscription, payments: Payments) -> None:
    payments.stripe.advance(16 * 86_400)
    payments.process_events(now=clock.now() + timedelta(days=16))
    bought.refresh_from_db()
    assert bought.status == "active"
    paid = BillingHistory.objects.filter(amount=Decimal("35.00")).get()
    assert (paid.status, paid.subscription_id) == ("paid", bought.pk)
    assert all(url.startswith("http") for url in (paid.hosted_invoice_url, paid.invoice_pdf, paid.receipt_url))


def test_replaying_all_events_in_any_order_is_idempotent(bought: Subscription, payments: Payments) -> None:
    payments.stripe.advance(16 * 86_400)
    payments.process_events(now=clock.now())
    before = [list(model.objects.order_by("pk").values()) for model in (Subscription, BillingHistory, Adjustment, DunningStep)]
    for event in StripeEvent.objects.order_by("?"):
        services.replay_event(event=event, now=clock.now())
    after = [list(model.objects.order_by("pk").values()) for model in (Subscription, BillingHistory, Adjustment, DunningStep)]
    assert after == before


def test_it_can_be_canceled_and_reactivated(bought: Subscription) -> None:
    services.cancel_at_period_end(bought, now=clock.now())
    assert bought.cancel_at_period_end
    services.reactivate(bought, now=clock.now())
    assert not bought.cancel_at_period_end
    services.cancel_now(bought, now=clock.now())
    assert bought.status == "canceled"
    [free] = FeatureAccess.objects.filter(user=bought.user, is_enabled=True)
    assert free.feature_name == "data_export"


def test_a_change_during_the_trial_costs_nothing_now(bought: Subscription, payments: Payments) -> None:
    professional = SubscriptionPlan.objects.get(name="Professional", billing_cycle="monthly")
    preview = services.preview_change(bought, plan=professional, now=clock.now())
    assert (preview.due_now, preview.credit) == (0, 0)
    assert preview.lines[0].description.endswith("(America/New_York); then 75.00 USD")
    services.change_plan(bought, plan=professional, now=clock.now())
    assert (bought.status, bought.plan) == ("trialing", professional)
    assert [row.amount for row in BillingHistory.objects.all()] == [Decimal("0.00")]


def test_an_upgrade_costs_as_much_as_its_preview(bought: Subscription, payments: Payments, alice: User) -> None:
    payments.stripe.advance(16 * 86_400)
    later = clock.now() + timedelta(days=16)
    payments.process_events(now=later)
    bought.refresh_from_db()
    professional = SubscriptionPlan.objects.get(name="Professional", billing_cycle="monthly")
    preview = services.preview_change(bought, plan=professional, now=later)
    services.change_plan(bought, plan=professional, now=later)
    assert bought.plan == professional
    newest = BillingHistory.objects.order_by("-billing_date", "-id").first()
    assert newest is not None
    assert newest.amount == preview.due_now > 0
    assert FeatureAccess.objects.get(user=alice, feature_name="api_access").is_enabled
