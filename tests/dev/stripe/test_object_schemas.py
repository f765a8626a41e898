"""Each resource against the pinned library's annotations, and against Stripe's OpenAPI document if STRIPE_OPENAPI is set."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from dev.stripe import object_schemas
from dev.stripe.new_objects import TEMPLATES
from tests.dev.stripe.fixtures import Shop

DOCUMENT = os.environ.get("STRIPE_OPENAPI")
UNPUBLISHED = {"plan isn't a property"}  # Stripe sends a subscription item's plan, and only the libraries' document has it
KINDS = [
    "balance_transaction",
    "billing_portal.session",
    "charge",
    "checkout.session",
    "coupon",
    "credit_note",
    "customer",
    "customer_balance_transaction",
    "discount",
    "dispute",
    "event",
    "invoice",
    "invoice_payment",
    "invoiceitem",
    "payment_intent",
    "payment_method",
    "payout",
    "price",
    "product",
    "promotion_code",
    "radar.early_fraud_warning",
    "refund",
    "setup_intent",
    "subscription",
    "subscription_item",
    "tax_id",
    "tax_rate",
    "test_helpers.test_clock",
    "webhook_endpoint",
]


def everything(shop: Shop) -> dict[str, list[Any]]:
    """Create objects of every kind in most of their states and return them by kind."""
    emulator, v1 = shop.emulator, shop.v1
    emulator.add_foreign_app()
    v1.customers.delete(shop.customer())
    v1.test_helpers.test_clocks.create({"frozen_time": emulator.now()})
    customer = shop.customer(name="Alice", metadata={"user": "1"}, address={"city": "Turin"})
    v1.customers.balance_transactions.create(customer, {"amount": -500, "currency": "usd"})
    running = shop.subscribe(customer, metadata={"a": "b"})
    v1.subscriptions.update(running.id, {"items": [{"id": running["items"].data[0].id, "price": shop.plus}]})
    on_trial = shop.subscribe(
        shop.customer(None), trial_period_days=5, trial_settings={"end_behavior": {"missing_payment_method": "pause"}}
    )
    shop.subscribe(shop.customer("pm_card_chargeCustomerFail"))
    disputed = shop.subscribe(shop.customer("pm_card_createDispute"))
    shop.subscribe(shop.customer("pm_card_authenticationRequired"))
    shop.subscribe(shop.customer("pm_card_failsAtRenewal"))
    dear = shop.subscribe(shop.customer(), shop.plus, cancel_at_period_end=True)
    v1.refunds.create({"charge": shop.charge_of(dear.latest_invoice).id, "amount": 100})
    for result in ("pending", "lack_balance", "need_action", "fail_later"):
        emulator.set(refunds=result)
        v1.refunds.create({"charge": shop.charge_of(dear.latest_invoice).id, "amount": 100})
    shop.subscribe(shop.customer("pm_card_createIssuerFraudRecord"))
    v1.credit_notes.create({"invoice": dear.latest_invoice, "amount": 200, "credit_amount": 200})
    waiting_states(shop)
    session = shop.checkout(client_reference_id="1", subscription_data={"trial_period_days": 3})
    emulator.complete_checkout(session.id)
    setup = v1.checkout.sessions.create(
        {"mode": "setup", "customer": customer, "currency": "usd", "success_url": "https://example.com"}
    )
    emulator.complete_checkout(setup.id)
    shop.checkout()
    coupon = v1.coupons.create({"percent_off": 25, "duration": "repeating", "duration_in_months": 3})
    code = v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "SPRING"})
    taxed = shop.customer(address={"country": "DE"})
    emulator.send_command("discount_customer", customer=taxed, coupon=coupon.id)
    v1.customers.tax_ids.create(taxed, {"type": "eu_vat", "value": "DE123456789"})
    shop.subscribe(taxed, automatic_tax={"enabled": True}, discounts=[{"promotion_code": code.id}])
    offer: Any = {"allow_promotion_codes": True, "automatic_tax": {"enabled": True}, "tax_id_collection": {"enabled": True}}
    emulator.complete_checkout(shop.checkout(**offer).id, country="FR", promotion_code="spring", tax_id="FR12345678901")
    v1.webhook_endpoints.create({"url": "http://127.0.0.1:9", "enabled_events": ["plan.created"]})
    portal = emulator.request_json(
        "POST", "/v1/billing_portal/sessions", f"customer={customer}&return_url=https://example.com".encode()
    )[1]
    emulator.advance(40 * 86_400)
    emulator.request_json("POST", f"/v1/invoices/{v1.invoices.list({'status': 'open'}).data[0].id}/mark_uncollectible")
    preview = emulator.request_json("POST", "/v1/invoices/create_preview", f"subscription={running.id}".encode())[1]
    assert {on_trial.status, disputed.status} == {"trialing", "active"}
    return collected(emulator, {"billing_portal.session": [portal], "invoice": [preview]})


def waiting_states(shop: Shop) -> None:
    """Create payments, updates and pauses that have not ended."""
    v1 = shop.v1
    for token, currency in (("pm_success_de", "eur"), ("pm_usBankAccount_success", "usd"), ("pm_bacsDebit_success", "gbp")):
        shop.subscribe(shop.customer(token), shop.price(1000, currency=currency))
    shop.subscribe(shop.customer("pm_usBankAccount_dispute"))
    shop.subscribe(shop.customer("pm_usBankAccount_insufficientFunds"))
    changing, paused = (shop.subscribe(shop.customer()) for _ in range(2))
    shop.give_card(changing.customer, "pm_card_authenticationRequired")
    items = [{"id": changing["items"].data[0].id, "price": shop.plus}]
    behavior = {"payment_behavior": "pending_if_incomplete", "proration_behavior": "always_invoice"}
    v1.subscriptions.update(changing.id, {"items": items, **behavior})
    v1.subscriptions.pause(paused.id)
    v1.subscriptions.resume(paused.id)
    shop.subscribe(shop.customer(None), collection_method="send_invoice", days_until_due=14)


PATHS = (
    "customers",
    "subscriptions?status=all&",
    "invoices",
    "invoice_payments",
    "invoiceitems",
    "payment_intents",
    "setup_intents",
    "charges",
    "payouts",
    "refunds",
    "credit_notes",
    "disputes",
    "balance_transactions",
    "radar/early_fraud_warnings",
    "products",
    "prices",
    "checkout/sessions",
    "coupons",
    "promotion_codes",
    "tax_rates",
    "events",
    "webhook_endpoints",
    "test_helpers/test_clocks",
)


def collected(emulator: Any, found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Add the objects of all lists to `found`, by kind."""
    for path in PATHS:
        for obj in emulator.get(f"/v1/{path}{'' if path.endswith('&') else '?'}limit=100")["data"]:
            found.setdefault(obj["object"], []).append(obj)
    for customer in found["customer"]:
        for part in ("payment_methods", "balance_transactions", "tax_ids"):
            for obj in emulator.get(f"/v1/customers/{customer['id']}/{part}")["data"]:
                found.setdefault(obj["object"], []).append(obj)
    found["subscription_item"] = [item for one in found["subscription"] for item in one["items"]["data"]]
    expanded = emulator.get("/v1/subscriptions?status=all&limit=100&expand[]=data.discounts")["data"]
    found["discount"] = [discount for one in expanded for discount in one["discounts"]]
    found["invoice"] += [emulator.get(f"/v1/invoices/{one['id']}?expand[]=payments") for one in found["invoice"][1:]]
    found["event"] += [event["data"]["object"] for event in found["event"] if event["data"]["object"]["object"] in KINDS]
    return found


