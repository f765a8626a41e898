"""The catalog of plans."""

from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from billing import catalog, services
from billing.models import SubscriptionPlan

pytestmark = pytest.mark.usefixtures("no_catalog")


def test_every_tier_is_sold_monthly_and_yearly() -> None:
    services.load_catalog()
    assert list(SubscriptionPlan.objects.order_by("price").values_list("name", "billing_cycle", "price")) == [
        ("Budget", "monthly", Decimal("15.00")),
        ("Mid-tier", "monthly", Decimal("35.00")),
        ("Professional", "monthly", Decimal("75.00")),
        ("Budget", "yearly", Decimal("150.00")),
        ("Mid-tier", "yearly", Decimal("350.00")),
        ("Professional", "yearly", Decimal("750.00")),
    ]


@pytest.mark.parametrize("tier", catalog.TIERS, ids=lambda tier: tier.name)
def test_yearly_and_monthly_plans_have_the_same_features(tier: catalog.Tier) -> None:
    services.load_catalog()
    monthly, yearly = SubscriptionPlan.objects.filter(name=tier.name).order_by("billing_cycle")
    assert (monthly.features, monthly.limits) == (yearly.features, yearly.limits) == (tier.features, tier.limits)


@pytest.mark.parametrize("tier", catalog.TIERS, ids=lambda tier: tier.name)
def test_a_tier_passes_the_models_validation(tier: catalog.Tier) -> None:
    services.load_catalog()
    SubscriptionPlan.objects.get(name=tier.name, billing_cycle="monthly").full_clean()


def test_loading_it_again_keeps_changes_of_the_staff() -> None:
    services.load_catalog()
    SubscriptionPlan.objects.filter(name="Budget", billing_cycle="monthly").update(price=Decimal("12.00"), is_active=False)
    SubscriptionPlan.objects.filter(name="Mid-tier").delete()
    services.load_catalog()
    assert SubscriptionPlan.objects.count() == 6
    assert SubscriptionPlan.objects.get(name="Budget", billing_cycle="monthly").price == Decimal("12.00")


def test_the_migration_loads_it() -> None:
    with connection.schema_editor() as editor:
        import_module("billing.migrations.0001_initial").load_catalog(apps, editor)
    assert SubscriptionPlan.objects.count() == 6


def test_the_features_of_the_tiers() -> None:
    services.load_catalog()
    budget, middle, professional = SubscriptionPlan.objects.filter(billing_cycle="monthly").order_by("price")
    assert {name for name, found in budget.entitlements().items() if found.is_enabled} == {
        "health_checkins",
        "financial_reports",
        "data_export",
        "support_requests",
    }
    assert middle.entitlements()["ai_insights"].limit == 50
    assert middle.entitlements()["api_access"].is_enabled is False
    assert all(found.is_enabled and found.limit is None for found in professional.entitlements().values())
    assert "support_requests" in professional.entitlements()
