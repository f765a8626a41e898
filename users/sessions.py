"""Django's session backend on `users.UserSession`: hashed keys, encrypted data, and the device of each session.

SECURITY: the table, or a copy of it, is not enough to take over a session, because the keys are not stored. The data is
encrypted for its row and user: it contains the secret of a second factor for a few minutes while it is set up.
"""

import hashlib
import time
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.core.internal.httpkit import clean_client_ip
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.contrib.sessions.serializers import JSONSerializer
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest

from core import clock, rls
from core.encryption.key_ring import EncryptionError, MissingDataKeyError
from core.fast_lists.compiled_instances import CompiledInstanceQuery
from users.models import User, UserSession
from users.models.session import USER_AGENT_LENGTH
from users.sealed_texts import seal, unseal

LABEL = "users.session"
SERIALIZER = JSONSerializer()
DEVICE = "device"
AUTHENTICATED_USER_KEY = f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"  # the user of the records of authentication
SECOND_FACTOR = "mfa"


def digest_of(key: str) -> str:
    """Return the stored hash of a session's key. A plain hash is enough, because the key has 165 random bits."""
    return hashlib.sha256(key.encode()).hexdigest()


class SessionStore(SessionBase):
    """The class of `request.session`. Its statements run with the database role of accounts, for every user.

    `read_user` is the user that was read with the session. `users.session_callers.user_of` checks the login.
    """

    read_user: User | None = None

    @classmethod
    def of(cls, key: str, data: dict[str, Any]) -> Self:
        """Return the session of `key` with data that was read already."""
        session = cls(key)
        session._session_cache = data  # type: ignore[attr-defined]  # where SessionBase keeps what `load` has returned
        return session

    def load(self) -> dict[str, Any]:
        with rls.as_accounts():
            rows = _open_sessions(digest=digest_of(self.session_key or ""), now=clock.now())
            if not rows:
                self._session_key = None
                return {}
            rows[0].record_use()
        self.read_user = rows[0].user
        return _opened(rows[0])

    def exists(self, session_key: str) -> bool:
        with rls.as_accounts():
            return UserSession.objects.filter(digest=digest_of(session_key)).exists()

    def create(self) -> None:
        self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]
        self.save(must_create=True)
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        """Store the session. Raise UpdateError if it was ended in the meantime, so that it is not restored."""
        if self.session_key is None:
            return self.create()
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        with rls.as_accounts(), transaction.atomic():
            self._store(data, must_create)
        return None

    def _store(self, data: dict[str, Any], must_create: bool) -> None:
        device, user_id = data.get(DEVICE, {}), UUID(data[SESSION_KEY]) if SESSION_KEY in data else None
        try:
            text = seal(LABEL, row=self.digest, user_id=user_id, plaintext=SERIALIZER.dumps(data))
        except MissingDataKeyError:  # the account is being erased
            raise UpdateError from None
        row = {
            "user_id": user_id,
            "data": text,
            "expires_at": self.get_expiry_date(),
            "user_agent": device.get("user_agent", ""),
            "address": device.get("address"),
        }
        if must_create:
            _insert(digest=self.digest, last_seen_at=clock.now(), **row)
        elif not UserSession.objects.filter(digest=self.digest).update(**row):
            raise UpdateError

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            with rls.as_accounts():
                row = UserSession.objects.filter(digest=digest_of(key))
                row.filter(user=None).delete()
                row.end()

    @classmethod
    def clear_expired(cls) -> None:
        """Delete expired anonymous sessions, and end expired ones of users, which are deleted after KNOWN_DEVICE_DAYS."""
        now = clock.now()
        old = Q(user=None, expires_at__lte=now) | Q(expires_at__lte=now, last_seen_at__lte=now - settings.KNOWN_DEVICE_TIME)
        with rls.as_accounts():
            UserSession.objects.filter(old).delete()
            UserSession.objects.filter(expires_at__lte=now).end()

    @property
    def has_second_factor(self) -> bool:
        """True if the user has shown a second factor in this session."""
        return any(record["method"] == SECOND_FACTOR for record in self._own_records())

    @property
    def is_reauthenticated(self) -> bool:
        """True if the user entered the password or a factor again in the last ACCOUNT_REAUTHENTICATION_TIMEOUT seconds."""
        since = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
        return any(record.get("reauthenticated") and record["at"] > since for record in self._own_records())

    def _own_records(self) -> list[dict[str, Any]]:
        """Return allauth's records of how the session's user has authenticated."""
        is_own = self.get(AUTHENTICATED_USER_KEY) == self.get(SESSION_KEY)
        records: list[dict[str, Any]] = self.get(AUTHENTICATION_METHODS_SESSION_KEY, []) if is_own else []
        return records

    def clear_second_factor(self) -> None:
        """Remove the second factor from the session's records of authentication."""
        records = self.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
        self[AUTHENTICATION_METHODS_SESSION_KEY] = [record for record in records if record["method"] != SECOND_FACTOR]

    @property
    def digest(self) -> str:
        """The hash that identifies the session's row."""
        return digest_of(self.session_key or "")


# at most one, because digests are unique
_open_sessions = CompiledInstanceQuery(
    lambda values: UserSession.objects.open(values["now"]).filter(digest=values["digest"]).select_related("user"),
    digest=str,
    now=datetime,
)


def _opened(row: UserSession) -> dict[str, Any]:
    """Return a session's data; empty, as for an expired session, if it is of another row or user, or its key was removed."""
    try:
        data: dict[str, Any] = SERIALIZER.loads(unseal(LABEL, row=str(row.digest), user_id=row.user_id, text=row.data))
    except EncryptionError:
        return {}
    return data


def _insert(**row: Any) -> None:
    try:
        with transaction.atomic():
            UserSession.objects.create(**row)
    except IntegrityError:
        raise CreateError from None


def device_of(request: HttpRequest) -> dict[str, str | None]:
    """Return the IP address of a request, None if it is unknown, and its user agent."""
    agent = request.META.get("HTTP_USER_AGENT", "").replace("\x00", "")
    return {"address": clean_client_ip(request.META.get("REMOTE_ADDR", "")), "user_agent": agent[:USER_AGENT_LENGTH]}


__all__ = ["SECOND_FACTOR", "SessionStore", "device_of", "digest_of"]
