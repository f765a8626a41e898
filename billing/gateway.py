"""The one way to Stripe, and the only importer of its library.

Calls give plain dictionaries, as Stripe writes them; `billing.shapes` reads them. Every write carries an idempotency key, so
that a call which is repeated after a broken connection does nothing twice. Without STRIPE_SECRET_KEY nothing is called, and
what needs Stripe answers 503 `payments_unavailable`.
"""

import logging
from collections.abc import Iterator
from functools import cache
from typing import Any

import stripe
from django.conf import settings
from stripe import HTTPClient, StripeClient

from mingus.kit.errors import ConflictError, DomainError

API_VERSION = "2026-10-28.endive"  # the one that stripe 16.1 was made for; a test says when the library moves on
RETRIES = 2
PAGE = 100

logger = logging.getLogger(__name__)


class PaymentsUnavailableError(DomainError):
    """Stripe is not connected, or does not answer. Nothing was changed, or it will be when Stripe says so."""

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__("payments_unavailable", message, status=503, retry_after=retry_after)


class GoneError(DomainError):
    """Stripe does not know what was asked for."""

    def __init__(self, what: str) -> None:
        super().__init__("unknown_at_stripe", f"Stripe does not know {what}.", status=409)
