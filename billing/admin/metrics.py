"""The page of business metrics: tables with pictures, which need neither scripts nor styles of their own."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path

from billing import metrics, money_metrics
from billing.admin.metric_pictures import drawn
from billing.metric_tables import Metric
from billing.reasons_metric import reasons_for_leaving
from billing.sync_metrics import sync_problems
from core import clock, csv_export
from core.admin import BaseAdmin
from core.admin.base import require_allowed

PERMISSION = "billing.overview_subscription"


class MetricsAdminMixin(BaseAdmin):
    """Adds the page `metrics/` to the admin class of subscriptions."""

    def get_urls(self) -> list[Any]:
        views = (("metrics/", self.metrics, "billing_metrics"), ("metrics/<slug:key>.csv", self.as_csv, "billing_metrics_csv"))
        own = [path(route, self.admin_site.admin_view(view), name=name) for route, view, name in views]
        return [*own, *super().get_urls()]

    def metrics(self, request: HttpRequest) -> HttpResponse:
        require_allowed(request.user.has_perm(PERMISSION))
        tables = [(table, drawn(table)) for table in all_tables()]
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


def all_tables() -> list[Metric]:
    """Return the tables about subscriptions, about money, and about what could not be synced."""
    now = clock.now()
    return [
        *metrics.all_metrics(now=now),
        money_metrics.books(now),
        money_metrics.disputes(now),
        reasons_for_leaving(now),
        sync_problems(now),
    ]
