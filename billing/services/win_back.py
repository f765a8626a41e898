"""Win-back: one notice in the app to a customer who left, some days after the end of the subscription.

It is never sent by email, because customers have not agreed to such mails. Customers who have disabled every channel of billing
notifications do not get it, nor those who withdrew, whose payment was disputed or suspected of fraud, or who have returned.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from billing.models import Adjustment, Cancellation, DunningStep, StripeEvent, Subscription
from billing.models.adjustments import AdjustmentKind, AdjustmentStatus, RefundRule
from billing.models.cancellations import CancellationOutcome
from billing.models.dunning import DunningKind
from billing.models.subscriptions import IS_LOCAL, IS_RUNNING
from billing.services.customer_notices import format_amount, format_day
from billing.services.staff_notices import notify_staff
from billing.stripe.promotions import win_back_offer
from core.errors import ConflictError
from system.models import AlertType, NotificationPreference, NotificationType, Severity
from system.services import alert, preference_for
from users.models import User

OFFERED_FOR = timedelta(days=30)  # after the end; later the notice would only disturb, as when the setting is new
HARMLESS = (AdjustmentStatus.WON, AdjustmentStatus.INQUIRY_CLOSED, AdjustmentStatus.CANCELED)
FRAUD_WARNINGS = "radar.early_fraud_warning."


def send_win_back_notices(*, now: datetime, user: User | None = None) -> int:
    """Send the notices that are due, and return their number. With `user`, only theirs."""
    rows = _former_customers(now)
    found = list((rows.filter(user=user) if user else rows).select_related("user__profile", "subscription__plan"))
    if not found:
        return 0
    try:
        offer = win_back_offer()
    except ConflictError as problem:
        notify_staff(title="The promotion code for former customers", message=problem.message, now=now, is_once=True)
        offer = ""
    return sum(_tell(row, offer, now) for row in found)


def _former_customers(now: datetime) -> QuerySet[Cancellation]:
    """Return the last requests of customers who left BILLING_WIN_BACK_DAYS ago or earlier; 0 disables the notices."""
    days = settings.BILLING_WIN_BACK_DAYS
    if not days:
        return Cancellation.objects.none()
    made = Adjustment.objects.filter(user=OuterRef("user"), invoice__subscription=OuterRef("subscription"))
    disputed = made.filter(kind=AdjustmentKind.DISPUTE).exclude(status__in=HARMLESS)
    customer = OuterRef("subscription__stripe_customer_id")
    suspected = StripeEvent.objects.filter(type__startswith=FRAUD_WARNINGS, stripe_customer_id=customer)
    returned = Subscription.objects.filter(IS_RUNNING & ~IS_LOCAL, user=OuterRef("user"))
    rows = Cancellation.objects.filter(
        outcome=CancellationOutcome.LEFT,
        user__is_active=True,
        subscription__ended_at__gt=now - OFFERED_FOR,
        subscription__ended_at__lte=now - timedelta(days=days),
    )
    unwanted = Exists(made.filter(rule=RefundRule.WITHDRAWAL)) | Exists(disputed) | Exists(suspected) | Exists(returned)
    return rows.exclude(subscription__stripe_subscription_id="").exclude(unwanted).order_by("requested_at", "pk")


@transaction.atomic
def _tell(row: Cancellation, offer: str, now: datetime) -> bool:
    """Notify a former customer in the app, once for each end."""
    preference = preference_for(row.user, NotificationType.BILLING)
    if not NotificationPreference.is_enabled.at(preference, now):
        return False
    message = _message(row, offer)
    step = {"kind": DunningKind.NOTICE, "happened_at": now, "note": message}
    key = f"win-back:{row.subscription_id}"
    _, is_new = DunningStep.objects.get_or_create(user=row.user, key=key, defaults=step)
    if is_new and row.subscription.ended_at is not None:
        expires_at = row.subscription.ended_at + OFFERED_FOR
        shown = {"alert_type": AlertType.BILLING, "severity": Severity.LOW, "expires_at": expires_at}
        alert(user=row.user, title="Your plan is still here", message=message, **shown)
    return bool(is_new)


def _message(row: Cancellation, offer: str) -> str:
    subscription, plan = row.subscription, row.subscription.plan
    ended = f"Your subscription to {plan.name} ended on {format_day(row.user, subscription.ended_at)}."
    price = f"{format_amount(plan.price, plan.currency)} {plan.billing_cycle}"
    back = f"To use it again for {price}" if plan.is_active else "To choose another plan"
    switch = "To get no such notices, disable the channels of your billing notifications."
    link = settings.CHECKOUT_URL.format(plan=plan.pk if plan.is_active else "")
    return "\n".join(filter(None, [ended, offer, f"{back}: {link}", switch]))
