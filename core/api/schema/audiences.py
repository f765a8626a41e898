"""The division of the API into a document for developers of apps and one for staff; preprocessing hooks of drf-spectacular."""

from collections.abc import Iterable
from typing import Any

from rest_framework.permissions import SAFE_METHODS

from core.api.permissions import PublicReadStaffWrite, StaffModelPermission

Endpoint = tuple[str, str, str, Any]
"""Path, pattern, method and view function of an operation."""


def customers_only(endpoints: Iterable[Endpoint]) -> list[Endpoint]:
    """Return the operations that a customer can use."""
    return [endpoint for endpoint in endpoints if not _is_for_staff(endpoint)]


def staff_only(endpoints: Iterable[Endpoint]) -> list[Endpoint]:
    """Return the operations that only staff can use."""
    return [endpoint for endpoint in endpoints if _is_for_staff(endpoint)]


def _is_for_staff(endpoint: Endpoint) -> bool:
    _, _, method, view = endpoint
    found = [each for each in view.cls.permission_classes if isinstance(each, type) and issubclass(each, StaffModelPermission)]
    return any(method not in SAFE_METHODS or not issubclass(each, PublicReadStaffWrite) for each in found)
