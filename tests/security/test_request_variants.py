"""Other spellings of a request: methods in headers, addresses in disguise, hosts and schemes that somebody made up."""

import pytest
from django.test import Client, override_settings

from dev.routes import AUTHENTICATED_OPERATIONS, OWNED_LISTS, ROUTES, Route
from tests.security.probes import CLIENT, NOBODYS, Probe
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
def test_an_address_in_disguise_opens_nothing(route: Route, victim: Tenant) -> None:
    plain = route.path(victim.id)
    disguises = [f"/{plain}", plain[:-1] + "//", f"{plain}.", f"{plain}%2e", plain.replace("/v1/", "/v1//"), plain.upper()]
    disguises += [plain.replace("/v1/", "/v1/./"), plain.replace("/v1/", "/v1/x/../"), plain[:-1] + "%2f", plain[:-1] + ".json"]
    disguises += [plain[:-1] + ";/", plain[:-1] + "%00/", plain.replace("/api/", "/api%2f"), f"/admin/..{plain}"]
    answers = {path: CLIENT.get(path).status_code for path in disguises}
    assert {path: status for path, status in answers.items() if status not in (301, 302, 401, 404)} == {}


@pytest.mark.parametrize("route", OWNED_LISTS, ids=str)
def test_nobody_names_the_host_in_our_links(route: Route, victim: Tenant) -> None:
    probe = Probe("get", route.path(victim.id), {"limit": "1"})
    forwarded = {"X-Forwarded-Host": EVIL, "Forwarded": f"host={EVIL}", "X-Host": EVIL, "X-Original-URL": "/admin/"}
    answer = probe.send(victim.token, victim.id, **forwarded)
    assert answer.status_code == 200
    assert EVIL not in answer.content.decode() + str(answer.headers)


@pytest.mark.parametrize("path", ["/api/v1/users/me/", "/admin/login/", "/_allauth/app/v1/config", "/nowhere"])
@pytest.mark.parametrize("host", [EVIL, f"testserver.{EVIL}", f"{EVIL}:80", "testserver@evil.example", "testserver#evil", ""])
def test_a_host_that_is_not_ours_is_refused(path: str, host: str) -> None:
    answer = CLIENT.get(path, headers={"Host": host})
    assert answer.status_code == 400 or path == "/nowhere"
    assert EVIL not in answer.content.decode()


@pytest.mark.django_db
def test_a_caller_does_not_say_that_tls_was_there() -> None:
    """Without BEHIND_PROXY nobody has checked it."""
    with override_settings(SECURE_SSL_REDIRECT=True):
        answer = Client().get("/api/v1/users/me/", headers={"X-Forwarded-Proto": "https", "X-Forwarded-SSL": "on"})
    assert answer.status_code == 301
    assert answer.headers["Location"].startswith("https://")


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_no_other_site_may_read_an_answer(route: Route, victim: Tenant) -> None:
    origin = {"Origin": f"https://{EVIL}", "Access-Control-Request-Method": "GET"}
    asked = [Probe(method, route.path(NOBODYS)).send(victim.token, NOBODYS, **origin) for method in ("get", "options")]
    assert [name for answer in asked for name in answer.headers if name.startswith("Access-Control-")] == []