def wrong_by_class(found: list[Any]) -> list[str]:
    """Return the differences from the library's classes, each once."""
    errors = [
        wrong for obj in found for wrong in object_schemas.of_class(obj, object_schemas.class_of(obj["object"]), obj["object"])
    ]
    return sorted(set(errors))


def test_every_kind_matches_the_librarys_classes(shop: Shop) -> None:
    found = everything(shop)
    assert sorted(found) == KINDS
    assert {kind: wrong for kind in KINDS if (wrong := wrong_by_class(found[kind]))} == {}


EXPANDED = (
    "subscriptions?status=all&expand[]=data.default_payment_method&expand[]=data.latest_invoice.payments&expand[]=data.customer",
    "invoices?expand[]=data.payments&expand[]=data.customer.invoice_settings.default_payment_method",
    "charges?expand[]=data.refunds&expand[]=data.customer&expand[]=data.payment_intent.latest_charge",
    "refunds?expand[]=data.charge.customer",
    "disputes?expand[]=data.charge.payment_intent",
    "customers?expand[]=data.subscriptions&expand[]=data.invoice_settings.default_payment_method",
    "invoice_payments?expand[]=data.payment.payment_intent&expand[]=data.invoice",
    "checkout/sessions?expand[]=data.line_items&expand[]=data.subscription&expand[]=data.setup_intent",
)


