"""What income may become."""

from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api.viewsets import OwnedViewSet
from finance import services
from finance.filters import ProjectionFilter
from finance.income_growth import OccupationGroup
from finance.models import IncomeProjection
from finance.serializers.projections import ProjectionFormSerializer, ProjectionSerializer
from users.models import User


class ProjectionViewSet(OwnedViewSet):
    """What an income may become in one, three and five years."""

    queryset = IncomeProjection.objects.all()
    serializer_class = ProjectionSerializer
    filterset_class = ProjectionFilter
    ordering = "-projection_date"
    ordering_fields = (
        "projection_date",
        "current_income",
        "growth_rate",
        "annual_growth_rate",
        "projected_growth_3_years",
        "projected_growth_5_years",
        "created_at",
    )

    @extend_schema(request=ProjectionFormSerializer, responses={201: ProjectionSerializer})
    @action(detail=False, methods=["post"])
    def generate(self, request: Request) -> Response:
        """Make a projection from published rates of wage growth, and store it. `factors` explains every number."""
        form = self.parsed(ProjectionFormSerializer)
        form["occupation"] = OccupationGroup(form["occupation"])
        user = cast("User", request.user)
        made = services.generate_projection(user=user, today=clock.day_in(user.zone, clock.now()), **form)
        return self.row_response(made, status=201)
