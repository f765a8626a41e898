"""Income and bills that are due."""

from datetime import date
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.viewsets import OwnedViewSet
from finance import services
from finance.filters import ExpenseDueDateFilter, IncomeDueDateFilter
from finance.models import UserExpenseDueDate, UserIncomeDueDate
from finance.serializers.due_dates import (
    ExpenseDueDateSerializer,
    IncomeDueDateSerializer,
    OccurrencesSerializer,
    PaymentFormSerializer,
    SpanSerializer,
)

ORDERS_OF_DUE_DATES = ("next_due_date", "due_date", "expected_amount", "days_until_due", "days_overdue", "status", "created_at")


class DueDateViewSet(OwnedViewSet):
    """What income and expense due dates have in common."""

    ordering = "next_due_date"

    def record_payment(self) -> Response:
        """Record the payment of the body towards the locked due date of the path."""
        due = self.locked_object()
        form = self.parsed(PaymentFormSerializer)
        form["paid_on"] = form.pop("date", None)
        services.record_payment(due, today=due.today(), **form)
        return self.row_response(due)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: Any) -> Response:
        """Take the payment back that was recorded last."""
        due = self.locked_object()
        services.undo_last_payment(due, today=due.today())
        return self.row_response(due)

    @extend_schema(
        parameters=[
            OpenApiParameter("from", date, description="The first day; today when it is left out."),
            OpenApiParameter("to", date, description="The last day; 90 days after the first when it is left out."),
        ],
        responses=OccurrencesSerializer,
    )
    @action(detail=True, methods=["get"])
    def occurrences(self, request: Request, pk: Any) -> Response:
        """List the days on which something is or was due, with what was paid. At most 400 of them."""
        due = self._one(self.get_queryset(), {"pk": pk})
        today = due.today()
        span = SpanSerializer(data=request.query_params, context={"today": today})
        span.is_valid(raise_exception=True)
        found = services.occurrences_of(due, today=today, **span.validated_data)
        return Response(OccurrencesSerializer({"results": found}).data)


class IncomeDueDateViewSet(DueDateViewSet):
    """Income that is expected once or again and again."""

    queryset = UserIncomeDueDate.objects.all()
    serializer_class = IncomeDueDateSerializer
    filterset_class = IncomeDueDateFilter
    ordering_fields = (*ORDERS_OF_DUE_DATES, "income_source", "last_received_date")
    search_fields = ("income_source", "notes")

    @extend_schema(request=PaymentFormSerializer)
    @action(detail=True, methods=["post"])
    def receive(self, request: Request, pk: Any) -> Response:
        """Record that income came in: all of it, or a part."""
        return self.record_payment()


class ExpenseDueDateViewSet(DueDateViewSet):
    """Bills that are expected once or again and again."""

    queryset = UserExpenseDueDate.objects.all()
    serializer_class = ExpenseDueDateSerializer
    filterset_class = ExpenseDueDateFilter
    ordering_fields = (*ORDERS_OF_DUE_DATES, "expense_name", "expense_category", "last_paid_date")
    search_fields = ("expense_name", "expense_category", "notes")

    @extend_schema(request=PaymentFormSerializer)
    @action(detail=True, methods=["post"])
    def pay(self, request: Request, pk: Any) -> Response:
        """Record that a bill was paid: all of it, or a part."""
        return self.record_payment()
