"""Refunds, overrides, Stripe's events and the timeline in the back office, by role."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from billing.models import Adjustment, BillingHistory, EntitlementOverride, StripeEvent, Subscription
from core import clock
from dev.factories import (
    AdjustmentFactory,
    DunningStepFactory,
    InvoiceFactory,
    OverrideFactory,
    StripeCustomerFactory,
    StripeEventFactory,
    SubscriptionFactory,
    UserFactory,
)
from system.models import AccessEvent
from tests.billing.conftest import NOW
from tests.sign_in import sign_in
from users.models import User

pytestmark = pytest.mark.django_db
ADJUSTMENTS = "/admin/billing/adjustment/"
EVENTS = "/admin/billing/stripeevent/"
INVOICES = "/admin/billing/billinghistory/"
OVERRIDES = "/admin/billing/entitlementoverride/"
SUBSCRIPTIONS = "/admin/billing/subscription/"
YES = {"_form_submitted": "True"}
REFUND = YES | {"amount": "4.00", "reason": "Ticket 4711"}


def staff_member(role: str) -> tuple[User, Client]:
    user = UserFactory.create(is_staff=True)
    user.groups.set([Group.objects.get(name=role)])
    client = Client()
    sign_in(client, user)
    return user, client


@pytest.fixture
def clerk(db: None) -> tuple[User, Client]:
    """Return a staff member with the role billing, and their browser."""
    return staff_member("billing")


@pytest.fixture
def invoice(alice: User) -> BillingHistory:
    row: BillingHistory = InvoiceFactory(
        user=alice, status="paid", paid_at=datetime(2026, 3, 1, tzinfo=UTC), stripe_invoice_id="in_1", amount="35.00"
    )
    return row


def text(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def jobs() -> int:
    return int(ProcrastinateJob.objects.filter(task_name="billing.tasks.send_refund").count())


def test_an_invoice_is_refunded_in_part(clerk: tuple[User, Client], invoice: BillingHistory) -> None:
    user, client = clerk
    assert "/refund/" in text(client, f"{INVOICES}{invoice.pk}/change/")
    client.post(f"{INVOICES}{invoice.pk}/refund/", REFUND)
    row = Adjustment.objects.get()
    assert (row.amount, row.status) == (Decimal("4.00"), "awaiting_approval")
    assert (row.requested_by, row.reason, jobs()) == (user, "Ticket 4711", 0)


def test_an_empty_amount_refunds_the_rest(clerk: tuple[User, Client], invoice: BillingHistory) -> None:
    clerk[1].post(f"{INVOICES}{invoice.pk}/refund/", REFUND | {"amount": ""})
    assert Adjustment.objects.get().amount == Decimal("35.00")


def test_an_invalid_refund_shows_a_message(clerk: tuple[User, Client], invoice: BillingHistory) -> None:
    clerk[1].post(f"{INVOICES}{invoice.pk}/refund/", REFUND | {"amount": "35.01"})
    assert "Between 0.01 and 35.00 USD" in text(clerk[1], INVOICES)
    assert (Adjustment.objects.count(), jobs()) == (0, 0)


def test_a_refund_needs_a_reason(clerk: tuple[User, Client], invoice: BillingHistory) -> None:
    clerk[1].post(f"{INVOICES}{invoice.pk}/refund/", REFUND | {"reason": "no"})
    assert not Adjustment.objects.exists()


def test_an_unpaid_invoice_has_no_refund_button(clerk: tuple[User, Client], alice: User) -> None:
    row = InvoiceFactory(user=alice, stripe_invoice_id="in_2")
    assert "/refund/" not in text(clerk[1], f"{INVOICES}{row.pk}/change/")


def test_support_can_not_refund(invoice: BillingHistory) -> None:
    _, client = staff_member("support")
    assert "/refund/" not in text(client, f"{INVOICES}{invoice.pk}/change/")
    assert client.post(f"{INVOICES}{invoice.pk}/refund/", REFUND).status_code == 403
    assert not Adjustment.objects.exists()


def test_a_refund_is_approved_by_another_staff_member(clerk: tuple[User, Client], invoice: BillingHistory) -> None:
    second, other = staff_member("billing")
    clerk[1].post(f"{INVOICES}{invoice.pk}/refund/", REFUND)
    row = Adjustment.objects.get()
    clerk[1].post(f"{ADJUSTMENTS}{row.pk}/approve/", YES)
    assert "Another staff member must decide" in text(clerk[1], ADJUSTMENTS)
    assert Adjustment.objects.get().status == "awaiting_approval"
    other.post(f"{ADJUSTMENTS}{row.pk}/approve/", YES)
    assert (Adjustment.objects.get().status, Adjustment.objects.get().approved_by, jobs()) == ("pending", second, 1)


def test_a_refund_is_declined(clerk: tuple[User, Client], invoice: BillingHistory) -> None:
    _, other = staff_member("billing")
    clerk[1].post(f"{INVOICES}{invoice.pk}/refund/", REFUND)
    page = f"{ADJUSTMENTS}{Adjustment.objects.get().pk}"
    assert "/decline/" in text(other, f"{page}/change/")
    other.post(f"{page}/decline/", YES)
    assert Adjustment.objects.get().status == "declined"
    assert "/decline/" not in text(other, f"{page}/change/")


def test_a_withdrawal_is_refunded_without_an_approval(clerk: tuple[User, Client], invoice: BillingHistory) -> None:
    invoice.subscription, invoice.paid_at = None, clock.now()
    invoice.save()
    assert "/refund_withdrawal/" in text(clerk[1], f"{INVOICES}{invoice.pk}/change/")
    clerk[1].post(f"{INVOICES}{invoice.pk}/refund_withdrawal/", YES | {"reason": "Ticket 4711"})
    row = Adjustment.objects.get()
    assert (row.rule, row.amount, row.status, row.requested_by) == ("withdrawal", Decimal("35.00"), "pending", clerk[0])
    assert jobs() == 1
    assert "Ticket 4711" in text(clerk[1], f"{ADJUSTMENTS}?rule__exact=withdrawal")
    assert "Ticket 4711" not in text(clerk[1], f"{ADJUSTMENTS}?rule__exact=double_purchase")


def test_a_withdrawal_is_not_offered_after_two_weeks(clerk: tuple[User, Client], invoice: BillingHistory) -> None:
    page = text(clerk[1], f"{INVOICES}{invoice.pk}/change/")
    assert ("/refund/" in page, "/refund_withdrawal/" in page) == (True, False)
    clerk[1].post(f"{INVOICES}{invoice.pk}/refund_withdrawal/", YES | {"reason": "Ticket 4711"})
    assert not Adjustment.objects.exists()


def test_an_override_is_added_and_revoked(clerk: tuple[User, Client], alice: User, noon: Any) -> None:
    user, client = clerk
    assert f"{OVERRIDES}add/?customer={alice.pk}" in text(client, f"/admin/users/user/{alice.pk}/change/")
    assert f'value="{alice.pk}"' in text(client, f"{OVERRIDES}add/?customer={alice.pk}")
    fields = {"customer": str(alice.pk), "feature_name": "reports", "is_enabled": "on", "reason": "Ticket 4711"}
    span = {"starts_at_0": "2026-03-20", "starts_at_1": "07:00", "ends_at_0": "2026-05-01", "ends_at_1": "12:00"}
    assert client.post(f"{OVERRIDES}add/", fields | span).status_code == 302
    row = EntitlementOverride.objects.get()
    assert (row.granted_by, row.user, list(EntitlementOverride.objects.in_force(NOW))) == (user, alice, [row])
    client.post(f"{OVERRIDES}{row.pk}/revoke/", YES)
    assert EntitlementOverride.objects.get().revoked_at == NOW


@pytest.mark.parametrize("missing", ["reason", "ends_at"])
def test_an_override_needs_a_reason_and_an_end(clerk: tuple[User, Client], alice: User, missing: str) -> None:
    fields = {"customer": str(alice.pk), "feature_name": "reports", "starts_at_0": "2026-03-20", "starts_at_1": "07:00"}
    present = {"reason": {"ends_at_0": "2026-05-01", "ends_at_1": "12:00"}, "ends_at": {"reason": "Ticket 4711"}}[missing]
    response = clerk[1].post(f"{OVERRIDES}add/", fields | present)
    assert "This field is required." in response.content.decode()
    assert not EntitlementOverride.objects.exists()


def test_an_override_can_not_be_changed(clerk: tuple[User, Client], administrator: User) -> None:
    row = OverrideFactory()
    client = Client()
    sign_in(client, administrator)
    assert client.post(f"{OVERRIDES}{row.pk}/change/", {"reason": "x"}).status_code == 403
    assert client.post(f"{OVERRIDES}{row.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.fixture
def event(alice: User) -> StripeEvent:
    StripeCustomerFactory(user=alice, stripe_id="cus_alice")
    body = json.dumps({"id": "evt_1", "data": {"object": {"customer_name": "Alice Liddell"}}})
    row: StripeEvent = StripeEventFactory(body=body, stripe_customer_id="cus_alice", outcome="10.00 USD were paid")
    return row


def test_an_event_is_formatted_and_the_access_recorded(clerk: tuple[User, Client], event: StripeEvent, alice: User) -> None:
    shown = text(clerk[1], f"{EVENTS}{event.pk}/change/")
    assert "&quot;customer_name&quot;: &quot;Alice Liddell&quot;" in shown
    assert "10.00 USD were paid" in shown
    assert list(AccessEvent.objects.for_user(alice).values_list("action", "what")) == [("view", "billing.stripeevent")]


def test_support_sees_no_event(event: StripeEvent) -> None:
    _, client = staff_member("support")
    assert [client.get(page).status_code for page in (EVENTS, f"{EVENTS}{event.pk}/change/")] == [403, 403]


def test_an_event_with_a_deleted_body_opens(clerk: tuple[User, Client]) -> None:
    assert "deleted or not stored" in text(clerk[1], f"{EVENTS}{StripeEventFactory().pk}/change/")


def test_events_are_found_by_a_whole_id_and_by_their_state(clerk: tuple[User, Client], event: StripeEvent) -> None:
    StripeEventFactory(stripe_id="evt_other", state="failed")
    assert event.stripe_id in text(clerk[1], f"{EVENTS}?q=cus_alice")
    assert "evt_other" not in text(clerk[1], f"{EVENTS}?q=cus_alice")
    assert "evt_other" in text(clerk[1], f"{EVENTS}?state__exact=failed")


@pytest.fixture
def lived(alice: User, event: StripeEvent) -> Subscription:
    """Return Alice's subscription, with an entry of each kind in its timeline."""
    row: Subscription = SubscriptionFactory(
        user=alice, running=True, stripe_subscription_id="sub_1", stripe_customer_id="cus_alice"
    )
    InvoiceFactory(user=alice, subscription=row, amount="79.13")
    AdjustmentFactory(user=alice, kind="credit", amount="6.66")
    DunningStepFactory(user=alice, kind="attempt", note="attempt 2 of 79.13")
    return row


