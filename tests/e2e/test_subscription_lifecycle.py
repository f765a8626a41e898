"""A subscription from trial to end on every page and in every response.

One long test, since each step begins where the one before has ended. In 2026, in UTC: the trial from 2 to 16 March, a renewal
that fails on 16 April and is paid on the 23rd, an upgrade in the middle of the period, and its end on 16 May.
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
from tests.e2e.billing_admin_checks import check_active, check_ended, check_past_due, refund_upgrade
from tests.e2e.billing_scenario import BackOfficePages, SubscriptionScenario, api_time, assert_no_problems, at, take_picture
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
    """Return the emulator with the catalog and the test's clock, posting to the live server."""
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.STRIPE_WEBHOOK_SECRETS = emulator.key, emulator.url, [SECRET]
    settings.FRONTEND_URL = live_server.url
    emulator.set(signs_with="account")
    emulator.freeze(at(expected.BEGIN))
    emulator.endpoint(f"{live_server.url}/webhooks/stripe/", SECRET)
    services.load_catalog()
    call_command("sync_plans", stdout=StringIO())
    return emulator


@pytest.fixture
def flow(
    clock: time_machine.Traveller, connected: StripeEmulator, live_server: LiveServer, browser: Browser
) -> Iterator[SubscriptionScenario]:
    """Yield a setup with alice, who has no subscription."""
    alice = UserFactory.create(email="alice@example.com")
    ProfileFactory(user=alice)
    context = browser.new_context(viewport={"width": 1000, "height": 720}, locale="en-US")
    yield SubscriptionScenario(connected, clock, Visit(context.new_page(), live_server.url), alice)
    context.close()


@pytest.fixture
def office(visit: Visit, clock: time_machine.Traveller) -> BackOfficePages:
    return BackOfficePages(visit)


@pytest.fixture
def staff_members(clock: time_machine.Traveller) -> list[User]:
    """Return two superusers."""
    return [UserFactory.create(email=f"{name}@example.com", is_staff=True, is_superuser=True) for name in ("carol", "dan")]


def test_a_subscription_from_its_trial_to_its_end(
    flow: SubscriptionScenario, office: BackOfficePages, staff_members: list[User]
) -> None:
    mid_tier = expected.plan("Mid-tier")
    begin_trial(flow, mid_tier)
    end_trial(flow)
    office.enter(staff_members[0])
    check_active(flow, office)
    fail_renewal(flow)
    office.enter(staff_members[0])
    check_past_due(flow, office)
    pass_grace_period(flow)
    pay_with_new_card(flow)
    upgrade_plan(flow, expected.plan("Professional"))
    cancel_subscription(flow)
    office.enter(staff_members[0])
    refund_upgrade(flow, office, staff_members)
    end_subscription(flow)
    office.enter(staff_members[0])
    check_ended(flow, office)
    assert_no_problems(flow, office)


