"""Previews of plan changes: their amounts add up, and the change costs what they show."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import services
from billing.models import BillingHistory, StripeCustomer, Subscription, SubscriptionPlan
from billing.stripe.previews import Preview
from core import clock
from dev.factories import UserFactory
from tests import long_series
from tests.billing.stripe_payments import Payments
from tests.conftest import ClientFor
from tests.dev.stripe.fixtures import client_of
from users.models import User

pytestmark = pytest.mark.django_db
PLANS = ("Budget", "Mid-tier", "Professional")
COUPONS: tuple[dict[str, Any] | None, ...] = (
    None,
    {"percent_off": 33.33, "duration": "forever"},
    {"percent_off": 100, "duration": "once"},
    {"amount_off": 1234, "currency": "usd", "duration": "repeating", "duration_in_months": 2},
)
TAXES: tuple[tuple[bool, float] | None, ...] = (None, (False, 7.25), (True, 19))
CREDITS = st.one_of(st.just(0), st.integers(-20_000, 5_000))


def plan_named(name: str, cycle: str = "monthly") -> SubscriptionPlan:
    return SubscriptionPlan.objects.get(name=name, billing_cycle=cycle)


def subscribed(payments: Payments, plan: SubscriptionPlan, terms: dict[str, Any], balance: int) -> Subscription:
    """Return the subscription of a new customer, without a trial, and with a balance in cents (negative for a credit)."""
    user: Any = UserFactory()
    v1 = client_of(payments.stripe).v1
    customer = v1.customers.create({"email": user.email, "payment_method": "pm_card_visa"})
    method = v1.customers.payment_methods.list(customer.id).data[0].id
    v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method}})
    v1.subscriptions.create({"customer": customer.id, "items": [{"price": plan.stripe_price_id}], **terms})
    if balance:
        v1.customers.balance_transactions.create(customer.id, {"amount": balance, "currency": "usd"})
    StripeCustomer.objects.create(user=user, stripe_id=customer.id)
    services.sync_customer(stripe_customer_id=customer.id, now=clock.now())
    row: Subscription = Subscription.objects.get(user=user)
    return row


def require_that_it_adds_up(preview: Preview) -> None:
    assert sum(line.amount for line in preview.lines) == preview.subtotal
    assert preview.subtotal - preview.discount + preview.tax == preview.total
    assert preview.total - preview.starting_credit + preview.credit == preview.due_now
    assert preview.due_now >= 0 <= preview.discount
    if preview.credit > 0:
        assert preview.due_now == 0


@pytest.mark.long
@given(
    old=st.sampled_from(PLANS),
    new=st.tuples(st.sampled_from(PLANS), st.sampled_from(["monthly", "yearly"])),
    coupon=st.sampled_from(COUPONS),
    tax=st.sampled_from(TAXES),
    balance=CREDITS,
    wait=st.integers(0, 27 * 86_400),
)
@settings(
    max_examples=long_series.size(8, whole=25), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_a_preview_adds_up_and_is_what_the_change_costs(
    payments: Payments,
    old: str,
    new: tuple[str, str],
    coupon: dict[str, Any] | None,
    tax: tuple[bool, float] | None,
    balance: int,
    wait: int,
) -> None:
    v1, stripe = client_of(payments.stripe).v1, payments.stripe
    if new == (old, "monthly"):
        return
    terms: dict[str, Any] = {}
    if coupon:
        terms["discounts"] = [{"coupon": v1.coupons.create(coupon).id}]
    if tax:
        rate = v1.tax_rates.create({"display_name": "Tax", "inclusive": tax[0], "percentage": tax[1]})
        terms["default_tax_rates"] = [rate.id]
    row = subscribed(payments, plan_named(old), terms, balance)
    stripe.advance(wait)
    now, plan = clock.now() + timedelta(seconds=stripe.now() - int(clock.now().timestamp())), plan_named(*new)
    preview = services.preview_change(row, plan=plan, now=now)
    require_that_it_adds_up(preview)
    services.change_plan(row, plan=plan, now=now)
    customer, invoice = StripeCustomer.objects.get(user=row.user), newest(row.user)
    assert (customer.credit, invoice.amount) == (preview.credit, max(preview.total, Decimal(0)))
    assert invoice_due(stripe.get(f"/v1/invoices/{invoice.stripe_invoice_id}")) == preview.due_now


def newest(user: User) -> BillingHistory:
    found: BillingHistory | None = BillingHistory.objects.filter(user=user).order_by("billing_date", "id").last()
    assert found is not None
    return found


def invoice_due(invoice: dict[str, Any]) -> Decimal:
    return Decimal(invoice["amount_due"]).scaleb(-2)


@pytest.fixture
def discounted(payments: Payments) -> Subscription:
    """Return a new subscription to Mid-tier with 20 % off, 10 % tax and a credit of 5.00."""
    v1 = client_of(payments.stripe).v1
    fifth = v1.coupons.create({"percent_off": 20, "duration": "forever"}).id
    rate = v1.tax_rates.create({"display_name": "Tax", "inclusive": False, "percentage": 10}).id
    terms = {"discounts": [{"coupon": fifth}], "default_tax_rates": [rate]}
    return subscribed(payments, plan_named("Mid-tier"), terms, -500)


def test_the_api_shows_each_part(discounted: Subscription, api: ClientFor) -> None:
    shown = (
        api(discounted.user)
        .post(
            f"/api/v1/billing/subscriptions/{discounted.pk}/preview-change/",
            {"plan": str(plan_named("Professional").pk)},
            format="json",
        )
        .json()
    )
    # at once the whole of 28.00 is credited and 60.00 charged, 32.00 and 10 % tax, of which the credit of 5.00 pays a part
    parts = ("subtotal", "discount", "tax", "included_tax", "total", "starting_credit", "credit", "due_now")
    expected = ["32.00", "0.00", "3.20", "0.00", "35.20", "5.00", "0.00", "30.20"]
    assert [shown[name] for name in parts] == expected
    assert [line["amount"] for line in shown["lines"]] == ["-28.00", "60.00"]


def test_a_downgrade_adds_to_the_credit(discounted: Subscription) -> None:
    preview = services.preview_change(discounted, plan=plan_named("Budget"), now=clock.now())
    require_that_it_adds_up(preview)
    assert (preview.total, preview.due_now) == (Decimal("-17.60"), Decimal("0.00"))  # 12.00 - 28.00, and 10 % tax
    assert (preview.starting_credit, preview.credit) == (Decimal("5.00"), Decimal("22.60"))


def test_on_trial_it_shows_the_charge_after_the_trial(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    page = services.start_checkout(user=alice, plan=mid_tier, now=clock.now())
    payments.stripe.complete_checkout(page.id)
    payments.process_events(now=clock.now())
    row: Subscription = Subscription.objects.get(user=alice)
    client_of(payments.stripe).v1.customers.balance_transactions.create(
        row.stripe_customer_id, {"amount": -1000, "currency": "usd"}
    )
    preview = services.preview_change(row, plan=plan_named("Professional"), now=clock.now())
    require_that_it_adds_up(preview)
    assert (preview.due_now, preview.credit, preview.next_charge_amount) == (0, Decimal("10.00"), Decimal("65.00"))
    assert preview.lines[0].description.endswith("(America/New_York); then 65.00 USD")
