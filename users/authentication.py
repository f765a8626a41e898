"""Authentication by personal access token, session token, session cookie, or impersonation credential."""

from datetime import datetime
from functools import cache
from hmac import compare_digest
from typing import Any
from uuid import UUID

from allauth.headless.contrib.rest_framework.authentication import XSessionTokenAuthentication
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db import connection
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.crypto import hash_token
from knox.settings import CONSTANTS
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed

from core import clock, context, rls
from core.fast_lists import compiled_queries
from core.fast_lists.compiled_instances import CompiledInstanceQuery
from core.fast_lists.compiled_queries import CompiledQuery, Read
from core.fast_lists.read_permissions import Caller, NotCompiledError, Reason
from users import impersonation
from users.models import Impersonation, PersonalAccessToken, User
from users.models.token import LAST_USE_INTERVAL
from users.session_callers import CALLER_COLUMNS, read_caller, user_of
from users.sessions import SessionStore

ACCESS_ENDED = "Your plan does not include API access any more. The token works again with a plan that does."
TOKEN_COLUMNS = ("digest", "expiry", "access_ends_at", "last_used_at", "user__is_active")


class TokenAuthentication(KnoxAuthentication):
    """`Authorization: Bearer mgs_…`."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, PersonalAccessToken]:
        if token.isascii():
            text = token.decode()
            digest, now = hash_token(text), clock.now()
            for key in _keys(token_key=text[: CONSTANTS.TOKEN_KEY_LENGTH]):
                if compare_digest(digest, key.digest) and not is_expired(key.expiry, now=now):
                    user, _ = self.validate_user(key)
                    if is_expired(key.access_ends_at, now=now):
                        raise AuthenticationFailed(ACCESS_ENDED)
                    key.record_use()
                    return user, key
        raise AuthenticationFailed("Invalid token.")

    def caller_by_prepared_statement(self, request: HttpRequest, read: Read) -> Caller | None:
        """Return the caller by one prepared statement; None without a token.

        Raise NotCompiledError if `authenticate` must refuse the token or record its use.
        """
        words = request.META.get("HTTP_AUTHORIZATION", "").split()
        if not words or words[0].lower() != "bearer":
            return None
        if len(words) != 2 or not words[1].isascii():
            raise NotCompiledError(Reason.CREDENTIAL)
        with rls.as_accounts():
            rows = read(_tokens(), {"token_key": words[1][: CONSTANTS.TOKEN_KEY_LENGTH]})
        now, digest = clock.now(), hash_token(words[1])
        for stored, expiry, access_ends_at, last_used_at, is_active, *caller in rows:
            is_valid = is_active and not is_expired(expiry, access_ends_at, now=now) and compare_digest(stored, digest)
            if is_valid and last_used_at is not None and now - last_used_at <= LAST_USE_INTERVAL:
                return Caller(*caller)
        raise NotCompiledError(Reason.CREDENTIAL)


def is_expired(*ends: datetime | None, now: datetime) -> bool:
    """Return True if one of the ends has passed: the token's own, or that of the plan's API access."""
    return any(end is not None and end <= now for end in ends)


# The tokens with the same beginning, almost always one.
_keys = CompiledInstanceQuery(
    lambda values: PersonalAccessToken.objects.select_related("user").filter(token_key=values["token_key"]), token_key=str
)


@cache
def _tokens() -> CompiledQuery:
    """Return the query for the tokens with the same beginning, almost always one."""

    def rows(values: dict[str, Any]) -> Any:
        return PersonalAccessToken.objects.filter(**values).values_list(*TOKEN_COLUMNS, *CALLER_COLUMNS)

    return compiled_queries.compile_query(rows, {"token_key": str}, connection)


class ImpersonationAuthentication(BaseAuthentication):
    """`Authorization: Impersonation mgi_…`: support staff who read the API as a customer."""

    scheme = "Impersonation"

    def authenticate(self, request: Any) -> tuple[User, Impersonation] | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme != self.scheme:
            return None
        found = impersonation.find_active(text.strip(), now=clock.now())
        if found is None:
            raise AuthenticationFailed("The impersonation has ended. Start again on the customer's page of the back office.")
        return found.user, found

    def caller_by_prepared_statement(self, request: HttpRequest, read: Read) -> None:
        """Return None for a request that is no impersonation, else raise NotCompiledError: each request is recorded."""
        if request.META.get("HTTP_AUTHORIZATION", "").startswith(self.scheme):
            raise NotCompiledError(Reason.CREDENTIAL)


class SessionTokens(SessionTokenStrategy):
    """allauth's session tokens, which also set the actor for the audit log. They do not change the database role."""

    def lookup_session(self, session_token: str) -> SessionBase | None:
        """Return the session, read by one statement, or None."""
        session = SessionStore(session_token)
        user_id = session.get(SESSION_KEY)  # reads the session, and clears the key if there is none
        if user_id is not None:
            context.update(actor_id=UUID(user_id))
        return session if session.session_key else None


class AccountSessionAuthentication(XSessionTokenAuthentication):
    """`X-Session-Token`, as returned by the login of the account API."""

    def authenticate(self, request: Any) -> tuple[User, Any] | None:
        key = request.headers.get("X-Session-Token", "")
        if "\x00" in key:
            raise AuthenticationFailed("Invalid session token.")
        session: Any = SessionTokens().lookup_session(key) if key else None
        user = session and user_of(session)
        found = (user, session) if user else super().authenticate(request)
        if found is None and "X-Session-Token" in request.headers:
            raise AuthenticationFailed("The session has ended. Log in again.")
        return found

    def caller_by_prepared_statement(self, request: HttpRequest, read: Read) -> Caller | None:
        """Return the caller; None without a session token. Raise NotCompiledError if `authenticate` must handle it."""
        key = request.META.get("HTTP_X_SESSION_TOKEN")
        return None if key is None else read_caller(key, read)


class CookieAuthentication(SessionAuthentication):
    """The browser's session cookie, with CSRF protection on writes."""

    def authenticate(self, request: Any) -> tuple[User, Any] | None:
        """Return the user and the session, because the permissions of staff depend on the factors shown in it."""
        wrapped = request._request
        if not hasattr(wrapped, "_cached_user") and (user := user_of(wrapped.session)):
            wrapped._cached_user = user  # what AuthenticationMiddleware would read by another statement
        found = super().authenticate(request)
        return None if found is None else (found[0], wrapped.session)

    def caller_by_prepared_statement(self, request: HttpRequest, read: Read) -> Caller | None:
        """Return the caller; None without a session cookie. Raise NotCompiledError if `authenticate` must handle it."""
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        # SECURITY: compiled requests are GET requests, which need no CSRF token
        return None if key is None else read_caller(key, read)._replace(has_cookie=True)


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token from POST /api/v1/users/tokens/."}


class ImpersonationScheme(OpenApiAuthenticationExtension):
    target_class = ImpersonationAuthentication
    name = "impersonation"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Impersonation mgi_…`, for staff."}


class SessionTokenScheme(OpenApiAuthenticationExtension):
    target_class = AccountSessionAuthentication
    name = "sessionToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "X-Session-Token", "description": "From a login to the account API."}


class CookieScheme(OpenApiAuthenticationExtension):
    target_class = CookieAuthentication
    name = "cookie"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
