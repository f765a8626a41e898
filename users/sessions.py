"""Django's sessions in `users.UserSession`: found by a hash, sealed, and with the device that they are used on.

SECURITY: who reads the table, or a copy of it, can't take over a session, for the key is not there; and the data, which for a
few minutes holds the secret of a second factor that is being set up, is sealed.
"""

import base64
import hashlib
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.core.internal.httpkit import get_client_ip
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest

from core import clock, rls
from core.encryption import key_ring
from users.models import UserSession
from users.models.session import DEVICE_RETENTION, USER_AGENT_LENGTH

LABEL = "users.session"
DEVICE = "device"
AUTHENTICATED_USER_KEY = f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"  # whose the records of authentication are
SECOND_FACTOR = "mfa"


def digest_of(key: str) -> str:
    """What is stored of a session's key. A plain hash: the key has 165 random bits, so there is nothing to guess."""
    return hashlib.sha256(key.encode()).hexdigest()


class SessionStore(SessionBase):
    """What `request.session` is. Everything about sessions runs with the reach of accounts, whoever asks."""

    def load(self) -> dict[str, Any]:
        with rls.as_accounts():
            row = UserSession.objects.open(clock.now()).filter(digest=digest_of(self.session_key or "")).first()
            if row is None:
                self._session_key = None
                return {}
            row.record_use()
        return self.decode(row.data)

    def exists(self, session_key: str) -> bool:
        with rls.as_accounts():
            return UserSession.objects.filter(digest=digest_of(session_key)).exists()

    def create(self) -> None:
        self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]
        self.save(must_create=True)
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        """Store the session. Raises UpdateError when it was ended meanwhile, so that it can't come back."""
        if self.session_key is None:
            return self.create()
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        device = data.get(DEVICE, {})
        row = {
            "user_id": data.get(SESSION_KEY),
            "data": self.encode(data),
            "expires_at": self.get_expiry_date(),
            "user_agent": device.get("user_agent", ""),
            "address": device.get("address"),
        }
        with rls.as_accounts():
            if must_create:
                _insert(digest=digest_of(self.session_key), last_seen_at=clock.now(), **row)
            elif not UserSession.objects.filter(digest=digest_of(self.session_key)).update(**row):
                raise UpdateError
        return None

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            with rls.as_accounts():
                row = UserSession.objects.filter(digest=digest_of(key))
                row.filter(user=None).delete()
                row.end()

    @classmethod
    def clear_expired(cls) -> None:
        """Forget what nobody is signed in with any more; the devices of users are remembered for a while."""
        now = clock.now()
        over = Q(user=None, expires_at__lte=now) | Q(expires_at__lte=now, last_seen_at__lte=now - DEVICE_RETENTION)
        with rls.as_accounts():
            UserSession.objects.filter(over).delete()
            UserSession.objects.filter(expires_at__lte=now).end()

    def encode(self, session_dict: dict[str, Any]) -> str:
        return base64.b64encode(key_ring.encrypt(LABEL, b"", self.serializer().dumps(session_dict))).decode()

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """The session's data; nothing, as for an expired one, when its key is gone from the ring."""
        try:
            return self.serializer().loads(key_ring.decrypt(LABEL, b"", base64.b64decode(session_data)))
        except key_ring.EncryptionError:
            return {}

    @property
    def has_second_factor(self) -> bool:
        """Whether who is signed in has shown a second factor in this very session."""
        records = self.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
        is_his = self.get(AUTHENTICATED_USER_KEY) == self.get(SESSION_KEY)
        return is_his and any(record["method"] == SECOND_FACTOR for record in records)

    def clear_second_factor(self) -> None:
        """Take the second factor back that this session has shown."""
        records = self.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
        self[AUTHENTICATION_METHODS_SESSION_KEY] = [record for record in records if record["method"] != SECOND_FACTOR]

    @property
    def digest(self) -> str:
        """What the session's row is found by."""
        return digest_of(self.session_key or "")


def _insert(**row: Any) -> None:
    try:
        with transaction.atomic():
            UserSession.objects.create(**row)
    except IntegrityError:
        raise CreateError from None


def device_of(request: HttpRequest) -> dict[str, str | None]:
    """Where a request comes from: its address, None when that is not known, and what its program calls itself."""
    agent = request.META.get("HTTP_USER_AGENT", "").replace("\x00", "")
    return {"address": get_client_ip(request), "user_agent": agent[:USER_AGENT_LENGTH]}


__all__ = ["SECOND_FACTOR", "SessionStore", "device_of", "digest_of"]
