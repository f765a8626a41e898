"""What a session must have shown before it may do what lasts."""

from typing import Any

from rest_framework.request import Request

from mingus.kit.api.permissions import SignedInWithPassword
from users import services


class FullySignedIn(SignedInWithPassword):
    """A session that has shown all that the account asks for: its second factor if it has one, and of staff in any case."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        if request.auth.has_second_factor or not (request.user.is_staff or services.has_second_factor(request.user)):
            return True
        self.message = "Log in with your second factor for this; a password is not enough."
        self.code = "second_factor_required"
        return False
