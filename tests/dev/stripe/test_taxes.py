"""Tax in the emulator: rates that a subscription names, and rates of the customer's place."""

from typing import Any

import pytest
import stripe

from tests.dev.stripe.fixtures import Shop

AUTOMATIC: Any = {"automatic_tax": {"enabled": True}}


def totals(invoice: Any) -> tuple[int, int, int]:
    """Return subtotal, tax and total of an invoice."""
    return invoice.subtotal, sum(tax.amount for tax in invoice.total_taxes), invoice.total


@pytest.mark.parametrize(
    ("address", "behavior", "expected"),
    [
        ({"country": "DE"}, "exclusive", (1000, 190, 1190)),
        ({"country": "DE"}, "inclusive", (1000, 160, 1000)),  # 1000 * 19 / 119 = 159.66…
        ({"country": "US", "state": "CA"}, "unspecified", (1000, 73, 1073)),  # 72.5, half away from zero
        ({"country": "BR"}, "exclusive", (1000, 0, 1000)),
    ],
)
def test_automatic_tax_is_that_of_the_customers_place(shop: Shop, address: Any, behavior: str, expected: Any) -> None:
    price = shop.price(1000, tax_behavior=behavior)
    given = {"expand": ["latest_invoice"], **AUTOMATIC}
    invoice = shop.subscribe(shop.customer(address=address), price, **given).latest_invoice
    assert totals(invoice) == expected
    assert (invoice.amount_paid, invoice.automatic_tax.status) == (expected[2], "complete")
    assert invoice.total_excluding_tax == expected[2] - expected[1]


def test_tax_is_calculated_after_discounts(shop: Shop) -> None:
    half = shop.v1.coupons.create({"percent_off": 50}).id
    customer = shop.customer(address={"country": "FR"})
    invoice = shop.subscribe(customer, expand=["latest_invoice"], discounts=[{"coupon": half}], **AUTOMATIC).latest_invoice
    assert totals(invoice) == (1000, 100, 600)
    assert invoice.lines.data[0].taxes[0].taxable_amount == 500


@pytest.mark.parametrize(
    ("inclusive", "percentage", "expected"), [(False, 20, (1000, 200, 1200)), (True, 20, (1000, 167, 1000))]
)
def test_a_subscription_names_its_own_rates(shop: Shop, inclusive: bool, percentage: int, expected: Any) -> None:
    rate = shop.v1.tax_rates.create({"display_name": "VAT", "inclusive": inclusive, "percentage": percentage})
    subscription = shop.subscribe(shop.customer(), default_tax_rates=[rate.id], expand=["latest_invoice"])
    assert totals(subscription.latest_invoice) == expected
    assert totals(shop.v1.invoices.create_preview({"subscription": subscription.id})) == expected


@pytest.mark.parametrize(
    ("exempt", "tax_id", "reason"),
    [("exempt", "", "customer_exempt"), ("reverse", "", "reverse_charge"), ("none", "DE123456789", "reverse_charge")],
)
def test_an_exempt_customer_pays_no_tax(shop: Shop, exempt: str, tax_id: str, reason: str) -> None:
    customer = shop.customer(address={"country": "DE"}, tax_exempt=exempt)
    if tax_id:
        shop.v1.customers.tax_ids.create(customer, {"type": "eu_vat", "value": tax_id})
    invoice = shop.subscribe(customer, expand=["latest_invoice"], **AUTOMATIC).latest_invoice
    assert totals(invoice) == (1000, 0, 1000)
    assert invoice.total_taxes[0].taxability_reason == reason
    assert [entry.value for entry in invoice.customer_tax_ids] == ([tax_id] if tax_id else [])


def test_automatic_tax_needs_the_customers_country(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="location isn't recognized"):
        shop.subscribe(shop.customer(), **AUTOMATIC)
    with pytest.raises(stripe.InvalidRequestError, match=r"customer_update\[address\]"):
        shop.checkout(customer=shop.customer(), **AUTOMATIC)
    with pytest.raises(stripe.InvalidRequestError, match=r"customer_update\[name\]"):
        shop.checkout(customer=shop.customer(), tax_id_collection={"enabled": True})


def test_the_checkout_asks_for_country_and_tax_id(shop: Shop) -> None:
    customer = shop.customer(None)
    update = {"address": "auto", "name": "auto"}
    session = shop.checkout(customer=customer, customer_update=update, tax_id_collection={"enabled": True}, **AUTOMATIC)
    with pytest.raises(Exception, match="enter your country"):
        shop.emulator.complete_checkout(session.id)
    done = shop.emulator.complete_checkout(session.id, country="IT")
    assert (done["amount_total"], done["total_details"]["amount_tax"]) == (1220, 220)
    again = shop.checkout(customer=customer, customer_update=update, tax_id_collection={"enabled": True}, **AUTOMATIC)
    business = shop.emulator.complete_checkout(again.id, tax_id="IT12345678901")
    assert (business["amount_total"], business["customer_details"]["tax_ids"][0]["value"]) == (1000, "IT12345678901")
