"""What a customer is told about his payments: always by an alert, and by mail unless he has turned billing mails off."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.mail import EmailMessage

from core import mail
from system.models import AlertType, NotificationType, Severity
from system.services import alert, preference_for
from users.models import User

BODY = """{message}

MINGUS
How you hear about your payments is up to your notification preferences.
"""


@dataclass(frozen=True)
class CustomerNotice:
    """One thing to tell; `expires_at` is when it is of no use any more."""

    title: str
    message: str
    severity: Severity = Severity.MEDIUM
    action_required: bool = False
    expires_at: datetime | None = None


def notify_customer(user: User, notice: CustomerNotice, *, now: datetime) -> None:
    """Tell `user`, by mail to an address that is known to be his, after his quiet hours."""
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
    # a payment can't wait for a weekly summary: only "no mails" is heeded, not how often he wants them
    if user.is_verified and preference.email_enabled:
        _send(user, notice, wait=preference.quiet_until(now))


def _send(user: User, notice: CustomerNotice, *, wait: datetime | None) -> None:
    message = EmailMessage(f"[MINGUS] {notice.title}", BODY.format(message=notice.message), to=[user.email])
    if wait is None:
        message.send()
    else:
        mail.deliver.configure(schedule_at=wait).defer(encrypted=mail.encrypt_message(message))


def format_day(user: User, instant: datetime) -> str:
    """The day of `instant` where the customer lives, such as `Tuesday, 3 March 2026`."""
    local = instant.astimezone(user.zone)
    return f"{local:%A}, {local.day} {local:%B %Y}"


def format_amount(amount: Decimal, currency: str) -> str:
    """An amount as a sentence has it: `1,234.50 USD`."""
    return f"{amount:,.2f} {currency}"
