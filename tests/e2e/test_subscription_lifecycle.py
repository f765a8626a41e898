"""Trial, payment, a payment that fails, the grace, an upgrade and the end: on every page and in every answer.

One long test, since each step begins where the one before has ended. 2026, in UTC: the trial from 2 to 16 March, a renewal that
fails on 16 April and is paid on the 23rd, an upgrade in the middle of the period, and its end on 16 May.
"""

from collections.abc import Iterator
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from playwright.sync_api import Browser, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from billing import services, tasks
from core import jobs
from dev.factories import ProfileFactory, UserFactory
from dev.stripe.emulator import StripeEmulator
from tests.billing.stripe_payments import SECRET
from tests.dev.stripe.fixtures import emulator as emulator
from tests.dev.stripe.fixtures import emulator_process as emulator_process
from tests.e2e import billing_expected as expected
from tests.e2e.billing_admin_checks import is_given_money_back, is_seen_active, is_seen_ended, is_seen_past_due
from tests.e2e.billing_scenario import BackOfficePages, SubscriptionScenario, assert_quiet, at, said, take_picture
from tests.e2e.conftest import Visit
from users.models import User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(at(expected.BEGIN), tick=False) as traveller:
        yield traveller


@pytest.fixture
def connected(
    clock: time_machine.Traveller, emulator: StripeEmulator, settings: Settings, live_server: LiveServer
) -> StripeEmulator:
    """The stand-in, which posts to the live server, knows the catalogue and lives by the test's clock."""
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.STRIPE_WEBHOOK_SECRETS = emulator.key, emulator.url, [SECRET]
    settings.FRONTEND_URL = live_server.url
    settings.REFUND_APPROVAL_ABOVE = 15
    emulator.set(signs_with="account")
    emulator.freeze(at(expected.BEGIN))
    emulator.endpoint(f"{live_server.url}/webhooks/stripe/", SECRET)
    services.load_catalog()
    call_command("sync_plans", stdout=StringIO())
    return emulator


@pytest.fixture
def life(
    clock: time_machine.Traveller, connected: StripeEmulator, live_server: LiveServer, browser: Browser
) -> Iterator[SubscriptionScenario]:
    """Alice before she buys anything."""
    alice = UserFactory.create(email="alice@example.com")
    ProfileFactory(user=alice)
    context = browser.new_context(viewport={"width": 1000, "height": 720}, locale="en-US")
    yield SubscriptionScenario(connected, clock, Visit(context.new_page(), live_server.url), alice)
    context.close()


@pytest.fixture
def office(visit: Visit, clock: time_machine.Traveller) -> BackOfficePages:
    return BackOfficePages(visit)


@pytest.fixture
def colleagues(clock: time_machine.Traveller) -> list[User]:
    """Two who may do everything."""
    return [UserFactory.create(email=f"{name}@example.com", is_staff=True, is_superuser=True) for name in ("carol", "dan")]


def test_a_subscription_lives_from_its_trial_to_its_end(
    life: SubscriptionScenario, office: BackOfficePages, colleagues: list[User]
) -> None:
    mid_tier = expected.plan("Mid-tier")
    begins_a_trial(life, mid_tier)
    is_warned_and_becomes_active(life)
    office.enter(colleagues[0])
    is_seen_active(life, office)
    fails_to_pay(life)
    office.enter(colleagues[0])
    is_seen_past_due(life, office)
    is_closed_after_the_grace(life)
    pays_with_a_new_card(life)
    upgrades(life, expected.plan("Professional"))
    cancels(life)
    office.enter(colleagues[0])
    is_given_money_back(life, office, colleagues)
    ends(life)
    office.enter(colleagues[0])
    is_seen_ended(life, office)
    assert_quiet(life, office)


