"""What a credential may do, apart from whose it is."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth import get_permission_codename
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView


def refuse_impersonator(request: Request, view: "APIView") -> None:
    """Raise PermissionDenied when a colleague who acts as the customer wants to change something or see what is closed."""
    if getattr(request.auth, "impersonator_id", None) is None:
        return
    if request.method not in SAFE_METHODS:
        raise PermissionDenied("In a customer's name you may only read.", "impersonation_read_only")
    if getattr(view, "closed_to_impersonation", False):
        raise PermissionDenied("This stays closed to everybody but the customer.", "impersonation_closed")


class TokenScopePermission(BasePermission):
    """A read token reads. Credentials without a scope (sessions) may do what their user may."""

    message = "This token may only read. Use a token with the scope read-write."
    code = "token_read_only"

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return request.method in SAFE_METHODS or getattr(request.auth, "may_write", True)


class RequiresPasswordSession(BasePermission):
    """Only a session that began with the password, so that a leaked token can't make itself successors."""

    message = "Log in with your password for this; a token is not enough."
    code = "session_required"

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return request.method in SAFE_METHODS or not hasattr(request.auth, "may_write")


class RequiresPasswordSessionToRead(RequiresPasswordSession):
    """The same also for reading a single row: a leaked token sees that it is there and does not get at what it holds."""

    def has_object_permission(self, request: Request, view: "APIView", obj: object) -> bool:
        # asked after the row was found among the user's own, so that a foreign one is answered like one that is not there
        return not hasattr(request.auth, "may_write")


def is_staff(request: Request) -> bool:
    """Whether the request has staff's powers: of a colleague, by credentials that stand for a second factor too."""
    # SECURITY: a colleague's password alone must open no more than a customer's
    return bool(request.user and request.user.is_staff and getattr(request.auth, "has_second_factor", False))


class StaffModelPermission(BasePermission):
    """Staff with Django's permission for what is done to the model: view, add, change, delete; a bulk call may do all three."""

    message = "This is for staff."
    verbs: ClassVar[dict[str, str]] = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}

    def has_permission(self, request: Request, view: Any) -> bool:
        options = view.queryset.model._meta
        verbs = self.verbs.values() if view.action == "bulk" else [self.verbs.get(request.method or "", "view")]
        names = [f"{options.app_label}.{get_permission_codename(verb, options)}" for verb in verbs]
        return is_staff(request) and request.user.has_perms(names)


class PublicReadStaffWrite(StaffModelPermission):
    """Anybody may read, also without an account; only staff may write."""

    message = "Only staff may change this."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return request.method in SAFE_METHODS or super().has_permission(request, view)
