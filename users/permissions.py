"""What a session must have shown before it may do what lasts."""

from typing import Any, cast

from rest_framework.request import Request

from core.api.permissions import RequiresPasswordSession
from users import services
from users.models import User
from users.sessions import SessionStore


class FullySignedIn(RequiresPasswordSession):
    """A session that has shown all that the account asks for: its second factor if it has one, and of staff in any case."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        session, user = cast("SessionStore", request.auth), cast("User", request.user)
        if session.has_second_factor or not (user.is_staff or services.has_second_factor(user)):
            return True
        self.message = "Log in with your second factor for this; a password is not enough."
        self.code = "second_factor_required"
        return False
