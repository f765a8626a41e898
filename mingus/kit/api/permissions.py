"""What a credential may do, apart from whose it is."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request


class TokenScopeAllows(BasePermission):
    """A read token reads. Credentials without a scope (sessions) may do what their user may."""

    message = "This token may only read. Use a token with the scope read-write."
    code = "token_read_only"

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.method in SAFE_METHODS or getattr(request.auth, "may_write", True)


class SignedInWithPassword(BasePermission):
    """Only a session that began with the password, so that a leaked token can't make itself successors."""

    message = "Log in with your password for this; a token is not enough."
    code = "session_required"

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.method in SAFE_METHODS or not hasattr(request.auth, "may_write")
