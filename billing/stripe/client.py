"""The one way to Stripe, and the only importer of its library.

Calls give plain dictionaries, as Stripe writes them; `billing.stripe.objects` reads them. Every write carries an idempotency
key, so that a call which is repeated after a broken connection does nothing twice. Without STRIPE_SECRET_KEY nothing is called,
and what needs Stripe answers 503 `payments_unavailable`.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Any

import stripe
from django.conf import settings
from stripe import StripeClient, WebhookSignature

from core.errors import ConflictError, DomainError

API_VERSION = "2026-10-28.endive"  # the one that stripe 16.1 was made for; a test says when the library moves on
MAX_NETWORK_RETRIES = 2
PAGE_SIZE = 100
RETRY_AFTER_SECONDS = 30
TOLERANCE_SECONDS = 300  # Stripe's own: https://docs.stripe.com/webhooks#replay-attacks

Object = dict[str, Any]
Parameters = Mapping[str, Any]
Call = Callable[[Any], Any]  # of a StripeClient; its types want one TypedDict for each call
logger = logging.getLogger(__name__)


class PaymentsUnavailableError(DomainError):
    """Stripe is not connected, or does not answer now."""

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__("payments_unavailable", message, status=503, retry_after=retry_after)


class StripeNotFoundError(ConflictError):
    """Stripe has no such object, or has it no more."""

    def __init__(self, message: str) -> None:
        super().__init__("unknown_at_stripe", message)


class CardDeclinedError(DomainError):
    """The card was declined; the sentence is Stripe's, made for customers."""

    def __init__(self, message: str) -> None:
        super().__init__("payment_refused", message, status=402)


class InvalidSignatureError(DomainError):
    """A webhook that Stripe did not sign, or not now."""

    def __init__(self, message: str) -> None:
        super().__init__("invalid_signature", message)


def is_connected() -> bool:
    """Whether there is a key to call Stripe with."""
    return bool(settings.STRIPE_SECRET_KEY)


def verify_signature(payload: bytes, header: str, *, now: datetime) -> None:
    """Raise InvalidSignatureError unless one of our secrets signed these bytes within five minutes of `now`."""
    try:
        text = payload.decode()
        signed_at = int(dict(part.split("=", 1) for part in header.split(",") if "=" in part)["t"])
    except (UnicodeDecodeError, KeyError, ValueError) as error:
        raise InvalidSignatureError("The body must be UTF-8 and carry Stripe-Signature: t=…,v1=….") from error
    if abs(now.timestamp() - signed_at) > TOLERANCE_SECONDS:
        raise InvalidSignatureError("The signature is too old, or from the future. Is the clock right?")
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            WebhookSignature.verify_header(text, header, secret)
        except stripe.SignatureVerificationError:
            continue
        return
    raise InvalidSignatureError("No secret of STRIPE_WEBHOOK_SECRETS has signed this.")


# --- what is read


def retrieve_customer(key: str) -> Object:
    """A customer, with the card that pays."""
    expand = {"expand": ["invoice_settings.default_payment_method"]}
    return _call(lambda client: client.v1.customers.retrieve(key, expand))


def retrieve_subscription(key: str) -> Object:
    """A subscription, with the card that pays."""
    return _call(lambda client: client.v1.subscriptions.retrieve(key, {"expand": ["default_payment_method"]}))


def retrieve_invoice(key: str) -> Object:
    """An invoice, with its payments."""
    return _call(lambda client: client.v1.invoices.retrieve(key, {"expand": ["payments"]}))


def fetch_checkout(key: str) -> Object:
    return _call(lambda client: client.v1.checkout.sessions.retrieve(key))


def list_checkout_sessions(customer: str) -> Iterator[Object]:
    """A customer's checkout pages, the newest first."""
    return _paginate(lambda client, page: client.v1.checkout.sessions.list({"customer": customer, **page}))


def fetch_charge(key: str) -> Object:
    return _call(lambda client: client.v1.charges.retrieve(key))


def list_subscriptions_of(customer: str) -> Iterator[Object]:
    """All of a customer's, ended ones too."""
    return _paginate(lambda client, page: client.v1.subscriptions.list({"customer": customer, "status": "all", **page}))


def list_invoices_of(customer: str) -> Iterator[Object]:
    return _paginate(lambda client, page: client.v1.invoices.list({"customer": customer, "expand": ["data.payments"], **page}))


def list_refunds_of(charge: str) -> Iterator[Object]:
    return _paginate(lambda client, page: client.v1.refunds.list({"charge": charge, **page}))


def list_refunds_of_payment(paid_by: Mapping[str, str]) -> Iterator[Object]:
    """Those of what paid an invoice: `{"charge": id}` or `{"payment_intent": id}`."""
    return _paginate(lambda client, page: client.v1.refunds.list({**paid_by, **page}))


def list_charges_of(customer: str) -> Iterator[Object]:
    return _paginate(lambda client, page: client.v1.charges.list({"customer": customer, **page}))


def list_disputes_of(charge: str) -> Iterator[Object]:
    return _paginate(lambda client, page: client.v1.disputes.list({"charge": charge, **page}))


def list_balance_transactions_of(customer: str) -> Iterator[Object]:
    """What was put to a customer's balance and taken from it."""
    return _paginate(lambda client, page: client.v1.customers.balance_transactions.list(customer, page))


def list_all_customers() -> Iterator[Object]:
    return _paginate(lambda client, page: client.v1.customers.list(page))


def all_subscriptions() -> Iterator[Object]:
    return _paginate(lambda client, page: client.v1.subscriptions.list({"status": "all", **page}))


