"""An outage of Stripe for an hour in which customers buy and renewals fall due."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

import pytest
from stripe import HTTPClient

from billing import services
from billing.models import BillingHistory, StripeCustomer, Subscription, SubscriptionPlan
from billing.stripe import reconciliation
from billing.stripe.client import PaymentsUnavailableError
from core import clock
from dev.factories import UserFactory
from tests.billing.stripe_payments import Payments
from users.models import User

pytestmark = [pytest.mark.faults, pytest.mark.django_db]
BUYERS, RENEWALS = 50, 50
DAY, MINUTE = 86_400, 60
# The request is not executed, its response is lost, or the response is an error or HTML
KINDS = ("down", "drop", "drop_after", "error", "html")


@pytest.fixture
def renewing(payments: Payments, mid_tier: SubscriptionPlan) -> list[User]:
    """Return customers whose trial ends and whose first payment falls due in the middle of the hour."""
    users: list[User] = UserFactory.create_batch(RENEWALS)
    payments.stripe.freeze(clock.now() - timedelta(days=14))
    for user in users:
        payments.buy(user, mid_tier, now=clock.now())
    payments.process_events(now=clock.now())
    payments.stripe.advance(14 * DAY - 30 * MINUTE)
    return users


@pytest.fixture
def buyers(db: None) -> list[User]:
    found: list[User] = UserFactory.create_batch(BUYERS)
    return found


def try_to_buy(user: User, plan: SubscriptionPlan, now: datetime) -> Any:
    """Return the checkout page, or None if payments are unavailable."""
    try:
        return services.start_checkout(user=user, plan=plan, now=now)
    except PaymentsUnavailableError:
        return None


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the library's pauses between retries a hundredth as long, because the hour has a thousand of them."""
    monkeypatch.setattr(HTTPClient, "INITIAL_DELAY", 0.005)
    monkeypatch.setattr(HTTPClient, "MAX_DELAY", 0.05)


def test_after_an_hour_without_stripe_each_customer_pays_once(
    short_pauses: None, payments: Payments, mid_tier: SubscriptionPlan, renewing: list[User], buyers: list[User]
) -> None:
    start, stripe = clock.now(), payments.stripe
    pages: dict[User, Any] = {}
    for minute, kind in zip(range(0, 60, 6), cycle(KINDS), strict=False):
        stripe.clear_faults()
        stripe.advance(6 * MINUTE)
        stripe.fault(kind, path="/v1/", method="" if kind == "down" else "POST")
        for user in buyers:
            pages[user] = try_to_buy(user, mid_tier, start + timedelta(minutes=minute)) or pages.get(user)
    assert set(pages.values()) == {None}
    stripe.clear_faults()

    for user in buyers:
        page = try_to_buy(user, mid_tier, start + timedelta(hours=1))
        stripe.complete_checkout(page.id)
    payments.process_events(now=start + timedelta(hours=1))
    stripe.advance(15 * DAY)
    payments.process_events(now=start + timedelta(days=15))

    customers = [*renewing, *buyers]
    assert Subscription.objects.filter(user__in=customers, status="active", plan=mid_tier).count() == len(customers)
    at_stripe = Counter(charge["customer"] for charge in charges(payments) if charge["paid"])
    assert at_stripe == dict.fromkeys(StripeCustomer.objects.values_list("stripe_id", flat=True), 1)
    assert len(at_stripe) == len(customers)
    paid = BillingHistory.objects.filter(amount=mid_tier.price, status="paid").values_list("user", flat=True)
    assert Counter(paid) == dict.fromkeys([user.pk for user in customers], 1)
    differences = [
        line for row in reconciliation.customers_to_compare() for line in reconciliation.compare_customer(row, now=clock.now())
    ]
    assert differences == []


def charges(payments: Payments) -> list[dict[str, Any]]:
    """Return all charges of the account."""
    found: list[dict[str, Any]] = []
    more = True
    while more:
        after = f"&starting_after={found[-1]['id']}" if found else ""
        page = payments.stripe.get(f"/v1/charges?limit=100{after}")
        found, more = found + page["data"], page["has_more"]
    return found
