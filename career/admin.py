"""Admin pages for job security analyses and milestones."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter, RangeNumericFilter

from career import services
from career.models import CareerMilestone, JobSecurityAnalysis
from core.admin import (
    BY_CUSTOMER,
    BaseAdmin,
    DaysFilter,
    OwnedAdmin,
    OwnedReadOnlyAdmin,
    ReadOnlyInline,
    column,
    confirmed_action,
    for_selected_rows,
    inline_on,
    linked,
)
from users.models import User

LEVEL_COLORS = {
    "very_secure": "success",
    "secure": "success",
    "moderate": "info",
    "at_risk": "warning",
    "high_risk": "danger",
    "unknown": "default",
}
STATUS_COLORS = {
    "completed": "success",
    "achieved": "success",
    "on_track": "info",
    "in_progress": "info",
    "just_started": "default",
    "overdue": "danger",
}
PRIORITY_COLORS = {"critical": "danger", "high": "warning", "medium": "info", "normal": "default"}


class MilestoneColumns:
    """Columns shared by the milestone list and the inline on the customer's page."""

    progress = column("progress_percentage", "progress", show="{} %".format)
    state = column("status", "status", STATUS_COLORS)
    priority = column("priority_level", "priority", PRIORITY_COLORS)


@inline_on(User)
class MilestoneInline(MilestoneColumns, ReadOnlyInline):
    model = CareerMilestone
    fields = ("milestone", "milestone_type", "target_date", "current_salary", "target_salary", "progress", "state")
    milestone = linked("milestone_name", "milestone")
    ordering = ("-created_at", "-id")
    list_select_related = ("user__profile",)  # whether a milestone is overdue depends on the owner's time zone


@admin.register(CareerMilestone)
class CareerMilestoneAdmin(MilestoneColumns, OwnedAdmin):
    """Milestones. Staff can complete one, but its progress comes from the salaries or from the customer."""

    list_display = ("milestone_name", "owner", "milestone_type", "target_date", "progress", "state", "priority")
    list_filter = (
        BY_CUSTOMER,
        ("milestone_type", ChoicesDropdownFilter),
        ("is_completed", BooleanRadioFilter),
        ("target_date", DaysFilter),
    )
    list_select_related = ("user__profile",)
    search_fields = ("milestone_name",)
    ordering_for_customer = ("-created_at", "-id")
    sortable_by_for_customer = ("target_date",)
    readonly_fields = ("is_completed", "completion_date", "progress_percentage")
    csv_columns = (
        "id",
        "user__email",
        "milestone_name",
        "milestone_type",
        "target_salary",
        "current_salary",
        "target_date",
        "progress_percentage",
        "is_completed",
        "completion_date",
    )
    actions_detail = ("complete",)

    def save_model(self, request: HttpRequest, obj: CareerMilestone, form: Any, change: bool) -> None:
        before = CareerMilestone.objects.select_for_update().get(pk=obj.pk) if change else None
        services.save_milestone(obj, before=before, today=obj.today())

    @confirmed_action(title="Complete", description="The milestone is marked as completed today.", icon="task_alt")
    def complete(self, request: HttpRequest, milestone: CareerMilestone) -> None:
        services.complete_milestone(milestone, today=milestone.today())

    actions = (*BaseAdmin.actions, for_selected_rows(complete))


@admin.register(JobSecurityAnalysis)
class JobSecurityAnalysisAdmin(OwnedReadOnlyAdmin):
    """Job security analyses as the customer received them, read-only."""

    list_display = (
        "analysis_date",
        "owner",
        "level",
        "overall_risk_score",
        "industry_risk_score",
        "company_risk_score",
        "personal_risk_score",
    )
    list_filter = (BY_CUSTOMER, ("analysis_date", DaysFilter), ("overall_risk_score", RangeNumericFilter))
    ordering_for_customer = ("-analysis_date", "-id")
    sortable_by_for_customer = ("analysis_date",)
    csv_columns = (
        "id",
        "user__email",
        "analysis_date",
        "industry_risk_score",
        "company_risk_score",
        "personal_risk_score",
        "overall_risk_score",
    )

    level = column("security_level", "level", LEVEL_COLORS, empty="unknown")
