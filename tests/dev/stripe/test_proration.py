"""Prorations to the second, against cents computed by hand, in changes and in previews."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dev.stripe.billing_periods import add_intervals, period_end, prorated_amount
from tests.dev.stripe.fixtures import Shop

# From 31 January 12:00 to 28 February 12:00 there are 28 days, 2,419,200 seconds.
HALF = datetime(2026, 2, 14, 12, tzinfo=UTC)
ODD = datetime(2026, 2, 10, 7, 31, 17, tzinfo=UTC)  # 1,571,323 seconds are left


def to(shop: Shop, subscription: Any, price: str, **more: Any) -> dict[str, Any]:
    """Return the parameters that change the subscription's price."""
    return {"items": [{"id": subscription["items"].data[0].id, "price": price}], **more}


def amounts(invoice: Any) -> list[int]:
    return [line.amount for line in invoice.lines.data]


@pytest.mark.parametrize(
    ("when", "cents"),
    [
        (HALF, [-500, 1500]),
        (ODD, [-650, 1949]),  # 1000 * 1571323 / 2419200 = 649.52…, 3000 * … = 1948.56…
    ],
)
def test_an_upgrade_is_billed_at_once(shop: Shop, when: datetime, cents: list[int]) -> None:
    subscription = shop.subscribe(shop.customer())
    shop.emulator.advance(when)
    change = to(shop, subscription, shop.plus, proration_behavior="always_invoice")
    preview = shop.v1.invoices.create_preview({"subscription": subscription.id, "subscription_details": change})
    changed = shop.v1.subscriptions.update(subscription.id, {**change, "expand": ["latest_invoice"]})
    assert amounts(preview) == amounts(changed.latest_invoice) == cents
    assert (changed.latest_invoice.status, changed.latest_invoice.amount_paid) == ("paid", sum(cents))
    assert changed.latest_invoice.billing_reason == "subscription_update"
    parent = changed.latest_invoice.lines.data[0].parent
    assert parent.invoice_item_details.proration is True
    assert parent.invoice_item_details.proration_details.credited_items.invoice == subscription.latest_invoice
    assert changed["items"].data[0].current_period_end == subscription["items"].data[0].current_period_end


def test_a_preview_leaves_no_trace(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer())
    before = shop.emulator.send_command("state")["objects"], shop.kinds()
    change = to(shop, subscription, shop.plus, proration_behavior="always_invoice")
    shop.v1.invoices.create_preview({"subscription": subscription.id, "subscription_details": change})
    after = shop.emulator.send_command("state")["objects"]
    assert ({kind: after[kind] for kind in before[0]} | {"_idempotency": 0}, shop.kinds()) == (
        before[0] | {"_idempotency": 0},
        before[1],
    )


def test_a_downgrade_leaves_credit(shop: Shop) -> None:
    customer = shop.customer()
    subscription = shop.subscribe(customer, shop.plus)
    shop.emulator.advance(HALF)
    change = to(shop, subscription, shop.basic, proration_behavior="always_invoice")
    changed = shop.v1.subscriptions.update(subscription.id, {**change, "expand": ["latest_invoice"]})
    invoice = changed.latest_invoice
    assert (amounts(invoice), invoice.total, invoice.amount_due, invoice.status) == ([-1500, 500], -1000, 0, "paid")
    assert (invoice.ending_balance, shop.v1.customers.retrieve(customer).balance) == (-1000, -1000)


def test_prorations_wait_for_the_renewal(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer())
    shop.emulator.advance(HALF)
    preview = shop.v1.invoices.create_preview(
        {"subscription": subscription.id, "subscription_details": to(shop, subscription, shop.plus)}
    )
    changed = shop.v1.subscriptions.update(subscription.id, to(shop, subscription, shop.plus))
    assert changed.latest_invoice == subscription.latest_invoice
    shop.emulator.advance(datetime(2026, 2, 28, 13, tzinfo=UTC))
    renewal = shop.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]}).latest_invoice
    assert amounts(preview) == amounts(renewal) == [-500, 1500, 3000]
    assert (renewal.status, renewal.amount_paid) == ("paid", 4000)


def test_without_proration_only_the_next_period_changes(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer())
    shop.emulator.advance(HALF)
    shop.v1.subscriptions.update(subscription.id, to(shop, subscription, shop.plus, proration_behavior="none"))
    upcoming = shop.v1.invoices.create_preview({"subscription": subscription.id})
    assert amounts(upcoming) == [3000]


def test_another_interval_begins_a_period_that_is_billed_at_once(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer())
    shop.emulator.advance(HALF)
    changed = shop.v1.subscriptions.update(subscription.id, {**to(shop, subscription, shop.year), "expand": ["latest_invoice"]})
    assert (amounts(changed.latest_invoice), changed.latest_invoice.amount_paid) == ([-500, 30000], 29500)
    assert changed["items"].data[0].current_period_end == int(datetime(2027, 2, 14, 12, tzinfo=UTC).timestamp())


def test_a_trial_is_not_prorated(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer(), trial_period_days=14)
    shop.emulator.advance(86_400)
    changed = shop.v1.subscriptions.update(
        subscription.id, to(shop, subscription, shop.plus, proration_behavior="always_invoice")
    )
    assert changed.latest_invoice == subscription.latest_invoice
    assert amounts(shop.v1.invoices.create_preview({"subscription": subscription.id})) == [3000]


def test_a_change_that_can_not_be_paid_leaves_it_past_due(shop: Shop) -> None:
    customer = shop.customer()
    subscription = shop.subscribe(customer)
    shop.give_card(customer, "pm_card_chargeCustomerFail")
    change = to(shop, subscription, shop.plus, proration_behavior="always_invoice")
    assert shop.v1.subscriptions.update(subscription.id, change).status == "past_due"


@given(amount=st.integers(0, 10**9), whole=st.integers(1, 400 * 86_400), part=st.floats(0, 1))
def test_the_used_and_unused_parts_add_up_to_the_amount(amount: int, whole: int, part: float) -> None:
    left = int(whole * part)
    assert abs(prorated_amount(amount, left, whole) + prorated_amount(amount, whole - left, whole) - amount) <= 1
    assert prorated_amount(-amount, left, whole) == -prorated_amount(amount, left, whole)


@given(
    anchor=st.integers(0, 4 * 10**9),
    interval=st.sampled_from(["day", "week", "month", "year"]),
    count=st.integers(1, 12),
    ahead=st.integers(0, 10**9),
)
def test_periods_touch_and_have_their_boundaries_at_the_anchor(anchor: int, interval: str, count: int, ahead: int) -> None:
    end = period_end(anchor, interval, count, anchor + ahead)
    times = next(n for n in range(20_000) if add_intervals(anchor, interval, n * count) >= end)
    assert (add_intervals(anchor, interval, times * count), end > anchor + ahead) == (end, True)
    assert add_intervals(anchor, interval, (times - 1) * count) <= anchor + ahead