def test_a_subscriptions_page_shows_the_timeline(clerk: tuple[User, Client], lived: Subscription) -> None:
    shown = text(clerk[1], f"{SUBSCRIPTIONS}{lived.pk}/change/")
    timeline = shown[shown.index("mingus-timeline") : shown.index("in the audit log")]
    expected = (
        "invoice pending",
        "79.13&nbsp;USD",
        "credit succeeded",
        "6.66&nbsp;USD",
        "payment failed",
        "attempt 2",
        "invoice.paid",
    )
    assert [words for words in expected if words not in timeline] == []
    assert f"{SUBSCRIPTIONS}{lived.pk}/history/" in timeline
    assert timeline.index("payment failed") < timeline.index("<details") < timeline.index("invoice.paid")
    assert f"{EVENTS}?q=cus_alice" in timeline


def test_the_timeline_shows_the_beginning_and_the_end(clerk: tuple[User, Client], lived: Subscription) -> None:
    assert ">began<" in text(clerk[1], f"{SUBSCRIPTIONS}{lived.pk}/change/")
    lived.cancel_at_period_end, lived.canceled_at = True, clock.now()
    lived.save()
    shown = text(clerk[1], f"{SUBSCRIPTIONS}{lived.pk}/change/")
    assert f">canceled</span>\n            <p>Ends at {lived.current_period_end:%Y-%m-%d %H:%M}.</p>" in shown
    assert ">ended<" not in shown
    Subscription.objects.update(status="canceled")
    assert ">ended<" in text(clerk[1], f"{SUBSCRIPTIONS}{lived.pk}/change/")


