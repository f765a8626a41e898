"""Permissions pinned in permissions.txt, each verified by requests of all roles."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.template.response import SimpleTemplateResponse
from django.test import Client
from rest_framework.test import APIClient

from core.admin.masking import REVEALED
from dev.routes import OPERATIONS
from mingus.roles_table import CALLERS, PAGES, Operation, operations, pages, registered_admins
from tests.admin.pages import make, page_url
from users.models import User
from users.roles import ROLES

pytestmark = pytest.mark.django_db
PINNED = Path(__file__).with_name("permissions.txt").read_text().splitlines()
REFUSED = (401, 403)
FAR_FUTURE = "2999-01-01T00:00:00+00:00"


def label(page: Any) -> str:
    return str(page.model._meta.label_lower)


def operation_line(operation: Operation) -> str:
    return f"{operation.method} {operation.pattern}: {', '.join(operation.callers())}"


def page_line(page: Any) -> str:
    allowed = [" ".join([role, *may]) for role in ROLES if (may := pages(page, ROLES[role]))]
    return f"{label(page)}: {'; '.join(allowed)}"


def test_permissions_are_as_pinned() -> None:
    lines = [*map(operation_line, operations()), *map(page_line, registered_admins())]
    assert lines == PINNED, "If the change is intended, write it into tests/security/permissions.txt."


def test_every_route_and_method_is_in_the_table() -> None:
    listed = {(operation.pattern, operation.method.lower()) for operation in operations()}
    assert {(f"/{route.pattern}", method) for route, method in OPERATIONS if method != "head"} == listed


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: f"{operation.method} {operation.pattern}")
def test_an_operation_accepts_the_callers_of_the_table(operation: Operation, callers: dict[str, APIClient]) -> None:
    path = operation.pattern.replace("<uuid:pk>", str(uuid4())).replace("<int:number>", "1")
    body: Any = {} if operation.method == "GET" else {"data": "{}", "content_type": "application/json"}
    statuses = {name: callers[name].generic(operation.method, path, **body).status_code for name in CALLERS}
    assert tuple(name for name, status in statuses.items() if status not in REFUSED) == operation.callers()
    assert max(statuses.values()) < 500


@pytest.fixture
def _without_rendering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the rendering of pages, which takes ten times as long as the permission checks."""
    monkeypatch.setattr(SimpleTemplateResponse, "rendered_content", "")


@pytest.mark.usefixtures("_without_rendering")
@pytest.mark.parametrize("page", registered_admins(), ids=label)
def test_a_page_opens_to_the_roles_of_the_table(page: Any, back_office_clients: dict[str, Client]) -> None:
    row = make(page.model)
    found = {role: allowed_actions(back_office_clients[role], page, row) for role in ROLES}
    assert found == {role: pages(page, ROLES[role]) for role in ROLES}


def allowed_actions(client: Client, page: Any, row: Any) -> list[str]:
    """Return the actions that succeed, in the order of the table. The row's masked values are revealed first."""
    session = client.session
    session[REVEALED] = {str(row.pk if isinstance(row, User) else getattr(row, "user_id", "")): FAR_FUTURE}
    session.save()
    model = page.model
    calls = {
        "view": client.get(page_url(model, "changelist")),
        "add": client.get(page_url(model, "add")),
        "change": client.post(page_url(model, "change", row.pk), {}),
        "delete": client.get(page_url(model, "delete", row.pk)),
    }
    base = page_url(model, "changelist")
    buttons = {name: client.get(f"{base}{row.pk}/{name}/") for name in page._extract_action_names(page.actions_detail)}
    return [name for name, response in (calls | buttons).items() if response.status_code not in REFUSED]


def test_an_administrator_may_view_every_page() -> None:
    assert [label(page) for page in registered_admins() if PAGES[0] not in pages(page, ROLES["administrator"])] == []
