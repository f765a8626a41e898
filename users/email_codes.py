"""Six-digit codes for apps, mailed beside the link that verifies an address or sets a new password.

SECURITY: a code is bound to the session that asked for it, expires after CODE_LIFETIME, and ends after MAX_ATTEMPTS wrong ones.
A session gets a new one at most every minute, and MAX_REQUESTS in a day. An address gets five codes in a day over all sessions
(`mail_limits`); after that, its emails have the link only.
"""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

from core import rls
from core.errors import DomainError
from users.models import EmailCode
from users.models.email_code import MAX_ATTEMPTS, MAX_REQUESTS, TABLE
from users.sessions import SessionStore

CODE_LIFETIME = timedelta(minutes=15)
INTERVAL = timedelta(minutes=1)
DAY = timedelta(days=1)
CODE_LENGTH = 6
STATE = "email_codes"  # in the session: by purpose, the id of the code and the address
ACCOUNT_API = "/_allauth/"
WRONG = "The code is wrong, has expired or was used, or was tried too often. Ask for a new one in the same session."


class Purpose(StrEnum):
    VERIFY = "verify"
    RESET = "reset"


def session_of(request: HttpRequest | None) -> SessionStore | None:
    """Return the session that may type a mailed code: the one of the app or the browser, not of the back office."""
    credential = getattr(request, "auth", None)  # set by REST framework
    if isinstance(credential, SessionStore):
        return credential
    session = getattr(request, "session", None)
    is_account_api = request is not None and request.path.startswith(ACCOUNT_API)
    return session if is_account_api and isinstance(session, SessionStore) else None


def address_of(session: SessionStore, purpose: Purpose) -> str:
    """Return the address for which the session has asked for a code; empty if it has not."""
    return str(session.get(STATE, {}).get(purpose, {}).get("address", ""))


@transaction.atomic
def request_code(session: SessionStore, purpose: Purpose, address: str, *, now: datetime) -> UUID:
    """Return the id of the session's next code, which `issue` sets. Raise DomainError (429) if it asks too often.

    The response must not depend on whether `address` has an account, so this is called for any address.
    """
    with rls.as_accounts():
        row = _locked(session, purpose)
        if row is None or row.created_at <= now - DAY:
            row = EmailCode.objects.create(requested_at=now, created_at=now)
        else:
            _check_limits(row, now)
            EmailCode.objects.filter(pk=row.pk).update(requests=row.requests + 1, requested_at=now)
    session[STATE] = session.get(STATE, {}) | {purpose.value: {"id": row.pk.hex, "address": address}}
    return row.pk


def check_limits(session: SessionStore, purpose: Purpose, *, now: datetime) -> None:
    """Raise DomainError (429) if the session asks for codes too often."""
    with rls.as_accounts():
        if (row := _row(session, purpose).first()) is not None:
            _check_limits(row, now)


def issue(key: UUID, address: str, *, now: datetime) -> str:
    """Set and return a new code, to be mailed to `address` only."""
    code = f"{secrets.randbelow(10**CODE_LENGTH):0{CODE_LENGTH}}"
    with rls.as_accounts():
        EmailCode.objects.filter(pk=key).update(digest=_digest(key, address, code), attempts=0, expires_at=now + CODE_LIFETIME)
    return code


def accepted_address(session: SessionStore, purpose: Purpose, typed: str, *, now: datetime) -> str | None:
    """Return the address whose code was typed, or None after counting a wrong one. The code stays locked until the commit."""
    with rls.as_accounts():
        row, address = _locked(session, purpose), address_of(session, purpose)
        if row is None or row.expires_at is None or row.expires_at <= now or row.attempts >= MAX_ATTEMPTS:
            return None
        if constant_time_compare(row.digest, _digest(row.pk, address, typed)):
            return address
        EmailCode.objects.filter(pk=row.pk).update(attempts=row.attempts + 1)
    return None


def use_up(session: SessionStore, purpose: Purpose) -> None:
    """End the session's code, as it is used once."""
    with rls.as_accounts():
        _row(session, purpose).update(digest="", expires_at=None)


def delete_old(*, now: datetime) -> None:
    """Delete codes a day after their session's first request."""
    with rls.as_accounts():
        EmailCode.objects.filter(created_at__lte=now - DAY).delete()


def _check_limits(row: EmailCode, now: datetime) -> None:
    if now - DAY < row.created_at and row.requests >= MAX_REQUESTS:
        raise _too_many(row.created_at + DAY, now)
    if row.requested_at > now - INTERVAL:
        raise _too_many(row.requested_at + INTERVAL, now)


def _too_many(until: datetime, now: datetime) -> DomainError:
    wait = int((until - now).total_seconds()) + 1
    limit = f"A new code is sent at most every minute, and {MAX_REQUESTS} times a day."
    return DomainError("too_many_codes", f"{limit} Wait {wait} seconds.", status=429, retry_after=wait)


def _locked(session: SessionStore, purpose: Purpose) -> EmailCode | None:
    """Return the row of the session's code, locked so that concurrent requests are counted one after the other."""
    return _row(session, purpose).select_for_update().first()


def _row(session: SessionStore, purpose: Purpose) -> QuerySet[EmailCode]:
    state: dict[str, str] = session.get(STATE, {}).get(purpose, {})
    return EmailCode.objects.filter(pk=state["id"]) if state else EmailCode.objects.none()


def _digest(key: UUID, address: str, code: str) -> str:
    return salted_hmac(TABLE, f"{key.hex}|{address}|{code}", algorithm="sha256").hexdigest()
