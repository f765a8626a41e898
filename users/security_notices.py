"""Security notices to the owner of an account, as an alert and by email."""

from dataclasses import dataclass
from typing import Any

from django.core.mail import EmailMessage

from core import clock, rls
from system.models import AlertType, Severity
from system.services import alert
from users import mail_limits

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
FACTOR_ADDED = SecurityNotice("A second factor was added", "{detail} is now required to log in.")
FACTOR_REMOVED = SecurityNotice("A second factor was removed", "{detail} is no longer required to log in.", Severity.HIGH)
CODES_RENEWED = SecurityNotice("New recovery codes were created", "Your previous recovery codes no longer work.")
LOCKED = SecurityNotice(
    "Your account was locked",
    "There were too many attempts with a wrong password, so login is locked for {detail} minutes. Open sessions continue.",
    Severity.HIGH,
)
TOKEN_MADE = SecurityNotice("A new API token was created", "Programs can access your data with the token {detail}.")


def notify(user: Any, notice: SecurityNotice, *, detail: str = "", also_to: str = "") -> None:
    """Alert `user`, and send an email to the account's address, if it is verified, and to `also_to`."""
    message = f"{notice.message.format(detail=detail)} {REMEDY}"
    with rls.as_customer(user):
        alert(user=user, alert_type=AlertType.SECURITY, severity=notice.severity, title=notice.title, message=message)
        own = [user.email] if user.is_verified else []
        for address in dict.fromkeys([*own, *filter(None, [also_to])]):
            # strangers can lock an account; all other notices follow an action in the account and are never left out
            if notice is not LOCKED or mail_limits.reserve(mail_limits.LOCKED, address, now=clock.now()):
                EmailMessage(f"[MINGUS] {notice.title}", BODY.format(message=message), to=[address]).send()
