"""`manage.py sync_plans`, which creates products and prices of the plans at Stripe."""

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
    output = StringIO()
    call_command("sync_plans", stdout=output, **options)
    return output.getvalue()


def prices(stripe: StripeEmulator, *, active: str = "true") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stripe.get(f"/v1/prices?active={active}&limit=100")["data"]
    return found


def test_it_creates_three_products_with_six_prices(payments: StripeEmulator) -> None:
    output = sync()
    assert "Create the product Budget" in output
    assert "Create the price 15.00 USD of Budget, monthly" in output
    assert len(payments.get("/v1/products")["data"]) == 3
    assert sorted(price["unit_amount"] for price in prices(payments)) == [1500, 3500, 7500, 15000, 35000, 75000]
    assert not SubscriptionPlan.objects.filter(stripe_price_id="").exists()


def test_it_is_idempotent(payments: StripeEmulator) -> None:
    sync()
    assert "up to date" in sync()
    assert len(prices(payments)) == 6


def test_a_dry_run_changes_nothing(payments: StripeEmulator) -> None:
    assert "Nothing was changed." in sync(dry_run=True)
    assert prices(payments) == []


def test_a_changed_amount_replaces_the_price(payments: StripeEmulator) -> None:
    sync()
    budget = SubscriptionPlan.objects.get(name="Budget", billing_cycle="monthly")
    SubscriptionPlan.objects.filter(pk=budget.pk).update(price=Decimal("16.00"))
    assert f"instead of {budget.stripe_price_id}" in sync()
    [old] = prices(payments, active="false")
    assert old["id"] == budget.stripe_price_id
    budget.refresh_from_db()
    assert budget.stripe_price_id != old["id"]
    assert "up to date" in sync()


def test_the_price_of_a_retired_plan_is_retired(payments: StripeEmulator) -> None:
    sync()
    SubscriptionPlan.objects.filter(name="Budget", billing_cycle="yearly").update(is_active=False)
    assert "Deactivate the price of Budget, yearly" in sync()
    assert len(prices(payments)) == 5
    assert "up to date" in sync()


def test_a_price_that_a_crash_left_unsaved_is_found(payments: StripeEmulator) -> None:
    sync()
    SubscriptionPlan.objects.filter(name="Budget", billing_cycle="monthly").update(stripe_price_id="")
    assert "Store the price price_" in sync()
    assert len(prices(payments)) == 6


def test_without_a_key_the_error_names_the_setting(settings: Settings, db: None) -> None:
    settings.STRIPE_SECRET_KEY = ""
    with pytest.raises(CommandError, match="STRIPE_SECRET_KEY"):
        sync()
