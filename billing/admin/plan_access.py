"""The page that shows the access granted by each subscription status, at each edge of trial, period and grace."""

from itertools import groupby
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from unfold.widgets import UnfoldAdminSelectWidget

from billing.plan_access import RENEWAL_LAG
from billing.plan_access_table import STATUSES, changes
from billing.services.plan_access import grace_period
from core.admin import BaseAdmin
from core.admin.base import require_allowed


class StatusFilter(forms.Form):
    """The status that is shown, all of them by default."""

    status = forms.ChoiceField(
        choices=[("", "All"), *((status, status) for status in STATUSES)], required=False, widget=UnfoldAdminSelectWidget
    )


class PlanAccessAdminMixin(BaseAdmin):
    """Adds the page `plan-access/` to the admin class of subscriptions."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.plan_access)
        return [path("plan-access/", view, name="billing_plan_access"), *super().get_urls()]

    def plan_access(self, request: HttpRequest) -> HttpResponse:
        """Show the rule and its results for an example subscription."""
        require_allowed(self.has_view_permission(request))
        filters = StatusFilter(request.GET)
        chosen = filters.cleaned_data["status"] if filters.is_valid() else ""
        lines = [line for line in changes(grace=grace_period()) if chosen in ("", line.facts.status)]
        own = {
            "title": "Plan access",
            "filters": filters,
            "tables": [(status, list(found)) for status, found in groupby(lines, key=lambda line: line.facts.status)],
            "grace": grace_period(),
            "lag_hours": int(RENEWAL_LAG.total_seconds() // 3600),
        }
        return TemplateResponse(request, "mingus/admin/plan_access.html", self.admin_site.each_context(request) | own)
