"""Records of pauses that a sync finds: the customer is told of each once, and its end is stored."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from billing.models import Cancellation, StripeCustomer, Subscription
from billing.models.cancellations import IS_PAUSE
from billing.models.subscriptions import SubscriptionStatus
from billing.services.customer_notices import tell_once
from billing.services.payment_notices import paused_notice


@transaction.atomic(savepoint=False)  # a sync calls it in its own transaction
def record_pause(*, subscription: Subscription, now: datetime) -> None:
    """Tell the customer once that their subscription is paused and how it resumes, or record the end of the pause."""
    user = subscription.user
    requested = open_pauses().filter(user=user, subscription=subscription)
    if subscription.status != SubscriptionStatus.PAUSED:
        requested.update(resumed_at=now)
        return
    row = requested.first()
    has_payment_method = StripeCustomer.objects.for_user(user).exclude(card_last4="").exists()
    resumes_at = row.resumes_at if row else None
    notice = paused_notice(user, subscription, has_payment_method=has_payment_method, resumes_at=resumes_at, now=now)
    paused_at = f"{subscription.current_period_end:%Y-%m-%dT%H:%M}" if subscription.current_period_end else ""
    tell_once(user, f"paused:{subscription.pk}:{paused_at}", notice, now=now)


def open_pauses() -> QuerySet[Cancellation]:
    """Return the pauses that customers requested and that have not ended."""
    return Cancellation.objects.filter(IS_PAUSE, resumed_at__isnull=True)
