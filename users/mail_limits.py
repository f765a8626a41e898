"""Limits of the emails that anyone can cause to an address: resets, verifications, sign-ups with a taken address.

The counts are in the database, so that all processes share them. The response to a request never shows that its email was
left out. Nothing that was sent before becomes invalid, and even above the daily limit there is one email of each kind an hour,
because strangers could otherwise keep owners out of their accounts.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Q

from core import rls
from core.encryption import key_ring
from users.models import SentMail, User

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LABEL = "users.sent_mail"
VERIFICATION, RESET = "email_confirmation", "reset"
CODE, CODES_PER_ADDRESS_AND_DAY = "code", 5  # in emails of either kind
LOCK = "SELECT pg_advisory_xact_lock(%s)"


@transaction.atomic
def reserve(kind: str, address: str, *, now: datetime) -> bool:
    """Count an email to `address` and return True, or return False if there were too many."""
    if not settings.RATE_LIMITS:
        return True
    digest = _digest(address)
    with rls.as_accounts():
        _lock(digest)
        if not _is_allowed(kind, digest, now):
            return False
        SentMail.objects.create(digest=digest, kind=kind, sent_at=now)
    return True


def is_allowed(kind: str, address: str, *, now: datetime) -> bool:
    """Return True if `reserve` would return True."""
    with rls.as_accounts():
        return not settings.RATE_LIMITS or _is_allowed(kind, _digest(address), now)


@transaction.atomic
def reserve_code(address: str, *, now: datetime) -> bool:
    """Count a six-digit code for `address` and return True, or return False if it had CODES_PER_ADDRESS_AND_DAY.

    SECURITY: each code can be guessed five times. Without this limit, many sessions could guess at one address.
    """
    if not settings.RATE_LIMITS:
        return True
    digest = _digest(address)
    with rls.as_accounts():
        _lock(digest)
        if SentMail.objects.filter(digest=digest, kind=CODE, sent_at__gt=now - DAY).count() >= CODES_PER_ADDRESS_AND_DAY:
            return False
        SentMail.objects.create(digest=digest, kind=CODE, sent_at=now)
    return True


def kind_of(template_prefix: str) -> str:
    """Return the kind of an email of allauth. All responses to a sign-up or to a change of the address are one kind."""
    name = template_prefix.rpartition("/")[2].removesuffix("_signup")
    return VERIFICATION if name == "account_already_exists" else name


def delete_old(*, now: datetime) -> None:
    with rls.as_accounts():
        SentMail.objects.filter(sent_at__lte=now - DAY).delete()


def _is_allowed(kind: str, digest: bytes, now: datetime) -> bool:
    period = timedelta(minutes=settings.MAIL_LIMIT_MINUTES)
    counts = SentMail.objects.filter(digest=digest, sent_at__gt=now - DAY).aggregate(
        of_kind=Count("pk", filter=Q(kind=kind, sent_at__gt=now - period)),
        of_kind_in_hour=Count("pk", filter=Q(kind=kind, sent_at__gt=now - HOUR)),
        of_day=Count("pk", filter=~Q(kind=CODE)),
    )
    is_below_total = counts["of_day"] < settings.MAILS_PER_ADDRESS_AND_DAY or not counts["of_kind_in_hour"]
    return bool(counts["of_kind"] < settings.MAILS_PER_ADDRESS and is_below_total)


def _lock(digest: bytes) -> None:
    """Wait for other reservations of the address, one of which is made at a time."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [int.from_bytes(digest[:8], "big", signed=True)])


def _digest(address: str) -> bytes:
    return key_ring.primary_key().index(LABEL, User.objects.normalize_email(address).encode())
