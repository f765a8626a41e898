"""Views of the health API."""

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.bulk import BulkMixin
from core.api.viewsets import OwnedReadOnlyViewSet, OwnedViewSet
from health.filters import CheckinFilter, CorrelationFilter, GoalFilter
from health.models import HealthGoal, HealthSpendingCorrelation, UserHealthCheckin
from health.serializers import CheckinSerializer, CorrelationSerializer, GoalSerializer, ProgressFormSerializer


class CheckinViewSet(BulkMixin, OwnedViewSet):
    about = "There is at most one check-in per day. Values that are null do not count in `wellness_score`."
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

    @extend_schema(
        summary="Record progress of a health goal",
        description="Sets the current value. A goal that reaches its target is `achieved`, but not completed.",
        request=ProgressFormSerializer,
    )
    @action(detail=True, methods=["post"])
    def progress(self, request: Request, pk: str) -> Response:
        goal: HealthGoal = self.locked_object()
        goal.record(**self.parsed(ProgressFormSerializer))
        return self.row_response(goal)

    @extend_schema(
        summary="Complete a health goal",
        description="Marks the goal as completed today, in the user's time zone. A completed goal is not changed.",
        request=None,
    )
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: str) -> Response:
        goal: HealthGoal = self.locked_object()
        goal.complete()
        return self.row_response(goal)