def test_the_timeline_hides_amounts_and_events_from_support(lived: Subscription) -> None:
    _, client = staff_member("support")
    shown = text(client, f"{SUBSCRIPTIONS}{lived.pk}/change/")
    timeline = shown[shown.index("mingus-timeline") : shown.index("in the audit log")]
    assert "invoice pending" in timeline
    assert not any(words in timeline for words in ("79.13", "6.66", "attempt 2", "invoice.paid"))


def test_a_customers_page_links_to_a_new_subscription(clerk: tuple[User, Client], alice: User) -> None:
    assert f"{SUBSCRIPTIONS}add/?customer={alice.pk}" in text(clerk[1], f"/admin/users/user/{alice.pk}/change/")
    assert clerk[1].get(f"{SUBSCRIPTIONS}add/?customer={alice.pk}").status_code == 200


@pytest.mark.parametrize(
    ("page", "line"),
    [
        (INVOICES, "35.00,0.00,35.00,35.00,0.00,0.00,USD,paid"),
        (ADJUSTMENTS, "20.00,USD,succeeded"),
    ],
)
def test_amounts_are_exported_with_currency_and_refunds(
    clerk: tuple[User, Client], invoice: BillingHistory, page: str, line: str
) -> None:
    AdjustmentFactory(user=invoice.user, invoice=invoice)
    response: Any = clerk[1].post(page, {"action": "export_csv", "select_across": "1", "_selected_action": ["x"], "index": "0"})
    assert line in b"".join(response.streaming_content).decode()


def test_an_event_is_explained_and_replayed(clerk: tuple[User, Client], event: StripeEvent) -> None:
    assert "result" in text(clerk[1], f"{EVENTS}{event.pk}/change/").lower()
    assert clerk[1].post(f"{EVENTS}{event.pk}/replay/", YES).status_code == 200
    assert "Replay" in text(clerk[1], EVENTS)


def test_a_failed_replay_shows_the_reason(clerk: tuple[User, Client], event: StripeEvent) -> None:
    clerk[1].post(f"{EVENTS}{event.pk}/replay/", YES)
    assert "The event failed again: Payments are not configured." in text(clerk[1], EVENTS)
