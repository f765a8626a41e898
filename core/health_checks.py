"""Liveness and readiness probes, and the metrics endpoint."""

import logging
from typing import Any, cast

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.db.transaction import non_atomic_requests
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from django_prometheus.exports import ExportToDjangoView

from core import rls
from core.api.errors import problem
from core.rate_limits import CountingCache

logger = logging.getLogger(__name__)
HEARTBEAT_AGE = "SELECT round(extract(epoch FROM now() - max(last_heartbeat)), 1)::float FROM procrastinate_workers"


@non_atomic_requests
@require_GET
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """Return 200, without a query."""
    return JsonResponse({"status": "ok"})


@non_atomic_requests
@require_GET
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """Return the state of each dependency; with 503 if the database does not respond or a required worker is missing.

    If Redis is unavailable, the status stays 200, because requests work without it. The state is the one that requests have
    found, so that the probe does not wait for Redis.
    """
    checks: dict[str, dict[str, Any]] = {"database": {"status": "ok"}}
    try:
        with rls.as_login_role(), connection.cursor() as cursor:
            cursor.execute(HEARTBEAT_AGE)
            age = cursor.fetchone()[0]
        is_late = age is not None and age > settings.WORKER_HEARTBEAT_LIMIT
        checks["worker"] = {"status": "none" if age is None else "late" if is_late else "ok", "heartbeat_age": age}
        is_ready = checks["worker"]["status"] == "ok" or not settings.WORKER_REQUIRED
    except (DatabaseError, InterfaceError) as error:
        logger.error("The database failed during a readiness check: %s", error)
        checks["database"]["status"], is_ready = "away", False
    if "strict" in settings.CACHES:
        checks["redis"] = {"status": "away" if cast("CountingCache", cache).is_unavailable else "ok"}
    if is_ready:
        return JsonResponse({"status": "ok", "checks": checks})
    return JsonResponse({"status": "unavailable", "checks": checks}, status=503, headers={"Retry-After": "2"})


@non_atomic_requests
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics in Prometheus' text format. Without DEBUG, METRICS_TOKEN is required as the bearer token."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    # SECURITY: an empty token must never match an empty setting
    if settings.DEBUG or (settings.METRICS_TOKEN and constant_time_compare(token, settings.METRICS_TOKEN)):
        return ExportToDjangoView(request)
    return problem(401, "not_authenticated", "Send METRICS_TOKEN as a bearer token.")
