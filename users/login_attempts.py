"""Limits on failed logins, which a stranger can't use to lock the owner out.

- A device that has logged in before, and an open session, have LOGIN_ATTEMPT_LIMIT attempts of their own.
- Other devices have that number for their network. Failures in a row lock the account for all other devices, and so do
  LOGIN_ACCOUNT_LIMIT failures from all networks.
- A code of a second factor beside the right password gets in during each of these locks. A network has LOGIN_ATTEMPT_LIMIT
  codes, and all networks together have LOGIN_ACCOUNT_LIMIT, which only those use up who know the password.

SECURITY: an attempt is counted before the password is checked, so that concurrent guesses can't exceed a limit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest
from uuid_utils.compat import uuid7

from core.rate_limits import client_network
from users import devices
from users.models import LoginCounter, User
from users.models.login_counter import COUNTER_RETENTION, digest_of

COUNT = Path(__file__).with_name("login_attempt.sql").read_text()
COUNT_FOR_ACCOUNT = Path(__file__).with_name("login_attempt_of_account.sql").read_text()
SOURCE = "%(source)s"
SOURCE_UNLESS_LOCKED = (
    "CASE WHEN EXISTS (SELECT FROM users_user WHERE email = %(email)s AND locked_until > %(now)s)"
    " THEN %(while_locked)s ELSE %(source)s END"
)
ALL_CODES = "codes of all networks"
# sources of attempts that do not count for a limit, but take the same statements
WHILE_LOCKED, WHILE_WRONG = "while locked", "codes beside a wrong password"
# Attempts are committed without waiting for the disk. Less is written for an unknown address, so the 1 to 2 ms would be a
# measurable difference. A crash of the database may lose the attempts of its last half second. After a right password the
# transaction waits again: what it acknowledges, such as a session or an erasure, must not be lost.
WAIT_FOR_DISK = "SELECT set_config('synchronous_commit', %s, true)"


@dataclass
class LoginAttempt:
    """An attempt whose password may be checked if it has a `user`."""

    account: str
    source: str
    network: str
    user: User | None = None
    is_unknown_device: bool = True
    has_locked: bool = False
    code: str = ""
    code_source: str = ""
    factors: Sequence[Authenticator] = ()
    requires_code: bool = False  # because of a lock

    def factor_of_code(self, *, is_password_right: bool, now: datetime) -> Authenticator | None:
        """Return the factor that the attempt's code is of, and mark the code as used; None if the password is wrong.

        The statement that counts the code is the same for a wrong password, which would else take less time.
        """
        if not self.code:
            return None
        source = ALL_CODES if is_password_right else WHILE_WRONG
        allowed = _execute(COUNT.format(source=SOURCE), _parameters(self.account, source, now, settings.LOGIN_ACCOUNT_LIMIT))
        if not (allowed and is_password_right):
            return None
        return next((factor for factor in self.factors if _is_code_of(factor, self.code)), None)

    def succeed(self, user: User, *, with_code: bool, now: datetime) -> None:
        """Reset the counters of the attempt's sources. A lock ends unless the attempt was allowed in spite of it."""
        with connection.cursor() as cursor:
            cursor.execute(WAIT_FOR_DISK, ["on"])
        sources = [self.source, *([self.code_source, ALL_CODES] if with_code else [])]
        LoginCounter.objects.filter(account=digest_of("account", self.account), source__in=sources).delete()
        user.login_succeeded(now=now, unlocks=self.is_unknown_device and not self.requires_code)


def reserve(email: str, request: HttpRequest | None, *, session: Any = None, now: datetime) -> LoginAttempt:
    """Count an attempt to log in to the account of `email`. The attempt has no user if it is refused."""
    email = User.objects.normalize_email(email)
    network = "unknown" if request is None else client_network(request)
    with transaction.atomic():  # so that the row is read before the next attempt changes it
        with connection.cursor() as cursor:
            cursor.execute(WAIT_FOR_DISK, ["off"])
        ids = devices.ids_of(request, session)
        known = User.objects.filter(email=email, pk__in=list(ids)).first() if ids else None
        attempt = _by_device(known, ids[known.pk.hex], network, now) if known else _by_network(email, network, now)
        if code := getattr(request, "login_code", ""):  # see users.login_codes
            # also for an account that is not locked: the number of statements would tell it from an unknown one
            _add_factors(attempt, code, now)
    return attempt


def _by_device(user: User, device: str, network: str, now: datetime) -> LoginAttempt:
    source = digest_of("source", f"device {device}")
    allowed = _execute(COUNT.format(source=SOURCE), _parameters(user.email, source, now))
    return LoginAttempt(user.email, source, network, user if allowed else None, is_unknown_device=False)


def _by_network(email: str, network: str, now: datetime) -> LoginAttempt:
    source = digest_of("source", f"network {network}")
    sql = COUNT_FOR_ACCOUNT.format(count=COUNT.format(source=SOURCE_UNLESS_LOCKED))
    allowed = _execute(sql, _parameters(email, source, now))
    user = User.objects.filter(email=email).first()  # an unknown address must not take fewer statements
    return LoginAttempt(email, source, network, user if allowed else None, has_locked=bool(allowed and allowed[1]))


def _add_factors(attempt: LoginAttempt, code: str, now: datetime) -> None:
    """Add the code to the attempt, and the account's factors if its network may try one. Then a locked account is allowed."""
    attempt.code, attempt.code_source = code, digest_of("source", f"code {attempt.network}")
    allowed = _execute(COUNT.format(source=SOURCE), _parameters(attempt.account, attempt.code_source, now))
    of_account = Authenticator.objects.filter(user__email=attempt.account).select_related("user")
    factors = list(of_account.exclude(type=Authenticator.Type.WEBAUTHN))
    if allowed and factors:
        attempt.factors = factors
        attempt.requires_code = attempt.user is None
        attempt.user = attempt.user or factors[0].user


def _is_code_of(factor: Authenticator, code: str) -> bool:
    """Return True if `code` is right and was not used before."""
    if factor.type == Authenticator.Type.RECOVERY_CODES:
        # a wrong code must not take statements, by which accounts with a second factor could be told from others
        codes = factor.wrap().generate_codes()
        if not any(compare_user_code(actual=code, expected=each) for each in codes):
            return False
    return bool(factor.wrap().validate_code(code))


def _parameters(email: str, source: str, now: datetime, limit: int | None = None) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "email": email,
        "account": digest_of("account", email),
        "source": source,
        "while_locked": WHILE_LOCKED,
        "now": now,
        "until": now + settings.LOGIN_LOCKOUT,
        "forgotten": now - COUNTER_RETENTION,
        "limit": limit or settings.LOGIN_ATTEMPT_LIMIT,
        "account_limit": settings.LOGIN_ACCOUNT_LIMIT,
    }


def _execute(sql: str, parameters: dict[str, Any]) -> Any:
    """Return the row of a statement, or None."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()
