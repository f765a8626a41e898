"""docs/roles.md is true: each line of it is called, by everybody it speaks of, and nothing is left out of it."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.template.response import SimpleTemplateResponse
from django.test import Client
from rest_framework.test import APIClient

from core.admin.masking import REVEALED
from dev.routes import OPERATIONS
from mingus.roles_table import CALLERS, NO, PAGES, YES, document, operations, pages, registered
from tests.admin.pages import address, make
from users.models import User
from users.roles import ROLES

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
WRITTEN = (ROOT / "docs" / "roles.md").read_text()
LINES = [
    [cell.strip(" `") for cell in line.strip("| ").split(" | ")] for line in WRITTEN.splitlines() if line.startswith("| `")
]
API_LINES = [line for line in LINES if line[0].startswith("/api/")]
ADMIN_LINES = [line for line in LINES if not line[0].startswith("/api/")]
REFUSED = (401, 403)
FAR_FUTURE = "2999-01-01T00:00:00+00:00"


def test_the_document_is_what_the_code_says() -> None:
    assert document() == WRITTEN, "Run: manage.py roles_table"


def test_every_route_and_method_is_listed() -> None:
    listed = {(line[0], line[1].lower()) for line in API_LINES}
    assert {(f"/{route.pattern}", method) for route, method in OPERATIONS if method != "head"} == listed
    assert len(operations()) == len(API_LINES)


def test_every_model_of_the_back_office_is_listed() -> None:
    assert [page.model._meta.label_lower for page in registered()] == [line[0] for line in ADMIN_LINES]


@pytest.mark.parametrize("line", API_LINES, ids=lambda line: f"{line[1]} {line[0]}")
def test_a_line_of_the_api(line: list[str], callers: dict[str, APIClient]) -> None:
    path, method, *cells = line
    path = path.replace("<uuid:pk>", str(uuid4())).replace("<int:number>", "1")
    body: Any = {} if method == "GET" else {"data": "{}", "content_type": "application/json"}
    statuses = {name: callers[name].generic(method, path, **body).status_code for name in CALLERS}
    assert {name: NO if status in REFUSED else YES for name, status in statuses.items()} == dict(
        zip(CALLERS, cells, strict=True)
    )
    assert max(statuses.values()) < 500


@pytest.fixture
def _nothing_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is let in is decided before a page is drawn, which takes ten times as long."""
    monkeypatch.setattr(SimpleTemplateResponse, "rendered_content", "")


@pytest.mark.usefixtures("_nothing_drawn")
@pytest.mark.parametrize("line", ADMIN_LINES, ids=lambda line: line[0])
def test_a_line_of_the_back_office(line: list[str], desks: dict[str, Client]) -> None:
    label, *cells = line
    page = next(item for item in registered() if item.model._meta.label_lower == label)
    row = make(page.model)
    found = {role: what_opens(desks[role], page, row) for role in ROLES}
    assert found == {role: [] if cell == NO else cell.split(", ") for role, cell in zip(ROLES, cells, strict=True)}


def what_opens(desk: Client, page: Any, row: Any) -> list[str]:
    """What a colleague really may do, in the order of the document; the row's values are revealed to him."""
    session = desk.session
    session[REVEALED] = {str(row.pk if isinstance(row, User) else getattr(row, "user_id", "")): FAR_FUTURE}
    session.save()
    model = page.model
    calls = {
        "view": desk.get(address(model, "changelist")),
        "add": desk.get(address(model, "add")),
        "change": desk.post(address(model, "change", row.pk), {}),
        "delete": desk.get(address(model, "delete", row.pk)),
    }
    base = address(model, "changelist")
    buttons = {name: desk.get(f"{base}{row.pk}/{name}/") for name in page._extract_action_names(page.actions_detail)}
    return [name for name, answer in (calls | buttons).items() if answer.status_code not in REFUSED]


def test_a_page_that_nobody_may_open_is_seen_by_the_stand_ins_too() -> None:
    everybody = {page.model._meta.label_lower: pages(page, ROLES["administrator"]) for page in registered()}
    assert [label for label, may in everybody.items() if PAGES[0] not in may] == []
