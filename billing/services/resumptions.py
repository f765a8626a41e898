"""The end of pauses that customers requested: a notice three days before, and the resumption on its day."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from billing.models import Cancellation, DunningStep, StripeCustomer
from billing.models.subscriptions import SubscriptionStatus
from billing.services.customer_notices import tell_once
from billing.services.pauses import open_pauses
from billing.services.payment_notices import not_resumed_notice, resumption_notice
from billing.stripe import plan_changes
from billing.stripe.client import NoPaymentMethodError
from billing.stripe.previews import preview_resumption
from core.errors import ConflictError
from users.models import User

ANNOUNCED_BEFORE = timedelta(days=3)


def ending_pauses(*, now: datetime, user: User | None = None) -> list[UUID]:
    """Return the keys of the pauses to announce or to end. With `user`, only theirs."""
    rows = open_pauses().filter(resumes_at__lte=now + ANNOUNCED_BEFORE, subscription__status=SubscriptionStatus.PAUSED)
    rows = rows.filter(user=user) if user else rows
    return list(rows.order_by("resumes_at", "pk").values_list("pk", flat=True))


@transaction.atomic
def end_pause(key: UUID, *, now: datetime) -> None:
    """Resume a subscription whose pause is over, or announce it. Idempotent.

    Raise PaymentsUnavailableError if Stripe is unavailable; the caller retries.
    """
    row = open_pauses().filter(pk=key).select_related("user__profile", "subscription__plan", "subscription__user").first()
    if row is None or row.resumes_at is None:
        return
    StripeCustomer.objects.for_user(row.user).select_for_update().first()  # as a request and a sync do
    if open_pauses().filter(pk=key).exists():
        if row.resumes_at <= now:
            _resume(row, row.resumes_at, now)
        else:
            _announce(row, row.resumes_at, now)


def _announce(row: Cancellation, resumes_at: datetime, now: datetime) -> None:
    place = f"resumes:{row.pk}"
    if not DunningStep.objects.for_user(row.user).filter(key=place).exists():  # a preview is a call to Stripe
        amount = preview_resumption(row.subscription)
        notice = resumption_notice(row.user, row.subscription, resumes_at=resumes_at, amount=amount)
        tell_once(row.user, place, notice, now=now)


def _resume(row: Cancellation, resumes_at: datetime, now: datetime) -> None:
    """Resume once. If the payment fails, the subscription stays paused, and the notices of a payment that waits follow."""
    try:
        plan_changes.resume(row.subscription, now=now)
    except NoPaymentMethodError:
        tell_once(
            row.user, f"not-resumed:{row.pk}", not_resumed_notice(row.user, row.subscription, resumes_at=resumes_at), now=now
        )
    except ConflictError as refusal:
        if refusal.code != "not_paused":
            raise
    open_pauses().filter(pk=row.pk).update(resumed_at=now)
