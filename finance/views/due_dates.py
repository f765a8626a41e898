"""Views of income and expense due dates."""

from datetime import date
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.actions import row_action
from core.api.viewsets import OwnedViewSet
from finance import services
from finance.filters import ExpenseDueDateFilter, IncomeDueDateFilter
from finance.models import UserExpenseDueDate, UserIncomeDueDate
from finance.models.due_dates import DueDate
from finance.serializers.due_dates import (
    ExpenseDueDateSerializer,
    IncomeDueDateSerializer,
    OccurrencesSerializer,
    PaymentFormSerializer,
    PeriodSerializer,
)

PAYS = (
    "An empty body pays the open amount of the oldest unsettled occurrence today; a repeated call pays the next one. An "
    "occurrence is settled when its payments reach the expected amount, or by `in_full`. Returns 409 if it is settled already."
)
ORDERING_FIELDS = ("next_due_date", "due_date", "expected_amount", "days_until_due", "days_overdue", "status", "created_at")


class DueDateViewSet(OwnedViewSet):
    """Base of the income and expense due date views."""

    about = "Occurrences are computed from `due_date` and settled by recorded payments, which are deleted with the due date."
    ordering = "next_due_date"
    summaries: ClassVar[dict[str, str]] = {"undo": "Undo the last payment of {}", "occurrences": "List the occurrences of {}"}

    @row_action(
        description="Deletes the payment of the {row} that was recorded last, so that its occurrence is open again. A linked "
        "transaction is not changed. A repeated call undoes the payment before it, and returns 409 if there is none.",
    )
    def undo(self, due: DueDate) -> None:
        services.undo_last_payment(due, today=due.today())

    @extend_schema(
        description="Returns the paid and the open occurrences of the {row} in a period. Returns 400 if there are more "
        "than 400.",
        parameters=[
            OpenApiParameter("from", date, description="First day, inclusive. Defaults to today."),
            OpenApiParameter("to", date, description="Last day, inclusive. Defaults to 90 days after the first day."),
        ],
        responses=OccurrencesSerializer,
    )
    @action(detail=True, methods=["get"])
    def occurrences(self, request: Request, pk: Any) -> Response:
        due = self._one(self.get_queryset())
        today = due.today()
        period = PeriodSerializer(data=request.query_params, context={"today": today})
        period.is_valid(raise_exception=True)
        found = services.occurrences_of(due, today=today, **period.validated_data)
        return Response(OccurrencesSerializer({"results": found}).data)


class IncomeDueDateViewSet(DueDateViewSet):
    queryset = UserIncomeDueDate.objects.all()
    serializer_class = IncomeDueDateSerializer
    filterset_class = IncomeDueDateFilter
    ordering_fields = (*ORDERING_FIELDS, "income_source", "last_received_date")
    search_fields = ("income_source", "notes")

    @row_action(
        summary="Record received income",
        operation_id="receiveIncome",
        description=f"Records an amount that was received, which may be a part of the expected one. {PAYS}",
        request=PaymentFormSerializer,
    )
    def receive(self, due: UserIncomeDueDate, **given: Any) -> None:
        services.record_payment(due, today=due.today(), **given)


class ExpenseDueDateViewSet(DueDateViewSet):
    queryset = UserExpenseDueDate.objects.all()
    serializer_class = ExpenseDueDateSerializer
    filterset_class = ExpenseDueDateFilter
    ordering_fields = (*ORDERING_FIELDS, "expense_name", "expense_category", "last_paid_date")
    search_fields = ("expense_name", "expense_category", "notes")

    @row_action(
        summary="Record a payment of an expense",
        operation_id="payExpense",
        description=f"Records an amount that was paid, which may be a part of the expected one. {PAYS}",
        request=PaymentFormSerializer,
    )
    def pay(self, due: UserExpenseDueDate, **given: Any) -> None:
        services.record_payment(due, today=due.today(), **given)
