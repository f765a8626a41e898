"""Webhooks of the emulator: signatures, API versions, retries and faults of delivery."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import stripe

from tests.dev.stripe.fixtures import Shop

OLD, NEW = "whsec_old", "whsec_new"


class Receiver(BaseHTTPRequestHandler):
    """A handler that accepts each request, or responds with the next of the server's `refusals`."""

    server: "Listener"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((body, self.headers["Stripe-Signature"]))
        status = self.server.refusals.pop() if self.server.refusals else 200
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Write no log."""


class Listener(ThreadingHTTPServer):
    """A server that stores the webhooks it receives."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, str]] = []
        self.refusals: list[int] = []
        super().__init__(("127.0.0.1", 0), Receiver)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/webhooks"

    def events(self, secret: str = NEW) -> list[stripe.Event]:
        """Return the events that were posted, with verified signatures."""
        return [stripe.Webhook.construct_event(body, signature, secret) for body, signature in self.got]

    def ids(self) -> list[str]:
        return [event.id for event in self.events()]


@pytest.fixture
def listener(shop: Shop) -> Iterator[Listener]:
    """Register a listener. Deliveries wait for `deliver_all`."""
    server = Listener()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    shop.emulator.hold_deliveries()
    shop.emulator.endpoint(server.url, NEW)
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def recorded(shop: Shop) -> list[str]:
    """Return the ids of the events since the endpoint was registered."""
    return [row["event"] for row in shop.emulator.deliveries()]


def test_events_arrive_signed_and_in_their_order(shop: Shop, listener: Listener) -> None:
    subscription = shop.subscribe(shop.customer())
    shop.emulator.deliver_all()
    events = listener.events()
    assert [event.id for event in events] == recorded(shop)
    assert (events[-1].type, events[-1].data.object["id"]) == ("customer.subscription.updated", subscription.id)
    assert (events[-1].api_version, events[-1].livemode) == ("2026-10-28.endive", False)
    assert events[-1].request.id.startswith("req_")
    assert {event["pending_webhooks"] for event in shop.emulator.events()} == {0}


def test_a_thread_delivers_by_itself(shop: Shop, listener: Listener) -> None:
    shop.emulator.hold_deliveries(False)
    shop.customer(None)
    arrived = threading.Event()
    waited = [arrived.wait(0.05) for _ in range(100) if not listener.got]
    assert (listener.events()[0].type, len(waited) < 100) == ("customer.created", True)


def test_both_secrets_sign_while_they_are_rotated(shop: Shop, listener: Listener) -> None:
    shop.emulator.endpoint(listener.url, OLD, NEW)
    shop.customer(None)
    shop.emulator.deliver_all()
    assert listener.events(OLD)[0].id == listener.events(NEW)[0].id
    with pytest.raises(stripe.SignatureVerificationError):
        listener.events("whsec_other")


def test_an_endpoint_may_have_an_old_api_version(shop: Shop, listener: Listener) -> None:
    shop.emulator.endpoint(listener.url, NEW, api_version="2024-06-20")
    subscription = shop.subscribe(shop.customer())
    shop.emulator.deliver_all()
    by_type = {event.type: event for event in listener.events()}
    assert by_type["customer.subscription.updated"].api_version == "2024-06-20"
    assert by_type["customer.subscription.updated"].data.object["current_period_end"] > subscription.created
    assert by_type["invoice.paid"].data.object["subscription"] == subscription.id
    assert by_type["invoice.paid"].data.object["charge"].startswith("ch_")
    assert next(event for event in shop.emulator.events() if event["type"] == "invoice.paid")["data"]["object"]["parent"]


def test_a_refused_delivery_is_retried_on_schedule(shop: Shop, listener: Listener) -> None:
    listener.refusals = [500, 503]
    shop.customer(None)
    shop.emulator.deliver_all()
    assert [event.id for event in shop.v1.events.list({"delivery_success": False}).data] == recorded(shop)
    shop.emulator.hold_deliveries(False)
    shop.emulator.advance(5, deliver=True)
    shop.emulator.advance(300, deliver=True)
    assert (len(listener.got), len(set(listener.ids()))) == (3, 1)
    assert shop.emulator.deliveries()[0]["responses"] == [503, 500, 200]
    assert [event.id for event in shop.v1.events.list({"delivery_success": True}).data][0] == recorded(shop)[0]


def test_faults_of_deliveries(shop: Shop, listener: Listener) -> None:
    shop.emulator.fault("duplicate", path="customer.created", count=1)
    shop.emulator.fault("lose", path="customer.updated", count=1)
    shop.emulator.fault("reorder", seed=3)
    shop.subscribe(shop.customer())
    shop.emulator.deliver_all()
    lost = next(row["event"] for row in shop.emulator.deliveries() if row["type"] == "customer.updated")
    got, sent = listener.ids(), recorded(shop)
    assert (sorted(set(got)), len(got)) == (sorted(set(sent) - {lost}), len(sent))
    assert list(dict.fromkeys(got)) != [event for event in sent if event != lost]
    assert [event.id for event in shop.v1.events.list({"delivery_success": False}).data] == [lost]


def test_a_delay_is_measured_by_the_emulators_clock(shop: Shop, listener: Listener) -> None:
    shop.emulator.fault("delay", path="customer.created", count=1, seconds=60)
    shop.emulator.hold_deliveries(False)
    shop.customer(None)
    until_tried = [row for _ in range(200) for row in shop.emulator.deliveries() if row.get("delayed")]
    assert (bool(until_tried), listener.got) == (True, [])
    shop.emulator.advance(60, deliver=True)
    assert [event.type for event in listener.events()] == ["customer.created"]


def test_an_event_is_delivered_again(shop: Shop, listener: Listener) -> None:
    shop.customer(None)
    shop.emulator.deliver_all()
    shop.emulator.redeliver(listener.ids()[0])
    shop.emulator.deliver_all()
    assert len(listener.ids()) == 2


def test_only_enabled_events_arrive(shop: Shop, listener: Listener) -> None:
    endpoint = shop.v1.webhook_endpoints.list().data[0]
    shop.v1.webhook_endpoints.update(endpoint.id, {"enabled_events": ["invoice.paid"]})
    shop.subscribe(shop.customer())
    shop.emulator.deliver_all()
    assert [event.type for event in listener.events()] == ["invoice.paid"]


def test_events_are_listed_by_kind_and_time(shop: Shop) -> None:
    shop.subscribe(shop.customer())
    since = shop.emulator.now() + 1
    shop.emulator.advance(28 * 86_400 + 3600)
    kinds = [event.type for event in shop.v1.events.list({"types": ["invoice.paid", "invoice.created"]}).data]
    later = shop.v1.events.list({"type": "invoice.*", "created": {"gte": since}}).data
    assert kinds == ["invoice.paid", "invoice.created"] * 2
    assert {event.data.object["billing_reason"] for event in later} == {"subscription_cycle"}
    assert shop.v1.events.retrieve(later[0].id).request.id is None