def begin_trial(flow: SubscriptionScenario, plan: str) -> None:
    """Check out on Stripe's page. The features open when Stripe's events have arrived."""
    assert flow.api.get("subscriptions/") == flow.api.get("history/") == []
    assert flow.open_features() == expected.FREE
    sold = flow.api.post("subscriptions/checkout/", {"plan": plan}, status=201)
    assert flow.api.post("subscriptions/checkout/", {"plan": plan}, status=201) == sold
    assert sold["expires_at"] == api_time("03-03 09:30")
    flow.page.goto(sold["url"])
    expect(flow.page.locator("main")).to_contain_text(
        "Mid-tier$35.00 / monthFree until 16 Mar 2026, then charged. Nothing is due"
    )
    take_picture("checkout", flow.page)
    flow.page.get_by_label("Visa 4242").check()
    flow.page.get_by_role("button", name="Start trial").click()
    expect(flow.page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert flow.page.url == f"{flow.customer.server}/billing/return/?checkout={sold['id']}"
    take_picture("return", flow.page)
    flow.process_events()
    assert flow.dates() == expected.period("trialing", "03-02 09:30", "03-16 09:30") | {"days_until_renewal": 14}
    assert flow.subscription()["plan"] == plan
    assert flow.next_charge() == (api_time("03-16 10:30"), "35.00")
    assert flow.open_features() == expected.MID_TIER
    assert flow.verdict() == expected.decision("The trial runs until 2026-03-16 09:30 UTC.", "03-16 09:30")
    assert flow.invoices() == [expected.TRIAL_BILL]
    assert flow.new_mail_subjects() == []


def end_trial(flow: SubscriptionScenario) -> None:
    """Send the warning three days before the trial ends, and charge the card when it ends."""
    flow.pass_time("03-13 10:00")
    jobs.enqueue(tasks.send_billing_reminders, timestamp=0)
    flow.process_events()
    assert flow.new_mail_subjects() == ["Your trial ends soon"]
    flow.pass_time("03-16 10:40")
    flow.process_events()
    assert flow.dates() == expected.period("active", "03-16 09:30", "04-16 09:30") | {"days_until_renewal": 30}
    assert flow.open_features() == expected.MID_TIER
    why = "The subscription is active and renews at 2026-04-16 09:30 UTC."
    assert flow.verdict() == expected.decision(why, "04-16 15:30")
    assert flow.invoices() == [expected.MARCH_BILL, expected.TRIAL_BILL]


def fail_renewal(flow: SubscriptionScenario) -> None:
    """Decline a new card at the renewal. The customer gets a mail and keeps access for seven days."""
    flow.open_portal()
    expect(flow.page.locator("main")).to_contain_text("Mid-tier: $35.00 / monthActive; renews on 16 Apr 2026.")
    flow.change_card("Visa 9961")
    expect(flow.page.get_by_text("Visa •••• 9961, expires")).to_be_visible()
    flow.process_events()
    flow.pass_time("04-16 10:40")
    flow.process_events()
    assert flow.new_mail_subjects() == ["Your payment did not go through"]
    assert flow.dates() == expected.period("past_due", "04-16 09:30", "05-16 09:30") | {"days_until_renewal": 29}
    assert flow.open_features() == expected.MID_TIER
    why = "The payment of 2026-04-16 09:30 UTC failed. Access continues until 2026-04-23 09:30 UTC."
    assert flow.verdict() == expected.decision(why, "04-23 09:30")
    assert flow.invoices() == [expected.april_bill("failed", None), expected.MARCH_BILL, expected.TRIAL_BILL]


def pass_grace_period(flow: SubscriptionScenario) -> None:
    """Fail two more attempts. Access closes after seven days without an event from Stripe."""
    for retry in ("04-19 10:40", "04-21 10:40"):
        flow.pass_time(retry)
        flow.process_events()
        assert flow.new_mail_subjects() == ["Your payment did not go through"]
    flow.pass_time("04-23 09:29")
    assert flow.open_features() == expected.MID_TIER
    flow.pass_time("04-23 09:30")
    assert flow.open_features() == expected.FREE
    assert flow.dates()["status"] == "past_due"
    why = "The payment of 2026-04-16 09:30 UTC failed, and the grace period ended at 2026-04-23 09:30 UTC."
    assert flow.verdict() == expected.decision(why, "04-23 09:30", is_enabled=False)


def pay_with_new_card(flow: SubscriptionScenario) -> None:
    """Pay the open invoice with another card, which restores access."""
    flow.open_portal()
    expect(flow.page.locator("main")).to_contain_text("Past due, please pay the open invoice below")
    take_picture("portal", flow.page)
    flow.change_card("Mastercard 4444")
    expect(flow.page.get_by_text("Mastercard •••• 4444, expires")).to_be_visible()
    flow.page.get_by_role("row").filter(has_text="open").get_by_role("link").click()
    expect(flow.page.locator("main")).to_contain_text("16 Apr 2026, open$35.00")
    take_picture("invoice", flow.page)
    flow.page.get_by_role("button", name="Pay with Mastercard •••• 4444").click()
    expect(flow.page.locator("main")).to_contain_text("16 Apr 2026, paid$35.00")
    flow.process_events()
    assert flow.new_mail_subjects() == ["Payment received"]
    assert flow.dates() == expected.period("active", "04-16 09:30", "05-16 09:30") | {"days_until_renewal": 23}
    assert flow.open_features() == expected.MID_TIER
    assert flow.verdict() == expected.decision("The subscription is active and renews at 2026-05-16 09:30 UTC.", "05-16 15:30")
    assert flow.invoices() == [expected.APRIL_BILL, expected.MARCH_BILL, expected.TRIAL_BILL]


def upgrade_plan(flow: SubscriptionScenario, plan: str) -> None:
    """Upgrade in the middle of the period: half of each price, as previewed, with the usage counters unchanged."""
    [row] = flow.api.get("feature-access/?feature_name=ai_insights")
    assert flow.api.post(f"feature-access/{row['id']}/use/", {"amount": 8})["usage_remaining"] == 42
    flow.pass_time("05-01 09:30")
    subscription = f"subscriptions/{flow.subscription()['id']}"
    assert flow.api.post(f"{subscription}/preview-change/", {"plan": plan}) == {
        "currency": "USD",
        "prorated_at": api_time("05-01 09:30"),
        "lines": [
            {"description": "Unused time on Mid-tier after 1 May 2026", "amount": "-17.50"},
            {"description": "Remaining time on Professional after 1 May 2026", "amount": "37.50"},
        ],
        **dict.fromkeys(("subtotal", "total", "due_now"), "20.00"),
        **dict.fromkeys(("discount", "tax", "included_tax", "starting_credit", "credit"), "0.00"),
        **dict.fromkeys(("next_charge_at", "next_charge_amount")),
    }
    assert flow.invoices() == [expected.APRIL_BILL, expected.MARCH_BILL, expected.TRIAL_BILL]
    assert flow.api.post(f"{subscription}/change-plan/", {"plan": plan})["plan"] == plan
    flow.process_events()
    assert flow.dates() == expected.period("active", "04-16 09:30", "05-16 09:30") | {"days_until_renewal": 15}
    assert flow.open_features() == expected.PROFESSIONAL
    assert flow.api.get("feature-access/?feature_name=ai_insights")[0]["usage_count"] == 8
    assert flow.verdict("api_access")["limit"] is None
    assert flow.invoices() == [expected.upgrade_bill(), expected.APRIL_BILL, expected.MARCH_BILL, expected.TRIAL_BILL]
    assert flow.new_mail_subjects() == []


def cancel_subscription(flow: SubscriptionScenario) -> None:
    """Cancel at the period's end, until which access stays open."""
    flow.pass_time("05-05 12:00")
    flow.api.post(f"subscriptions/{flow.subscription()['id']}/cancel/", {})
    flow.process_events()
    assert flow.dates() == expected.period("active", "04-16 09:30", "05-16 09:30") | {
        "cancel_at_period_end": True,
        "canceled_at": api_time("05-05 12:00"),
    }
    assert flow.open_features() == expected.PROFESSIONAL
    assert flow.next_charge() == (None, None)
    why = "The subscription was canceled and runs until 2026-05-16 09:30 UTC."
    assert flow.verdict() == {**expected.decision(why, "05-16 09:30"), "limit": None}
    flow.open_portal()
    expect(flow.page.get_by_text("Ends on 16 May 2026.")).to_be_visible()


def end_subscription(flow: SubscriptionScenario) -> None:
    """Check that access closes at the second of the period's end, and that Stripe's event changes only the status."""
    flow.pass_time("05-16 09:29")
    assert flow.open_features() == expected.PROFESSIONAL
    flow.pass_time("05-16 09:30")
    assert flow.open_features() == expected.FREE
    assert flow.dates()["status"] == "active"
    why = "The subscription was canceled and ran until 2026-05-16 09:30 UTC."
    assert flow.verdict() == {**expected.decision(why, "05-16 09:30", is_enabled=False), "limit": 0}
    flow.process_events()
    assert flow.dates() == expected.period("canceled", "04-16 09:30", "05-16 09:30") | {
        "cancel_at_period_end": True,
        "canceled_at": api_time("05-05 12:00"),
    }
    ended = flow.verdict()
    assert (ended["is_enabled"], ended["until"]) == (False, None)
    assert ended["why"] == "The subscription has ended."
    assert len(flow.invoices()) == 4
    assert flow.new_mail_subjects() == []