def test_every_response_matches_with_what_is_expanded(shop: Shop) -> None:
    """Check the responses in the emulator, so that no call of this history is left out."""
    shop.emulator.check_objects()
    try:
        everything(shop)
        for path in EXPANDED:
            assert shop.emulator.get(f"/v1/{path}&limit=100")["object"] == "list"
    finally:
        errors = shop.emulator.check_objects(on=False)
    assert errors == []


def kinds_in(value: Any) -> set[str]:
    """Return the kinds of all objects in a value, also of those in other objects."""
    if isinstance(value, list):
        return {kind for entry in value for kind in kinds_in(entry)}
    if not isinstance(value, dict):
        return set()
    own = {value["object"]} if isinstance(value.get("object"), str) else set()
    return own | kinds_in(list(value.values()))


def test_every_kind_that_the_emulator_creates_is_checked(shop: Shop) -> None:
    """A thin event is only sent to endpoints, so `test_shared_account` checks it."""
    created = {kind for kind in TEMPLATES if not kind.startswith("_")}
    shop.checkout()
    lines = shop.emulator.get("/v1/checkout/sessions?expand[]=data.line_items")
    assert created - kinds_in(list(everything(shop).values())) - kinds_in(lines) == {"v2.core.event"}


if DOCUMENT:

    def wrong_by_document(found: list[Any], document: dict[str, Any]) -> list[str]:
        """Return the differences from Stripe's OpenAPI document, each once."""
        schemas = document["components"]["schemas"]
        errors = [
            wrong for obj in found for wrong in object_schemas.of_schema(obj, schemas[obj["object"]], document, obj["object"])
        ]
        return sorted({wrong for wrong in errors if not any(wrong.endswith(known) for known in UNPUBLISHED)})

    def test_every_kind_matches_stripes_document(shop: Shop) -> None:
        document = json.loads(Path(DOCUMENT or "").read_text())
        found = everything(shop)
        assert {kind: wrong for kind in KINDS if (wrong := wrong_by_document(found[kind], document))} == {}


@pytest.mark.parametrize(("value", "wrong"), [({"id": 1}, "id: 1 isn't str"), ({"color": "red"}, "color isn't a field")])
def test_a_wrong_object_is_reported(value: dict[str, Any], wrong: str) -> None:
    assert any(wrong in error for error in object_schemas.of_class(value, object_schemas.class_of("price"), "price"))


SMALL = {
    "components": {
        "schemas": {
            "dot": {
                "type": "object",
                "required": ["x"],
                "properties": {"x": {"type": "integer"}, "up": {"$ref": "#/components/schemas/dot"}},
            },
            "line": {
                "type": "object",
                "properties": {
                    "dots": {"type": "array", "items": {"$ref": "#/components/schemas/dot"}},
                    "name": {"type": "string", "nullable": True},
                    "to": {"anyOf": [{"type": "string"}, {"$ref": "#/components/schemas/dot"}]},
                },
            },
        }
    }
}


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ({"dots": [{"x": 1}], "name": None, "to": "id"}, []),
        ({"to": {"x": 1, "up": {"x": 2}}}, []),
        ({"dots": [{"x": "1"}]}, ["line.dots[0].x: '1' doesn't fit"]),
        ({"dots": [{}]}, ["line.dots[0].x is required"]),
        ({"dots": None, "size": 1}, ["line.size isn't a property", "line.dots can't be null"]),
    ],
)
def test_an_object_is_checked_against_a_document(value: dict[str, Any], wrong: list[str]) -> None:
    assert object_schemas.of_schema(value, SMALL["components"]["schemas"]["line"], SMALL, "line") == wrong
