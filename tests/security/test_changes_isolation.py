"""Changes of one customer, with access checks and row-level security, and with each of them alone."""

from typing import Any

import pytest
from django.db.models import QuerySet

from core.api.viewsets import OwnedBaseViewSet
from core.changes import types
from core.changes.cursors import ChangeCursor
from core.changes.types import ChangeType, change_types
from core.context import Role
from core.fast_lists.compiled_queries import Values
from core.fast_lists.placeholders import OWNER
from core.models.base import OwnedQuerySet
from system.models.alerts import AlertQuerySet
from tests.changes.follower import PATH
from tests.security.conftest import with_authorization
from tests.security.tenants import Tenant, alerts_of_all

READ_ALL = tuple(change_types())


@pytest.fixture
def without_access_checks(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Remove every filter by owner. The compiled path refuses SQL without the owner."""
    settings.FAST_LISTS = False
    rows = ChangeType._rows

    def unfiltered(self: ChangeType, values: Values) -> QuerySet[Any]:
        found = rows(self, values)
        found.query.where.children = [each for each in found.query.where.children if getattr(each, "rhs", 0) != values[OWNER]]
        return found

    monkeypatch.setattr(OwnedQuerySet, "for_user", lambda self, user: self.all())
    monkeypatch.setattr(AlertQuerySet, "for_user", alerts_of_all)
    monkeypatch.setattr(ChangeType, "_rows", unfiltered)


@pytest.fixture
def without_row_level_security(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every request with the staff role, which sees all rows."""
    monkeypatch.setattr(OwnedBaseViewSet, "role", lambda self, request: Role.STAFF)


@pytest.fixture(params=["both", "without_access_checks", "without_row_level_security"])
def protections(request: pytest.FixtureRequest) -> None:
    """Run a test with both protections and with each of them alone."""
    if request.param.startswith("without_"):
        request.getfixturevalue(request.param)


def shown_to(tenant: Tenant, cursor: str = "", kind: str = "") -> str:
    """Return all pages that a customer reads."""
    client, text = with_authorization(f"Bearer {tenant.token}"), ""
    while True:
        params = {"limit": 200} | ({"cursor": cursor} if cursor else {}) | ({"types": kind} if kind else {})
        response = client.get(PATH, params)
        assert response.status_code == 200, response.content
        text += response.content.decode()
        cursor = response.json()["cursor"]
        if not response.json()["has_more"]:
            return text


def leaks(text: str, victim: Tenant) -> list[str]:
    return [found for found in (victim.canary, str(victim.id), str(victim.second)) if found in text]


@pytest.mark.parametrize("kind", READ_ALL)
def test_the_first_read_has_no_foreign_object(kind: str, protections: None, attacker: Tenant, victim: Tenant) -> None:
    text = shown_to(attacker, kind=kind)
    assert str(attacker.id) in text
    assert leaks(text, victim) == []


def test_the_log_has_no_foreign_object(protections: None, attacker: Tenant, victim: Tenant) -> None:
    from_the_beginning = ChangeCursor(0, read=READ_ALL).encode(attacker.id)
    text = shown_to(attacker, from_the_beginning)
    assert str(attacker.second) in text
    assert leaks(text, victim) == []


def test_foreign_keys_in_the_log_would_not_be_read(
    protections: None, monkeypatch: pytest.MonkeyPatch, attacker: Tenant, victim: Tenant
) -> None:
    """Let the log name the rows of the victim, which are then deletions."""
    read_objects, found = types.read_objects, []

    def of_the_victim(keys: Any, *, owner: Any) -> Any:
        found.append(read_objects({kind: [victim.id, victim.second] for kind in keys}, owner=owner))
        return found[-1]

    monkeypatch.setattr("core.changes.reading.read_objects", of_the_victim)
    text = shown_to(attacker, ChangeCursor(0, read=READ_ALL).encode(attacker.id))
    assert found
    assert not any(found)
    assert leaks(text, victim) == []


@pytest.mark.parametrize("kind", [name for name in READ_ALL if name not in ("user", "profile")])
def test_without_protections_the_first_read_leaks(
    kind: str, without_access_checks: None, without_row_level_security: None, attacker: Tenant, victim: Tenant
) -> None:
    """Check that the tests would find a leak."""
    assert leaks(shown_to(attacker, kind=kind), victim)
