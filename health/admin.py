"""Admin pages of check-ins, goals and correlations."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter

from core.admin import (
    BY_CUSTOMER,
    BaseAdmin,
    DaysFilter,
    HiddenActionsMixin,
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
from health.models import HealthGoal, HealthSpendingCorrelation, UserHealthCheckin
from users.models import User

LEVEL_COLORS = {"excellent": "success", "good": "info", "fair": "warning", "poor": "danger"}
STATUS_COLORS = {
    "completed": "success",
    "achieved": "success",
    "on_track": "info",
    "in_progress": "info",
    "overdue": "danger",
    "just_started": "default",
}


class CheckinColumns:
    """Check-in columns shared by the list and the customer's page."""

    score = column("wellness_score", "score")
    level = column("wellness_level", "level", LEVEL_COLORS)


class GoalColumns:
    """Goal columns shared by the list and the customer's page."""

    @display(description="status", label=STATUS_COLORS)
    def state(self, goal: HealthGoal) -> tuple[str, str]:
        return goal.status, goal.status.replace("_", " ")

    progress = column("progress_percentage", "progress", show="{} %".format)


@inline_on(User)
class CheckinInline(CheckinColumns, ReadOnlyInline):
    model = UserHealthCheckin
    fields = ("day", "score", "level", "mood_score", "stress_level", "sleep_hours", "exercise_minutes")
    day = linked("checkin_date", "day")
    ordering = ("-checkin_date", "-id")


@inline_on(User)
class GoalInline(GoalColumns, ReadOnlyInline):
    model = HealthGoal
    fields = ("goal", "goal_type", "progress", "state", "target_date")
    goal = linked("goal_name", "goal")
    ordering = ("-created_at", "-id")
    list_select_related = ("user__profile",)


@admin.register(UserHealthCheckin)
class CheckinAdmin(CheckinColumns, OwnedAdmin):
    list_display = ("checkin_date", "owner", "score", "level", "mood_score", "stress_level", "sleep_hours", "exercise_minutes")
    list_filter = (BY_CUSTOMER, ("checkin_date", DaysFilter), ("medication_taken", BooleanRadioFilter))
    search_fields = ("notes",)
    ordering_for_customer = ("-checkin_date", "-id")
    sortable_by_for_customer = ("checkin_date",)
    date_hierarchy = "checkin_date"
    readonly_fields = ("score", "level")
    csv_columns = (
        "id",
        "user__email",
        "checkin_date",
        "mood_score",
        "stress_level",
        "sleep_hours",
        "exercise_minutes",
        "water_intake_oz",
        "medication_taken",
    )


@admin.register(HealthGoal)
class GoalAdmin(HiddenActionsMixin, GoalColumns, OwnedAdmin):
    list_display = ("goal_name", "owner", "goal_type", "current_value", "target_value", "unit", "progress", "state")
    list_filter = (BY_CUSTOMER, ("goal_type", ChoicesDropdownFilter), ("is_completed", BooleanRadioFilter))
    list_select_related = ("user__profile",)
    search_fields = ("goal_name", "notes")
    ordering_for_customer = ("-created_at", "-id")
    readonly_fields = ("state", "progress_percentage", "is_completed", "completion_date")
    actions_detail = ("complete", "reopen")

    def hidden_actions(self, request: HttpRequest, row: Any) -> set[str]:
        return {"complete"} if row.is_completed else {"reopen"}

    @confirmed_action(title="Complete goal", description="Completion date: today in the customer's time zone.", icon="check")
    def complete(self, request: HttpRequest, goal: HealthGoal) -> None:
        goal.complete()

    @confirmed_action(title="Reopen goal", description="The progress is computed from the goal's values again.", icon="undo")
    def reopen(self, request: HttpRequest, goal: HealthGoal) -> None:
        goal.reopen()

    actions = (*BaseAdmin.actions, for_selected_rows(complete), for_selected_rows(reopen))


@admin.register(HealthSpendingCorrelation)
class CorrelationAdmin(OwnedReadOnlyAdmin):
    """Read-only results of the nightly analysis; `manage.py analyze_health` runs it for one customer."""

    list_display = (
        "correlation_date",
        "owner",
        "health_metric",
        "spending",
        "lag_days",
        "method",
        "correlation_strength",
        "reading",
        "adjusted_p_value",
        "is_significant",
        "data_points_count",
    )
    list_filter = (
        BY_CUSTOMER,
        ("health_metric", ChoicesDropdownFilter),
        ("method", ChoicesDropdownFilter),
        ("is_significant", BooleanRadioFilter),
        ("correlation_date", DaysFilter),
    )
    search_fields = ("spending_category",)
    ordering_for_customer = ("-correlation_date", "-id")
    sortable_by_for_customer = ("correlation_date",)

    spending = column("spending_category", "spending", empty="all")
    reading = column(
        "correlation_interpretation",
        "reading",
        {"strong": "success", "moderate": "info", "weak": "default"},
        empty="insufficient",
    )
