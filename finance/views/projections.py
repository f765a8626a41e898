"""Views of income projections."""

from typing import cast

from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api.actions import post_action
from core.api.viewsets import OwnedViewSet
from finance import services
from finance.filters import ProjectionFilter
from finance.income_growth import OccupationGroup
from finance.models import IncomeProjection
from finance.serializers.projections import ProjectionFormSerializer, ProjectionSerializer
from users.models import User


class ProjectionViewSet(OwnedViewSet):
    about = "An income projection estimates a yearly income. It is computed by `generate`, or entered by the user."
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

    @post_action(
        summary="Generate an income projection",
        description="Computes a projection as of today from published US wage growth rates, and stores it. `factors` contains "
        "all inputs and sources. An empty body uses `annual_income` of the profile; without one above 0 the status is 400.",
        request=ProjectionFormSerializer,
        responses={201: ProjectionSerializer},
        detail=False,
    )
    def generate(self, request: Request) -> Response:
        form = self.parsed(ProjectionFormSerializer)
        form["occupation"] = OccupationGroup(form["occupation"])
        user = cast("User", request.user)
        projection = services.generate_projection(user=user, today=clock.day_in(user.zone, clock.now()), **form)
        return self.row_response(projection, status=201)
