"""Permissions, computed from the code: every operation of the API by caller, every page of the back office by role.

The permission classes and the admin classes are called with an unsaved user of each role. The back office shows the result
(`mingus/roles_page.py`), and `tests/security/test_roles_table.py` sends every request.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.urls import URLPattern, URLResolver, get_resolver

from users.models import PersonalAccessToken
from users.models.token import Scope
from users.roles import CUSTOMER, ROLES, StaffRole

API = "api/v1/"
ANONYMOUS, READ_TOKEN, IMPERSONATOR = "anonymous", "read token", "as customer"
CALLERS = (ANONYMOUS, CUSTOMER, READ_TOKEN, IMPERSONATOR, *ROLES)
PAGES = ("view", "add", "change", "delete")


class UserOfRole:
    """An unsaved user of a role, or a customer, with the attributes that permission checks read."""

    is_authenticated = is_active = True
    pk = None

    def __init__(self, role: StaffRole | None) -> None:
        self.is_staff, self.is_superuser = role is not None, bool(role and role.is_everything)
        self._permissions = role.permissions() if role else set()

    def has_perm(self, name: str, obj: Any = None) -> bool:
        return self.is_superuser or name in self._permissions

    def has_perms(self, names: list[str], obj: Any = None) -> bool:
        return all(self.has_perm(name) for name in names)


@dataclass(frozen=True)
class Operation:
    """One method of one path of the API."""

    pattern: str
    method: str
    view: Any
    action: str

    def callers(self) -> tuple[str, ...]:
        """Return the callers that are allowed. Row-level security restricts the rows that they see."""
        return tuple(name for name in CALLERS if self._is_allowed(name))

    def _is_allowed(self, caller: str) -> bool:
        request: Any = SimpleNamespace(method=self.method, user=AnonymousUser(), auth=None)
        if caller != ANONYMOUS:
            request.user = UserOfRole(ROLES.get(caller))
            request.auth = SimpleNamespace(has_second_factor=True, is_reauthenticated=True)
        if caller == READ_TOKEN:
            request.auth = PersonalAccessToken(scope=Scope.READ)
        view = self.view(request=request, action=self.action)
        if caller == IMPERSONATOR and (self.method != "GET" or view.closed_to_impersonation):
            return False
        return all(permission.has_permission(request, view) for permission in view.get_permissions())


def operations() -> list[Operation]:
    """Return every method of every path of the API, in the order of the URL configuration."""
    return list(_collect(get_resolver().url_patterns, ""))


def _collect(patterns: list[Any], prefix: str) -> Iterator[Operation]:
    for entry in patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _collect(entry.url_patterns, path)
        elif isinstance(entry, URLPattern) and path.startswith(API):
            callback: Any = entry.callback
            for method, action in callback.actions.items():
                if method != "head":
                    yield Operation("/" + path, method.upper(), callback.cls, action)


def pages(page: Any, role: StaffRole) -> list[str]:
    """Return the permissions of a role on the pages of an admin class: verbs of `PAGES` and names of buttons."""
    request: Any = SimpleNamespace(user=UserOfRole(role), session={})
    allowed = [verb for verb in PAGES if getattr(page, f"has_{verb}_permission")(request)]
    for name in page._extract_action_names(page.actions_detail):
        needed = getattr(page, name).allowed_permissions
        if all(getattr(page, f"has_{verb}_permission")(request) for verb in needed):
            allowed.append(name)
    return allowed


def registered_admins() -> list[Any]:
    """Return the registered admins, sorted by the label of their models."""
    return sorted(admin.site._registry.values(), key=lambda page: page.model._meta.label_lower)
