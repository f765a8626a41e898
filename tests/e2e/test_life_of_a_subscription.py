"""Trial, payment, a payment that fails, the grace, an upgrade and the end: on every page and in every answer.

One long test, since each step begins where the one before has ended. 2026, in UTC: the trial from 2 to 16 March, a renewal that
fails on 16 April and is paid on the 23rd, an upgrade in the middle of the period, and its end on 16 May.
"""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from playwright.sync_api import Browser, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from billing import services, tasks
from billing.models import SubscriptionPlan
from mingus.kit import jobs
from system.models import SystemAlert
from tests.billing.stripe_scene import SECRET
from tests.e2e.billing_scene import Life, Office, assert_quiet, at, said, take_picture, work_aside
from tests.e2e.conftest import Visit
from tests.factories import ProfileFactory, UserFactory
from tests.fake_stripe.control import FakeStripe
from tests.fake_stripe.scene import fake as fake
from tests.fake_stripe.scene import stand_in as stand_in
from users.models import User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

BEGIN = "03-02 09:30"
MID_TIER = {
    "ai_insights": 50,
    "career_risk_management": None,
    "custom_reports": 5,
    "data_export": None,
    "financial_reports": 10,
    "health_checkins": 12,
    "support_requests": 3,
}
PROFESSIONAL = dict.fromkeys([*MID_TIER, "api_access"])
TRIAL_BILL = (said(BEGIN), "0.00", "0.00", "paid", said(BEGIN), 0)
MARCH_BILL = (said("03-16 09:30"), "35.00", "0.00", "paid", said("03-16 10:30"), 0)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(at(BEGIN), tick=False) as traveller:
        yield traveller


@pytest.fixture
def connected(clock: time_machine.Traveller, fake: FakeStripe, settings: Settings, live_server: LiveServer) -> FakeStripe:
    """The stand-in, which posts to the live server, knows the catalogue and lives by the test's clock."""
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.STRIPE_WEBHOOK_SECRETS = fake.key, fake.url, [SECRET]
    settings.FRONTEND_URL = live_server.url
    settings.REFUND_APPROVAL_ABOVE = 15
    fake.set(signs_with="account")
    fake.freeze(at(BEGIN))
    fake.endpoint(f"{live_server.url}/webhooks/stripe/", SECRET)
    services.load_catalogue()
    call_command("sync_plans", stdout=StringIO())
    return fake


@pytest.fixture
def life(clock: time_machine.Traveller, connected: FakeStripe, live_server: LiveServer, browser: Browser) -> Iterator[Life]:
    """Alice before she buys anything."""
    alice = UserFactory.create(email="alice@example.com")
    ProfileFactory(user=alice)
    context = browser.new_context(viewport={"width": 1000, "height": 720}, locale="en-US")
    yield Life(connected, clock, Visit(context.new_page(), live_server.url), alice)
    context.close()


@pytest.fixture
def office(visit: Visit, clock: time_machine.Traveller) -> Office:
    return Office(visit)


@pytest.fixture
def colleagues(clock: time_machine.Traveller) -> list[User]:
    """Two who may do everything."""
    return [UserFactory.create(email=f"{name}@example.com", is_staff=True, is_superuser=True) for name in ("carol", "dan")]


def test_a_subscription_lives_from_its_trial_to_its_end(life: Life, office: Office, colleagues: list[User]) -> None:
    mid_tier = _plan("Mid-tier")
    begins_a_trial(life, mid_tier)
    is_warned_and_becomes_active(life)
    office.enter(colleagues[0])
    is_seen_active(life, office)
    fails_to_pay(life)
    office.enter(colleagues[0])
    is_seen_past_due(life, office)
    is_closed_after_the_grace(life)
    pays_with_a_new_card(life)
    upgrades(life, _plan("Professional"))
    cancels(life)
    office.enter(colleagues[0])
    is_given_money_back(life, office, colleagues)
    ends(life)
    office.enter(colleagues[0])
    is_seen_ended(life, office)
    assert_quiet(life, office)


