"""Flexible billing mode: credits of what was charged, items with intervals of their own, and ends on a chosen day.

Sources: docs.stripe.com/billing/subscriptions/prorations, …/billing-mode/compare and …/mixed-interval. A period from 31 January
12:00 to 28 February 12:00 has 28 days, of which half is over on 14 February 12:00.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from tests.dev.stripe.fixtures import Shop

HALF = datetime(2026, 2, 14, 12, tzinfo=UTC)
QUARTER_LEFT = datetime(2026, 2, 21, 12, tzinfo=UTC)


def change(shop: Shop, subscription: Any, entry: dict[str, Any], **more: Any) -> Any:
    """Change the first item at once, and return the newest invoice."""
    items = [{"id": subscription["items"].data[0].id, **entry}]
    given: Any = {"items": items, "proration_behavior": "always_invoice", "expand": ["latest_invoice"], **more}
    return shop.v1.subscriptions.update(subscription.id, given).latest_invoice


def amounts(invoice: Any) -> list[int]:
    return [line.amount for line in invoice.lines.data]


def discounted(shop: Shop, **given: Any) -> Any:
    """Return a new subscription to the basic price of 10.00 with the discount of a coupon."""
    return shop.subscribe(shop.customer(), discounts=[{"coupon": shop.v1.coupons.create(given).id}])


def test_half_of_10_is_credited_and_half_of_20_charged(shop: Shop) -> None:
    """The example of docs.stripe.com/billing/subscriptions/prorations#how-prorations-work."""
    subscription = shop.subscribe(shop.customer())
    shop.emulator.advance(HALF)
    invoice = change(shop, subscription, {"price": shop.price(2000)})
    assert (amounts(invoice), invoice.total) == ([-500, 1000], 500)


@pytest.mark.parametrize(
    ("coupon", "lines"),
    [
        ({"percent_off": 20, "duration": "forever"}, [-400, 1200]),
        ({"percent_off": 20, "duration": "once"}, [-400, 1500]),
        ({"amount_off": 400, "currency": "usd", "duration": "forever"}, [-300, 1300]),
        ({"percent_off": 100, "duration": "once"}, [0, 1500]),
    ],
)
def test_a_credit_is_of_the_discounted_charge(shop: Shop, coupon: dict[str, Any], lines: list[int]) -> None:
    subscription = discounted(shop, **coupon)
    shop.emulator.advance(HALF)
    invoice = change(shop, subscription, {"price": shop.plus})
    assert (amounts(invoice), invoice.total, invoice.total_discount_amounts) == (lines, sum(lines), [])


def test_without_a_charge_there_is_no_credit(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer())
    shop.emulator.advance(HALF)
    free: Any = {"items": [{"price": shop.plus}], "proration_behavior": "none"}
    added = shop.v1.subscriptions.update(subscription.id, free)["items"].data[1]
    given: Any = {"items": [{"id": added.id, "deleted": True}], "proration_behavior": "always_invoice"}
    changed = shop.v1.subscriptions.update(subscription.id, given)
    assert changed.latest_invoice == subscription.latest_invoice


def test_a_credit_is_of_the_charge_and_not_of_a_price_that_was_never_charged(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer())
    shop.v1.subscriptions.update(
        subscription.id,
        {"items": [{"id": subscription["items"].data[0].id, "price": shop.plus}], "proration_behavior": "none"},
    )
    shop.emulator.advance(HALF)
    assert amounts(change(shop, subscription, {"price": shop.price(2000)})) == [-500, 1000]


def test_a_second_change_credits_the_first_proration(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer())
    shop.emulator.advance(HALF)
    assert amounts(change(shop, subscription, {"price": shop.plus})) == [-500, 1500]
    shop.emulator.advance(QUARTER_LEFT)
    assert amounts(change(shop, subscription, {"price": shop.basic, "quantity": 2})) == [-750, 500]


