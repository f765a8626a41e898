"""What operators and load balancers ask."""

from unittest.mock import patch

import pytest
from django.db import DatabaseError, OperationalError, connection
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from core.context import ContextFilter


def test_live_asks_nothing(client: Client) -> None:
    assert client.get("/healthz/live").json() == {"status": "ok"}


@pytest.mark.django_db
def test_ready_while_the_database_answers(client: Client) -> None:
    assert client.get("/healthz/ready").status_code == 200


@pytest.mark.django_db
def test_not_ready_while_it_does_not(client: Client) -> None:
    with patch.object(connection, "cursor", side_effect=DatabaseError):
        answer = client.get("/healthz/ready")
    assert answer.status_code == 503
    assert answer.json()["errors"][0]["code"] == "database_unavailable"


@pytest.mark.django_db
def test_metrics_are_closed_without_a_token(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401
    settings.METRICS_TOKEN = "m" * 40
    assert client.get("/metrics").status_code == 401
    opened = client.get("/metrics", headers={"Authorization": f"Bearer {'m' * 40}"})
    assert b"django_http_requests" in opened.content


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sent", "kept"), [("abc-DEF_123.456", True), ("short", False), ("x" * 65, False), ("a b c d e f", False)]
)
def test_a_harmless_request_id_is_kept(sent: str, kept: bool, client: Client) -> None:
    answer = client.get("/healthz/live", headers={"X-Request-Id": sent})
    assert (answer.headers["X-Request-Id"] == sent) is kept


@pytest.mark.django_db
def test_a_content_length_that_is_no_number_is_refused(client: Client) -> None:
    assert client.post("/api/v1/finance/accounts/", CONTENT_LENGTH="x").status_code == 400


@pytest.mark.django_db
def test_the_schema_comes_as_yaml_and_as_json(client: Client) -> None:
    assert client.get("/api/schema/").content.startswith(b"openapi: 3.1.0")
    assert client.get("/api/schema/", headers={"Accept": "application/json"}).json()["openapi"] == "3.1.0"


@pytest.mark.django_db
def test_the_docs_page_loads_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/api/docs/").content.decode()
    assert "swagger-ui" in page
    assert "https://" not in page.replace("https://app.example.com", "")


def test_a_server_error_gives_its_id_and_no_inside(client: Client) -> None:
    client.raise_request_exception = False
    with patch("core.health_checks.JsonResponse", side_effect=RuntimeError("inside")):
        answer = client.get("/healthz/live")
    assert answer.status_code == 500
    assert b"inside" not in answer.content
    assert answer.headers["X-Request-Id"]


def test_a_foreign_host_is_a_400_in_the_one_shape(client: Client) -> None:
    answer = client.get("/admin/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "bad_request"


def test_a_database_that_goes_away_in_the_middle_is_a_503(as_alice: APIClient) -> None:
    with patch("core.api.pagination.KeysetPagination.paginate_queryset", side_effect=OperationalError("gone")):
        answer = as_alice.get("/api/v1/finance/transactions/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert "Nothing was changed" in answer.json()["errors"][0]["detail"]


def test_the_line_in_the_log_has_the_requests_id(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(ContextFilter())
    client.get("/api/v1/nowhere/", headers={"X-Request-Id": "known-id-4711"})
    assert {record.request_id for record in caplog.records if record.name == "django.request"} == {"known-id-4711"}
