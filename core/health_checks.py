"""Whether the process lives, whether it can work, and its metrics."""

from typing import cast

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
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
    """200 while the process answers; asks nothing else."""
    return JsonResponse({"status": "ok"})


@non_atomic_requests
@require_GET
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """200 while the database answers, 503 otherwise, so that a load balancer sends requests elsewhere.

    That Redis is away is said, and stays a 200. Redis is not asked for that: a probe must not wait for what requests can do
    without.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return unavailable()
    is_unavailable = cast("CountingCache", cache).is_unavailable
    return JsonResponse({"status": "ok"} | ({"redis": "away"} if is_unavailable else {}))


@non_atomic_requests
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format. Outside DEBUG it needs METRICS_TOKEN as a bearer token, and is closed while none is set."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    # SECURITY: an empty token must never match an empty setting
    if settings.DEBUG or (settings.METRICS_TOKEN and constant_time_compare(given, settings.METRICS_TOKEN)):
        return ExportToDjangoView(request)
    return problem(401, "not_authenticated", "Send METRICS_TOKEN as a bearer token.")
