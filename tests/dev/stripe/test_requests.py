"""API keys, idempotency keys, parameters, lists and injected faults of the emulator."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from tests.dev.stripe.fixtures import Shop


def refusal(call: Any, *arguments: Any) -> Any:
    """Return the error that a call raises."""
    with pytest.raises(stripe.StripeError) as refused:
        call(*arguments)
    return refused.value


def test_a_wrong_key_is_refused(shop: Shop) -> None:
    intruder = stripe.StripeClient("sk_test_wrong", base_addresses={"api": shop.emulator.url})
    error = refusal(intruder.v1.customers.list)
    assert (type(error), error.http_status) == (stripe.AuthenticationError, 401)


@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        ({"color": "red"}, "parameter_unknown", "color"),
        ({"address": {"planet": "Mars"}}, "parameter_unknown", "address[planet]"),
        ({"balance": "much"}, "parameter_invalid_integer", "balance"),
        ({"email": "alice"}, "email_invalid", "email"),
        ({"test_clock": "clock_none"}, "resource_missing", "test_clock"),
    ],
)
def test_a_bad_parameter_is_named(shop: Shop, given: dict[str, Any], code: str, param: str) -> None:
    error = refusal(shop.v1.customers.create, given)
    assert (error.http_status, error.code, error.param) == (400, code, param)
    assert error.request_id.startswith("req_")


def test_a_missing_parameter_is_named(shop: Shop) -> None:
    error = refusal(shop.v1.subscriptions.create, {"customer": shop.customer()})
    assert (error.http_status, error.code, error.param) == (400, "parameter_missing", "items")


def test_an_unknown_id_is_404(shop: Shop) -> None:
    error = refusal(shop.v1.customers.retrieve, "cus_none")
    assert (error.http_status, error.code, error.user_message) == (404, "resource_missing", "No such customer: 'cus_none'")


def test_a_declined_card_cannot_be_attached(shop: Shop) -> None:
    error = refusal(shop.v1.payment_methods.attach, "pm_card_chargeDeclined", {"customer": shop.customer(None)})
    assert (type(error), error.code, error.error.decline_code) == (stripe.CardError, "card_declined", "generic_decline")


def test_an_amount_is_fixed_and_a_lookup_key_is_transferable(shop: Shop) -> None:
    first = shop.price(700, lookup_key="plus_monthly")
    assert refusal(shop.v1.prices.update, first, {"unit_amount": 1}).code == "parameter_unknown"
    second = shop.price(800, lookup_key="plus_monthly", transfer_lookup_key=True)
    assert [price.id for price in shop.v1.prices.list({"lookup_keys": ["plus_monthly"]}).data] == [second]


def test_an_inactive_price_is_not_sold(shop: Shop) -> None:
    shop.v1.prices.update(shop.basic, {"active": False})
    assert refusal(shop.subscribe, shop.customer()).param == "items[0][price]"


def test_lists_go_by_cursor_both_ways(shop: Shop) -> None:
    ids = [shop.v1.customers.create({"name": str(number)}).id for number in range(5)][::-1]
    first = shop.v1.customers.list({"limit": 2})
    second = shop.v1.customers.list({"limit": 2, "starting_after": first.data[-1].id})
    back = shop.v1.customers.list({"limit": 2, "ending_before": second.data[-1].id})
    assert ([one.id for one in first.data], first.has_more) == (ids[:2], True)
    assert ([one.id for one in second.data], [one.id for one in back.data]) == (ids[2:4], ids[1:3])
    assert [one.id for one in shop.v1.customers.list({"limit": 2}).auto_paging_iter()] == ids
    assert refusal(shop.v1.customers.list, {"limit": 101}).param == "limit"
    assert refusal(shop.v1.customers.list, {"starting_after": "cus_none"}).code == "resource_missing"


def test_customers_are_found_by_email(shop: Shop) -> None:
    shop.customer(None)
    bob = shop.v1.customers.create({"email": "bob@example.com"})
    assert [one.id for one in shop.v1.customers.list({"email": "bob@example.com"}).data] == [bob.id]


def test_expanded_fields_are_objects(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer(), expand=["customer", "latest_invoice.payments.data.payment"])
    assert (subscription.customer.email, subscription.latest_invoice.payments.data[0].status) == ("alice@example.com", "paid")
    assert refusal(shop.v1.customers.retrieve, subscription.customer.id, {"expand": ["color"]}).http_status == 400
    deep = {"expand": ["latest_invoice.payments.data.payment.payment_intent"]}
    assert "more than 4 levels" in refusal(shop.v1.subscriptions.retrieve, subscription.id, deep).user_message


def test_metadata_is_merged_and_emptied(shop: Shop) -> None:
    customer = shop.v1.customers.create({"metadata": {"a": "1", "b": "2"}})
    assert shop.v1.customers.update(customer.id, {"metadata": {"a": "", "c": "3"}}).metadata.to_dict() == {"b": "2", "c": "3"}
    assert shop.v1.customers.update(customer.id, {"metadata": ""}).metadata.to_dict() == {}


def test_a_deleted_customer_is_marked_deleted(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer())
    shop.v1.customers.delete(subscription.customer)
    assert shop.v1.customers.retrieve(subscription.customer).deleted is True
    assert shop.v1.subscriptions.retrieve(subscription.id).status == "canceled"
    assert refusal(shop.v1.customers.update, subscription.customer, {"name": "x"}).http_status == 404


KEY = {"idempotency_key": "once"}


def test_the_same_request_under_a_key_runs_once(shop: Shop) -> None:
    first = shop.v1.customers.create({"name": "Alice"}, KEY)
    second = shop.v1.customers.create({"name": "Alice"}, KEY)
    assert (second.id, second.last_response.headers["Idempotent-Replayed"]) == (first.id, "true")
    assert len(shop.v1.customers.list().data) == 1


def test_another_request_under_a_key_is_refused(shop: Shop) -> None:
    shop.v1.customers.create({"name": "Alice"}, KEY)
    error = refusal(shop.v1.customers.create, {"name": "Bob"}, KEY)
    assert (type(error), error.http_status) == (stripe.IdempotencyError, 400)


def test_a_declined_card_is_declined_again_under_its_key(shop: Shop) -> None:
    customer = shop.customer("pm_card_chargeCustomerFail")
    given = {"customer": customer, "items": [{"price": shop.basic}], "payment_behavior": "error_if_incomplete"}
    assert refusal(shop.v1.subscriptions.create, given, KEY).code == "card_declined"
    shop.give_card(customer, "pm_card_visa")
    assert refusal(shop.v1.subscriptions.create, given, KEY).code == "card_declined"


def test_two_at_the_same_time_under_a_key_conflict(shop: Shop) -> None:
    shop.emulator.fault("slow", path="/v1/customers", count=1, seconds=0.1)
    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(shop.v1.customers.create, {"name": "Alice"}, KEY) for _ in range(8)]
        errors = [one.exception() for one in done]
    assert {getattr(error, "http_status", 200) for error in errors} <= {200, 409}
    assert len(shop.v1.customers.list().data) == 1


def test_a_retry_with_a_key_after_a_lost_response_adds_nothing(shop: Shop) -> None:
    shop.emulator.fault("drop_after", path="/v1/customers$", method="POST", count=1)
    assert isinstance(refusal(shop.v1.customers.create, {"name": "Alice"}, KEY), stripe.APIConnectionError)
    assert shop.v1.customers.create({"name": "Alice"}, KEY).last_response.headers["Idempotent-Replayed"] == "true"
    assert len(shop.v1.customers.list().data) == 1


def test_the_library_retries(shop: Shop) -> None:
    shop.emulator.fault("drop", path="/v1/customers", count=1)
    retrying = stripe.StripeClient(shop.emulator.key, base_addresses={"api": shop.emulator.url}, max_network_retries=2)
    assert retrying.v1.customers.create({"name": "Alice"}).name == "Alice"
    assert [request["fault"] for request in shop.emulator.requests()][-2:] == ["drop", None]


@pytest.mark.parametrize(
    ("kind", "error", "status"),
    [
        ("error", stripe.APIError, 500),
        ("html", stripe.APIError, 500),
        ("rate_limit", stripe.RateLimitError, 429),
        ("drop", stripe.APIConnectionError, None),
        ("down", stripe.APIConnectionError, None),
    ],
)
def test_faults_raise_the_librarys_errors(shop: Shop, kind: str, error: type, status: int | None) -> None:
    shop.emulator.fault(kind, path="^/v1/products")
    refused = refusal(shop.v1.products.list)
    assert (type(refused), refused.http_status) == (error, status)
    shop.emulator.clear_faults()
    assert shop.v1.products.list().data[0].id == shop.product.id


def test_a_seed_draws_the_same_faults(shop: Shop) -> None:
    def draw(_: int) -> str:
        return str(shop.emulator.request_json("GET", "/v1/products/none")[0])

    shop.emulator.fault("rate_limit", path="none", probability=0.5, seed=7)
    first = [draw(number) for number in range(20)]
    shop.emulator.clear_faults()
    shop.emulator.fault("rate_limit", path="none", probability=0.5, seed=7)
    assert [draw(number) for number in range(20)] == first
    assert set(first) == {"404", "429"}


def test_fifty_clients_at_once(shop: Shop) -> None:
    def create(number: int) -> str:
        return str(shop.v1.customers.create({"name": str(number)}).id)

    with ThreadPoolExecutor(50) as pool:
        ids = set(pool.map(create, range(100)))
    assert {one.id for one in shop.v1.customers.list({"limit": 100}).data} == ids


def test_an_old_version_returns_the_old_objects(shop: Shop) -> None:
    old = {"stripe_version": "2024-06-20"}
    subscription = shop.v1.subscriptions.retrieve(shop.subscribe(shop.customer()).id, {"expand": ["latest_invoice"]}, old)
    invoice, item = subscription.latest_invoice, subscription["items"].data[0]
    assert (subscription.current_period_end - subscription.current_period_start, "current_period_end" in item) == (
        28 * 86_400,
        False,
    )
    assert (invoice.subscription, invoice.paid, "parent" in invoice.to_dict()) == (subscription.id, True, False)
    assert invoice.charge == shop.charge_of(invoice.id).id
    assert (invoice.lines.data[0].price.id, invoice.lines.data[0].proration) == (shop.basic, False)
