"""API views of job security analyses and milestones."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from billing.gating import DENIALS, requires_feature
from career import services
from career.filters import JobSecurityFilter, MilestoneFilter
from career.models import CareerMilestone, JobSecurityAnalysis
from career.serializers import JobSecurityFormSerializer, JobSecuritySerializer, MilestoneSerializer, ProgressSerializer
from core import clock
from core.api.actions import post_action, row_action
from core.api.viewsets import OwnedReadOnlyViewSet, OwnedViewSet


class JobSecurityViewSet(OwnedReadOnlyViewSet):
    about = "An analysis compares a job with US labor statistics. Its index is not a probability of losing the job."
    queryset = JobSecurityAnalysis.objects.all()
    serializer_class = JobSecuritySerializer
    filterset_class = JobSecurityFilter
    ordering = "-analysis_date"
    ordering_fields = ("analysis_date", "overall_risk_score", "risk_percentage", "created_at")

    @post_action(
        summary="Analyze job security",
        description="Stores an analysis from the user's profile and the facts in the body, each time a new one. Unknown facts "
        "make the analysis weaker. A success counts as one use of the feature `career_risk_management`.",
        request=JobSecurityFormSerializer,
        responses={201: JobSecuritySerializer, **DENIALS},
        detail=False,
    )
    @requires_feature("career_risk_management")
    def generate(self, request: Request) -> Response:
        user: Any = request.user
        today = clock.day_in(user.zone, clock.now())
        found = services.generate_analysis(user=user, today=today, **self.parsed(JobSecurityFormSerializer))
        return self.row_response(found, status=201)


class MilestoneViewSet(OwnedViewSet):
    about = (
        "A milestone with both salaries gets its progress from them, and is completed when the current one reaches the target. "
        "For any milestone, the actions `progress` and `complete` set the progress and the completion."
    )
    queryset = CareerMilestone.objects.all()
    serializer_class = MilestoneSerializer
    filterset_class = MilestoneFilter
    ordering_fields = ("created_at", "target_date", "progress_percentage", "days_remaining", "days_overdue", "salary_gap")
    search_fields = ("milestone_name", "notes")

    @row_action(
        summary="Record the progress of a milestone",
        description="Sets either the percentage or the current salary, from which the percentage follows if there is a target. "
        "A percentage below 100 reopens a completed milestone, and 100 does not complete it. A current salary that reaches the "
        "target completes the milestone, and a lower one reopens a milestone that its salary had completed.",
        request=ProgressSerializer,
    )
    def progress(self, milestone: CareerMilestone, **given: Any) -> None:
        services.record_progress(milestone, today=milestone.today(), **given)

    @row_action(
        summary="Complete a milestone",
        description="Sets the progress to 100 and the completion date to today. Idempotent: the first date stays.",
    )
    def complete(self, milestone: CareerMilestone) -> None:
        services.complete_milestone(milestone, today=milestone.today())
