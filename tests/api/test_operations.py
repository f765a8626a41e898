"""Health checks, metrics, request ids and error responses of the server."""

from collections.abc import Callable
from unittest.mock import patch

import pytest
from django.db import DatabaseError, OperationalError, connection
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from core.context import ContextFilter
from mingus.openapi_document import document
from tests.commands.conftest import no_jobs

__all__ = ["no_jobs"]


def test_live_runs_no_query(client: Client) -> None:
    assert client.get("/healthz/live").json() == {"status": "ok"}


@pytest.fixture
def heartbeat(no_jobs: None) -> Callable[[int], None]:
    """Return a function that registers a job worker whose last heartbeat was some seconds ago."""

    def register(seconds: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s))", [seconds]
            )

    return register


@pytest.mark.django_db
def test_ready_while_the_database_is_up(client: Client) -> None:
    response = client.get("/healthz/ready")
    assert response.status_code == 200
    assert response.json()["checks"]["database"] == {"status": "ok"}


@pytest.mark.django_db
def test_not_ready_while_the_database_is_down(client: Client) -> None:
    with patch.object(connection, "cursor", side_effect=DatabaseError):
        response = client.get("/healthz/ready")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert response.json() == {"status": "unavailable", "checks": {"database": {"status": "away"}}}


@pytest.mark.parametrize(("ages", "status", "code"), [([], "none", 503), ([70, 3600], "late", 503), ([50, 3600], "ok", 200)])
def test_readiness_knows_the_heartbeat_of_a_required_worker(
    ages: list[int], status: str, code: int, client: Client, settings: Settings, heartbeat: Callable[[int], None]
) -> None:
    for seconds in ages:
        heartbeat(seconds)
    for settings.WORKER_REQUIRED, expected in [(True, code), (False, 200)]:
        response = client.get("/healthz/ready")
        worker = response.json()["checks"]["worker"]
        assert (response.status_code, worker["status"]) == (expected, status)
        assert (worker["heartbeat_age"] or 0) // 10 * 10 == min(ages, default=0)


@pytest.mark.django_db
def test_metrics_need_a_token(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401
    settings.METRICS_TOKEN = "m" * 40
    assert client.get("/metrics").status_code == 401
    opened = client.get("/metrics", headers={"Authorization": f"Bearer {'m' * 40}"})
    assert b"django_http_requests" in opened.content


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sent", "is_reused"), [("abc-DEF_123.456", True), ("short", False), ("x" * 65, False), ("a b c d e f", False)]
)
def test_a_valid_request_id_is_reused(sent: str, is_reused: bool, client: Client) -> None:
    response = client.get("/healthz/live", headers={"X-Request-Id": sent})
    assert (response.headers["X-Request-Id"] == sent) is is_reused


@pytest.mark.django_db
def test_a_content_length_that_is_no_number_is_refused(client: Client) -> None:
    assert client.post("/api/v1/finance/accounts/", CONTENT_LENGTH="x").status_code == 400


@pytest.mark.django_db
def test_the_schema_is_served_as_yaml_and_json(client: Client) -> None:
    assert client.get("/api/schema/").content.startswith(b"openapi: 3.1.0")
    response = client.get("/api/schema/", headers={"Accept": "application/json"})
    assert response.json()["openapi"] == "3.1.0"
    assert (response.headers["Cache-Control"], response.headers["Vary"]) == ("max-age=3600", "Accept, Accept-Encoding")


@pytest.mark.django_db
def test_the_schema_is_generated_once_for_all_queries_and_headers(client: Client) -> None:
    """A stranger could otherwise occupy a process for two seconds with each request."""
    client.get("/api/schema/")
    before = document.cache_info().misses
    for sent in ("", "?a=1", "?lang=de", "?version=2", "?format=yaml&b"):
        assert client.get(f"/api/schema/{sent}", headers={"Accept-Language": "fr", "Cookie": f"a={sent}"}).status_code == 200
    assert document.cache_info().misses == before


@pytest.mark.django_db
def test_the_docs_page_loads_nothing_from_other_hosts(client: Client) -> None:
    page = client.get("/api/docs/").content.decode()
    assert "swagger-ui" in page
    assert "https://" not in page.replace("https://app.example.com", "")


def test_a_server_error_discloses_only_the_request_id(client: Client) -> None:
    client.raise_request_exception = False
    with patch("core.health_checks.JsonResponse", side_effect=RuntimeError("inside")):
        response = client.get("/healthz/live")
    assert response.status_code == 500
    assert b"inside" not in response.content
    assert response.headers["X-Request-Id"]


def test_an_unknown_host_is_a_400_in_the_error_format(client: Client) -> None:
    response = client.get("/admin/", headers={"Host": "evil.example", "Accept": "application/json"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == "bad_request"


def test_a_lost_database_connection_is_a_503(as_alice: APIClient) -> None:
    with patch("core.api.pagination.KeysetPagination.paginate_queryset", side_effect=OperationalError("gone")):
        response = as_alice.get("/api/v1/finance/transactions/")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "2"
    assert "Nothing was changed" in response.json()["errors"][0]["detail"]


def test_a_log_record_has_the_request_id(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(ContextFilter())
    client.get("/api/v1/nowhere/", headers={"X-Request-Id": "known-id-4711"})
    assert {record.request_id for record in caplog.records if record.name == "django.request"} == {"known-id-4711"}
