"""Liveness and readiness probes, and the metrics endpoint."""

from typing import cast

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.db.transaction import non_atomic_requests
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from django_prometheus.exports import ExportToDjangoView

from core.api.errors import problem, unavailable
from core.rate_limits import CountingCache


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
    """Return 200 if the database responds, else 503.

    If Redis is unavailable, the status stays 200, because requests work without it. The state is the one that requests have
    found, so that the probe does not wait for Redis.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return unavailable(request)
    is_unavailable = cast("CountingCache", cache).is_unavailable
    return JsonResponse({"status": "ok"} | ({"redis": "away"} if is_unavailable else {}))


@non_atomic_requests
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics in Prometheus' text format. Without DEBUG, METRICS_TOKEN is required as the bearer token."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    # SECURITY: an empty token must never match an empty setting
    if settings.DEBUG or (settings.METRICS_TOKEN and constant_time_compare(token, settings.METRICS_TOKEN)):
        return ExportToDjangoView(request)
    return problem(401, "not_authenticated", "Send METRICS_TOKEN as a bearer token.")
