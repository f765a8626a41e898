"""Permissions that depend on the factors that a session has shown."""

from typing import Any, cast

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
