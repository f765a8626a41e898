"""Customers that are gone, keys of the other mode or without a permission, other apps, thin and old events, other versions."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from billing import services
from billing.models import BillingHistory, StripeCustomer, StripeEvent, Subscription, SubscriptionPlan
from billing.stripe import reconciliation
from billing.stripe.client import API_VERSION, PaymentsUnavailableError
from billing.stripe.events import describe_event
from core import clock
from dev.factories import UserFactory
from system.models import SystemAlert
from tests.billing.stripe_payments import Payments
from tests.dev.stripe.fixtures import client_of
from users.models import User

pytestmark = pytest.mark.django_db
DAY = 86_400


@pytest.fixture
def paid(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> StripeCustomer:
    """Return a customer with a paid invoice."""
    payments.buy(alice, mid_tier, now=clock.now())
    payments.stripe.advance(16 * DAY)
    payments.process_events(now=clock.now())
    return StripeCustomer.objects.get(user=alice)


def differences(**options: bool) -> list[str]:
    return [str(found) for found in reconciliation.find_differences(now=clock.now(), **options)]


def alerts(administrator: User) -> list[str]:
    return list(SystemAlert.objects.filter(user=administrator).order_by("created_at").values_list("message", flat=True))


def test_a_deleted_customer_ends_the_plan_and_keeps_the_books(
    payments: Payments, paid: StripeCustomer, administrator: User
) -> None:
    client_of(payments.stripe).v1.customers.delete(paid.stripe_id)
    payments.process_events(now=clock.now())
    paid.refresh_from_db()
    assert (paid.card, paid.deleted_at is not None) == ("", True)
    assert "The next checkout creates another customer." in paid.problems
    assert Subscription.objects.get(user=paid.user).status == "canceled"
    assert BillingHistory.objects.get(user=paid.user, amount__gt=0).status == "paid"
    assert len([message for message in alerts(administrator) if "was deleted at Stripe" in message]) == 1


def test_after_the_deletion_a_plan_can_be_bought_again(
    payments: Payments, paid: StripeCustomer, mid_tier: SubscriptionPlan
) -> None:
    client_of(payments.stripe).v1.customers.delete(paid.stripe_id)
    payments.process_events(now=clock.now())
    payments.buy(paid.user, mid_tier, now=clock.now())
    payments.process_events(now=clock.now())
    again = StripeCustomer.objects.get(user=paid.user)
    assert again.stripe_id != paid.stripe_id
    assert (again.deleted_at, again.problems) == (None, "")
    assert Subscription.objects.for_user(paid.user).running().get().status == "active"
    assert BillingHistory.objects.filter(user=paid.user, amount__gt=0, status="paid").count() == 2


def test_a_lost_deletion_is_found_at_night(payments: Payments, paid: StripeCustomer) -> None:
    client_of(payments.stripe).v1.customers.delete(paid.stripe_id)
    found = differences(fix=True)
    assert f"{paid.stripe_id}: Customer {paid.stripe_id} was deleted at Stripe" in "\n".join(found)
    assert Subscription.objects.get(user=paid.user).status == "canceled"
    assert [line for line in differences() if line.startswith("cus_")] == []


def test_a_key_of_the_other_mode_changes_nothing(payments: Payments, paid: StripeCustomer) -> None:
    before = Subscription.objects.get(user=paid.user)
    payments.stripe.use_other_mode()
    with pytest.raises(PaymentsUnavailableError, match="STRIPE_SECRET_KEY is of the other mode"):
        services.sync_customer(stripe_customer_id=paid.stripe_id, now=clock.now())
    assert differences(fix=True) == ["account: none of our 1 customers is in this Stripe account. Check STRIPE_SECRET_KEY."]
    assert Subscription.objects.get(user=paid.user).status == before.status == "active"


def test_an_event_under_a_key_of_the_other_mode_waits_for_the_key(
    payments: Payments, paid: StripeCustomer, administrator: User
) -> None:
    client_of(payments.stripe).v1.subscriptions.cancel(Subscription.objects.get(user=paid.user).stripe_subscription_id)
    event = payments.events()[-1]
    row, _ = services.store_event(orjson.dumps(event), headers={}, now=clock.now())
    payments.stripe.use_other_mode()
    with pytest.raises(PaymentsUnavailableError):
        services.handle_event(row.pk, now=clock.now())
    row.refresh_from_db()
    assert (row.state, row.outcome.split(".")[0]) == (
        "failed",
        "STRIPE_SECRET_KEY is of the other mode (test or live) than our data",
    )
    assert "The operator must set the other key." in alerts(administrator)[-1]
    payments.stripe.use_other_mode(False)
    services.handle_event(row.pk, now=clock.now())
    assert Subscription.objects.get(user=paid.user).status == "canceled"


def test_a_customer_of_another_account_changes_nothing(
    payments: Payments, paid: StripeCustomer, mid_tier: SubscriptionPlan, bob: User
) -> None:
    payments.buy(bob, mid_tier, now=clock.now())
    payments.process_events(now=clock.now())
    StripeCustomer.objects.filter(pk=paid.pk).update(stripe_id="cus_elsewhere")
    result = services.sync_customer(stripe_customer_id="cus_elsewhere", now=clock.now())
    assert result.problems == ["Customer cus_elsewhere is not in this Stripe account. Check STRIPE_SECRET_KEY."]
    assert Subscription.objects.get(user=paid.user).status == "active"
    assert [line for line in differences() if "cus_elsewhere" in line] == [f"cus_elsewhere: {result.problems[0]}"]


def test_an_event_of_the_other_mode_is_ignored_with_the_remedy(
    payments: Payments, paid: StripeCustomer, administrator: User
) -> None:
    thing = {"object": "subscription", "id": "sub_1", "customer": paid.stripe_id}
    for number in range(2):
        row = received(payments, f"evt_live_{number}", livemode=True, data={"object": thing})
        assert (row.state, row.outcome) == (
            "ignored",
            "It is an event of live mode, and STRIPE_SECRET_KEY is of test mode. "
            "Set the key of live mode, or delete the webhook endpoint there.",
        )
    assert alerts(administrator).count(row.outcome) == 1


def received(payments: Payments, name: str, **changed: Any) -> StripeEvent:
    """Store and handle an event, and return its row."""
    whole = {"id": name, "object": "event", "type": "customer.subscription.updated", "api_version": API_VERSION}
    body = orjson.dumps({**whole, "created": int(clock.now().timestamp()), **changed})
    row, _ = services.store_event(body, headers={}, now=clock.now())
    services.handle_event(row.pk, now=clock.now())
    row.refresh_from_db()
    return row


def test_a_thin_event_is_ignored_with_the_remedy(payments: Payments, paid: StripeCustomer, administrator: User) -> None:
    related = {"id": paid.stripe_id, "type": "customer", "url": f"/v1/customers/{paid.stripe_id}"}
    thin = {"object": "v2.core.event", "type": "v1.customer.updated", "related_object": related, "livemode": False}
    row = received(payments, "evt_thin", **thin, created="2026-03-20T12:00:00.000Z")
    assert (row.state, row.object_id, row.happened_at.year) == ("ignored", paid.stripe_id, 2026)
    assert row.outcome.endswith("At Stripe set the destination's payload style to snapshot.")
    assert row.outcome in alerts(administrator)


def test_the_ping_of_a_destination_needs_no_remedy(payments: Payments, administrator: User) -> None:
    row = received(payments, "evt_ping", object="v2.core.event", type="v2.core.event_destination.ping", created="now")
    assert row.state == "ignored"
    assert alerts(administrator) == []


def test_an_endpoint_with_another_version_is_named_once(payments: Payments, paid: StripeCustomer, administrator: User) -> None:
    thing = {"object": "subscription", "id": "sub_1", "customer": paid.stripe_id}
    for number in range(2):
        row = received(payments, f"evt_old_{number}", api_version="2024-06-20", data={"object": thing})
        assert row.state == "handled"
        assert row.outcome.endswith(f"The webhook endpoint has the API version 2024-06-20. At Stripe set it to {API_VERSION}.")
    assert len([message for message in alerts(administrator) if "2024-06-20" in message]) == 1


def test_an_event_older_than_thirty_days_syncs_what_is_true_now(payments: Payments, paid: StripeCustomer) -> None:
    thing = {"object": "customer", "id": paid.stripe_id}
    old = int((clock.now() - timedelta(days=31)).timestamp())
    Subscription.objects.filter(user=paid.user).update(status="past_due")
    row = received(payments, "evt_ancient", created=old, data={"object": thing})
    assert row.outcome.endswith("The customer's present data was synced.")
    assert Subscription.objects.get(user=paid.user).status == "active"


def test_a_silent_endpoint_is_reported(payments: Payments, paid: StripeCustomer) -> None:
    later = clock.now() + timedelta(days=30)
    found = [str(found) for found in reconciliation.find_differences(now=later)]
    assert [line for line in found if line.startswith("events: the last event was received on")]


def test_another_app_in_the_account_has_no_effect(payments: Payments, paid: StripeCustomer, administrator: User) -> None:
    payments.stripe.add_foreign_app()
    payments.process_events(now=clock.now())
    assert set(StripeEvent.objects.values_list("state", flat=True)) <= {"handled", "ignored"}
    assert differences() == []
    assert alerts(administrator) == []


def test_another_app_can_share_a_customer(payments: Payments, paid: StripeCustomer, administrator: User) -> None:
    """Its subscription has no plan and is named once; the plan bought here is not affected."""
    ids = payments.stripe.add_foreign_app(paid.stripe_id)
    payments.process_events(now=clock.now())
    assert Subscription.objects.get(user=paid.user).status == "active"
    assert [message for message in alerts(administrator) if ids["price"] in message] == [
        f"The price {ids['price']} belongs to no plan, so its subscriptions grant no access. "
        "Give it to a plan, or move them to another price."
    ]


@pytest.mark.parametrize("kind", ["rate_limit", "lock_timeout"])
def test_a_limit_of_stripe_is_unavailable_with_retry_after(
    payments: Payments, mid_tier: SubscriptionPlan, alice: User, kind: str
) -> None:
    payments.stripe.fault(kind)
    with pytest.raises(PaymentsUnavailableError) as raised:
        services.start_checkout(user=alice, plan=mid_tier, now=clock.now())
    assert (raised.value.status, raised.value.retry_after) == (503, 30)


def test_the_wait_that_stripe_asks_for_is_passed_on(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    payments.stripe.fault("rate_limit", seconds=7)
    with pytest.raises(PaymentsUnavailableError) as raised:
        services.start_checkout(user=alice, plan=mid_tier, now=clock.now())
    assert raised.value.retry_after == 7


def test_a_missing_permission_is_named(payments: Payments, paid: StripeCustomer, administrator: User) -> None:
    payments.stripe.fault("forbidden", path="invoices", permission="rak_invoice_read")
    event = payments.events()[-1]
    row, _ = services.store_event(orjson.dumps({**event, "id": "evt_again"}), headers={}, now=clock.now())
    with pytest.raises(PaymentsUnavailableError):
        services.handle_event(row.pk, now=clock.now())
    row.refresh_from_db()
    sentence = "Stripe's key has no permission for rak_invoice_read. The operator must add it at Stripe."
    assert (row.outcome, row.state) == (sentence, "failed")
    assert sentence in describe_event(row)
    assert sentence in alerts(administrator)[-1]


def test_an_outage_never_abandons_an_event(payments: Payments, paid: StripeCustomer) -> None:
    event = {**payments.events()[-1], "id": "evt_again"}
    row, _ = services.store_event(orjson.dumps(event), headers={}, now=clock.now())
    payments.stripe.fault("rate_limit")
    for _ in range(30):
        with pytest.raises(PaymentsUnavailableError):
            services.handle_event(row.pk, now=clock.now())
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("failed", 30)


def test_one_customer_does_not_stop_the_comparison_of_others(
    payments: Payments, mid_tier: SubscriptionPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of our own is simulated for the first customer."""
    users = UserFactory.create_batch(2)
    for user in users:
        payments.buy(user, mid_tier, now=clock.now())
    payments.process_events(now=clock.now())
    first, second = StripeCustomer.objects.order_by("pk")
    Subscription.objects.filter(user=second.user).update(status="past_due")
    sync = reconciliation.sync_customer

    def fail_once(**given: Any) -> Any:
        if given["stripe_customer_id"] == first.stripe_id:
            raise RuntimeError("a fault of ours")
        return sync(**given)

    monkeypatch.setattr(reconciliation, "sync_customer", fail_once)
    found = differences()
    assert f"{first.stripe_id}: could not be compared: RuntimeError. See the log." in found
    assert [line for line in found if line.startswith(second.stripe_id)]
