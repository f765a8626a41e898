"""Limits of a request body: bytes, fields, files, nesting depth and a declared length."""

from io import BytesIO
from typing import Any

import orjson
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from dev.routes import ROUTES, Route
from tests.security.probes import CLIENT, Probe, body_of
from tests.security.tenants import Tenant, undone

WRITES = [(route, method) for route in ROUTES for method in route.methods if method in ("post", "put", "patch")]
DEEP = {"arrays": b"[" * 1_000_000, "closed arrays": b"[" * 500_000 + b"]" * 500_000, "objects": b'{"a":' * 200_000}
DEEP |= {"just legal": b"[" * 1_000 + b"]" * 1_000, "below the parser's limit": b'{"a":' * 500 + b"1" + b"}" * 500}
NOT_READ = {200, 201, 202, 204, 404, 409, 503}
ACCOUNTS = ["login", "signup", "password/request", "password/reset", "email/verify"]
IMPORTS = "/api/v1/finance/imports/"


def sent(token: str, path: str, body: bytes, method: str = "post", **extra: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    return CLIENT.generic(method.upper(), path, body, "application/json", headers=headers, **extra)


@pytest.mark.parametrize(("route", "method"), [(route, method) for route, method in WRITES if not route.takes_a_file], ids=str)
def test_a_deeply_nested_body_is_a_400(route: Route, method: str, attacker: Tenant) -> None:
    """Accept a 402 or 403 too, and other statuses of routes that refuse the request before they read a body."""
    statuses = {name: sent(attacker.token, route.path(attacker.id), body, method).status_code for name, body in DEEP.items()}
    refused = {name: status for name, status in statuses.items() if status in (400, 402, 403)}
    assert refused == statuses or (body_of(route, method, "") is None and set(statuses.values()) <= NOT_READ)


@pytest.mark.django_db
@pytest.mark.parametrize("deep", DEEP)
@pytest.mark.parametrize("place", ACCOUNTS)
def test_a_deeply_nested_body_is_a_400_in_the_account_api(place: str, deep: str) -> None:
    response = CLIENT.generic("POST", f"/_allauth/app/v1/auth/{place}", DEEP[deep], "application/json")
    assert response.status_code == 400, response.content
    assert response.json()["errors"]


@pytest.mark.parametrize("depth", [60, 200, 900, 1_000_000])
def test_a_deep_filter_is_no_500(depth: int, attacker: Tenant) -> None:
    text = "[" * min(depth, 1_000) + "]" * min(depth, 1_000)
    probe = Probe("get", "/api/v1/finance/transactions/", {"metadata__contains": text})
    assert probe.send(attacker.token, attacker.id).status_code in (200, 400)


def test_deep_json_in_a_field_is_no_500(attacker: Tenant) -> None:
    [route] = [route for route in ROUTES if str(route) == "finance/transactions/"]
    body = body_of(route, "post", str(attacker.id))
    for depth in (30, 60, 62, 63, 100):
        value: Any = {}
        for _ in range(depth):
            value = {"a": value}
        with undone():
            response = sent(attacker.token, route.path(), orjson.dumps({**body, "metadata": value}))
        assert response.status_code in (201, 400)
        assert (response.status_code == 400) is (depth > 62)  # the body and the innermost object are levels, too


def test_a_body_without_a_length_is_refused(attacker: Tenant) -> None:
    """Refuse a chunked body, which could be endless, instead of ignoring it."""
    response = sent(attacker.token, "/api/v1/finance/accounts/", b"", HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH="")
    assert response.status_code == 411
    assert response.json()["errors"][0]["code"] == "length_required"


@pytest.mark.parametrize(("body", "status"), [(b'{"notes": "changed"}', 411), (b"", 200)])
def test_a_body_over_http2_without_a_length_is_refused(body: bytes, status: int, attacker: Tenant) -> None:
    """HTTP/2 needs no Content-Length. Without one Django reads an empty body, which is a valid PATCH."""
    http2 = {"SERVER_PROTOCOL": "HTTP/2", "CONTENT_LENGTH": "", "wsgi.input": BytesIO(body)}
    with undone():
        response = sent(attacker.token, f"/api/v1/finance/accounts/{attacker.id}/", body, "patch", **http2)
    assert response.status_code == status


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "١", "1 ", "9" * 30, "+1"])
def test_an_invalid_length_is_refused(length: str, attacker: Tenant) -> None:
    response = sent(attacker.token, "/api/v1/finance/accounts/", b"{}", CONTENT_LENGTH=length)
    assert response.status_code in (400, 413)


@pytest.mark.parametrize(("route", "method"), [(route, method) for route, method in WRITES if not route.takes_a_file], ids=str)
def test_a_body_over_the_limit_is_not_read(route: Route, method: str, attacker: Tenant) -> None:
    body = b" " * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    response = CLIENT.generic(method.upper(), route.path(attacker.id), body, "application/json")  # also without a credential
    assert response.status_code == 413
    assert response.json()["errors"][0]["code"] == "too_large"


def upload(tenant: Tenant, **fields: Any) -> Any:
    client = APIClient(raise_request_exception=False)
    return client.post(IMPORTS, fields, format="multipart", headers={"Authorization": f"Bearer {tenant.token}"})


def test_a_form_with_too_many_fields_is_a_400(attacker: Tenant) -> None:
    fields = {f"field{number}": "x" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    assert upload(attacker, **fields).status_code == 400


def test_a_form_with_too_many_files_is_a_400(attacker: Tenant) -> None:
    files = {f"file{number}": SimpleUploadedFile("a.csv", b"x") for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FILES + 1)}
    assert upload(attacker, **files).status_code == 400


def test_a_form_with_a_long_text_is_no_file_and_a_400(attacker: Tenant) -> None:
    assert upload(attacker, account="x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)).status_code == 400


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=" + "x" * 5_000, "multipart/form-data; boundary=\x01"],
)
def test_a_broken_form_is_a_400(content_type: str, attacker: Tenant) -> None:
    headers = {"Authorization": f"Bearer {attacker.token}"}
    response = CLIENT.generic("POST", IMPORTS, b"--x\r\n" * 1_000, content_type, headers=headers)
    assert response.status_code == 400


@pytest.mark.parametrize("compressed", [b"PK\x03\x04" + b"\x00" * 64, b"\x1f\x8b\x08" + b"\x00" * 64], ids=["zip", "gzip"])
def test_compressed_files_and_bodies_are_refused(compressed: bytes, attacker: Tenant) -> None:
    """Refuse compressed content, so that no small file can expand."""
    response = upload(attacker, account=str(attacker.id), file=SimpleUploadedFile("statement.csv", compressed))
    assert response.status_code == 400
    response = sent(attacker.token, "/api/v1/finance/accounts/", compressed, HTTP_CONTENT_ENCODING="gzip")
    assert response.status_code == 400


def test_a_query_with_too_many_parameters_is_a_400(attacker: Tenant) -> None:
    query = "&".join(f"a{number}=1" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1))
    response = CLIENT.get(f"/api/v1/finance/accounts/?{query}", headers={"Authorization": f"Bearer {attacker.token}"})
    assert response.status_code == 400


def test_a_body_shorter_than_its_length_is_a_400(attacker: Tenant) -> None:
    response = CLIENT.generic(
        "POST",
        "/api/v1/finance/accounts/",
        b"",
        "application/json",
        headers={"Authorization": f"Bearer {attacker.token}"},
        **{"wsgi.input": BytesIO(b'{"profile'), "CONTENT_LENGTH": "500", "CONTENT_TYPE": "application/json"},
    )
    assert response.status_code == 400
