"""Who may do what, worked out from the code: each route and method of the API, and each page of the back office, by role.

The permission classes and admin classes themselves are asked, with a stand-in for somebody of each role; no database is.
`manage.py roles_table` writes docs/roles.md from it, and the tests call every line.
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
from users.roles import ADMINISTRATOR, CUSTOMER, ROLES, StaffRole

API = "api/v1/"
ANONYMOUS, READ_TOKEN, IMPERSONATOR = "anonymous", "read token", "as customer"
CALLERS = (ANONYMOUS, CUSTOMER, READ_TOKEN, IMPERSONATOR, *ROLES)
YES, NO = "yes", "-"
PAGES = ("view", "add", "change", "delete")


class RoleUser:
    """Stands for a signed-in user of a role."""

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
    """One method of one address of the API."""

    pattern: str
    method: str
    view: Any
    action: str

    def callers(self) -> dict[str, bool]:
        """Whether each caller is let in; whose rows he then meets is another question."""
        return {name: self._is_allowed(name) for name in CALLERS}

    def _is_allowed(self, caller: str) -> bool:
        request: Any = SimpleNamespace(method=self.method, user=AnonymousUser(), auth=None)
        if caller != ANONYMOUS:
            request.user = RoleUser(ROLES.get(caller))
            request.auth = SimpleNamespace(has_second_factor=True)
        if caller == READ_TOKEN:
            request.auth = PersonalAccessToken(scope=Scope.READ)
        view = self.view(request=request, action=self.action)
        if caller == IMPERSONATOR:
            return self.method == "GET" and not view.closed_to_impersonation and view_allows(view, request)
        return view_allows(view, request)


def view_allows(view: Any, request: Any) -> bool:
    """Whether all of a view's permissions let a request pass."""
    return all(permission.has_permission(request, view) for permission in view.get_permissions())


def operations() -> list[Operation]:
    """Every method of every address of the API, in the order of the URL map."""
    return list(_walk(get_resolver().url_patterns, ""))


def _walk(patterns: list[Any], prefix: str) -> Iterator[Operation]:
    for entry in patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, path)
        elif isinstance(entry, URLPattern) and path.startswith(API):
            callback: Any = entry.callback
            for method, action in callback.actions.items():
                if method != "head":
                    yield Operation("/" + path, method.upper(), callback.cls, action)


def pages(page: Any, role: StaffRole) -> list[str]:
    """What a role may do on the pages of an admin class: of `PAGES`, and the names of its buttons."""
    request: Any = SimpleNamespace(user=RoleUser(role), session={})
    allowed = [verb for verb in PAGES if getattr(page, f"has_{verb}_permission")(request)]
    named = page._extract_action_names(page.actions_detail)
    buttons = [name for name in named if _has_button_permission(page, getattr(page, name), request)]
    return [*allowed, *buttons]


def _has_button_permission(page: Any, button: Any, request: Any) -> bool:
    return all(getattr(page, f"has_{verb}_permission")(request) for verb in button.allowed_permissions)


def registered_admins() -> list[Any]:
    """The admin classes, by the name of their models."""
    return sorted(admin.site._registry.values(), key=lambda page: page.model._meta.label_lower)


def document() -> str:
    """docs/roles.md."""
    lines = [INTRODUCTION, "", "## Roles of staff", "", "| role | what for |", "|---|---|"]
    lines += [f"| {role.name} | {role.purpose} |" for role in ROLES.values()]
    lines += ["", API_INTRODUCTION, "", _row("route", "method", *CALLERS), _row(*["---"] * (2 + len(CALLERS)))]
    lines += [api_line(operation) for operation in operations()]
    lines += ["", ADMIN_INTRODUCTION, "", _row("model", *ROLES), _row(*["---"] * (1 + len(ROLES)))]
    lines += [admin_line(page) for page in registered_admins()]
    return "\n".join(lines) + "\n"


def api_line(operation: Operation) -> str:
    answers = [YES if may else NO for may in operation.callers().values()]
    return _row(f"`{operation.pattern}`", operation.method, *answers)


def admin_line(page: Any) -> str:
    cells = [", ".join(pages(page, role)) or NO for role in ROLES.values()]
    return _row(f"`{page.model._meta.label_lower}`", *cells)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


INTRODUCTION = """# Who may do what

Written by `manage.py roles_table` from `users/roles.py`, the permission classes of the views and the admin classes;
`tests/security/test_roles_table.py` calls every line. Don't edit it: a route or page that is not here fails the build."""
API_INTRODUCTION = """## The API

"yes" lets a caller in, "-" answers 401 or 403. Being let in is not seeing everything: on routes of owned rows each caller,
staff too, meets rows of his own only, and "as customer" (support, in a customer's name) those of that customer. Staff and
customers are signed in with their password here; a read-write token is let in wherever they are but for making tokens."""
ADMIN_INTRODUCTION = f"""## The back office

What a role may do on the pages of a model; the words after view, add, change and delete are the buttons on a row's page.
Personal values are masked for every role but {ADMINISTRATOR}, except where `users/roles.py` grants `see`. A row with masked
values is changed only after a reveal; colleagues' accounts are touched by an {ADMINISTRATOR} only."""