def test_a_credit_returns_the_tax_of_its_charge(shop: Shop) -> None:
    customer = shop.customer(address={"country": "DE"})
    subscription = shop.subscribe(customer, automatic_tax={"enabled": True})
    shop.emulator.advance(HALF)
    shop.v1.customers.update(customer, {"address": {"country": "FR"}})
    invoice = change(shop, subscription, {"price": shop.plus})
    taxes = [[tax.amount for tax in line.taxes] for line in invoice.lines.data]
    assert (amounts(invoice), taxes, invoice.total) == ([-500, 1500], [[-95], [300]], 1205)


def test_a_quantity_is_prorated(shop: Shop) -> None:
    subscription = shop.v1.subscriptions.create({"customer": shop.customer(), "items": [{"price": shop.basic, "quantity": 4}]})
    shop.emulator.advance(HALF)
    invoice = change(shop, subscription, {"quantity": 1})
    assert (amounts(invoice), invoice.total) == ([-2000, 500], -1500)


@pytest.mark.parametrize("order", [1, -1])
def test_items_of_two_intervals_are_billed_when_each_is_due(shop: Shop, order: int) -> None:
    items = [{"price": shop.year}, {"price": shop.basic}][::order]
    subscription = shop.v1.subscriptions.create({"customer": shop.customer(), "items": items})
    shop.emulator.advance(datetime(2026, 3, 1, tzinfo=UTC))
    invoices = shop.v1.invoices.list({"subscription": subscription.id}).data
    assert [sorted(amounts(invoice)) for invoice in invoices] == [[1000], [1000, 30000]]
    assert sorted(amounts(shop.v1.invoices.create_preview({"subscription": subscription.id}))) == [1000]
    shop.emulator.advance(datetime(2027, 2, 1, tzinfo=UTC))
    newest = shop.v1.invoices.list({"subscription": subscription.id}).data[0]
    assert sorted(amounts(newest)) == [1000, 30000]  # their periods end on the same day, so they share an invoice


def test_an_end_within_the_period_credits_the_rest(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer())
    shop.v1.subscriptions.update(subscription.id, {"cancel_at": int(QUARTER_LEFT.timestamp())})
    [item] = shop.v1.invoice_items.list({"customer": subscription.customer, "pending": True}).data
    assert (item.amount, item.period.start) == (-250, int(QUARTER_LEFT.timestamp()))
    shop.emulator.advance(QUARTER_LEFT)
    ended = shop.v1.subscriptions.retrieve(subscription.id)
    assert (ended.status, ended.ended_at) == ("canceled", int(QUARTER_LEFT.timestamp()))


def test_an_end_in_a_later_period_shortens_its_charge(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer())
    end = int(datetime(2026, 3, 16, 0, tzinfo=UTC).timestamp())  # 15.5 of the 31 days from 28 February 12:00
    shop.v1.subscriptions.update(subscription.id, {"cancel_at": end})
    assert shop.v1.invoices.create_preview({"subscription": subscription.id}).total == 500
    shop.emulator.advance(datetime(2026, 3, 1, tzinfo=UTC))
    assert shop.v1.invoices.list({"subscription": subscription.id}).data[0].amount_paid == 500


@pytest.mark.parametrize(("tax", "credit"), [(None, -500), (19, -595)])
def test_the_preview_of_a_cancellation_credits_the_unused_time(shop: Shop, tax: int | None, credit: int) -> None:
    rate = shop.v1.tax_rates.create({"display_name": "VAT", "percentage": tax, "inclusive": False}).id if tax else None
    subscription = shop.subscribe(shop.customer(), default_tax_rates=[rate] if rate else [])
    shop.emulator.advance(14 * 86_400)  # half of 28 days
    details: Any = {"cancel_now": True, "proration_behavior": "create_prorations"}
    preview = shop.v1.invoices.create_preview({"subscription": subscription.id, "subscription_details": details})
    assert (preview.total, preview.amount_due, len(preview.lines.data)) == (credit, 0, 1)
    assert shop.v1.subscriptions.retrieve(subscription.id).status == "active"
    details["proration_behavior"] = "none"
    with pytest.raises(stripe.InvalidRequestError, match="No upcoming invoices"):
        shop.v1.invoices.create_preview({"subscription": subscription.id, "subscription_details": details})