def begins_a_trial(life: Life, plan: str) -> None:
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
    life.hear()
    assert life.dates() == {
        **_period("trialing", "03-02 09:30", "03-16 09:30"),
        "is_active": True,
        "is_trial": True,
        "days_until_renewal": 14,
    }
    assert life.subscription()["plan"] == plan
    assert life.open_features() == MID_TIER
    assert life.verdict() == _because("The trial runs until 2026-03-16 09:30 UTC.", "03-16 09:30")
    assert life.invoices() == [TRIAL_BILL]
    assert life.told() == ["A new API token was made"]


def is_warned_and_becomes_active(life: Life) -> None:
    """Three days before the trial ends she is told; when it ends the card is charged."""
    life.pass_time("03-13 10:00")
    jobs.enqueue(tasks.warn_ahead, timestamp=0)
    life.hear()
    assert life.told() == ["Your trial ends soon"]
    life.pass_time("03-16 10:40")
    life.hear()
    assert life.dates() == {**_period("active", "03-16 09:30", "04-16 09:30"), **ACTIVE, "days_until_renewal": 30}
    assert life.open_features() == MID_TIER
    why = "The subscription is active and renews at 2026-04-16 09:30 UTC."
    assert life.verdict() == _because(why, "04-16 15:30")
    assert life.invoices() == [MARCH_BILL, TRIAL_BILL]


def is_seen_active(life: Life, office: Office) -> None:
    """Support sees how it began, and the figures count her."""
    assert office.timeline(life.subscription()["id"]) == [
        "03-16 09:30 invoice paid",
        "03-16 09:30 trial ended",
        "03-13 10:00 warned ahead",
        "03-02 09:30 invoice paid",
        "03-02 09:30 trial began",
    ]
    expect(office.line("Status")).to_contain_text("Active")
    assert office.offered() == ["Cancel at period end", "Cancel now"]
    assert office.recurring_revenue() == ["USD 1 35.00 0 0.00"]


def fails_to_pay(life: Life) -> None:
    """Her new card is declined at the renewal: she is told, and everything stays open for seven days."""
    life.open_portal()
    expect(life.page.locator("main")).to_contain_text("Mid-tier: $35.00 / monthActive; renews on 16 Apr 2026.")
    life.change_card("Visa 9987")
    expect(life.page.get_by_text("Visa •••• 9987, expires")).to_be_visible()
    life.hear()
    life.pass_time("04-16 10:40")
    life.hear()
    assert life.told() == ["Your payment did not go through"]
    assert life.dates() == {**_period("past_due", "04-16 09:30", "05-16 09:30"), **INACTIVE, "days_until_renewal": 29}
    assert life.open_features() == MID_TIER
    why = "The payment of 2026-04-16 09:30 UTC failed; it stays open until 2026-04-23 09:30 UTC."
    assert life.verdict() == _because(why, "04-23 09:30")
    assert life.invoices() == [_april_bill("failed", None), MARCH_BILL, TRIAL_BILL]


def is_seen_past_due(life: Life, office: Office) -> None:
    """Support sees what failed and what she was told."""
    assert office.timeline(life.subscription()["id"])[:3] == [
        "04-16 10:40 customer told",
        "04-16 10:40 payment failed",
        "04-16 09:30 invoice failed",
    ]
    timeline = office.page.locator(".mingus-timeline").first
    expect(timeline).to_contain_text(
        "We try again on Sunday, 19 April 2026. Unless it is paid, what your plan opens closes on Thursday, 23 April"
    )
    expect(timeline).to_contain_text("1 × Mid-tier (at $35.00 / month)")
    expect(office.line("Status")).to_contain_text("Past Due")
    expect(office.line("Opens its plan")).to_contain_text("Yes. The payment of 2026-04-16 09:30 UTC failed; it stays open")
    take_picture("subscription", office.page)
    assert office.recurring_revenue() == ["USD 0 0.00 1 35.00"]
    take_picture("metrics", office.page)


