"""Coupons, promotion codes and discounts in the emulator, in minor units."""

from typing import Any

import pytest
import stripe

from tests.dev.stripe.fixtures import Shop

DAY = 86_400


def coupon(shop: Shop, **given: Any) -> str:
    return str(shop.v1.coupons.create(given).id)


def newest(shop: Shop, subscription: Any) -> Any:
    return shop.v1.invoices.list({"subscription": subscription.id}).data[0]


def amounts(invoice: Any) -> tuple[int, int, int, int]:
    """Return subtotal, discount, total and the paid amount of an invoice."""
    discount = sum(entry.amount for entry in invoice.total_discount_amounts)
    return invoice.subtotal, discount, invoice.total, invoice.amount_paid


@pytest.mark.parametrize(
    ("given", "months"),
    [
        ({"percent_off": 25, "duration": "once"}, [750, 1000, 1000, 1000]),
        ({"percent_off": 25, "duration": "repeating", "duration_in_months": 2}, [750, 750, 1000, 1000]),
        ({"percent_off": 25, "duration": "forever"}, [750, 750, 750, 750]),
        ({"amount_off": 999, "currency": "usd", "duration": "repeating", "duration_in_months": 1}, [0, 1001, 1000, 1000]),
        ({"amount_off": 5000, "currency": "usd", "duration": "once"}, [0, 1000, 1000, 1000]),
    ],
    ids=["once", "repeating", "forever", "below the minimum", "more than the price"],
)
def test_a_discount_lasts_as_long_as_its_coupon(shop: Shop, given: dict[str, Any], months: list[int]) -> None:
    subscription = shop.subscribe(shop.customer(), discounts=[{"coupon": coupon(shop, **given)}])
    shop.emulator.advance(100 * DAY)
    assert [invoice.amount_paid for invoice in shop.v1.invoices.list({"subscription": subscription.id}).data][::-1] == months


def test_a_coupon_for_one_invoice_waits_for_the_end_of_the_trial(shop: Shop) -> None:
    once = coupon(shop, percent_off=50, duration="once")
    subscription = shop.subscribe(shop.customer(), trial_period_days=7, discounts=[{"coupon": once}])
    shop.emulator.advance(45 * DAY)
    paid = [invoice.amount_paid for invoice in shop.v1.invoices.list({"subscription": subscription.id}).data]
    assert paid == [1000, 500, 0]
    assert shop.v1.subscriptions.retrieve(subscription.id).discounts == []


def test_a_discount_is_divided_among_the_lines(shop: Shop) -> None:
    items = [{"price": shop.basic}, {"price": shop.plus}, {"price": shop.price(1), "quantity": 3}]
    ten = coupon(shop, amount_off=1000, currency="usd", duration="once")
    subscription = shop.v1.subscriptions.create({"customer": shop.customer(), "items": items, "discounts": [{"coupon": ten}]})
    invoice = newest(shop, subscription)
    assert [line.discount_amounts[0].amount for line in invoice.lines.data] == [250, 749, 1]  # of 1000 * (1000, 3000, 3) / 4003
    assert amounts(invoice) == (4003, 1000, 3003, 3003)


def test_discounts_apply_one_after_the_other(shop: Shop) -> None:
    half, five = coupon(shop, percent_off=50, duration="forever"), coupon(shop, amount_off=100, currency="usd", duration="once")
    subscription = shop.subscribe(shop.customer(), discounts=[{"coupon": half}, {"coupon": five}])
    assert amounts(newest(shop, subscription)) == (1000, 600, 400, 400)


def test_a_subscriptions_discount_replaces_the_customers(shop: Shop) -> None:
    customer = shop.customer()
    quarter, half = coupon(shop, percent_off=25, duration="forever"), coupon(shop, percent_off=50, duration="once")
    shop.emulator.send_command("discount_customer", customer=customer, coupon=quarter)
    subscription = shop.subscribe(customer, discounts=[{"coupon": half}])
    assert newest(shop, subscription).total == 500
    shop.emulator.advance(32 * DAY)
    assert newest(shop, subscription).total == 750
    shop.v1.customers.delete_discount(customer)
    shop.emulator.advance(31 * DAY)
    assert newest(shop, subscription).total == 1000


def test_an_update_adds_keeps_and_ends_discounts(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer())
    half, tenth = coupon(shop, percent_off=50, duration="forever"), coupon(shop, percent_off=10, duration="forever")
    [first] = shop.v1.subscriptions.update(subscription.id, {"discounts": [{"coupon": half}]}).discounts
    given: Any = {"discounts": [{"discount": first}, {"coupon": tenth}], "expand": ["discounts.source.coupon"]}
    found = shop.v1.subscriptions.update(subscription.id, given).discounts
    assert [entry.source.coupon.percent_off for entry in found] == [50, 10]
    assert shop.v1.invoices.create_preview({"subscription": subscription.id}).total == 450
    assert shop.v1.subscriptions.update(subscription.id, {"discounts": ""}).discounts == []
    assert "customer.discount.deleted" in shop.kinds()


def test_a_promotion_code_is_entered_at_the_checkout(shop: Shop) -> None:
    half = coupon(shop, percent_off=50, duration="once")
    given: Any = {"promotion": {"type": "coupon", "coupon": half}, "code": "SPRING", "max_redemptions": 1}
    code = shop.v1.promotion_codes.create(given)
    session = shop.checkout(allow_promotion_codes=True)
    done = shop.emulator.complete_checkout(session.id, promotion_code="spring")
    assert (done["amount_subtotal"], done["amount_total"], done["total_details"]["amount_discount"]) == (1000, 500, 500)
    assert shop.v1.promotion_codes.retrieve(code.id).times_redeemed == 1
    with pytest.raises(Exception, match="This code is invalid"):
        shop.emulator.complete_checkout(shop.checkout(allow_promotion_codes=True).id, promotion_code="SPRING")
    with pytest.raises(Exception, match="does not take promotion codes"):
        shop.emulator.complete_checkout(shop.checkout().id, promotion_code="SPRING")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"duration": "once"}, "either `percent_off` or `amount_off`"),
        ({"percent_off": 101}, "at most 100"),
        ({"amount_off": 100}, "pass `currency`"),
        ({"percent_off": 10, "duration": "repeating"}, "duration_in_months"),
    ],
)
def test_an_impossible_coupon_is_refused(shop: Shop, given: Any, message: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message):
        shop.v1.coupons.create(given)


def test_a_coupon_that_was_used_up_is_refused(shop: Shop) -> None:
    once = coupon(shop, percent_off=10, max_redemptions=1)
    shop.subscribe(shop.customer(), discounts=[{"coupon": once}])
    with pytest.raises(stripe.InvalidRequestError, match="was used up"):
        shop.subscribe(shop.customer(), discounts=[{"coupon": once}])
    euros = coupon(shop, amount_off=100, currency="eur")
    with pytest.raises(stripe.InvalidRequestError, match="currency eur must be"):
        shop.subscribe(shop.customer(), discounts=[{"coupon": euros}])
