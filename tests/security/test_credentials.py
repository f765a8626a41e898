"""Every operation without a valid credential, or with one that lacks the permission."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from core import clock
from dev.factories import PlanFactory, TokenFactory, UserFactory
from dev.routes import AUTHENTICATED_OPERATIONS, OPERATIONS, ROUTES, Route
from tests.conftest import Storing
from tests.security.probes import Probe, body_of
from tests.security.tenants import Tenant, rows_hash

SAFE = ("get", "head", "options")
BROWSER = Client(enforce_csrf_checks=True, raise_request_exception=False)
WRITES = [(route, method) for route, method in AUTHENTICATED_OPERATIONS if method not in SAFE]


def own_request(route: Route, method: str, tenant: Tenant) -> Probe:
    """Return a request for the tenant's own row, which lacks only the permission."""
    return Probe(method, route.path(tenant.id), body=body_of(route, method, str(tenant.id)))


@pytest.fixture(scope="module")
def invalid_values(tenant_pair: tuple[Tenant, Tenant], storing: Storing) -> dict[str, str]:
    """Return invalid values of the Authorization header by name."""
    owner = tenant_pair[1]
    with storing():
        past = TokenFactory(user=owner.user, scope="read-write")
        type(past).objects.filter(pk=past.pk).update(expiry=clock.now() - timedelta(seconds=1))
        revoked = TokenFactory(user=owner.user, scope="read-write")
        type(revoked).objects.filter(pk=revoked.pk).delete()
        gone = TokenFactory(user=UserFactory(is_active=False), scope="read-write")
    right = owner.token
    return {
        "wrong": "Bearer mgs_" + "0" * 64,
        "expired": f"Bearer {past.text}",
        "revoked": f"Bearer {revoked.text}",
        "of an inactive account": f"Bearer {gone.text}",
        "with an end cut off": f"Bearer {right[:-1]}",
        "with more behind it": f"Bearer {right}0",
        "with another case": f"Bearer {right.upper()}",
        "of another scheme": f"Basic {right}",
        "without a scheme": right,
        "empty": "Bearer ",
        "two of them": f"Bearer {right}, Bearer {right}",
        "not ASCII": "Bearer mgs_ü" + "0" * 60,
    }


@pytest.mark.parametrize(("route", "method"), AUTHENTICATED_OPERATIONS, ids=str)
def test_an_invalid_credential_is_refused(route: Route, method: str, invalid_values: dict[str, str], victim: Tenant) -> None:
    probe, before = own_request(route, method, victim), rows_hash(victim)
    values = {**invalid_values, "none": ""}
    statuses = {name: probe.send(value, victim.id, scheme="").status_code for name, value in values.items()}
    assert statuses == dict.fromkeys(statuses, 401)
    assert rows_hash(victim) == before


@pytest.mark.parametrize(("route", "method"), [found for found in OPERATIONS if found not in AUTHENTICATED_OPERATIONS], ids=str)
def test_public_routes_refuse_an_invalid_token(route: Route, method: str, victim: Tenant) -> None:
    plan = PlanFactory()
    assert Probe(method, route.path(plan.pk)).send("", victim.id).status_code == 200
    assert Probe(method, route.path(plan.pk)).send("mgs_wrong", victim.id).status_code == 401


@pytest.mark.parametrize(("route", "method"), WRITES, ids=str)
def test_a_read_token_writes_nothing(route: Route, method: str, victim: Tenant) -> None:
    token = TokenFactory(user=victim.user, scope="read").text
    probe, before = own_request(route, method, victim), rows_hash(victim)
    response = probe.send(token, victim.id)
    assert response.status_code == 403, response.content
    assert rows_hash(victim) == before


@pytest.mark.parametrize(("route", "method"), WRITES, ids=str)
def test_a_cookie_without_the_csrf_token_writes_nothing(route: Route, method: str, victim: Tenant) -> None:
    BROWSER.force_login(victim.user)
    probe, before = own_request(route, method, victim), rows_hash(victim)
    response = BROWSER.generic(method.upper(), probe.path, "{}", "application/json", headers={"Origin": "https://evil.example"})
    assert response.status_code == 403
    assert response.json()["errors"][0]["code"] == "permission_denied"
    assert "CSRF" in response.json()["errors"][0]["detail"]
    assert rows_hash(victim) == before


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_token_counts_only_in_its_header(route: Route, victim: Tenant) -> None:
    """Refuse a token in the URL, which logs would store."""
    cache.clear()
    probe = Probe("get", route.path(victim.id), query=dict.fromkeys(("token", "access_token", "api_key", "auth"), victim.token))
    assert probe.send("", victim.id, scheme="").status_code in (400, 401, 405)
