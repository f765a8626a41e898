"""The amounts of a subscription as Stripe computes them: price, discount, tax, next charge, metrics and notices."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from billing import services
from billing.models import BillingHistory, StripeCustomer, Subscription, SubscriptionPlan
from billing.revenue_metrics import monthly_recurring_revenue
from billing.services.reminders import send_billing_reminders
from core import clock
from dev.stripe.emulator import StripeEmulator
from system.models import SystemAlert
from tests.billing.stripe_payments import Payments
from tests.dev.stripe.fixtures import client_of
from users.models import User

pytestmark = pytest.mark.django_db
DAY = 86_400


def coupon(stripe: StripeEmulator, **given: Any) -> str:
    return str(client_of(stripe).v1.coupons.create(given).id)


def buy(payments: Payments, user: User, plan: SubscriptionPlan, **entries: Any) -> Subscription:
    """Buy a plan on a checkout page with these entries, and return the subscription on its trial."""
    page = services.start_checkout(user=user, plan=plan, now=clock.now())
    payments.stripe.complete_checkout(page.id, **entries)
    payments.process_events(now=clock.now())
    row: Subscription = Subscription.objects.get(user=user)
    return row


def after_trial(payments: Payments, row: Subscription) -> Subscription:
    payments.stripe.advance(14 * DAY + 7200)
    payments.process_events(now=clock.now() + timedelta(days=14, hours=2))
    row.refresh_from_db()
    assert row.status == "active"
    return row


def update(payments: Payments, row: Subscription, given: Any) -> Subscription:
    """Change a subscription in Stripe's dashboard, and process the events."""
    client_of(payments.stripe).v1.subscriptions.update(row.stripe_subscription_id, given)
    payments.process_events(now=clock.now())
    row.refresh_from_db()
    return row


def mrr() -> Any:
    """Return the recurring revenue after the trial."""
    [row] = monthly_recurring_revenue(clock.now() + timedelta(days=14, hours=2)).rows
    return row[2]


