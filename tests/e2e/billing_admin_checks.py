"""The subscription of the lifecycle test on the pages of the back office."""

from playwright.sync_api import expect

from billing import tasks
from core import jobs
from system.models import SystemAlert
from tests.e2e import billing_expected as expected
from tests.e2e.billing_scenario import BackOfficePages, SubscriptionScenario, run_jobs_in_thread, take_picture
from users.models import User


def check_active(flow: SubscriptionScenario, office: BackOfficePages) -> None:
    """Check the timeline, the buttons and the monthly revenue of an active subscription."""
    assert office.timeline(flow.subscription()["id"]) == [
        "03-16 09:30 invoice paid",
        "03-16 09:30 trial ended",
        "03-13 10:00 advance warning",
        "03-02 09:30 invoice paid",
        "03-02 09:30 trial began",
    ]
    expect(office.line("Status")).to_contain_text("Active")
    assert office.buttons() == ["Cancel at period end", "Cancel now"]
    assert office.monthly_recurring_revenue() == ["USD 1 35.00 0 0.00"]


def check_past_due(flow: SubscriptionScenario, office: BackOfficePages) -> None:
    """Check that the timeline shows the failed payment and the notice to the customer."""
    assert office.timeline(flow.subscription()["id"])[:3] == [
        "04-16 10:40 customer notified",
        "04-16 10:40 payment failed",
        "04-16 09:30 invoice failed",
    ]
    timeline = office.page.locator(".mingus-timeline").first
    expect(timeline).to_contain_text(
        "We will try again on Sunday, 19 April 2026. Unless it is paid, access to your plan ends on Thursday, 23 April"
    )
    expect(timeline).to_contain_text("1 × Mid-tier (at $35.00 / month)")
    expect(office.line("Status")).to_contain_text("Past Due")
    expect(office.line("Plan access")).to_contain_text("Yes. The payment of 2026-04-16 09:30 UTC failed. Access continues")
    take_picture("subscription", office.page)
    assert office.monthly_recurring_revenue() == ["USD 1 35.00 1 35.00"]
    take_picture("metrics", office.page)


def refund_upgrade(flow: SubscriptionScenario, office: BackOfficePages, staff_members: list[User]) -> None:
    """Request a refund as one staff member and approve it as another."""
    [upgrade, *_] = flow.api.get("history/")
    office.visit.open(f"/admin/billing/billinghistory/{upgrade['id']}/change/")
    assert office.buttons() == ["Refund"]
    office.button("Refund").click()
    office.page.get_by_label("Reason").fill("Ticket 4711: the upgrade was a mistake")
    take_picture("refund", office.page, whole=False)
    office.page.get_by_role("button", name="Refund", exact=True).click()
    expect(
        office.page.get_by_text("Nothing has been refunded yet. Another staff member must approve this amount")
    ).to_be_visible()
    assert flow.invoices()[0] == expected.upgrade_bill()
    office.page.get_by_role("link", name="the refund's page").click()
    expect(office.line("Status")).to_contain_text("Awaiting Approval")
    office.press("Approve")
    expect(
        office.page.get_by_text("You requested this, or it concerns your own account. Another staff member must decide.")
    ).to_be_visible()
    take_picture("approval", office.page)
    office.enter(staff_members[1])
    office.page.reload()
    office.press("Approve")
    run_jobs_in_thread()
    flow.process_events()
    assert flow.invoices()[0] == expected.upgrade_bill(status="refunded", refunded="20.00")
    office.page.reload()
    expect(office.line("Status")).to_contain_text("Succeeded")
    assert office.buttons() == []


def check_ended(flow: SubscriptionScenario, office: BackOfficePages) -> None:
    """Check the whole timeline, and that neither a replayed event nor a reconciliation changes anything."""
    key = flow.subscription()["id"]
    assert office.timeline(key) == [
        "05-16 09:30 ended",
        "05-05 12:00 refund succeeded",
        "05-05 12:00 canceled",
        "05-01 09:30 invoice refunded",
        "04-23 09:30 paid",
        "04-21 10:40 customer notified",
        "04-21 10:40 payment failed",
        "04-19 10:40 customer notified",
        "04-19 10:40 payment failed",
        "04-16 10:40 customer notified",
        "04-16 10:40 payment failed",
        "04-16 09:30 invoice paid",
        "03-16 09:30 invoice paid",
        "03-16 09:30 trial ended",
        "03-13 10:00 advance warning",
        "03-02 09:30 invoice paid",
        "03-02 09:30 trial began",
    ]
    expect(office.line("Plan access")).to_contain_text("No. The subscription has ended")
    assert office.buttons() == []
    take_picture("subscription-ended", office.page)
    before = [flow.api.get(path) for path in ("subscriptions/", "history/", "feature-access/")]
    office.page.get_by_text("Stripe events: the").click()
    office.page.get_by_role("link", name="invoice.payment_failed").first.click()
    office.press("Replay")
    expect(office.line("Result")).to_contain_text("Synced from Stripe: 1 subscriptions, 4 invoices.")
    take_picture("event", office.page, whole=False)
    jobs.enqueue(tasks.reconcile_stripe, timestamp=0)
    flow.process_events()
    assert [flow.api.get(path) for path in ("subscriptions/", "history/", "feature-access/")] == before
    assert not SystemAlert.objects.filter(user__is_staff=True).exists()
    assert office.monthly_recurring_revenue() == []
