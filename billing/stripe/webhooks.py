"""`POST /webhooks/stripe/`, which verifies and stores Stripe's events. A job processes them."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from procrastinate.types import TimeDeltaParams

from billing import tasks
from billing.models import StripeEvent
from billing.stripe import client as stripe_client
from billing.stripe import events
from core import clock, rls
from core.errors import DomainError

EVENT_DELAY: TimeDeltaParams = {"seconds": 2}
MAX_BODY_SIZE = 1_048_576  # bytes; Stripe's events have about ten thousand


@csrf_exempt  # Stripe sends no cookie; its signature authenticates it
@require_POST
@transaction.atomic
def stripe(request: HttpRequest) -> JsonResponse:
    """Store an event and return 200. Without a valid signature return 400, and without a configured secret 503."""
    now = clock.now()
    try:
        payload = _body_of(request)
        stripe_client.verify_signature(payload, request.headers.get("Stripe-Signature", ""), now=now)
        with rls.as_staff():  # the request is from Stripe, and the event may be about any customer
            event, is_new = events.store_event(payload, headers=dict(request.headers), now=now)
            if is_new:
                _enqueue(event)
    except DomainError as error:
        return _problem(error)
    return JsonResponse({"received": event.stripe_id, "is_new": is_new})


def _enqueue(event: StripeEvent) -> None:
    """Enqueue the processing. A payment causes several events within a second, which wait for each other and need one sync.

    A purchase does not wait, because the buyer is looking at the page.
    """
    is_purchase = event.type.startswith("checkout.session.")
    job = tasks.handle_stripe_event if is_purchase else tasks.handle_stripe_event.configure(schedule_in=EVENT_DELAY)
    job.defer(event_id=str(event.pk))


def _body_of(request: HttpRequest) -> bytes:
    if not settings.STRIPE_WEBHOOK_SECRETS:
        raise stripe_client.PaymentsUnavailableError("Payments are not configured: STRIPE_WEBHOOK_SECRETS is empty.")
    if int(request.headers.get("Content-Length") or 0) > MAX_BODY_SIZE:
        raise DomainError("too_large", f"An event has at most {MAX_BODY_SIZE} bytes.", status=413)
    return request.body


def _problem(error: DomainError) -> JsonResponse:
    kind = "client_error" if error.status < 500 else "server_error"
    problem: dict[str, Any] = {"code": error.code, "detail": error.message, "attr": None}
    return JsonResponse({"type": kind, "errors": [problem]}, status=error.status)