def test_the_list_price_is_stored_at_the_purchase(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    row = buy(payments, alice, mid_tier)
    assert (row.unit_price, row.quantity, row.interval, row.currency) == (Decimal("35.00"), 1, "month", "USD")
    assert (row.discount, row.recurring_amount, row.tax) == (Decimal("0.00"), Decimal("35.00"), Decimal("0.00"))
    assert row.next_charge_amount == Decimal("35.00")
    assert row.trial_end is not None
    assert row.trial_end <= (row.next_charge_at or clock.now()) <= row.trial_end + timedelta(hours=1)


def test_a_promotion_code_lowers_what_is_shown(
    payments: Payments, mid_tier: SubscriptionPlan, alice: User, as_owner: APIClient
) -> None:
    fifth = coupon(payments.stripe, percent_off=20, duration="repeating", duration_in_months=3)
    given: Any = {"promotion": {"type": "coupon", "coupon": fifth}, "code": "SPRING"}
    client_of(payments.stripe).v1.promotion_codes.create(given)
    row = after_trial(payments, buy(payments, alice, mid_tier, promotion_code="SPRING"))
    [shown] = as_owner.get("/api/v1/billing/subscriptions/").json()["results"]
    amounts = {name: shown[name] for name in ("unit_price", "discount", "recurring_amount", "next_charge_amount")}
    expected = ("35.00", "7.00", "28.00", "28.00")
    assert amounts == dict(zip(amounts, expected, strict=True))
    assert BillingHistory.objects.get(user=alice, amount__gt=0).amount == Decimal("28.00")
    assert mrr() == Decimal("28.00")
    payments.stripe.advance(95 * DAY)
    payments.process_events(now=clock.now() + timedelta(days=110))
    row.refresh_from_db()
    assert (row.discount, row.next_charge_amount) == (Decimal("0.00"), Decimal("35.00"))


def test_a_coupon_for_one_invoice_lowers_the_next_charge_only(
    payments: Payments, mid_tier: SubscriptionPlan, alice: User
) -> None:
    row = after_trial(payments, buy(payments, alice, mid_tier))
    update(payments, row, {"discounts": [{"coupon": coupon(payments.stripe, percent_off=50, duration="once")}]})
    amounts = (row.next_charge_amount, row.discount, row.recurring_amount)
    assert amounts == (Decimal("17.50"), Decimal("0.00"), Decimal("35.00"))


def test_the_customers_discount_counts(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    row = after_trial(payments, buy(payments, alice, mid_tier))
    ten = coupon(payments.stripe, amount_off=1000, currency="usd", duration="forever")
    payments.stripe.send_command("discount_customer", customer=row.stripe_customer_id, coupon=ten)
    payments.process_events(now=clock.now())
    row.refresh_from_db()
    assert (row.discount, row.next_charge_amount, row.recurring_amount) == (
        Decimal("10.00"),
        Decimal("25.00"),
        Decimal("25.00"),
    )


def test_a_quantity_multiplies_the_charge(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    row = after_trial(payments, buy(payments, alice, mid_tier))
    [item] = payments.stripe.get(f"/v1/subscriptions/{row.stripe_subscription_id}")["items"]["data"]
    update(payments, row, {"items": [{"id": item["id"], "quantity": 3}], "proration_behavior": "none"})
    assert (row.unit_price, row.quantity, row.next_charge_amount) == (Decimal("35.00"), 3, Decimal("105.00"))
    assert row.recurring_amount == Decimal("105.00")


def test_an_add_on_before_the_plan_keeps_the_plan(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    row = after_trial(payments, buy(payments, alice, mid_tier))
    v1 = client_of(payments.stripe).v1
    given: Any = {
        "product": mid_tier.stripe_product_id,
        "currency": "usd",
        "unit_amount": 12000,
        "recurring": {"interval": "year"},
    }
    seats = v1.prices.create(given).id
    [item] = payments.stripe.get(f"/v1/subscriptions/{row.stripe_subscription_id}")["items"]["data"]
    swapped: Any = [{"id": item["id"], "price": seats}, {"price": mid_tier.stripe_price_id}]
    update(payments, row, {"items": swapped, "proration_behavior": "none"})
    assert (row.plan, row.unit_price, row.interval) == (mid_tier, Decimal("35.00"), "month")
    assert row.recurring_amount == Decimal("45.00")  # 35.00 and a twelfth of 120.00
    professional = SubscriptionPlan.objects.get(name="Professional", billing_cycle="monthly")
    services.change_plan(row, plan=professional, now=clock.now() + timedelta(days=14, hours=2))
    assert (row.plan, row.unit_price, row.recurring_amount) == (professional, Decimal("75.00"), Decimal("85.00"))


def test_a_former_price_stays_the_customers(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    row = after_trial(payments, buy(payments, alice, mid_tier))
    SubscriptionPlan.objects.filter(pk=mid_tier.pk).update(price=Decimal("49.00"))
    for step in list(services.catalog_sync_steps()):
        step.apply()
    services.sync_customer(stripe_customer_id=row.stripe_customer_id, now=clock.now())
    row.refresh_from_db()
    assert (row.plan_id, row.unit_price, row.next_charge_amount) == (mid_tier.pk, Decimal("35.00"), Decimal("35.00"))
    assert row.recurring_amount == Decimal("35.00")


def test_paused_collection_has_no_next_charge(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    row = after_trial(payments, buy(payments, alice, mid_tier))
    update(payments, row, {"pause_collection": {"behavior": "void"}})
    assert (row.is_collection_paused, row.next_charge_at, row.next_charge_amount) == (True, None, None)
    update(payments, row, {"pause_collection": ""})
    assert (row.is_collection_paused, row.next_charge_amount) == (False, Decimal("35.00"))


def test_credit_lowers_the_next_charge(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    row = after_trial(payments, buy(payments, alice, mid_tier))
    given: Any = {"amount": -1225, "currency": "usd"}
    client_of(payments.stripe).v1.customers.balance_transactions.create(row.stripe_customer_id, given)
    services.sync_customer(stripe_customer_id=row.stripe_customer_id, now=clock.now())
    row.refresh_from_db()
    assert (row.next_charge_amount, row.recurring_amount) == (Decimal("22.75"), Decimal("35.00"))


def test_a_pending_invoice_item_raises_the_next_charge(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    row = after_trial(payments, buy(payments, alice, mid_tier))
    given: Any = {"customer": row.stripe_customer_id, "amount": 500, "currency": "usd", "description": "Setup"}
    client_of(payments.stripe).v1.invoice_items.create(given)
    payments.process_events(now=clock.now())
    row.refresh_from_db()
    assert row.next_charge_amount == Decimal("40.00")


@pytest.mark.parametrize(
    ("country", "tax_id", "tax", "charge"),
    [("DE", "", "6.65", "41.65"), ("BR", "", "0.00", "35.00"), ("DE", "DE123456789", "0.00", "35.00")],
)
def test_tax_and_tax_ids_are_settings(
    country: str,
    tax_id: str,
    tax: str,
    charge: str,
    payments: Payments,
    mid_tier: SubscriptionPlan,
    alice: User,
    settings: Settings,
) -> None:
    settings.BILLING_AUTOMATIC_TAX = settings.BILLING_TAX_IDS = True
    row = buy(payments, alice, mid_tier, country=country, tax_id=tax_id)
    assert (row.tax, row.next_charge_amount, row.recurring_amount) == (Decimal(tax), Decimal(charge), Decimal("35.00"))
    after_trial(payments, row)
    assert BillingHistory.objects.get(user=alice, amount__gt=0).amount == Decimal(charge)


def test_included_tax_is_no_revenue(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    row = after_trial(payments, buy(payments, alice, mid_tier))
    rate: Any = {"display_name": "VAT", "inclusive": True, "percentage": 25}
    vat = client_of(payments.stripe).v1.tax_rates.create(rate).id
    update(payments, row, {"default_tax_rates": [vat]})
    assert (row.unit_price, row.tax, row.next_charge_amount) == (Decimal("35.00"), Decimal("7.00"), Decimal("35.00"))
    assert row.recurring_amount == Decimal("28.00")
    update(payments, row, {"cancel_at_period_end": True})
    assert (row.next_charge_at, row.tax, row.recurring_amount) == (None, Decimal("0.00"), Decimal("28.00"))


def test_an_ended_subscription_keeps_its_last_amount_and_has_no_next_charge(
    payments: Payments, mid_tier: SubscriptionPlan, alice: User
) -> None:
    row = after_trial(payments, buy(payments, alice, mid_tier))
    services.cancel_now(row, now=clock.now())
    assert (row.status, row.next_charge_at, row.next_charge_amount) == ("canceled", None, None)
    assert (row.unit_price, row.recurring_amount) == (Decimal("35.00"), Decimal("35.00"))


def test_without_the_settings_the_checkout_asks_for_nothing(
    payments: Payments, mid_tier: SubscriptionPlan, alice: User, settings: Settings
) -> None:
    settings.BILLING_PROMOTION_CODES = False
    page = services.start_checkout(user=alice, plan=mid_tier, now=clock.now())
    session = payments.stripe.get(f"/v1/checkout/sessions/{page.id}")
    assert (session["allow_promotion_codes"], session["automatic_tax"]["enabled"]) == (None, False)
    assert session["tax_id_collection"]["enabled"] is False


def test_the_end_of_a_trial_announces_the_discounted_charge(
    payments: Payments, mid_tier: SubscriptionPlan, alice: User
) -> None:
    row = buy(payments, alice, mid_tier)
    update(payments, row, {"discounts": [{"coupon": coupon(payments.stripe, percent_off=10, duration="once")}]})
    assert row.trial_end is not None
    send_billing_reminders(now=row.trial_end - timedelta(days=2), user=alice)
    notice = SystemAlert.objects.get(user=alice, title="Your trial ends soon")
    assert "Your card is charged 31.50 USD on " in notice.message


def test_an_unchanged_customer_costs_no_preview(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    row = after_trial(payments, buy(payments, alice, mid_tier))

    def previews() -> int:
        return sum(request["path"] == "/v1/invoices/create_preview" for request in payments.stripe.requests())

    before = previews()
    for _ in range(3):
        services.sync_customer(stripe_customer_id=row.stripe_customer_id, now=clock.now())
    assert previews() == before
    StripeCustomer.objects.update(charge_basis="")
    services.sync_customer(stripe_customer_id=row.stripe_customer_id, now=clock.now())
    assert previews() == before + 1
