"""Requests to every operation with another customer's ids: with access checks and row-level security, and with each alone.

The routes come from the router and the bodies from the schema, so new operations are covered.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import orjson
import pytest
from django.core.cache import cache

from core.api.serializers import OwnedKeyField
from core.api.viewsets import BaseViewSet, OwnedBaseViewSet
from core.context import Role
from core.fast_lists import fast_path, read_permissions
from core.models.base import OwnedQuerySet
from dev.routes import OWNED_LISTS, ROUTES, Route
from system.models.alerts import AlertQuerySet
from tests.security.probes import OWNER_FIELDS, UNKNOWN_ID, Probe, body_of, forgeries_for, probes_for
from tests.security.tenants import Tenant, alerts_of_all, rows_hash, undone, writes_so_far

UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
VARYING = {"X-Request-Id", "Date", "ETag"}
KEYED = [route for route in ROUTES if route.has_key and route.is_owned]


@pytest.fixture
def without_access_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove every filter by owner."""
    monkeypatch.setattr(fast_path, "COMPILED_VIEWS", {})
    monkeypatch.setattr(OwnedQuerySet, "for_user", lambda self, user: self.all())
    monkeypatch.setattr(AlertQuerySet, "for_user", alerts_of_all)
    monkeypatch.setattr(OwnedKeyField, "get_queryset", super(OwnedKeyField, OwnedKeyField).get_queryset)
    monkeypatch.setattr(
        OwnedKeyField, "lookups", lambda self, data: iter(())
    )  # its query may have been compiled with the check


@pytest.fixture
def without_row_level_security(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every request with the staff role, which sees all rows."""
    monkeypatch.setattr(BaseViewSet, "role", lambda self, request: Role.STAFF)
    monkeypatch.setattr(OwnedBaseViewSet, "role", lambda self, request: Role.STAFF)
    monkeypatch.setattr(read_permissions, "CUSTOMER_ROLE", Role.STAFF)


@pytest.fixture(params=["both", "without_access_checks", "without_row_level_security"])
def protections(request: pytest.FixtureRequest) -> None:
    """Run a test with both protections and with each of them alone."""
    if request.param.startswith("without_"):
        request.getfixturevalue(request.param)


def body_text(response: Any) -> str:
    """Return the whole body, streamed or not."""
    return (b"".join(response.streaming_content) if response.streaming else response.content).decode()


def comparable(response: Any) -> tuple[Any, ...]:
    """Return the status, headers and body of a response, without ids and times."""
    headers = sorted((name, value) for name, value in response.headers.items() if name not in VARYING)
    return response.status_code, headers, INSTANT.sub("TIME", UUID_TEXT.sub("ID", body_text(response)))


@dataclass(frozen=True)
class Outcome:
    """The response to a probe with the victim's id, and that to the same probe with an unknown id."""

    probe: Probe
    text: str  # with ids and times
    shown: tuple[Any, ...]
    unknown: tuple[Any, ...]
    has_changed_victim: bool

    @classmethod
    def of(cls, probe: Probe, attacker: Tenant, victim: Tenant, before: str) -> Self:
        cache.clear()
        with undone():
            written = writes_so_far()
            theirs = probe.send(attacker.token, victim.id)
            text = body_text(theirs) if not theirs.streaming else ""
            changed = writes_so_far() != written and rows_hash(victim) != before
            shown = comparable(theirs)
        cache.clear()  # else the rate limit could refuse the second request
        with undone():
            unknown = comparable(probe.send(attacker.token, UNKNOWN_ID))
        return cls(probe, text, shown, unknown, changed)

    def faults(self, victim: Tenant) -> Iterator[str]:
        status, _, body = self.shown
        if self.has_changed_victim:
            yield f"{self.probe} changed the victim's rows"
        if self.shown != self.unknown:
            yield f"{self.probe} distinguishes a foreign id from an unknown one: {self.shown} {self.unknown}"
        if victim.canary in body or str(victim.second) in self.text or (status < 300 and str(victim.id) in self.text):
            yield f"{self.probe} shows the victim's data: {self.shown}"
        if status >= 500 and not (
            status == 503 and "payments_unavailable" in self.text
        ):  # Stripe is not connected in these tests
            yield f"{self.probe} ended in a {status}"

    def unchecked(self, names: Iterable[str]) -> list[str]:
        """Return the fields that the response neither ignores nor refuses by name: another error may have come first."""
        if self.shown[0] < 400:
            return []
        refused = {(error["attr"] or "").rpartition(".")[2] for error in orjson.loads(self.shown[2])["errors"]}
        return [name for name in names if name not in refused]


def findings(probe: Probe, attacker: Tenant, victim: Tenant, before: str) -> list[str]:
    """Return the faults in the response to a probe."""
    return list(Outcome.of(probe, attacker, victim, before).faults(victim))


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_foreign_id_is_refused_as_an_unknown_one(
    route: Route, protections: None, attacker: Tenant, victim: Tenant, before: str
) -> None:
    found = [line for probe in probes_for(route, attacker.id) for line in findings(probe, attacker, victim, before)]
    assert found == []
    assert rows_hash(victim) == before


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_forged_owner_is_ignored(route: Route, attacker: Tenant, victim: Tenant, before: str) -> None:
    """Send all owner's fields at once, and each alone of which the response does not show that it was ignored or refused."""
    alone = {name: list(forgeries_for(route, attacker.id, [name])) for name in OWNER_FIELDS}
    outcomes = []
    for place, probe in enumerate(forgeries_for(route, attacker.id)):
        together = Outcome.of(probe, attacker, victim, before)
        names = together.unchecked(OWNER_FIELDS)
        outcomes += [together, *(Outcome.of(alone[name][place], attacker, victim, before) for name in names)]
    assert [fault for outcome in outcomes for fault in outcome.faults(victim)] == []


@pytest.mark.parametrize("route", OWNED_LISTS, ids=str)
def test_a_list_has_no_foreign_row_after_a_foreign_cursor(
    route: Route, protections: None, attacker: Tenant, victim: Tenant
) -> None:
    for ordering in route.view.ordering_fields:
        theirs = Probe("get", route.path(victim.id), {"limit": "1", "ordering": ordering}).send(victim.token, victim.id).json()
        query = {"limit": "200", "ordering": ordering}
        cursor = {"cursor": theirs["next"].split("cursor=")[1].split("&")[0]} if theirs.get("next") else {}
        own = Probe("get", route.path(attacker.id), query).send(attacker.token, attacker.id)
        moved = Probe("get", route.path(attacker.id), query | cursor).send(attacker.token, attacker.id)
        assert (own.status_code, moved.status_code) == (200, 200)
        assert str(victim.id) not in body_text(own) + body_text(moved)
        assert str(victim.second) not in body_text(own) + body_text(moved)


@pytest.mark.parametrize("route", [route for route in KEYED if "get" in route.methods], ids=str)
def test_without_protections_the_probes_find_leaks(
    route: Route, without_access_checks: None, without_row_level_security: None, attacker: Tenant, victim: Tenant, before: str
) -> None:
    """Check that the probes would find a leak."""
    assert [line for probe in probes_for(route, attacker.id) for line in findings(probe, attacker, victim, before)]


@pytest.mark.parametrize("route", [route for route in ROUTES if route.methods.get("post") == "create"], ids=str)
def test_the_schema_has_a_body_for_every_create_route(route: Route) -> None:
    """Check that the probes have a body. Files are not JSON and are tested in tests/finance/imports and attachments."""
    assert body_of(route, "post", str(UNKNOWN_ID)) or route.pattern.endswith(("import/", "imports/", "export/", "attachments/"))
