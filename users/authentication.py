"""The three ways to say who is calling: a personal access token, a session token, a session cookie."""

from typing import Any
from uuid import UUID

from allauth.headless.contrib.rest_framework.authentication import XSessionTokenAuthentication
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication as KnoxAuthentication
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed

from mingus.kit import context
from users.models import PersonalAccessToken, User


class TokenAuthentication(KnoxAuthentication):
    """`Authorization: Bearer mgs_…`."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, PersonalAccessToken]:
        if not token.isascii():
            raise AuthenticationFailed("Invalid token.")
        user, key = super().authenticate_credentials(token)
        key.note_use()
        return user, key


class SessionTokens(SessionTokenStrategy):
    """allauth's session tokens, which tell the audit log who is acting. They open no reach: that is the account API's own."""

    def lookup_session(self, session_token: str) -> SessionBase | None:
        session: SessionBase | None = super().lookup_session(session_token)
        if session is not None and SESSION_KEY in session:
            context.change(actor_id=UUID(session[SESSION_KEY]))
        return session


class AccountSessionAuthentication(XSessionTokenAuthentication):
    """`X-Session-Token`, as the account API's login hands it out."""

    def authenticate(self, request: Any) -> tuple[User, Any] | None:
        if "\x00" in request.headers.get("X-Session-Token", ""):
            raise AuthenticationFailed("Invalid session token.")
        found = super().authenticate(request)
        if found is None and "X-Session-Token" in request.headers:
            raise AuthenticationFailed("The session has ended. Log in again.")
        return found


class CookieAuthentication(SessionAuthentication):
    """The browser's session cookie, with CSRF protection on writes."""


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A personal access token of /api/v1/users/tokens/."}


class SessionTokenScheme(OpenApiAuthenticationExtension):
    target_class = AccountSessionAuthentication
    name = "sessionToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "X-Session-Token", "description": "From the account API's login."}


class CookieScheme(OpenApiAuthenticationExtension):
    target_class = CookieAuthentication
    name = "cookie"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
