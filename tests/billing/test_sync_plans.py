"""`manage.py sync_plans` has Stripe sell what is offered here, and does nothing twice."""

from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from billing import services
from billing.models import SubscriptionPlan
from dev.stripe.emulator import StripeEmulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def payments(emulator: StripeEmulator, settings: Settings, db: None) -> StripeEmulator:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = emulator.key, emulator.url
    services.load_catalog()
    return emulator


def sync(**options: Any) -> str:
    said = StringIO()
    call_command("sync_plans", stdout=said, **options)
    return said.getvalue()


def prices(stripe: StripeEmulator, *, active: str = "true") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stripe.get(f"/v1/prices?active={active}&limit=100")["data"]
    return found


def test_it_shows_its_plan_and_makes_three_products_with_six_prices(payments: StripeEmulator) -> None:
    said = sync()
    assert "Create the product Budget" in said
    assert "Create the price 15.00 USD of Budget, monthly" in said
    assert len(payments.get("/v1/products")["data"]) == 3
    assert sorted(price["unit_amount"] for price in prices(payments)) == [1500, 3500, 7500, 15000, 35000, 75000]
    assert not SubscriptionPlan.objects.filter(stripe_price_id="").exists()


def test_twice_does_nothing(payments: StripeEmulator) -> None:
    sync()
    assert "nothing to do" in sync()
    assert len(prices(payments)) == 6


def test_a_dry_run_changes_nothing(payments: StripeEmulator) -> None:
    assert "Nothing was changed." in sync(dry_run=True)
    assert prices(payments) == []


def test_another_amount_is_another_price_and_the_old_one_is_retired(payments: StripeEmulator) -> None:
    sync()
    budget = SubscriptionPlan.objects.get(name="Budget", billing_cycle="monthly")
    SubscriptionPlan.objects.filter(pk=budget.pk).update(price=Decimal("16.00"))
    assert f"instead of {budget.stripe_price_id}" in sync()
    [old] = prices(payments, active="false")
    assert old["id"] == budget.stripe_price_id
    budget.refresh_from_db()
    assert budget.stripe_price_id != old["id"]
    assert "nothing to do" in sync()


def test_a_retired_plan_is_sold_no_more(payments: StripeEmulator) -> None:
    sync()
    SubscriptionPlan.objects.filter(name="Budget", billing_cycle="yearly").update(is_active=False)
    assert "Retire the price of Budget, yearly" in sync()
    assert len(prices(payments)) == 5
    assert "nothing to do" in sync()


def test_a_price_that_a_crash_left_unnoted_is_found_again(payments: StripeEmulator) -> None:
    sync()
    SubscriptionPlan.objects.filter(name="Budget", billing_cycle="monthly").update(stripe_price_id="")
    assert "Note that Stripe has Budget, monthly as price_" in sync()
    assert len(prices(payments)) == 6


def test_without_a_key_it_says_what_is_missing(settings: Settings, db: None) -> None:
    settings.STRIPE_SECRET_KEY = ""
    with pytest.raises(CommandError, match="STRIPE_SECRET_KEY"):
        sync()
