"""Permissions by credential (token scope, session, impersonation) and for staff."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth import get_permission_codename
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView


def refuse_impersonator(request: Request, view: "APIView") -> None:
    """Raise PermissionDenied if a staff member who impersonates a customer writes, or reads a closed view."""
    if getattr(request.auth, "impersonator_id", None) is None:
        return
    if request.method not in SAFE_METHODS:
        raise PermissionDenied("As another customer you can only read. Log in as yourself.", "impersonation_read_only")
    if getattr(view, "closed_to_impersonation", False):
        raise PermissionDenied("Only the customer can access this.", "impersonation_closed")


class TokenScopePermission(BasePermission):
    """Restricts a token with the scope `read` to reading. Credentials without a scope, such as sessions, are not restricted."""

    message = "This token can only read. Use a token with the scope read-write."
    code = "token_read_only"

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return request.method in SAFE_METHODS or getattr(request.auth, "may_write", True)


class RequiresPasswordSession(BasePermission):
    """Restricts writing to sessions that began with the password, so that a leaked token can't create further tokens."""

    message = "A token is not enough for this. Log in with your password."
    code = "session_required"

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return request.method in SAFE_METHODS or not hasattr(request.auth, "may_write")


class RequiresPasswordSessionToRead(RequiresPasswordSession):
    """Restricts reading a single row, too: a token can list the rows but not read their content."""

    def has_object_permission(self, request: Request, view: "APIView", obj: object) -> bool:
        # checked after the row was found among the user's own, so that another user's row is a 404
        return not hasattr(request.auth, "may_write")


def is_staff(request: Request) -> bool:
    """Return True if the user is staff and logged in with a second factor."""
    # SECURITY: without a second factor a staff member has only a customer's permissions
    return bool(request.user and request.user.is_staff and getattr(request.auth, "has_second_factor", False))


class StaffModelPermission(BasePermission):
    """Restricts a view to staff with Django's permission to view, add, change or delete; a bulk call needs the last three."""

    message = "Only staff with the permission for this can do it."
    verbs: ClassVar[dict[str, str]] = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}

    def has_permission(self, request: Request, view: Any) -> bool:
        options = view.queryset.model._meta
        verbs = self.verbs.values() if view.action == "bulk" else [self.verbs.get(request.method or "", "view")]
        names = [f"{options.app_label}.{get_permission_codename(verb, options)}" for verb in verbs]
        return is_staff(request) and request.user.has_perms(names)


class PublicReadStaffWrite(StaffModelPermission):
    """Allows everybody to read, without authentication, and staff to write."""

    message = "Only staff can change this."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return request.method in SAFE_METHODS or super().has_permission(request, view)
