"""The one way to Stripe, and the only importer of its library.

Calls give plain dictionaries, as Stripe writes them; `billing.stripe.objects` reads them. Every write carries an idempotency
key, so that a call which is repeated after a broken connection does nothing twice. Without STRIPE_SECRET_KEY nothing is called,
and what needs Stripe answers 503 `payments_unavailable`.
"""

import logging
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from operator import attrgetter
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


def call(method: str, *arguments: Any) -> Object:
    """Call a method of the library by its name below `client.v1`, such as `call("invoices.retrieve", key)`.

    Return its answer as a dictionary. Raise a DomainError that says what to do when Stripe refuses or does not answer.
    """
    try:
        answer: Object = attrgetter(f"v1.{method}")(_connected_client())(*arguments).to_dict()
    except stripe.StripeError as error:
        raise _to_domain_error(error) from error
    return answer


def list_all(resource: str, *arguments: str, **filters: Any) -> Iterator[Object]:
    """Yield every object of a list, such as `list_all("refunds", charge=key)`, page by page, the newest first."""
    page = {**filters, "limit": PAGE_SIZE}
    while True:
        answer = call(f"{resource}.list", *arguments, page)
        yield from answer["data"]
        if not answer["has_more"]:
            return
        page["starting_after"] = answer["data"][-1]["id"]


def write(method: str, *arguments: Any, key: str) -> Object:
    """Call a method that changes something. `key` is the idempotency key, the same for the same intention."""
    return call(method, *arguments, {"idempotency_key": key})


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