def list_events_since(since: datetime) -> Iterator[Object]:
    """Every event of the last 30 days at most, the newest first."""
    return _paginate(lambda client, page: client.v1.events.list({"created": {"gte": int(since.timestamp())}, **page}))


def list_products(keys: Sequence[str]) -> Iterator[Object]:
    return _paginate(lambda client, page: client.v1.products.list({"ids": list(keys), **page}))


def list_prices_by_lookup_key(lookup_keys: Sequence[str]) -> Iterator[Object]:
    """Active prices by our names for them; ten at most, which is Stripe's limit."""
    return _paginate(lambda client, page: client.v1.prices.list({"lookup_keys": list(lookup_keys), "active": True, **page}))


def preview_change(parameters: Parameters) -> Object:
    """The invoice that a change would bring; nothing is changed."""
    return _call(lambda client: client.v1.invoices.create_preview(dict(parameters)))


# --- what is written: `key` is the idempotency key, the same for the same intention


def create_customer(parameters: Parameters, *, key: str) -> Object:
    return _write(lambda client: client.v1.customers.create, parameters, key=key)


def update_customer(customer: str, parameters: Parameters, *, key: str) -> Object:
    return _write(lambda client: client.v1.customers.update, parameters, customer, key=key)


def delete_customer(customer: str, *, key: str) -> Object:
    return _write(lambda client: client.v1.customers.delete, {}, customer, key=key)


def create_checkout_session(parameters: Parameters, *, key: str) -> Object:
    return _write(lambda client: client.v1.checkout.sessions.create, parameters, key=key)


def expire_checkout_session(session: str, *, key: str) -> Object:
    return _write(lambda client: client.v1.checkout.sessions.expire, {}, session, key=key)


def create_portal_session(parameters: Parameters, *, key: str) -> Object:
    return _write(lambda client: client.v1.billing_portal.sessions.create, parameters, key=key)


def update_subscription(subscription: str, parameters: Parameters, *, key: str) -> Object:
    return _write(lambda client: client.v1.subscriptions.update, parameters, subscription, key=key)


def cancel_subscription(subscription: str, *, key: str) -> Object:
    """End it at once."""
    return _write(lambda client: client.v1.subscriptions.cancel, {}, subscription, key=key)


def create_refund(parameters: Parameters, *, key: str) -> Object:
    return _write(lambda client: client.v1.refunds.create, parameters, key=key)


def create_product(parameters: Parameters, *, key: str) -> Object:
    return _write(lambda client: client.v1.products.create, parameters, key=key)


def update_product(product: str, parameters: Parameters, *, key: str) -> Object:
    return _write(lambda client: client.v1.products.update, parameters, product, key=key)


def create_price(parameters: Parameters, *, key: str) -> Object:
    return _write(lambda client: client.v1.prices.create, parameters, key=key)


def update_price(price: str, parameters: Parameters, *, key: str) -> Object:
    return _write(lambda client: client.v1.prices.update, parameters, price, key=key)


# --- how


@cache
def _client(key: str, address: str, timeout: int) -> StripeClient:
    return StripeClient(
        key,
        stripe_version=API_VERSION,
        base_addresses={"api": address},
        max_network_retries=MAX_NETWORK_RETRIES,
        http_client=stripe.RequestsClient(timeout=(3, timeout)),
    )


def _connected_client() -> StripeClient:
    if not is_connected():
        raise PaymentsUnavailableError("Payments are not connected here. Ask support, or the operator: STRIPE_SECRET_KEY.")
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.STRIPE_TIMEOUT)


def _write(method: Call, parameters: Parameters, *place: str, key: str) -> Object:
    return _call(lambda client: method(client)(*place, dict(parameters), {"idempotency_key": key}))


def _call(ask: Call) -> Object:
    """Carry out a call and give its answer as a dictionary; what goes wrong becomes an error that says what to do."""
    try:
        answer: Object = ask(_connected_client()).to_dict()
    except stripe.StripeError as error:
        raise _to_domain_error(error) from error
    return answer


def _paginate(ask: Callable[[Any, dict[str, Any]], Any]) -> Iterator[Object]:
    """Every object of a list, page by page."""
    page: dict[str, Any] = {"limit": PAGE_SIZE}
    while True:
        answer = _call(partial(_page_of, ask, page))
        yield from answer["data"]
        if not answer["has_more"]:
            return
        page = {"limit": PAGE_SIZE, "starting_after": answer["data"][-1]["id"]}


def _page_of(ask: Callable[[Any, dict[str, Any]], Any], page: dict[str, Any], client: Any) -> Any:
    return ask(client, page)


def _to_domain_error(error: stripe.StripeError) -> DomainError:
    if isinstance(error, stripe.CardError):
        return CardDeclinedError(error.user_message or "The card was declined. Use another one.")
    if isinstance(error, stripe.InvalidRequestError) and error.code == "resource_missing":
        return StripeNotFoundError(error.user_message or "Stripe does not know this any more.")
    if isinstance(error, stripe.InvalidRequestError):
        return ConflictError("refused_by_stripe", f"Stripe refused: {error.user_message or error}")
    logger.warning("Stripe: %s, request %s, status %s", type(error).__name__, error.request_id, error.http_status)
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        return PaymentsUnavailableError("Stripe does not accept our key. The operator has to look at STRIPE_SECRET_KEY.")
    sentence = "Stripe does not answer now. Nothing was charged twice; try again in a moment."
    return PaymentsUnavailableError(sentence, retry_after=RETRY_AFTER_SECONDS)