def is_closed_after_the_grace(life: Life) -> None:
    """Two more attempts fail. After seven days the plan closes by the clock, without a word from Stripe."""
    for retry in ("04-19 10:40", "04-21 10:40"):
        life.pass_time(retry)
        life.hear()
        assert life.told() == ["Your payment did not go through"]
    life.pass_time("04-23 09:29")
    assert life.open_features() == MID_TIER
    life.pass_time("04-23 09:30")
    assert life.open_features() == {}
    assert life.dates()["status"] == "past_due"
    why = "The payment of 2026-04-16 09:30 UTC failed, and the grace ended at 2026-04-23 09:30 UTC."
    assert life.verdict() == _because(why, "04-23 09:30", is_enabled=False)


def pays_with_a_new_card(life: Life) -> None:
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
    life.hear()
    assert life.told() == ["Your payment has arrived"]
    assert life.dates() == {**_period("active", "04-16 09:30", "05-16 09:30"), **ACTIVE, "days_until_renewal": 23}
    assert life.open_features() == MID_TIER
    assert life.verdict() == _because("The subscription is active and renews at 2026-05-16 09:30 UTC.", "05-16 15:30")
    assert life.invoices() == [APRIL_BILL, MARCH_BILL, TRIAL_BILL]


def upgrades(life: Life, plan: str) -> None:
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
    assert life.invoices() == [APRIL_BILL, MARCH_BILL, TRIAL_BILL]
    assert life.api.post(f"{subscription}/change-plan/", {"plan": plan})["plan"] == plan
    life.hear()
    assert life.dates() == {**_period("active", "04-16 09:30", "05-16 09:30"), **ACTIVE, "days_until_renewal": 15}
    assert life.open_features() == PROFESSIONAL
    assert life.api.get("feature-access/?feature_name=ai_insights")[0]["usage_count"] == 8
    assert life.verdict("api_access")["limit"] is None
    assert life.invoices() == [_upgrade_bill(), APRIL_BILL, MARCH_BILL, TRIAL_BILL]
    assert life.told() == []


def cancels(life: Life) -> None:
    """With the period's end, until which everything stays open."""
    life.pass_time("05-05 12:00")
    life.api.post(f"subscriptions/{life.subscription()['id']}/cancel/", {})
    life.hear()
    assert life.dates() == {
        **_period("active", "04-16 09:30", "05-16 09:30"),
        **ACTIVE,
        "cancel_at_period_end": True,
        "canceled_at": said("05-05 12:00"),
    }
    assert life.open_features() == PROFESSIONAL
    why = "The subscription was cancelled and runs until 2026-05-16 09:30 UTC."
    assert life.verdict() == {**_because(why, "05-16 09:30"), "limit": None}
    life.open_portal()
    expect(life.page.get_by_text("Ends on 16 May 2026.")).to_be_visible()


def is_given_money_back(life: Life, office: Office, colleagues: list[User]) -> None:
    """One colleague asks for a refund above the limit, and another has to agree."""
    [upgrade, *_] = life.api.get("history/")
    office.visit.open(f"/admin/billing/billinghistory/{upgrade['id']}/change/")
    assert office.offered() == ["Refund"]
    office.button("Refund").click()
    office.page.get_by_label("Reason").fill("Ticket 4711: the upgrade was a mistake")
    take_picture("refund", office.page, whole=False)
    office.page.get_by_role("button", name="Refund", exact=True).click()
    expect(
        office.page.get_by_text("Nothing is given back yet: so much needs the approval of another colleague")
    ).to_be_visible()
    assert life.invoices()[0] == _upgrade_bill()
    office.page.get_by_role("link", name="its page").click()
    expect(office.line("Status")).to_contain_text("Awaiting Approval")
    office.press("Approve")
    expect(office.page.get_by_text("You asked for this refund. Another colleague has to decide.")).to_be_visible()
    take_picture("approval", office.page)
    office.enter(colleagues[1])
    office.page.reload()
    office.press("Approve")
    work_aside()
    life.hear()
    assert life.invoices()[0] == _upgrade_bill(status="refunded", refunded="20.00")
    office.page.reload()
    expect(office.line("Status")).to_contain_text("Succeeded")
    assert office.offered() == []


