"""The three ways to say who is calling: a personal access token, a session token, a session cookie."""

from typing import Any

from allauth.headless.contrib.rest_framework.authentication import XSessionTokenAuthentication
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication as KnoxAuthentication
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed

from users.models import PersonalAccessToken, User


class TokenAuthentication(KnoxAuthentication):
    """`Authorization: Bearer mgs_…`."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, PersonalAccessToken]:
        if not token.isascii():
            raise AuthenticationFailed("Invalid token.")
        user, key = super().authenticate_credentials(token)
        key.note_use()
        return user, key


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

    def authenticate(self, request: Any) -> tuple[User, Any] | None:
        """The user and the session: what it has shown of him decides what he may do as one of the staff."""
        found = super().authenticate(request)
        return None if found is None else (found[0], request._request.session)


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
