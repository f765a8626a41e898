"""Permissions that depend on the factors that a session has shown, and when."""

from typing import Any, cast

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from core.api.permissions import RequiresPasswordSession
from users import services
from users.models import User
from users.sessions import SessionStore


class FullySignedIn(RequiresPasswordSession):
    """A session that has shown the second factor, if the account has one. Staff always need one."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        session, user = cast("SessionStore", request.auth), cast("User", request.user)
        if session.has_second_factor or not (user.is_staff or services.has_second_factor(user)):
            return True
        self.message = "This requires a second factor. Log in with your second factor and try again."
        self.code = "second_factor_required"
        return False


class RecentlyReauthenticated(FullySignedIn):
    """Restricts changes of credentials to a session in which the user has entered the password or a factor again just now.

    SECURITY: a token or a stolen session is not its owner, and would stay in the account with a new address or password.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        if request.method in SAFE_METHODS or cast("SessionStore", request.auth).is_reauthenticated:
            return True
        self.message = (
            "Confirm that it is you: send your password to POST /_allauth/app/v1/auth/reauthenticate, or a code to "
            "POST /_allauth/app/v1/auth/2fa/reauthenticate (browsers: /browser/ instead of /app/). Then repeat this request."
        )
        self.code = "reauthentication_required"
        return False


class CheckedForRow(BasePermission):
    """A mixin that checks a permission after the row was found among the user's own, so that another user's row is a 404."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return True

    def has_object_permission(self, request: Request, view: Any, obj: object) -> bool:
        return super().has_permission(request, view)


class RequiresPasswordSessionForRow(CheckedForRow, RequiresPasswordSession):
    """A session that began with the password, for a single row."""


class RecentlyReauthenticatedForRow(CheckedForRow, RecentlyReauthenticated):
    """A session that has just been reauthenticated, for a single row."""
