"""What an account's owner is told when something happens to its security: as an alert, and by mail."""

from dataclasses import dataclass
from typing import Any

from django.core.mail import EmailMessage

from core import rls
from system.models import AlertType, Severity
from system.services import alert

REMEDY = "If this was not you, set a new password at once and tell us."
BODY = """{message}

MINGUS
Such mails can't be turned off: they are how you learn that somebody else is in your account.
"""


@dataclass(frozen=True)
class SecurityNotice:
    """`message` may name a `{detail}`."""

    title: str
    message: str
    severity: Severity = Severity.MEDIUM


NEW_DEVICE = SecurityNotice("Login from a new device", "Somebody logged in to your account with {detail}.")
PASSWORD_CHANGED = SecurityNotice(
    "Your password was changed", "All sessions and API tokens of your account have ended.", Severity.HIGH
)
ADDRESS_CHANGED = SecurityNotice("Your e-mail address was changed", "Your account's address is {detail} now.", Severity.HIGH)
FACTOR_ADDED = SecurityNotice("A second factor was added", "{detail} is needed to log in from now on.")
FACTOR_REMOVED = SecurityNotice("A second factor was removed", "{detail} is not needed to log in any more.", Severity.HIGH)
CODES_RENEWED = SecurityNotice("New recovery codes were made", "The recovery codes that you had before are worthless now.")
LOCKED = SecurityNotice(
    "Your account was locked",
    "Somebody tried too many wrong passwords, so logging in is closed for {detail} minutes. Open sessions go on.",
    Severity.HIGH,
)
TOKEN_MADE = SecurityNotice("A new API token was made", "The token {detail} opens your data to a program.")


def notify(user: Any, notice: SecurityNotice, *, detail: str = "", also_to: str = "") -> None:
    """Tell `user`; the mail goes to the account's address, if it is known to be his, and to the one he had before."""
    message = f"{notice.message.format(detail=detail)} {REMEDY}"
    with rls.as_customer(user):
        alert(
            user=user,
            alert_type=AlertType.SECURITY,
            severity=notice.severity,
            title=notice.title,
            message=message,
        )
        own = [user.email] if user.is_verified else []
        for address in dict.fromkeys([*own, *filter(None, [also_to])]):
            EmailMessage(f"[MINGUS] {notice.title}", BODY.format(message=message), to=[address]).send()
