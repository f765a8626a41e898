"""Updates in the emulator that wait for a payment (`payment_behavior=pending_if_incomplete`)."""

from typing import Any

import pytest
import stripe

from tests.dev.stripe.fixtures import Shop

HOUR = 3600


def upgrade(shop: Shop, subscription: Any, **more: Any) -> Any:
    """Move a subscription from the basic to the plus price and bill the difference."""
    items = [{"id": subscription["items"].data[0].id, "price": shop.plus}]
    given = {"items": items, "proration_behavior": "always_invoice", "payment_behavior": "pending_if_incomplete", **more}
    return shop.v1.subscriptions.update(subscription.id, {**given, "expand": ["latest_invoice.payments"]})


def price_of(subscription: Any) -> str:
    return str(subscription["items"].data[0].price.id)


def subscribed(shop: Shop, card: str) -> Any:
    """Return a paid subscription whose customer has then changed the card."""
    customer = shop.customer()
    subscription = shop.subscribe(customer)
    shop.give_card(customer, card)
    return subscription


def test_a_paid_update_is_applied_at_once(shop: Shop) -> None:
    changed = upgrade(shop, subscribed(shop, "pm_card_mastercard"))
    assert (price_of(changed), changed.pending_update, changed.latest_invoice.status) == (shop.plus, None, "paid")
    assert "customer.subscription.pending_update_applied" not in shop.kinds()


@pytest.mark.parametrize("card", ["pm_card_authenticationRequired", "pm_card_chargeCustomerFail"])
def test_an_unpaid_update_waits_and_changes_nothing(shop: Shop, card: str) -> None:
    waiting = upgrade(shop, subscribed(shop, card))
    assert (waiting.status, price_of(waiting), waiting.latest_invoice.status) == ("active", shop.basic, "open")
    assert waiting.pending_update.subscription_items[0].price.id == shop.plus
    assert waiting.pending_update.expires_at == shop.emulator.now() + 23 * HOUR
    assert waiting.latest_invoice.next_payment_attempt is None


def test_it_is_applied_when_the_customer_authenticates(shop: Shop) -> None:
    waiting = upgrade(shop, subscribed(shop, "pm_card_authenticationRequired"))
    shop.emulator.advance(HOUR)
    shop.emulator.authenticate(waiting.latest_invoice.payments.data[0].payment.payment_intent)
    changed = shop.v1.subscriptions.retrieve(waiting.id, {"expand": ["latest_invoice"]})
    assert (price_of(changed), changed.pending_update, changed.latest_invoice.status) == (shop.plus, None, "paid")
    assert "customer.subscription.pending_update_applied" in shop.kinds()


def test_it_expires_after_23_hours(shop: Shop) -> None:
    waiting = upgrade(shop, subscribed(shop, "pm_card_authenticationRequired"))
    shop.emulator.advance(23 * HOUR)
    kept = shop.v1.subscriptions.retrieve(waiting.id, {"expand": ["latest_invoice"]})
    assert (kept.status, price_of(kept), kept.pending_update, kept.latest_invoice.status) == (
        "active",
        shop.basic,
        None,
        "void",
    )
    assert "customer.subscription.pending_update_expired" in shop.kinds()
    assert shop.v1.charges.list({"customer": kept.customer}).data[0].amount == 1000


def test_a_second_change_replaces_it(shop: Shop) -> None:
    subscription = subscribed(shop, "pm_card_authenticationRequired")
    first = upgrade(shop, subscription)
    second = upgrade(shop, subscription)
    assert first.latest_invoice.id != second.latest_invoice.id
    assert shop.v1.invoices.retrieve(first.latest_invoice.id).status == "void"


@pytest.mark.parametrize(
    ("card", "more", "sentence"),
    [
        ("pm_card_visa", {"cancel_at_period_end": True}, "`cancel_at_period_end`"),
        ("pm_usBankAccount_success", {}, "bank debit"),
    ],
)
def test_what_cannot_wait_is_refused(shop: Shop, card: str, more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=sentence):
        upgrade(shop, subscribed(shop, card), **more)


@pytest.mark.parametrize("behavior", ["pending_if_incomplete", "error_if_incomplete"])
def test_a_missing_card_is_refused(shop: Shop, behavior: str) -> None:
    subscription = shop.subscribe(shop.customer())
    shop.v1.payment_methods.detach(str(shop.v1.customers.payment_methods.list(subscription.customer).data[0].id))
    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        upgrade(shop, subscription, payment_behavior=behavior)
    assert price_of(shop.v1.subscriptions.retrieve(subscription.id)) == shop.basic
