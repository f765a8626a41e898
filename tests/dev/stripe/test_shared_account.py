"""The emulator's shared account, the key's mode, deleted customers, refusals, thin events and the age of events."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
import stripe
from stripe import StripeError

from dev.stripe import object_schemas
from dev.stripe.deliveries import signature
from dev.stripe.emulator import StripeEmulator
from tests.dev.stripe.fixtures import Shop

DAY = 86_400


def error_of(function: Any, *arguments: Any) -> StripeError:
    with pytest.raises(StripeError) as raised:
        function(*arguments)
    return raised.value


def test_a_deleted_customer_remains_as_a_stub_with_lists(shop: Shop) -> None:
    customer = shop.customer()
    shop.subscribe(customer)
    shop.v1.customers.delete(customer)
    expand = ["invoice_settings.default_payment_method"]
    assert shop.v1.customers.retrieve(customer, {"expand": expand}).to_dict() == {
        "id": customer,
        "object": "customer",
        "deleted": True,
    }
    [subscription] = shop.v1.subscriptions.list({"customer": customer, "status": "all"}).data
    assert subscription.status == "canceled"
    assert len(shop.v1.invoices.list({"customer": customer}).data) == 1


def test_a_list_of_an_unknown_customer_is_an_error(shop: Shop) -> None:
    error = error_of(shop.v1.subscriptions.list, {"customer": "cus_none"})
    assert (error.http_status, error.code, error.param) == (400, "resource_missing", "customer")


def test_objects_of_the_other_mode_are_named_in_the_error(shop: Shop) -> None:
    customer = shop.customer()
    shop.emulator.use_other_mode()
    error = error_of(shop.v1.customers.retrieve, customer)
    assert error.code == "resource_missing"
    assert "a similar object exists in live mode, but a test mode key was used" in (error.user_message or "")
    assert shop.v1.customers.list().data == []
    shop.emulator.use_other_mode(False)
    assert shop.v1.customers.retrieve(customer).id == customer


def test_another_app_has_objects_with_its_own_metadata(shop: Shop) -> None:
    ids = shop.emulator.add_foreign_app()
    assert shop.v1.prices.retrieve(ids["price"]).metadata.to_dict() == {
        "plan_id": "gold",
        "user_id": "acme-17",
        "adjustment": "none",
    }
    assert shop.v1.payouts.retrieve(ids["payout"]).status == "paid"
    assert [charge.customer for charge in shop.v1.charges.list().data] == [ids["customer"]]
    assert len(shop.v1.refunds.list().data) == len(shop.v1.disputes.list().data) == 1
    assert "payout.paid" in shop.kinds()


@pytest.mark.parametrize(
    ("kind", "raised", "status", "code", "text"),
    [
        ("rate_limit", stripe.RateLimitError, 429, "rate_limit", "rate limit exceeded"),
        ("lock_timeout", stripe.RateLimitError, 429, "lock_timeout", "cannot be accessed right now"),
        ("forbidden", stripe.PermissionError, 403, None, "Having the 'rak_customer_read' permission"),
    ],
)
def test_refusals_have_stripes_status_and_code(
    shop: Shop, kind: str, raised: type[StripeError], status: int, code: str | None, text: str
) -> None:
    shop.emulator.fault(kind)
    error = error_of(shop.v1.customers.list)
    body: Any = error.json_body  # the library's RateLimitError has no code
    assert (type(error), error.http_status, body["error"].get("code")) == (raised, status, code)
    assert text in (error.user_message or "")


def test_a_rate_limit_names_its_reason_and_may_ask_to_wait(shop: Shop) -> None:
    shop.emulator.fault("rate_limit", seconds=7)
    headers = error_of(shop.v1.customers.list).headers or {}
    assert (headers["Stripe-Rate-Limited-Reason"], headers["Retry-After"]) == ("global-rate", "7")


def test_events_are_listed_for_thirty_days(shop: Shop) -> None:
    old = shop.v1.events.list().data[0].id
    shop.emulator.advance(30 * DAY)
    shop.v1.products.create({"name": "New"})
    assert [event.type for event in shop.v1.events.list().data] == ["product.created"]
    assert error_of(shop.v1.events.retrieve, old).code == "resource_missing"


class Receiver(BaseHTTPRequestHandler):
    """An endpoint that keeps the bodies that it receives."""

    bodies: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Log nothing."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_thin_event_has_the_form_that_the_library_reads(emulator: StripeEmulator, endpoint: str) -> None:
    emulator.endpoint(endpoint, "whsec_x")
    related = {"id": "mtr_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_1"}
    name = emulator.send_thin_event("v1.billing.meter.error_report_triggered", related)
    emulator.deliver_all()
    body = next(body for body in Receiver.bodies if name.encode() in body).decode()
    signed = signature(body.encode(), ["whsec_x"], int(time.time()))
    event: Any = stripe.StripeClient("sk_test_x").parse_event_notification(body, signed, "whsec_x")
    assert (event.id, event.type, event.related_object.id) == (name, "v1.billing.meter.error_report_triggered", "mtr_1")


@pytest.mark.parametrize(
    ("value", "errors"),
    [
        ({"object": "customer", "id": "cus_1", "deleted": True}, []),
        (
            {"object": "customer", "id": "cus_1", "deleted": True, "email": "a"},
            ["customer.email isn't a field of a deleted object"],
        ),
        ({"object": "list", "data": [{"object": "teapot"}]}, ["teapot isn't a kind of object"]),
    ],
)
def test_responses_are_checked_by_the_kind_that_they_name(value: dict[str, Any], errors: list[str]) -> None:
    assert object_schemas.of_response(value) == errors
