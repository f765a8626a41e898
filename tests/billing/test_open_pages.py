"""Open checkout pages when a plan's price changes: none of them sells a former price."""

from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from billing import services
from billing.models import SubscriptionPlan
from core import clock
from dev.stripe.emulator import StripeEmulator
from tests.dev.stripe.fixtures import client_of
from users.models import User

pytestmark = pytest.mark.django_db


def page_of(stripe: StripeEmulator, key: str) -> Any:
    return stripe.get(f"/v1/checkout/sessions/{key}?expand[]=line_items")


def change_price(plan: SubscriptionPlan) -> str:
    SubscriptionPlan.objects.filter(pk=plan.pk).update(price=Decimal("36.00"))
    output = StringIO()
    call_command("sync_plans", stdout=output)
    plan.refresh_from_db()
    return output.getvalue()


def test_a_new_price_closes_the_pages_with_the_old_one(mid_tier: SubscriptionPlan, stripe: StripeEmulator, alice: User) -> None:
    page = services.start_checkout(user=alice, plan=mid_tier, now=clock.now())
    change_price(mid_tier)
    assert page_of(stripe, page.id)["status"] == "expired"
    again = services.start_checkout(user=alice, plan=mid_tier, now=clock.now())
    assert page_of(stripe, again.id)["line_items"]["data"][0]["price"]["unit_amount"] == 3600


def test_a_page_with_another_price_is_not_returned_again(
    mid_tier: SubscriptionPlan, stripe: StripeEmulator, alice: User
) -> None:
    page = services.start_checkout(user=alice, plan=mid_tier, now=clock.now())
    given: Any = {
        "product": mid_tier.stripe_product_id,
        "currency": "usd",
        "unit_amount": 3600,
        "recurring": {"interval": "month"},
    }
    price = client_of(stripe).v1.prices.create(given)
    SubscriptionPlan.objects.filter(pk=mid_tier.pk).update(stripe_price_id=price.id)
    mid_tier.refresh_from_db()
    again = services.start_checkout(user=alice, plan=mid_tier, now=clock.now())
    assert (again.id == page.id, page_of(stripe, page.id)["status"]) == (False, "expired")


def test_a_sync_closes_pages_that_a_crash_left_open(mid_tier: SubscriptionPlan, stripe: StripeEmulator, alice: User) -> None:
    page = services.start_checkout(user=alice, plan=mid_tier, now=clock.now())
    stripe.fault("down", path=f"/v1/checkout/sessions/{page.id}/expire", count=9)
    with pytest.raises(Exception, match="unavailable"):
        change_price(mid_tier)
    stripe.clear_faults()
    output = StringIO()
    call_command("sync_plans", stdout=output)
    assert "Close the open checkout pages with a former price" in output.getvalue()
    assert page_of(stripe, page.id)["status"] == "expired"


def test_retiring_a_plan_closes_its_pages_and_leaves_others_open(
    mid_tier: SubscriptionPlan, stripe: StripeEmulator, alice: User, bob: User
) -> None:
    budget = SubscriptionPlan.objects.get(name="Budget", billing_cycle="monthly")
    retired = services.start_checkout(user=alice, plan=mid_tier, now=clock.now())
    other = services.start_checkout(user=bob, plan=budget, now=clock.now())
    SubscriptionPlan.objects.filter(pk=mid_tier.pk).update(is_active=False)
    call_command("sync_plans", stdout=StringIO())
    assert [page_of(stripe, page.id)["status"] for page in (retired, other)] == ["expired", "open"]
