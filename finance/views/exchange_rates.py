"""Views of exchange rates."""

from datetime import date
from decimal import Decimal
from typing import cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api.viewsets import OwnedViewSet
from core.errors import ConflictError
from finance import services
from finance.models import ExchangeRate
from finance.models.exchange_rates import RateSource
from finance.serializers.exchange_rates import ConversionQuerySerializer, ConversionSerializer, ExchangeRateSerializer
from finance.transfer_filters import ExchangeRateFilter
from users.models import User


class ExchangeRateViewSet(OwnedViewSet):
    about = (
        "A rate is used from its day until the day of the next one, also for the opposite pair. Imported rates can't be "
        "changed (409); the user's own rate of the same day goes before them."
    )
    queryset = ExchangeRate.objects.all()
    serializer_class = ExchangeRateSerializer
    filterset_class = ExchangeRateFilter
    ordering = "-day"
    ordering_fields = ("day", "base", "quote", "created_at")

    def locked_object(self) -> ExchangeRate:
        rate: ExchangeRate = super().locked_object()
        if rate.source == RateSource.IMPORT:
            message = "An imported rate can't be changed. Add your own rate of the same day, which goes before it."
            raise ConflictError("imported_rate", message)
        return rate

    @extend_schema(
        summary="Convert an amount",
        description="Converts an amount at the latest stored rate at or before a day, and names that rate. Returns 400 if "
        "there is none.",
        parameters=[
            OpenApiParameter("amount", Decimal, required=True, description="Amount in the currency `from`."),
            OpenApiParameter("from", str, required=True, description="ISO 4217 code of the amount."),
            OpenApiParameter("to", str, required=True, description="ISO 4217 code of the result."),
            OpenApiParameter("day", date, description="Day of the conversion. Default: today."),
        ],
        responses=ConversionSerializer,
        filters=False,
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def convert(self, request: Request) -> Response:
        user = cast("User", request.user)
        context = {"today": clock.day_in(user.zone, clock.now())}
        query = ConversionQuerySerializer(data=request.query_params, context=context)
        query.is_valid(raise_exception=True)
        found = services.convert_amount(owner=user.pk, **query.validated_data)
        return Response(ConversionSerializer(found).data)
