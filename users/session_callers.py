"""The user of a session for compiled reads, by one prepared statement for the session, the user and the user's data key."""

from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection
from django.db.models import F
from django.utils.crypto import constant_time_compare

from core import clock, rls
from core.changes import Position
from core.encryption.key_ring import EncryptionError
from core.fast_lists import compiled_queries
from core.fast_lists.compiled_queries import CompiledQuery, Read
from core.fast_lists.read_permissions import Caller, NotCompiledError, Reason
from core.postgres.expressions import ClockNow
from users.models import User, UserSession
from users.models.session import LAST_USE_INTERVAL
from users.sealed_texts import unseal_with_key
from users.sessions import LABEL, SERIALIZER, SessionStore, digest_of

COLUMNS = ("data", "last_seen_at", "user__password", "user__is_active", "user__data_key__wrapped")
# those of a Caller
CALLER_COLUMNS = ("user_id", "user__is_staff", Position(F("user_id")), "user__profile__timezone")


def read_caller(key: str, read: Read) -> Caller:
    """Return the user of an open session.

    Raise NotCompiledError if there is none, or if Django must record the session's use or renew it.
    """
    digest = digest_of(key)
    with rls.as_accounts():
        rows = read(_session(), {"digest": digest})
    for data, last_seen_at, password, is_active, wrapped_key, *found in rows:
        if not is_active or wrapped_key is None or clock.now() - last_seen_at > LAST_USE_INTERVAL:
            break
        caller = Caller(*found)
        session = _opened(key, digest, caller.pk, data, wrapped_key)
        if is_login_of(session, User(pk=caller.pk, password=password)):
            return caller._replace(is_staff=caller.is_staff and session.has_second_factor, session=digest)
    raise NotCompiledError(Reason.CREDENTIAL)


def user_of(session: SessionStore) -> User | None:
    """Return the user of an open session, read with it by one statement; None if Django must check or renew the login."""
    session.get(SESSION_KEY)  # reads the session
    user = session.read_user
    return user if user is not None and user.is_active and is_login_of(session, user) else None


def is_login_of(session: SessionStore, user: User) -> bool:
    """Return True if the user has logged in to the session, and not changed the password since, as Django checks it."""
    stored = session.get(HASH_SESSION_KEY, "")
    return (
        session.get(SESSION_KEY) == str(user.pk)
        and session.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        and constant_time_compare(stored, user.get_session_auth_hash())
    )


def _opened(key: str, digest: str, user_id: UUID, data: str, wrapped_key: bytes) -> SessionStore:
    try:
        text = unseal_with_key(LABEL, row=digest, user_id=user_id, text=data, wrapped_key=wrapped_key)
    except EncryptionError:
        raise NotCompiledError(Reason.CREDENTIAL) from None
    return SessionStore.of(key, SERIALIZER.loads(text))


@cache
def _session() -> CompiledQuery:
    def rows(values: dict[str, Any]) -> Any:
        return (
            UserSession.objects.open(ClockNow())
            .filter(digest=values["digest"], user__isnull=False)
            .values_list(*COLUMNS, *CALLER_COLUMNS)
        )

    return compiled_queries.compile_query(rows, {"digest": str}, connection)
