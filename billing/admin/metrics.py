"""The page of business metrics: tables with bars, which need neither scripts nor styles of their own."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path

from billing import metrics, money_metrics
from billing.reasons_metric import reasons_for_leaving
from billing.sync_metrics import sync_problems
from core import clock, csv_export
from core.admin import BaseAdmin
from core.admin.base import require_allowed

PERMISSION = "billing.overview_subscription"
MAX_BAR_WIDTH = 200


class MetricsAdminMixin(BaseAdmin):
    """Adds the page `metrics/` to the admin class of subscriptions."""

    def get_urls(self) -> list[Any]:
        views = (("metrics/", self.metrics, "billing_metrics"), ("metrics/<slug:key>.csv", self.as_csv, "billing_metrics_csv"))
        own = [path(route, self.admin_site.admin_view(view), name=name) for route, view, name in views]
        return [*own, *super().get_urls()]

    def metrics(self, request: HttpRequest) -> HttpResponse:
        require_allowed(request.user.has_perm(PERMISSION))
        tables = [(table, bars(table)) for table in all_tables()]
        own = {"title": "Billing metrics", "tables": tables}
        return TemplateResponse(request, "mingus/admin/metrics.html", self.admin_site.each_context(request) | own)

    def as_csv(self, request: HttpRequest, key: str) -> StreamingHttpResponse:
        require_allowed(request.user.has_perm(PERMISSION))
        found = [table for table in all_tables() if table.key == key]
        if not found:
            raise Http404
        headers = {"Content-Disposition": f'attachment; filename="{key}.csv"'}
        lines = csv_export.lines(found[0].columns, found[0].rows)
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def all_tables() -> list[metrics.Metric]:
    """Return the tables about subscriptions, about money, and about what could not be synced."""
    now = clock.now()
    return [
        *metrics.all_metrics(now=now),
        money_metrics.books(now),
        money_metrics.disputes(now),
        reasons_for_leaving(now),
        sync_problems(now),
    ]


def bars(table: metrics.Metric) -> list[tuple[metrics.Row, int]]:
    """Return the rows of a table, each with the length of its bar in pixels. The largest figure has the longest bar.

    Each currency is scaled separately, because amounts in different currencies are not comparable.
    """
    largest: dict[Any, Any] = {}
    for row in table.rows:
        largest[_kind(table, row)] = max(largest.get(_kind(table, row), 0), _figure(table, row))
    return [(row, int(MAX_BAR_WIDTH * _figure(table, row) / (largest[_kind(table, row)] or 1))) for row in table.rows]


def _figure(table: metrics.Metric, row: metrics.Row) -> Any:
    """Return the figure that is drawn, 0 for words such as `fewer than 5`."""
    return 0 if isinstance(row[table.bar], str) else row[table.bar]


def _kind(table: metrics.Metric, row: metrics.Row) -> Any:
    return row[table.columns.index("currency")] if "currency" in table.columns else None
