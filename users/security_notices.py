"""Security notices to the owner of an account, as an alert and by email."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.mail import EmailMessage

from core import rls
from system.models import AlertType, Severity, SystemAlert
from system.services import alert

REMEDY = "If this was not you, set a new password now and contact support."
BODY = """{message}

MINGUS
You can't turn off these emails, because they warn you if someone else uses your account.
"""


@dataclass(frozen=True)
class SecurityNotice:
    """A notice whose `message` may contain `{detail}`."""

    title: str
    message: str
    severity: Severity = Severity.MEDIUM


NEW_DEVICE = SecurityNotice("Login from a new device", "There was a login to your account with {detail}.")
PASSWORD_CHANGED = SecurityNotice(
    "Your password was changed", "All sessions and API tokens of your account have ended.", Severity.HIGH
)
ADDRESS_CHANGED = SecurityNotice("Your email address was changed", "Your account now uses {detail}.", Severity.HIGH)
ADDRESS_RESTORED = SecurityNotice(
    "Your email address was restored",
    "A change of your email address was undone. All sessions and API tokens of your account have ended. "
    "Set a new password by the link in the other email.",
    Severity.HIGH,
)
FACTOR_ADDED = SecurityNotice(
    "A second factor was added",
    "{detail} is now required to log in. Sessions and API tokens from before continue, unless you have ended them.",
)
FACTOR_REMOVED = SecurityNotice("A second factor was removed", "{detail} is no longer required to log in.", Severity.HIGH)
CODES_RENEWED = SecurityNotice("New recovery codes were created", "Your previous recovery codes no longer work.")
LOCKED = SecurityNotice(
    "Logins from new devices are locked",
    "There were too many attempts with a wrong password, so logins from devices that you have not used before are refused for "
    "{detail}. Open sessions continue. You get in with a device that you have logged in on before, with a code of your "
    "second factor beside the password, or after you set a new password with the link of a reset.",
    Severity.HIGH,
)
WEBHOOK_MADE = SecurityNotice("A new webhook was created", "A program is told which of your data has changed: {detail}.")
TOKEN_MADE = SecurityNotice("A new API token was created", "Programs can access your data with the token {detail}.")


def notify_daily(user: Any, notice: SecurityNotice, *, detail: str, now: datetime) -> None:
    """Notify `user` unless they got this notice in the last day, because a stranger can cause it again and again."""
    with rls.as_customer(user):
        recent = SystemAlert.objects.filter(user=user, title=notice.title, created_at__gt=now - timedelta(days=1))
        is_new = not recent.exists()
    if is_new:
        notify(user, notice, detail=detail)


def notify(user: Any, notice: SecurityNotice, *, detail: str = "") -> None:
    """Alert `user`, and send an email to the account's address if it is verified."""
    message = f"{notice.message.format(detail=detail)} {REMEDY}"
    with rls.as_customer(user):
        alert(user=user, alert_type=AlertType.SECURITY, severity=notice.severity, title=notice.title, message=message)
        if user.is_verified:
            EmailMessage(f"[MINGUS] {notice.title}", BODY.format(message=message), to=[user.email]).send()
