"""Views of the health API."""

from typing import Any

from core.api.actions import row_action
from core.api.bulk import BulkMixin
from core.api.viewsets import OwnedReadOnlyViewSet, OwnedViewSet
from health.filters import CheckinFilter, CorrelationFilter, GoalFilter
from health.models import HealthGoal, HealthSpendingCorrelation, UserHealthCheckin
from health.serializers import CheckinSerializer, CorrelationSerializer, GoalSerializer, ProgressFormSerializer


class CheckinViewSet(BulkMixin, OwnedViewSet):
    about = (
        "There is at most one check-in per day. Values that are null do not count in `wellness_score`. All are stored. "
        "Those beyond the plan's monthly limit are marked `over_limit`; analyses leave them out until a plan covers them."
    )
    queryset = UserHealthCheckin.objects.all()
    serializer_class = CheckinSerializer
    filterset_class = CheckinFilter
    ordering = "-checkin_date"
    ordering_fields = ("checkin_date", "wellness_score", "created_at")
    search_fields = ("notes",)


class CorrelationViewSet(OwnedReadOnlyViewSet):
    about = "Correlations are computed nightly over the last year. Each analysis replaces the earlier ones of the same month."
    queryset = HealthSpendingCorrelation.objects.all()
    serializer_class = CorrelationSerializer
    filterset_class = CorrelationFilter
    ordering = "-correlation_date"
    ordering_fields = ("correlation_date", "correlation_strength", "adjusted_p_value", "lag_days", "created_at")


class GoalViewSet(OwnedViewSet):
    about = "A health goal is a value to reach, optionally by a target date. A start value of null counts as 0."
    queryset = HealthGoal.objects.all()
    serializer_class = GoalSerializer
    filterset_class = GoalFilter
    ordering_fields = ("created_at", "target_date", "days_remaining", "progress_percentage", "status", "goal_name")
    search_fields = ("goal_name", "notes")

    @row_action(
        summary="Record progress of a health goal",
        description="Sets the current value. A goal that reaches its target is `achieved`, but not completed.",
        request=ProgressFormSerializer,
    )
    def progress(self, goal: HealthGoal, **given: Any) -> None:
        goal.record(**given)

    @row_action(
        summary="Complete a health goal",
        description="Marks the goal as completed today, in the user's time zone. A completed goal is not changed.",
    )
    def complete(self, goal: HealthGoal) -> None:
        goal.complete()
