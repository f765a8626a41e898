"""Requests with forged methods, path variants, hosts, schemes and origins."""

import pytest
from django.test import Client, override_settings

from dev.routes import AUTHENTICATED_OPERATIONS, OWNED_LISTS, ROUTES, Route
from tests.security.probes import CLIENT, UNKNOWN_ID, Probe
from tests.security.tenants import Tenant

EVIL = "evil.example"
DELETABLE = [route for route in ROUTES if route.is_owned and "delete" in route.methods]
CLOSED_READS = [route for route, method in AUTHENTICATED_OPERATIONS if method == "get"]
OVERRIDES = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"]


@pytest.mark.parametrize("route", DELETABLE, ids=str)
def test_the_method_is_the_one_of_the_request_line(route: Route, victim: Tenant) -> None:
    headers = dict.fromkeys(OVERRIDES, "DELETE")
    read = Probe("get", route.path(victim.id)).send(victim.token, victim.id, **headers)
    sent = Probe("post", route.path(victim.id), {"_method": "DELETE"}, {"_method": "DELETE"})
    assert read.status_code == 200
    assert sent.send(victim.token, victim.id, **headers).status_code == 405
    assert route.model._base_manager.filter(pk=victim.id).exists()


@pytest.mark.parametrize("route", CLOSED_READS, ids=str)
def test_variants_of_a_path_open_nothing(route: Route, victim: Tenant) -> None:
    plain = route.path(victim.id)
    variants = [f"/{plain}", plain[:-1] + "//", f"{plain}.", f"{plain}%2e", plain.replace("/v1/", "/v1//"), plain.upper()]
    variants += [plain.replace("/v1/", "/v1/./"), plain.replace("/v1/", "/v1/x/../"), plain[:-1] + "%2f", plain[:-1] + ".json"]
    variants += [plain[:-1] + ";/", plain[:-1] + "%00/", plain.replace("/api/", "/api%2f"), f"/admin/..{plain}"]
    statuses = {path: CLIENT.get(path).status_code for path in variants}
    assert {path: status for path, status in statuses.items() if status not in (301, 302, 401, 404)} == {}


@pytest.mark.parametrize("route", OWNED_LISTS, ids=str)
def test_headers_cannot_set_the_host_of_links(route: Route, victim: Tenant) -> None:
    probe = Probe("get", route.path(victim.id), {"limit": "1"})
    forwarded = {"X-Forwarded-Host": EVIL, "Forwarded": f"host={EVIL}", "X-Host": EVIL, "X-Original-URL": "/admin/"}
    response = probe.send(victim.token, victim.id, **forwarded)
    assert response.status_code == 200
    assert EVIL not in response.content.decode() + str(response.headers)


@pytest.mark.parametrize("path", ["/api/v1/users/me/", "/admin/login/", "/_allauth/app/v1/config", "/nowhere"])
@pytest.mark.parametrize("host", [EVIL, f"testserver.{EVIL}", f"{EVIL}:80", "testserver@evil.example", "testserver#evil", ""])
def test_an_unknown_host_is_refused(path: str, host: str) -> None:
    response = CLIENT.get(path, headers={"Host": host})
    assert response.status_code == 400 or path == "/nowhere"
    assert EVIL not in response.content.decode()


@pytest.mark.django_db
def test_a_forwarded_scheme_is_ignored() -> None:
    """Ignore X-Forwarded-Proto of a client that is not one of TRUSTED_PROXIES."""
    with override_settings(SECURE_SSL_REDIRECT=True):
        response = Client().get("/api/v1/users/me/", headers={"X-Forwarded-Proto": "https", "X-Forwarded-SSL": "on"})
    assert response.status_code == 301
    assert response.headers["Location"].startswith("https://")


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_no_other_site_may_read_a_response(route: Route, victim: Tenant) -> None:
    origin = {"Origin": f"https://{EVIL}", "Access-Control-Request-Method": "GET"}
    both = [Probe(method, route.path(UNKNOWN_ID)).send(victim.token, UNKNOWN_ID, **origin) for method in ("get", "options")]
    assert [name for response in both for name in response.headers if name.startswith("Access-Control-")] == []
