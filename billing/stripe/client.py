"""The client of Stripe's API. No other module imports Stripe's library.

Calls return plain dictionaries, which `billing.stripe.objects` parses. Every write has an idempotency key, so that a call that
is repeated after a lost connection takes effect once. Without STRIPE_SECRET_KEY, nothing is called, and requests that need
Stripe return 503 `payments_unavailable`.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any

import orjson
import stripe
from django.conf import settings
from stripe import StripeClient, WebhookSignature

from core.errors import ConflictError, DomainError

API_VERSION = "2026-10-28.endive"  # the version of the library stripe 16.1
MAX_NETWORK_RETRIES = 2
CONNECT_TIMEOUT = 3  # seconds
MAX_RETRY_DELAY = 5  # seconds; the library's own
PAGE_SIZE = 100
RETRY_AFTER_SECONDS = 30
MAX_RETRY_AFTER_SECONDS = 3600
OTHER_MODE = "a similar object exists in"  # https://docs.stripe.com/error-codes#resource-missing
PERMISSIONS = re.compile(r"rak_\w+")  # the permissions of restricted keys
TOLERANCE_SECONDS = 300  # Stripe's own: https://docs.stripe.com/webhooks#replay-attacks

Object = dict[str, Any]
logger = logging.getLogger(__name__)


class PaymentsUnavailableError(DomainError):
    """Stripe is not configured or temporarily unavailable."""

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__("payments_unavailable", message, status=503, retry_after=retry_after)


class WrongStripeAccountError(PaymentsUnavailableError):
    """The object belongs to the other mode (test or live) than STRIPE_SECRET_KEY."""

    def __init__(self) -> None:
        sentence = "STRIPE_SECRET_KEY is of the other mode (test or live) than our data. The operator must set the other key."
        super().__init__(sentence)


class StripeNotFoundError(ConflictError):
    """The object does not exist at Stripe."""

    def __init__(self, message: str) -> None:
        super().__init__("unknown_at_stripe", message)


class CardDeclinedError(DomainError):
    """The card was declined. The message is written by Stripe for customers."""

    def __init__(self, message: str) -> None:
        super().__init__("payment_refused", message, status=402)


class NoPaymentMethodError(DomainError):
    """There is no card or bank account that Stripe could charge."""

    def __init__(self) -> None:
        sentence = (
            "There is no card to charge. Add one on the page of POST /api/v1/billing/subscriptions/portal/ with "
            '{"page": "card"}, then repeat this request.'
        )
        super().__init__("payment_method_required", sentence, status=402)


class InvalidSignatureError(DomainError):
    """The webhook has no valid signature by Stripe, or an old one."""

    def __init__(self, message: str) -> None:
        super().__init__("invalid_signature", message)


def is_connected() -> bool:
    """Return True if STRIPE_SECRET_KEY is set."""
    return bool(settings.STRIPE_SECRET_KEY)


def is_live() -> bool:
    """Return True if STRIPE_SECRET_KEY is a key of live mode."""
    return bool(settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_")))


def longest_call() -> int:
    """Return the seconds after which a call fails that Stripe does not answer, with all retries."""
    return (CONNECT_TIMEOUT + int(settings.STRIPE_TIMEOUT)) * (MAX_NETWORK_RETRIES + 1) + MAX_RETRY_DELAY * MAX_NETWORK_RETRIES


def verify_signature(payload: bytes, header: str, *, now: datetime) -> None:
    """Raise InvalidSignatureError unless `payload` was signed with one of our secrets within five minutes of `now`."""
    try:
        text = payload.decode()
        signed_at = int(dict(part.split("=", 1) for part in header.split(",") if "=" in part)["t"])
    except (UnicodeDecodeError, KeyError, ValueError) as error:
        raise InvalidSignatureError("The body must be UTF-8 and carry Stripe-Signature: t=…,v1=….") from error
    if abs(now.timestamp() - signed_at) > TOLERANCE_SECONDS:
        raise InvalidSignatureError("The signature's time is more than 5 minutes from now. Check the clock.")
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            WebhookSignature.verify_header(text, header, secret)
        except stripe.SignatureVerificationError:
            continue
        return
    raise InvalidSignatureError("The signature matches no secret in STRIPE_WEBHOOK_SECRETS.")


def call(method: str, *arguments: Any) -> Object:
    """Call a method of the library by its name under `client.v1`, such as `call("invoices.retrieve", key)`.

    Return the response as a dictionary. Raise DomainError with a remedy if Stripe rejects the request or is unavailable.
    """
    with _domain_errors():
        response: Object = attrgetter(f"v1.{method}")(_connected_client())(*arguments).to_dict()
    return response


def list_all(resource: str, *arguments: str, **filters: Any) -> Iterator[Object]:
    """Yield every object of a list, such as `list_all("refunds", charge=key)`, page by page, newest first.

    The library's `list` methods would make an object of every nested dictionary, which takes longer than the request.
    """
    first, *others = resource.split(".")
    path, page = "/".join(["/v1", first, *arguments, *others]), {**filters, "limit": PAGE_SIZE}
    while True:
        with _domain_errors():
            response: Object = orjson.loads(_connected_client().raw_request("get", path, **page).body)
        yield from response["data"]
        if not response["has_more"]:
            return
        page["starting_after"] = response["data"][-1]["id"]


def write(method: str, *arguments: Any, key: str) -> Object:
    """Call a method that changes data. `key` is the idempotency key, which must be the same for a retry."""
    return call(method, *arguments, {"idempotency_key": key})


@contextmanager
def _domain_errors() -> Iterator[None]:
    """Raise DomainError instead of the library's errors."""
    try:
        yield
    except stripe.StripeError as error:
        raise _to_domain_error(error) from error


