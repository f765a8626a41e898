"""Every route, method and action against another customer's rows: with both walls, and with each of them alone.

The routes come from the router and the bodies from the schema, so a new one is attacked the day it exists.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db.models import FilteredRelation

from core.api.serializers import OwnedKeyField
from core.api.viewsets import BaseViewSet, OwnedBaseViewSet
from core.context import Role
from core.fast_lists import fast_path, list_permissions
from core.models.base import OwnedQuerySet
from dev.routes import OWNED_LISTS, ROUTES, Route
from system.models.alerts import READING, AlertQuerySet, priority
from tests.security.probes import NOBODYS, Probe, body_of, forgeries_for, probes_for
from tests.security.tenants import Tenant, bytes_of, undone, writes_so_far

UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
VARYING = {"X-Request-Id", "Date", "ETag"}
KEYED = [route for route in ROUTES if route.has_key and route.is_owned]


@pytest.fixture
def no_wall_of_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every filter by owner is gone."""

    def alerts_of_all(self: AlertQuerySet, user: Any) -> Any:
        seen = {f"own_{name}": expression for name, expression in READING.items()}
        rows = self.alias(receipt=FilteredRelation("receipts")).annotate(**seen)
        return rows.alias(priority_score=priority("own_is_read"))

    monkeypatch.setattr(fast_path, "COMPILED_LISTS", {})
    monkeypatch.setattr(OwnedQuerySet, "for_user", lambda self, user: self.all())
    monkeypatch.setattr(AlertQuerySet, "for_user", alerts_of_all)
    monkeypatch.setattr(OwnedKeyField, "get_queryset", super(OwnedKeyField, OwnedKeyField).get_queryset)


@pytest.fixture
def no_wall_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every statement of a request meets everybody's rows."""
    monkeypatch.setattr(BaseViewSet, "role", lambda self, request: Role.STAFF)
    monkeypatch.setattr(OwnedBaseViewSet, "role", lambda self, request: Role.STAFF)
    monkeypatch.setattr(list_permissions, "CUSTOMER_ROLE", Role.STAFF)


@pytest.fixture(params=["no wall taken away", "no_wall_of_the_application", "no_wall_of_the_database"])
def walls(request: pytest.FixtureRequest) -> None:
    """Both walls, and each of them without the other."""
    if request.param.startswith("no_wall_of"):
        request.getfixturevalue(request.param)


def said(answer: Any) -> str:
    """The whole body, streamed or not."""
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()


def face(answer: Any) -> tuple[Any, ...]:
    """What of an answer could tell two of them apart, but for ids and the time."""
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in VARYING)
    return answer.status_code, headers, INSTANT.sub("TIME", UUID_TEXT.sub("ID", said(answer)))


def findings(probe: Probe, attacker: Tenant, victim: Tenant, before: str) -> Iterator[str]:
    """What is wrong with how a probe is answered."""
    cache.clear()
    with undone():
        written = writes_so_far()
        theirs = probe.send(attacker.token, victim.id)
        text = said(theirs) if not theirs.streaming else ""
        if writes_so_far() != written and bytes_of(victim) != before:
            yield f"{probe} changed the victim's rows"
        shown = face(theirs)
    cache.clear()  # a limit on how often would else answer the second one
    with undone():
        nobodys = face(probe.send(attacker.token, NOBODYS))
    if shown != nobodys:
        yield f"{probe} tells a foreign id from one that nobody has: {shown} {nobodys}"
    if victim.canary in shown[2] or str(victim.second) in text or (shown[0] < 300 and str(victim.id) in text):
        yield f"{probe} shows the victim's data: {shown}"
    if shown[0] >= 500 and not (shown[0] == 503 and "payments_unavailable" in text):  # no Stripe is connected here
        yield f"{probe} ended in a {shown[0]}"


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_foreign_id_opens_nothing_and_looks_like_no_id(route: Route, walls: None, attacker: Tenant, victim: Tenant) -> None:
    before = bytes_of(victim)
    found = [line for probe in probes_for(route, attacker.id) for line in findings(probe, attacker, victim, before)]
    assert found == []
    assert bytes_of(victim) == before


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_forged_owner_is_no_owner(route: Route, attacker: Tenant, victim: Tenant) -> None:
    before = bytes_of(victim)
    found = [line for probe in forgeries_for(route, attacker.id) for line in findings(probe, attacker, victim, before)]
    assert found == []


@pytest.mark.parametrize("route", OWNED_LISTS, ids=str)
def test_a_list_holds_no_foreign_row_from_wherever_its_cursor_comes(
    route: Route, walls: None, attacker: Tenant, victim: Tenant
) -> None:
    for ordering in route.view.ordering_fields:
        theirs = Probe("get", route.path(victim.id), {"limit": "1", "ordering": ordering}).send(victim.token, victim.id).json()
        query = {"limit": "200", "ordering": ordering}
        cursor = {"cursor": theirs["next"].split("cursor=")[1].split("&")[0]} if theirs.get("next") else {}
        own = Probe("get", route.path(attacker.id), query).send(attacker.token, attacker.id)
        moved = Probe("get", route.path(attacker.id), query | cursor).send(attacker.token, attacker.id)
        assert (own.status_code, moved.status_code) == (200, 200)
        assert str(victim.id) not in said(own) + said(moved)
        assert str(victim.second) not in said(own) + said(moved)


@pytest.mark.parametrize("route", [route for route in KEYED if "get" in route.methods], ids=str)
def test_without_any_wall_the_probes_see_what_leaks(
    route: Route, no_wall_of_the_application: None, no_wall_of_the_database: None, attacker: Tenant, victim: Tenant
) -> None:
    """Else they would find closed doors only because nothing is behind them."""
    before = bytes_of(victim)
    assert [line for probe in probes_for(route, attacker.id) for line in findings(probe, attacker, victim, before)]


@pytest.mark.parametrize("route", [route for route in ROUTES if route.methods.get("post") == "create"], ids=str)
def test_the_schema_gives_a_body_for_every_route_that_creates(route: Route) -> None:
    """Else nothing would be forged in it. Statement files are no JSON: tests/finance/imports tries them."""
    assert body_of(route, "post", str(NOBODYS)) or route.pattern.endswith(("import/", "imports/", "export/"))
