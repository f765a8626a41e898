"""The ways to say who is calling: a personal access token, a session token, a session cookie; and support in his name."""

from typing import Any
from uuid import UUID

from allauth.headless.contrib.rest_framework.authentication import XSessionTokenAuthentication
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication as KnoxAuthentication
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed

from mingus.kit import clock, context
from users import impersonation
from users.models import Impersonation, PersonalAccessToken, User


class TokenAuthentication(KnoxAuthentication):
    """`Authorization: Bearer mgs_…`."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, PersonalAccessToken]:
        if not token.isascii():
            raise AuthenticationFailed("Invalid token.")
        user, key = super().authenticate_credentials(token)
        key.note_use()
        return user, key

    def _cleanup_token(self, auth_token: PersonalAccessToken) -> bool:
        """Whether the token's time is over. Knox also looks through the user's other tokens in each request, for expired ones
        to delete; a nightly job does it here.
        """
        return auth_token.expiry is not None and auth_token.expiry < clock.now()


class ImpersonationAuthentication(BaseAuthentication):
    """`Authorization: Impersonation mgi_…`: a colleague of support, who reads what the customer reads."""

    scheme = "Impersonation"

    def authenticate(self, request: Any) -> tuple[User, Impersonation] | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme != self.scheme:
            return None
        found = impersonation.running(text.strip(), now=clock.now())
        if found is None:
            raise AuthenticationFailed("This has ended. Begin again on the customer's page of the back office.")
        return found.user, found


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

    def authenticate(self, request: Any) -> tuple[User, Any] | None:
        """The user and the session: what it has shown of him decides what he may do as one of the staff."""
        found = super().authenticate(request)
        return None if found is None else (found[0], request._request.session)


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A personal access token of /api/v1/users/tokens/."}


class ImpersonationScheme(OpenApiAuthenticationExtension):
    target_class = ImpersonationAuthentication
    name = "impersonation"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Impersonation mgi_…`: for staff."}


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
