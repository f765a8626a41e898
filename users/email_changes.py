"""Changes of the email address: a session requests one, the new address confirms it, the former one can undo it.

The link in the email to the former address is a signed text. It stays valid when the address is changed again: an attacker who
has taken over an account can't invalidate it.
"""

from datetime import datetime, timedelta
from urllib.parse import quote

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest
from django.template.loader import render_to_string

from core import clock, rls
from core.errors import ConflictError, DomainError
from users import security_notices, services
from users.models import EmailChange, User

SALT = "users.email_change"
INVALID_KEY = "This link is invalid, has expired or was used before. Contact support if you can't log in."
TAKEN = "Another account has verified this address by now. Contact support."


def request_change(*, request: HttpRequest, user: User, email: str) -> EmailAddress | None:
    """Send a confirmation to `email`, which becomes the account's address once confirmed. Ignore the current address.

    If another account has the address, only its owner is notified, by email: the response must not reveal accounts.
    """
    email = User.objects.normalize_email(email)
    if email == user.email:
        return None
    with rls.as_accounts():
        # SECURITY: for a taken address, too, so that the response is the same
        user.expect_email(email, until=clock.now() + timedelta(days=settings.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS))
        others = EmailAddress.objects.filter(email=email).exclude(user=user)
        if User.objects.filter(email=email).exists() or others.exists():
            get_adapter().send_account_already_exists_mail(email)
            return None
        pending = EmailAddress.objects.filter(user=user, email=email, verified=False).first()
        if pending is not None:
            send_verification_email_to_address(request, pending)  # a new row would make the link that was sent invalid
            return pending
        return EmailAddress.objects.add_new_email(request, user, email)


def record_change(*, user: User, former: str, notify_former: bool) -> None:
    """Record a change that the new address has confirmed, and notify both addresses, the former one with a link to undo it."""
    change = EmailChange.objects.create(user=user, former_email=former, new_email=user.email)
    security_notices.notify(user, security_notices.ADDRESS_CHANGED, detail=user.email)
    if not notify_former:
        return
    key = signing.dumps(change.pk.hex, salt=SALT)
    context = {
        "new_email": user.email,
        "key": key,
        "undo_url": settings.HEADLESS_FRONTEND_URLS["account_undo_email_change"].format(key=quote(key)),
        "hours": settings.EMAIL_UNDO_HOURS,
    }
    body = render_to_string("account/email/email_changed_message.txt", context).strip()
    EmailMessage(f"[MINGUS] {security_notices.ADDRESS_CHANGED.title}", body, to=[former]).send()


@transaction.atomic
def undo_change(key: str, *, now: datetime) -> str:
    """Restore the former address of a change, end all sessions and tokens, and return the address.

    The changes after it are undone too, so that their links no longer work. Raise DomainError if the key is not valid, and
    ConflictError if another account has verified the address.
    """
    change = _undoable(key, now)
    if change is None:
        raise DomainError("invalid_or_expired_key", INVALID_KEY, field="key")
    user = change.user
    release_unverified(change.former_email, user)
    EmailChange.objects.filter(user=user, created_at__gte=change.created_at, undone_at=None).update(undone_at=now)
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=change.former_email, verified=True, primary=True)
    user.email, user.is_verified = change.former_email, True
    user.save(update_fields=["email", "is_verified"])
    user.expect_email("", until=None)
    user.end_access()
    security_notices.notify(user, security_notices.ADDRESS_RESTORED)
    if user.is_active:
        services.send_reset_mail(user.email, is_limited=False)
    return user.email


def _undoable(key: str, now: datetime) -> EmailChange | None:
    """Return the change of a key with its locked user; None if the key is invalid, too old or was used."""
    try:
        pk = signing.loads(key, salt=SALT)
    except signing.BadSignature:
        return None
    change = EmailChange.objects.filter(pk=pk).first()
    if change is None:
        return None
    # locked before the change is read again, so that concurrent requests with the same key wait and are then refused
    user = User.objects.select_for_update().get(pk=change.user_id)
    since = now - timedelta(hours=settings.EMAIL_UNDO_HOURS)
    valid = EmailChange.objects.filter(pk=pk, undone_at=None, created_at__gt=since).first()
    if valid is not None:
        valid.user = user
    return valid


def release_unverified(email: str, user: User) -> None:
    """Take `email` from an account that has never verified it, for a user who has. Raise ConflictError if it is verified.

    SECURITY: otherwise a sign-up with a former address would prevent its owner from undoing a change.
    """
    other = User.objects.select_for_update().filter(email=email).exclude(pk=user.pk).first()
    addresses = EmailAddress.objects.filter(email=email).exclude(user=user)
    if (other is not None and (other.is_verified or other.is_staff)) or addresses.filter(verified=True).exists():
        raise ConflictError("address_taken", TAKEN)
    addresses.delete()
    if other is not None:
        other.email, other.is_active = f"released-{other.pk}@released.invalid", False
        other.save(update_fields=["email", "is_active"])
        other.end_access()
