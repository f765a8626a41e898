"""Notices to customers about their payments: always an alert, and an email unless they have disabled billing emails."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.mail import EmailMessage

from billing.models import DunningStep, Subscription
from billing.models.dunning import DunningKind
from core import mail
from core.currencies import rounded
from system.models import AlertType, NotificationType, Severity
from system.services import alert, preference_for
from users.models import User

BODY = """{message}

MINGUS
You can change how we notify you about payments in your notification preferences.
"""


@dataclass(frozen=True)
class CustomerNotice:
    """A notice to a customer. It is no longer relevant after `expires_at`."""

    title: str
    message: str
    severity: Severity = Severity.MEDIUM
    action_required: bool = False
    expires_at: datetime | None = None


def notify_customer(user: User, notice: CustomerNotice, *, now: datetime) -> None:
    """Create an alert for `user`, and send an email to a verified address, after the user's quiet hours."""
    alert(
        user=user,
        alert_type=AlertType.BILLING,
        severity=notice.severity,
        title=notice.title,
        message=notice.message,
        action_required=notice.action_required,
        expires_at=notice.expires_at,
    )
    preference = preference_for(user, NotificationType.BILLING)
    # a payment can't wait for a weekly summary, so the preferred frequency is ignored
    if user.is_verified and preference.email_enabled:
        _send(user, notice, wait=preference.quiet_until(now))


def tell_once(
    user: User, key: str, notice: CustomerNotice, *, kind: DunningKind = DunningKind.NOTICE, now: datetime, **more: object
) -> bool:
    """Notify a customer unless a step with this key was recorded before, and return True if it is new."""
    step = {"kind": kind, "happened_at": now, "note": notice.message, **more}
    _, is_new = DunningStep.objects.get_or_create(user=user, key=key, defaults=step)
    if is_new:
        notify_customer(user, notice, now=now)
    return bool(is_new)


def _send(user: User, notice: CustomerNotice, *, wait: datetime | None) -> None:
    message = EmailMessage(f"[MINGUS] {notice.title}", BODY.format(message=notice.message), to=[user.email])
    if wait is None:
        message.send()
    else:
        mail.deliver.configure(schedule_at=wait).defer(encrypted=mail.encrypt_message(message))


def format_day(user: User, instant: datetime) -> str:
    """Return the day of `instant` in the customer's time zone, such as `Tuesday, 3 March 2026`."""
    local = instant.astimezone(user.zone)
    return f"{local:%A}, {local.day} {local:%B %Y}"


def format_amount(amount: Decimal, currency: str) -> str:
    """Return an amount with its currency, such as `1,234.50 USD` or `1,234 JPY`."""
    return f"{rounded(amount, currency):,f} {currency}"


def next_charge_text(subscription: Subscription) -> str:
    """Return the sentences about a subscription's next charge: its day and amount, with the tax and discount in it."""
    at, amount, currency = subscription.next_charge_at, subscription.next_charge_amount, subscription.currency
    if at is None or amount is None:
        return "Nothing is charged then, because no further charge is planned. To end the subscription, cancel it."
    day = format_day(subscription.user, at)
    if not amount:
        return f"Nothing is charged on {day}, because of a discount or your credit. To end the subscription, cancel it."
    tax = f", of which {format_amount(subscription.tax, currency)} is tax," if subscription.tax else ""
    return f"Your card is charged {format_amount(amount, currency)}{tax} on {day}. To avoid this, cancel before then."
