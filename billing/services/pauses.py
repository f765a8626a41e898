"""Notices of paused subscriptions, sent once for each pause."""

from datetime import datetime

from django.db import transaction

from billing.models import DunningStep, StripeCustomer, Subscription
from billing.models.dunning import DunningKind
from billing.models.subscriptions import SubscriptionStatus
from billing.services.customer_notices import notify_customer
from billing.services.payment_notices import paused_notice


@transaction.atomic
def record_pause(*, subscription: Subscription, now: datetime) -> None:
    """Tell the customer that their subscription is paused and how to resume it, unless they were told."""
    if subscription.status != SubscriptionStatus.PAUSED:
        return
    user = subscription.user
    has_payment_method = StripeCustomer.objects.for_user(user).exclude(card_last4="").exists()
    notice = paused_notice(user, subscription, has_payment_method=has_payment_method)
    paused_at = f"{subscription.current_period_end:%Y-%m-%dT%H:%M}" if subscription.current_period_end else ""
    step = {"kind": DunningKind.NOTICE, "happened_at": now, "note": notice.message}
    _, is_new = DunningStep.objects.get_or_create(user=user, key=f"paused:{subscription.pk}:{paused_at}", defaults=step)
    if is_new:
        notify_customer(user, notice, now=now)
