"""Prometheus metrics of requests."""

from typing import Any

from django_prometheus.middleware import PrometheusAfterMiddleware
from prometheus_client import Counter

# reason: timeout (the body was too slow), bodies or queue (too many at once), disk (no room for temporary files)
REFUSED_REQUESTS = Counter("mingus_refused_requests", "Requests refused before Django or without its response", ["reason"])


class MetricsMiddleware(PrometheusAfterMiddleware):
    """django-prometheus's middleware with cached lookups: it would look up each counter by its labels in every request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._labeled_metrics: dict[Any, Any] = {}

    def label_metric(self, metric: Any, request: Any, response: Any = None, **labels: Any) -> Any:
        key = (metric, *labels.values())
        found = self._labeled_metrics.get(key)
        if found is None:
            found = self._labeled_metrics[key] = super().label_metric(metric, request, response, **labels)
        return found
