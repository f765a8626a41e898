"""Admin pages for events, metrics, feature usage and feedback."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter, RangeNumericFilter

from analytics import aggregates, services
from analytics.models import FeatureUsage, PerformanceMetric, UserAnalytics, UserFeedback
from core import clock
from core.admin import (
    BY_CUSTOMER,
    AutocompleteSelectFilter,
    BaseAdmin,
    DaysFilter,
    OwnedAdmin,
    OwnedReadOnlyAdmin,
    ReadOnlyInline,
    column,
    confirmed_action,
    display,
    for_selected_rows,
    inline_on,
    linked,
)
from core.admin.base import require_allowed
from users.models import User

MAX_BAR_WIDTH = 200

LEVEL_COLORS = {
    "high": "success",
    "excellent": "success",
    "good": "success",
    "medium": "info",
    "fair": "info",
    "low": "warning",
    "poor": "warning",
    "-": "default",
}
STATUS_COLORS = {"open": "warning", "pending": "info", "in_progress": "info", "resolved": "success", "closed": "default"}
PRIORITY_COLORS = {"critical": "danger", "high": "warning", "medium": "info", "low": "default"}


class FeedbackColumns:
    """Columns shared by the feedback list and the inline on the customer's page."""

    state = column("status", "status", STATUS_COLORS)
    urgency = column("priority", "priority", PRIORITY_COLORS)
    beginning = column("feedback_text", "text", empty="-", show=lambda text: text[:80])


@inline_on(User)
class FeedbackInline(FeedbackColumns, ReadOnlyInline):
    model = UserFeedback
    place = 7
    fk_name = "user"
    verbose_name_plural = "feedback"
    fields = ("day", "feedback_type", "rating", "beginning", "state", "urgency")
    day = linked("feedback_date", "day")
    ordering = ("-feedback_date", "-id")


@admin.register(UserFeedback)
class UserFeedbackAdmin(FeedbackColumns, OwnedAdmin):
    """Feedback for triage by staff. The fields that the customer filled in are read-only."""

    list_display = ("feedback_date", "owner", "feedback_type", "rating", "beginning", "state", "urgency", "assigned_to", "age")
    list_filter = (
        BY_CUSTOMER,
        ("status", ChoicesDropdownFilter),
        ("priority", ChoicesDropdownFilter),
        ("feedback_type", ChoicesDropdownFilter),
        ("assigned_to", AutocompleteSelectFilter),
        ("rating", RangeNumericFilter),
        ("feedback_date", DaysFilter),
    )
    list_select_related = ("user__profile", "assigned_to")
    search_fields = ("feedback_text", "category")
    ordering_for_customer = ("-feedback_date", "-id")
    sortable_by_for_customer = ("feedback_date",)
    readonly_fields = ("resolved_at",)
    written = ("feedback_date", "feedback_type", "rating", "feedback_text", "category")
    csv_columns = (
        "id",
        "user__email",
        "feedback_date",
        "feedback_type",
        "rating",
        "category",
        "status",
        "priority",
        "assigned_to__email",
        "feedback_text",
        "resolution_notes",
        "resolved_at",
    )
    actions_detail = ("resolve", "reopen", "take")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), *(self.written if obj else ())]

    def save_model(self, request: HttpRequest, obj: UserFeedback, form: Any, change: bool) -> None:
        services.save_triage(obj, now=clock.now())

    age = column("days_since_creation", "days old")

    @confirmed_action(title="Resolve", description="Enter the outcome in the resolution notes first.", icon="task_alt")
    def resolve(self, request: HttpRequest, feedback: UserFeedback) -> None:
        services.resolve_feedback(feedback, notes="", now=clock.now())

    @confirmed_action(title="Reopen", description="The status becomes open. The resolution notes are not changed.", icon="undo")
    def reopen(self, request: HttpRequest, feedback: UserFeedback) -> None:
        services.reopen_feedback(feedback, now=clock.now())

    @confirmed_action(title="Assign to me", description="The feedback is assigned to you.", icon="person_add")
    def take(self, request: HttpRequest, feedback: UserFeedback) -> None:
        staff_member: Any = request.user
        services.assign_feedback(feedback, assignee=staff_member)

    actions = (*BaseAdmin.actions, for_selected_rows(resolve), for_selected_rows(reopen), for_selected_rows(take))


@admin.register(UserAnalytics)
class UserAnalyticsAdmin(OwnedReadOnlyAdmin):
    """Recorded events, read-only."""

    list_display = ("event_date", "owner", "event_type", "session_minutes", "page_views", "engagement", "retention")
    list_filter = (BY_CUSTOMER, ("event_date", DaysFilter), ("event_type", FieldTextFilter))
    search_fields = ("event_type",)
    ordering_for_customer = ("-event_date", "-id")
    sortable_by_for_customer = ("event_date",)
    date_hierarchy = "event_date"

    engagement = column("engagement_level", "engagement", LEVEL_COLORS, empty="-")
    retention = column("retention_level", "retention", LEVEL_COLORS, empty="-")


@admin.register(FeatureUsage)
class FeatureUsageAdmin(OwnedReadOnlyAdmin):
    """Recorded feature usage, read-only."""

    list_display = ("usage_date", "owner", "feature_name", "usage_count", "usage_minutes", "success", "error_count")
    list_filter = (BY_CUSTOMER, ("usage_date", DaysFilter), ("feature_name", FieldTextFilter))
    search_fields = ("feature_name",)
    ordering_for_customer = ("-usage_date", "-id")
    sortable_by_for_customer = ("usage_date",)

    @display(description="success", label={"successful": "success", "failing": "danger", "-": "default"})
    def success(self, usage: FeatureUsage) -> str:
        return {True: "successful", False: "failing", None: "-"}[usage.is_successful]


@admin.register(PerformanceMetric)
class PerformanceMetricAdmin(BaseAdmin):
    """Performance metrics of the product, newest first."""

    list_display = ("metric_date", "metric_name", "value", "category", "subcategory")
    list_filter = (("metric_date", DaysFilter), ("metric_name", FieldTextFilter), ("category", FieldTextFilter))
    search_fields = ("metric_name__startswith", "category__startswith")
    search_help_text = "Start of the metric's name or category"
    ordering = ("-metric_date", "-id")
    sortable_by = ("metric_date",)

    def get_urls(self) -> list[Any]:
        page = path("overview/", self.admin_site.admin_view(self.overview), name="analytics_overview")
        return [page, *super().get_urls()]

    def overview(self, request: HttpRequest) -> HttpResponse:
        """Render statistics over all customers as tables with SVG bars, which need no script or inline style."""
        require_allowed(request.user.has_perm("analytics.overview_performancemetric"))
        now = clock.now()
        found = (
            aggregates.customers_by_month(now),
            aggregates.customers_by_plan(),
            aggregates.use_of_features(now),
            aggregates.checkins_by_month(now),
        )
        tables = [(table, bars(table)) for table in found]
        own = {"title": "Overview", "tables": tables, "smallest": aggregates.MIN_GROUP_SIZE}
        return TemplateResponse(request, "mingus/admin/overview.html", self.admin_site.each_context(request) | own)

    value = column("formatted_value", "value", empty="-")


def bars(table: aggregates.AggregateTable) -> list[tuple[aggregates.AggregateRow, int]]:
    """Return each group of a table with the length of its bar in pixels, scaled to the largest group."""
    largest = max((group.people for group in table.groups), default=0)
    return [(group, MAX_BAR_WIDTH * group.people // largest) for group in table.groups]
