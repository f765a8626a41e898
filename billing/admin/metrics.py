"""The page of the sums over all customers, drawn as tables with bars: nothing on it needs a script or a style of its own."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path

from billing import metrics
from core import clock, csv_export
from core.admin import BaseAdmin
from core.admin.base import require_allowed

PERMISSION = "billing.overview_subscription"
MAX_BAR_WIDTH = 200


class MetricsAdminMixin(BaseAdmin):
    """For the admin class of subscriptions: the page `metrics/` beside its list."""

    def get_urls(self) -> list[Any]:
        views = (("metrics/", self.metrics, "billing_metrics"), ("metrics/<slug:key>.csv", self.as_csv, "billing_metrics_csv"))
        own = [path(route, self.admin_site.admin_view(view), name=name) for route, view, name in views]
        return [*own, *super().get_urls()]

    def metrics(self, request: HttpRequest) -> HttpResponse:
        """Every table, with its formula and inputs."""
        require_allowed(request.user.has_perm(PERMISSION))
        tables = [(table, bars(table)) for table in metrics.all_metrics(now=clock.now())]
        own = {"title": "Metrics of billing", "tables": tables}
        return TemplateResponse(request, "mingus/admin/metrics.html", self.admin_site.each_context(request) | own)

    def as_csv(self, request: HttpRequest, key: str) -> StreamingHttpResponse:
        """One table as a file."""
        require_allowed(request.user.has_perm(PERMISSION))
        found = [table for table in metrics.all_metrics(now=clock.now()) if table.key == key]
        if not found:
            raise Http404
        headers = {"Content-Disposition": f'attachment; filename="{key}.csv"'}
        lines = csv_export.lines(found[0].columns, found[0].rows)
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def bars(table: metrics.Metric) -> list[tuple[metrics.Row, int]]:
    """The rows of a table, each with the length of its bar in pixels; the largest figure has the longest.

    In a table of several currencies each is drawn for itself: their amounts have nothing to do with each other.
    """
    most: dict[Any, Any] = {}
    for row in table.rows:
        most[_kind(table, row)] = max(most.get(_kind(table, row), 0), row[table.bar])
    return [(row, int(MAX_BAR_WIDTH * row[table.bar] / (most[_kind(table, row)] or 1))) for row in table.rows]


def _kind(table: metrics.Metric, row: metrics.Row) -> Any:
    return row[table.columns.index("currency")] if "currency" in table.columns else None
