"""Work in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from billing.gating import DENIALS, requires_feature
from career import services
from career.filters import JobSecurityFilter, MilestoneFilter
from career.models import CareerMilestone, JobSecurityAnalysis
from career.serializers import JobSecurityFormSerializer, JobSecuritySerializer, MilestoneSerializer, ProgressSerializer
from core import clock
from core.api.viewsets import OwnedReadOnlyViewSet, OwnedViewSet


class JobSecurityViewSet(OwnedReadOnlyViewSet):
    """How risky a job looks against the labour tables: an index and no probability."""

    queryset = JobSecurityAnalysis.objects.all()
    serializer_class = JobSecuritySerializer
    filterset_class = JobSecurityFilter
    ordering = "-analysis_date"
    ordering_fields = ("analysis_date", "overall_risk_score", "risk_percentage", "created_at")

    @extend_schema(request=JobSecurityFormSerializer, responses={201: JobSecuritySerializer, **DENIALS})
    @action(detail=False, methods=["post"])
    @requires_feature("career_risk_management")
    def generate(self, request: Request) -> Response:
        """Analyse the security of your job. Each call stores an analysis of its own."""
        user: Any = request.user
        today = clock.day_in(user.zone, clock.now())
        found = services.generate_analysis(user=user, today=today, **self.parsed(JobSecurityFormSerializer))
        return self.row_response(found, status=201)


class MilestoneViewSet(OwnedViewSet):
    """What somebody wants to reach at work."""

    queryset = CareerMilestone.objects.all()
    serializer_class = MilestoneSerializer
    filterset_class = MilestoneFilter
    ordering_fields = ("created_at", "target_date", "progress_percentage", "days_remaining", "days_overdue", "salary_gap")
    search_fields = ("milestone_name", "notes")

    @extend_schema(request=ProgressSerializer)
    @action(detail=True, methods=["post"])
    def progress(self, request: Request, pk: Any) -> Response:
        """Note how far a milestone is. Give a percentage, or the present salary."""
        milestone = self.locked_object()
        services.record_progress(milestone, today=milestone.today(), **self.parsed(ProgressSerializer))
        return self.row_response(milestone)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: Any) -> Response:
        """Say that a milestone is reached. Doing it twice changes nothing."""
        milestone = self.locked_object()
        services.complete_milestone(milestone, today=milestone.today())
        return self.row_response(milestone)
