"""What is counted of every request, for Prometheus."""

from typing import Any

from django_prometheus.middleware import PrometheusAfterMiddleware


class MetricsMiddleware(PrometheusAfterMiddleware):
    """django-prometheus's, which looks each counter up by its labels in every request: as many as there are views."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._found: dict[Any, Any] = {}

    def label_metric(self, metric: Any, request: Any, response: Any = None, **labels: Any) -> Any:
        place = (metric, *labels.values())
        found = self._found.get(place)
        if found is None:
            found = self._found[place] = super().label_metric(metric, request, response, **labels)
        return found
