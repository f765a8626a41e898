"""The same life as support sees it in the back office."""

from playwright.sync_api import expect

from billing import tasks
from core import jobs
from system.models import SystemAlert
from tests.e2e import billing_expected as expected
from tests.e2e.billing_scenario import BackOfficePages, SubscriptionScenario, take_picture, work_aside
from users.models import User


def is_seen_active(life: SubscriptionScenario, office: BackOfficePages) -> None:
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
    assert office.monthly_recurring_revenue() == ["USD 1 35.00 0 0.00"]


def is_seen_past_due(life: SubscriptionScenario, office: BackOfficePages) -> None:
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
    assert office.monthly_recurring_revenue() == ["USD 0 0.00 1 35.00"]
    take_picture("metrics", office.page)


def is_given_money_back(life: SubscriptionScenario, office: BackOfficePages, colleagues: list[User]) -> None:
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
    assert life.invoices()[0] == expected.upgrade_bill()
    office.page.get_by_role("link", name="its page").click()
    expect(office.line("Status")).to_contain_text("Awaiting Approval")
    office.press("Approve")
    expect(office.page.get_by_text("You asked for this refund. Another colleague has to decide.")).to_be_visible()
    take_picture("approval", office.page)
    office.enter(colleagues[1])
    office.page.reload()
    office.press("Approve")
    work_aside()
    life.process_events()
    assert life.invoices()[0] == expected.upgrade_bill(status="refunded", refunded="20.00")
    office.page.reload()
    expect(office.line("Status")).to_contain_text("Succeeded")
    assert office.offered() == []


def is_seen_ended(life: SubscriptionScenario, office: BackOfficePages) -> None:
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
    life.process_events()
    assert [life.api.get(path) for path in ("subscriptions/", "history/", "feature-access/")] == before
    assert not SystemAlert.objects.filter(user__is_staff=True).exists()
    assert office.monthly_recurring_revenue() == []
