"""Linear time of whole requests with long repetitive texts in each place, also in the patterns of libraries."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.http import HttpRequest
from django.test import RequestFactory, override_settings
from django.test.client import FakePayload

from dev.routes import LISTS, ROUTES, Route
from mingus.wsgi_handler import BoundedHandler
from tests.contract.processor_time import grows_linearly
from tests.security.probes import CLIENT, body_of
from tests.security.tenants import Tenant, undone

HEADER_LENGTH, URL_LENGTH, BODY_LENGTH = 15_000, 7_500, 30_000
KINDS = ["a", "1", " ", ",", "a@", "%25", '"', "1.", "<", "[", "'a b' ", "a/b,"]
SHARE = 4  # of many cases with the same code, each is tested with every fourth kind, and all of them with all kinds
KINDS_IN_HEADERS = [*KINDS, ";", "; a=", '";', "=", "a=1;", '"a",', "W/", "q=0.", "1-1,"]
# Headers that Django, DRF, allauth, WhiteNoise, Stripe's library or the product parse, and what precedes the long text in each
HEADERS = {
    "Accept-Language": ["en;q="],
    "Accept-Encoding": ["gzip;q="],
    "Authorization": ["", "Bearer ", "Basic ", "Impersonation mgi_"],
    "Cookie": ["", "sessionid=", '"'],
    "User-Agent": [""],
    "Host": [""],
    "X-Forwarded-For": [""],
    "Forwarded": ["for="],
    "If-None-Match": ["", 'W/"'],
    "If-Modified-Since": ["", "Sun, 06 Nov 1994"],
    "Range": ["bytes="],
    "Accept": ["", 'text/html; q="'],
    "Content-Disposition": ['attachment; filename="'],
    "X-Request-Id": [""],
    "Idempotency-Key": [""],
    "X-Session-Token": [""],
    "X-CSRFToken": [""],
    "Referer": ["https://testserver/"],
    "Origin": ["https://"],
    "Stripe-Signature": ["", "t=1,v1="],
    "If-Match": ["", '"'],
}
TARGETS = [
    ("GET", "/api/v1/finance/accounts/"),
    ("POST", "/api/v1/finance/accounts/"),
    ("GET", "/admin/login/"),
    ("POST", "/_allauth/app/v1/auth/login"),
    ("POST", "/webhooks/stripe/"),
    ("GET", "/static/admin/css/base.css"),
]
WRITES = [(route, method) for route in ROUTES for method in route.methods if method in ("post", "put", "patch")]


@pytest.fixture(autouse=True)
def no_rate_limits(attacker: Tenant, settings: Any) -> None:
    """Let each request reach what it is meant for."""
    settings.RATE_LIMITS, settings.ACCOUNT_RATE_LIMITS = False, False


def slow(send: Callable[[str], Any], longest: int, kinds: list[str] = KINDS) -> list[str]:
    """Return the kinds of text with which a request takes more than linear time. Raise AssertionError if one fails."""

    def is_slow(kind: str) -> bool:
        def run(size: int) -> None:
            assert send((kind * (size // len(kind) + 1))[:size]).status_code != 500  # 503 without a payment provider

        return not grows_linearly(run, longest)

    return [kind for kind in kinds if is_slow(kind)]


@pytest.mark.parametrize(("number", "method", "path"), [(number, *target) for number, target in enumerate(TARGETS)])
@pytest.mark.parametrize("header", HEADERS)
@override_settings(STRIPE_WEBHOOK_SECRETS=["whsec_" + "1" * 32])
def test_a_long_header_takes_linear_time(header: str, number: int, method: str, path: str, attacker: Tenant) -> None:
    def send(text: str) -> Any:
        headers = {} if header == "Cookie" else {"Authorization": f"Bearer {attacker.token}"}
        sent: Any = CLIENT.generic(method, path, b"{}", "application/json", headers=headers | {header: before + text})
        return sent

    for before in HEADERS[header]:
        assert slow(send, HEADER_LENGTH - len(before), KINDS_IN_HEADERS[number % SHARE :: SHARE]) == []


@pytest.mark.parametrize("kind", KINDS_IN_HEADERS)
@pytest.mark.parametrize(
    "before", ["", "text/html; ", 'text/html; a="', "multipart/form-data; boundary=", "application/json; charset="]
)
def test_the_server_parses_any_content_type_in_linear_time(before: str, kind: str) -> None:
    """Send it as the server does, because Django parses it before the middleware can refuse it."""

    class Parsed(BoundedHandler):
        def get_response(self, request: HttpRequest) -> Any:
            assert len(request.META["CONTENT_TYPE"]) <= 1_025
            return super().get_response(request)

    handler = Parsed()

    def run(size: int) -> None:
        environ = RequestFactory()._base_environ(PATH_INFO="/healthz/live", CONTENT_TYPE=before + kind * (size // len(kind)))
        environ["wsgi.input"] = FakePayload(b"")
        handler(environ, lambda *_: None)

    assert grows_linearly(run, 60_000)


@pytest.mark.parametrize("header", ["Content-Type", "Accept"])
def test_a_long_media_type_is_a_400_with_the_limit(header: str) -> None:
    response = CLIENT.generic(
        "POST", "/api/v1/finance/accounts/", b"{}", "application/json", headers={header: "a/b; c=" + "x" * 1_100}
    )
    assert response.status_code == 400
    assert response.json()["errors"][0] == {
        "code": "header_too_long",
        "detail": f"{header} may have at most 1,024 bytes.",
        "attr": None,
    }


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/v1/",
        "/api/v1/finance/accounts/",
        "/admin/",
        "/admin/r/",
        "/admin/finance/",
        "/_allauth/app/v1/",
        "/static/",
        "/healthz/live",
    ],
)
def test_a_long_path_takes_linear_time(path: str, attacker: Tenant) -> None:
    headers = {"Authorization": f"Bearer {attacker.token}"}
    assert slow(lambda text: CLIENT.get(path + text.replace("%", "%25"), headers=headers), URL_LENGTH // 3) == []
    assert slow(lambda text: CLIENT.get(path + "%ff" * (len(text) // 3), headers=headers), URL_LENGTH) == []


@pytest.mark.parametrize(("number", "route"), list(enumerate(LISTS)), ids=str)
def test_a_long_query_takes_linear_time(number: int, route: Route, attacker: Tenant) -> None:
    """Send the text as the value of every filter at once, as search, and as a name."""
    filters = getattr(getattr(route.view, "filterset_class", None), "base_filters", {})
    headers = {"Authorization": f"Bearer {attacker.token}"}

    def send(text: str) -> Any:
        many = {name: text[: URL_LENGTH // 2 // (len(filters) + 1)] for name in filters}
        for query in ({"search": text}, {"cursor": text}, {"ordering": text}, {text: "1"}):
            response = CLIENT.get(route.path(), query_params=query, headers=headers)
        with override_settings(MAX_URL_BYTES=100_000):
            CLIENT.get(route.path(), query_params=many, headers=headers)
        return response

    assert slow(send, URL_LENGTH // 3 - 100, KINDS[number % SHARE :: SHARE]) == []


def filled(value: Any, text: str) -> Any:
    """Return a body with `text` in place of each text and number."""
    if isinstance(value, dict):
        return {name: filled(item, text) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item, text) for item in value]
    return value if isinstance(value, bool) or value is None else text


@pytest.mark.parametrize(("number", "write"), list(enumerate(WRITES)), ids=str)
def test_a_long_text_in_a_body_takes_linear_time(number: int, write: tuple[Route, str], attacker: Tenant) -> None:
    route, method = write
    body, headers = body_of(route, method, str(attacker.id)) or {}, {"Authorization": f"Bearer {attacker.token}"}

    def send(text: str) -> Any:
        content = orjson.dumps(filled(body, text) | {text: text})
        with undone():
            return CLIENT.generic(method.upper(), route.path(attacker.id), content, "application/json", headers=headers)

    assert slow(send, BODY_LENGTH, KINDS[number % SHARE :: SHARE]) == []


@pytest.mark.parametrize("place", ["login", "signup", "password/request", "password/reset", "email/verify", "2fa/authenticate"])
def test_a_long_text_in_the_account_api_takes_linear_time(place: str) -> None:
    def send(text: str) -> Any:
        body = dict.fromkeys(["email", "password", "username", "key", "code"], text)
        return CLIENT.post(f"/_allauth/app/v1/auth/{place}", body, "application/json")

    assert slow(send, BODY_LENGTH) == []