def ends(life: Life) -> None:
    """On the second, and Stripe's word changes only the status."""
    life.pass_time("05-16 09:29")
    assert life.open_features() == PROFESSIONAL
    life.pass_time("05-16 09:30")
    assert life.open_features() == {}
    assert life.dates()["status"] == "active"
    why = "The subscription was cancelled and ran until 2026-05-16 09:30 UTC."
    assert life.verdict() == {**_because(why, "05-16 09:30", is_enabled=False), "limit": None}
    life.hear()
    assert life.dates() == {
        **_period("canceled", "04-16 09:30", "05-16 09:30"),
        **INACTIVE,
        "cancel_at_period_end": True,
        "canceled_at": said("05-05 12:00"),
    }
    ended = life.verdict()
    assert (ended["is_enabled"], ended["until"]) == (False, None)
    assert ended["why"] == "The subscription has ended."
    assert len(life.invoices()) == 4
    assert life.told() == []


def is_seen_ended(life: Life, office: Office) -> None:
    """The whole life on one page; an event that is replayed changes nothing, and neither does a look at all of Stripe."""
    key = life.subscription()["id"]
    assert office.timeline(key) == [
        "05-16 09:30 ended",
        "05-05 12:00 refund succeeded",
        "05-05 12:00 cancelled",
        "05-01 09:30 invoice refunded",
        "04-23 09:30 paid",
        "04-21 10:40 customer told",
        "04-21 10:40 payment failed",
        "04-19 10:40 customer told",
        "04-19 10:40 payment failed",
        "04-16 10:40 customer told",
        "04-16 10:40 payment failed",
        "04-16 09:30 invoice paid",
        "03-16 09:30 invoice paid",
        "03-16 09:30 trial ended",
        "03-13 10:00 warned ahead",
        "03-02 09:30 invoice paid",
        "03-02 09:30 trial began",
    ]
    expect(office.line("Opens its plan")).to_contain_text("No. The subscription has ended")
    assert office.offered() == []
    take_picture("subscription-ended", office.page)
    before = [life.api.get(path) for path in ("subscriptions/", "history/", "feature-access/")]
    office.page.get_by_text("What Stripe told us").click()
    office.page.get_by_role("link", name="invoice.payment_failed").first.click()
    office.press("Replay")
    expect(office.line("What followed")).to_contain_text("Read anew from Stripe: 1 subscriptions, 4 invoices.")
    take_picture("event", office.page, whole=False)
    jobs.enqueue(tasks.reconcile_stripe, timestamp=0)
    life.hear()
    assert [life.api.get(path) for path in ("subscriptions/", "history/", "feature-access/")] == before
    assert not SystemAlert.objects.filter(user__is_staff=True).exists()
    assert office.recurring_revenue() == []


ACTIVE = {"is_active": True, "is_trial": False}
INACTIVE = {"is_active": False, "is_trial": False}


def _plan(name: str) -> str:
    return str(SubscriptionPlan.objects.get(name=name, billing_cycle="monthly").pk)


def _period(status: str, begin: str, end: str) -> dict[str, Any]:
    return {
        "status": status,
        "current_period_start": said(begin),
        "current_period_end": said(end),
        "cancel_at_period_end": False,
        "canceled_at": None,
        "trial_start": said(BEGIN),
        "trial_end": said("03-16 09:30"),
        "days_until_renewal": None,
    }


def _because(why: str, until: str, *, is_enabled: bool = True) -> dict[str, Any]:
    return {"decided_by": "subscription", "is_enabled": is_enabled, "limit": 50, "until": said(until), "why": why}


def _april_bill(status: str, paid_at: str | None) -> tuple[Any, ...]:
    return said("04-16 09:30"), "35.00", "0.00", status, paid_at and said(paid_at), 0


def _upgrade_bill(*, status: str = "paid", refunded: str = "0.00") -> tuple[Any, ...]:
    return said("05-01 09:30"), "20.00", refunded, status, said("05-01 09:30"), 0


APRIL_BILL = _april_bill("paid", "04-23 09:30")