def begins_a_trial(life: SubscriptionScenario, plan: str) -> None:
    """Chosen, paid for on Stripe's page, and open as soon as Stripe has said so."""
    assert life.api.get("subscriptions/") == life.api.get("feature-access/") == life.api.get("history/") == []
    sold = life.api.post("subscriptions/checkout/", {"plan": plan}, status=201)
    assert life.api.post("subscriptions/checkout/", {"plan": plan}, status=201) == sold
    assert sold["expires_at"] == said("03-03 09:30")
    life.page.goto(sold["url"])
    expect(life.page.locator("main")).to_contain_text(
        "Mid-tier$35.00 / monthFree until 16 Mar 2026, then charged. Nothing is due"
    )
    take_picture("checkout", life.page)
    life.page.get_by_label("Visa 4242").check()
    life.page.get_by_role("button", name="Start trial").click()
    expect(life.page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert life.page.url == f"{life.customer.server}/billing/return/?checkout={sold['id']}"
    take_picture("return", life.page)
    life.process_events()
    assert life.dates() == expected.period("trialing", "03-02 09:30", "03-16 09:30") | {"days_until_renewal": 14}
    assert life.subscription()["plan"] == plan
    assert life.open_features() == expected.MID_TIER
    assert life.verdict() == expected.because("The trial runs until 2026-03-16 09:30 UTC.", "03-16 09:30")
    assert life.invoices() == [expected.TRIAL_BILL]
    assert life.told() == ["A new API token was made"]


def is_warned_and_becomes_active(life: SubscriptionScenario) -> None:
    """Three days before the trial ends she is told; when it ends the card is charged."""
    life.pass_time("03-13 10:00")
    jobs.enqueue(tasks.send_billing_reminders, timestamp=0)
    life.process_events()
    assert life.told() == ["Your trial ends soon"]
    life.pass_time("03-16 10:40")
    life.process_events()
    assert life.dates() == expected.period("active", "03-16 09:30", "04-16 09:30") | {"days_until_renewal": 30}
    assert life.open_features() == expected.MID_TIER
    why = "The subscription is active and renews at 2026-04-16 09:30 UTC."
    assert life.verdict() == expected.because(why, "04-16 15:30")
    assert life.invoices() == [expected.MARCH_BILL, expected.TRIAL_BILL]


def fails_to_pay(life: SubscriptionScenario) -> None:
    """Her new card is declined at the renewal: she is told, and everything stays open for seven days."""
    life.open_portal()
    expect(life.page.locator("main")).to_contain_text("Mid-tier: $35.00 / monthActive; renews on 16 Apr 2026.")
    life.change_card("Visa 9987")
    expect(life.page.get_by_text("Visa •••• 9987, expires")).to_be_visible()
    life.process_events()
    life.pass_time("04-16 10:40")
    life.process_events()
    assert life.told() == ["Your payment did not go through"]
    assert life.dates() == expected.period("past_due", "04-16 09:30", "05-16 09:30") | {"days_until_renewal": 29}
    assert life.open_features() == expected.MID_TIER
    why = "The payment of 2026-04-16 09:30 UTC failed; it stays open until 2026-04-23 09:30 UTC."
    assert life.verdict() == expected.because(why, "04-23 09:30")
    assert life.invoices() == [expected.april_bill("failed", None), expected.MARCH_BILL, expected.TRIAL_BILL]


def is_closed_after_the_grace(life: SubscriptionScenario) -> None:
    """Two more attempts fail. After seven days the plan closes by the clock, without a word from Stripe."""
    for retry in ("04-19 10:40", "04-21 10:40"):
        life.pass_time(retry)
        life.process_events()
        assert life.told() == ["Your payment did not go through"]
    life.pass_time("04-23 09:29")
    assert life.open_features() == expected.MID_TIER
    life.pass_time("04-23 09:30")
    assert life.open_features() == {}
    assert life.dates()["status"] == "past_due"
    why = "The payment of 2026-04-16 09:30 UTC failed, and the grace ended at 2026-04-23 09:30 UTC."
    assert life.verdict() == expected.because(why, "04-23 09:30", is_enabled=False)


def pays_with_a_new_card(life: SubscriptionScenario) -> None:
    """Another card in the portal, and the open invoice is paid with it: all is open again."""
    life.open_portal()
    expect(life.page.locator("main")).to_contain_text("Past due, the open invoice below is to be paid")
    take_picture("portal", life.page)
    life.change_card("Mastercard 4444")
    expect(life.page.get_by_text("Mastercard •••• 4444, expires")).to_be_visible()
    life.page.get_by_role("row").filter(has_text="open").get_by_role("link").click()
    expect(life.page.locator("main")).to_contain_text("16 Apr 2026, open$35.00")
    take_picture("invoice", life.page)
    life.page.get_by_role("button", name="Pay with Mastercard •••• 4444").click()
    expect(life.page.locator("main")).to_contain_text("16 Apr 2026, paid$35.00")
    life.process_events()
    assert life.told() == ["Your payment has arrived"]
    assert life.dates() == expected.period("active", "04-16 09:30", "05-16 09:30") | {"days_until_renewal": 23}
    assert life.open_features() == expected.MID_TIER
    assert life.verdict() == expected.because("The subscription is active and renews at 2026-05-16 09:30 UTC.", "05-16 15:30")
    assert life.invoices() == [expected.APRIL_BILL, expected.MARCH_BILL, expected.TRIAL_BILL]


def upgrades(life: SubscriptionScenario, plan: str) -> None:
    """In the very middle of the period: half of each price, as the preview has said, and what was used stays counted."""
    [row] = life.api.get("feature-access/?feature_name=ai_insights")
    assert life.api.post(f"feature-access/{row['id']}/use/", {"amount": 8})["usage_remaining"] == 42
    life.pass_time("05-01 09:30")
    subscription = f"subscriptions/{life.subscription()['id']}"
    assert life.api.post(f"{subscription}/preview-change/", {"plan": plan}) == {
        "due_now": "20.00",
        "credit": "0.00",
        "currency": "USD",
        "lines": [
            {"description": "Unused time on Mid-tier after 1 May 2026", "amount": "-17.50"},
            {"description": "Remaining time on Professional after 1 May 2026", "amount": "37.50"},
        ],
        "prorated_at": said("05-01 09:30"),
    }
    assert life.invoices() == [expected.APRIL_BILL, expected.MARCH_BILL, expected.TRIAL_BILL]
    assert life.api.post(f"{subscription}/change-plan/", {"plan": plan})["plan"] == plan
    life.process_events()
    assert life.dates() == expected.period("active", "04-16 09:30", "05-16 09:30") | {"days_until_renewal": 15}
    assert life.open_features() == expected.PROFESSIONAL
    assert life.api.get("feature-access/?feature_name=ai_insights")[0]["usage_count"] == 8
    assert life.verdict("api_access")["limit"] is None
    assert life.invoices() == [expected.upgrade_bill(), expected.APRIL_BILL, expected.MARCH_BILL, expected.TRIAL_BILL]
    assert life.told() == []


def cancels(life: SubscriptionScenario) -> None:
    """With the period's end, until which everything stays open."""
    life.pass_time("05-05 12:00")
    life.api.post(f"subscriptions/{life.subscription()['id']}/cancel/", {})
    life.process_events()
    assert life.dates() == expected.period("active", "04-16 09:30", "05-16 09:30") | {
        "cancel_at_period_end": True,
        "canceled_at": said("05-05 12:00"),
    }
    assert life.open_features() == expected.PROFESSIONAL
    why = "The subscription was cancelled and runs until 2026-05-16 09:30 UTC."
    assert life.verdict() == {**expected.because(why, "05-16 09:30"), "limit": None}
    life.open_portal()
    expect(life.page.get_by_text("Ends on 16 May 2026.")).to_be_visible()


def ends(life: SubscriptionScenario) -> None:
    """On the second, and Stripe's word changes only the status."""
    life.pass_time("05-16 09:29")
    assert life.open_features() == expected.PROFESSIONAL
    life.pass_time("05-16 09:30")
    assert life.open_features() == {}
    assert life.dates()["status"] == "active"
    why = "The subscription was cancelled and ran until 2026-05-16 09:30 UTC."
    assert life.verdict() == {**expected.because(why, "05-16 09:30", is_enabled=False), "limit": None}
    life.process_events()
    assert life.dates() == expected.period("canceled", "04-16 09:30", "05-16 09:30") | {
        "cancel_at_period_end": True,
        "canceled_at": said("05-05 12:00"),
    }
    ended = life.verdict()
    assert (ended["is_enabled"], ended["until"]) == (False, None)
    assert ended["why"] == "The subscription has ended."
    assert len(life.invoices()) == 4
    assert life.told() == []