@cache
def _client(key: str, api_base: str, timeout: int) -> StripeClient:
    return StripeClient(
        key,
        stripe_version=API_VERSION,
        base_addresses={"api": api_base},
        max_network_retries=MAX_NETWORK_RETRIES,
        http_client=stripe.RequestsClient(timeout=(CONNECT_TIMEOUT, timeout)),
    )


def _connected_client() -> StripeClient:
    if not is_connected():
        raise PaymentsUnavailableError("Payments are not configured. Contact support; the operator must set STRIPE_SECRET_KEY.")
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.STRIPE_TIMEOUT)


def _to_domain_error(error: stripe.StripeError) -> DomainError:
    if isinstance(error, stripe.CardError):
        return CardDeclinedError(error.user_message or "The card was declined. Use another one.")
    if OTHER_MODE in (error.user_message or ""):
        return WrongStripeAccountError()
    if isinstance(error, stripe.InvalidRequestError) and error.code == "resource_missing":
        # the same code without a parameter: "This customer has no attached payment source or default payment method"
        if error.param is None:
            return NoPaymentMethodError()
        return StripeNotFoundError(error.user_message or "This no longer exists at Stripe.")
    if isinstance(error, stripe.InvalidRequestError):
        return ConflictError("refused_by_stripe", f"Stripe rejected the request: {error.user_message or error}")
    logger.warning("Stripe: %s, request %s, status %s", type(error).__name__, error.request_id, error.http_status)
    if isinstance(error, stripe.PermissionError):
        needed = "; ".join(PERMISSIONS.findall(error.user_message or "")) or "this request"
        return PaymentsUnavailableError(f"Stripe's key has no permission for {needed}. The operator must add it at Stripe.")
    if isinstance(error, stripe.AuthenticationError):
        return PaymentsUnavailableError("Stripe does not accept our key. The operator must check STRIPE_SECRET_KEY.")
    sentence = "Stripe is temporarily unavailable. You were not charged twice. Try again in a moment."
    return PaymentsUnavailableError(sentence, retry_after=_retry_after(error))


def _retry_after(error: stripe.StripeError) -> int:
    """Return the seconds that Stripe asks to wait, which it does for some rate limits, or a default."""
    asked = str((error.headers or {}).get("Retry-After", ""))
    return min(max(int(asked), 1), MAX_RETRY_AFTER_SECONDS) if asked.isdecimal() else RETRY_AFTER_SECONDS
