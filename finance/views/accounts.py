"""Views of accounts and transactions."""

from datetime import date
from typing import Any, ClassVar, cast

from django.http import FileResponse, StreamingHttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api.actions import post_action
from core.api.viewsets import OwnedViewSet
from core.errors import DomainError
from core.fast_lists.sql_serializer import SqlSerializer
from finance import exports, services
from finance.account_exports import download
from finance.account_exports.rows import Selection
from finance.filters import AccountFilter
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from finance.serializers.account_exports import AccountDocumentSerializer, AccountExportSerializer
from finance.serializers.accounts import AccountSerializer
from finance.serializers.reconciliation import ReconcileSerializer, ReconciliationSerializer
from finance.serializers.transactions import TransactionSerializer, WrittenTransactionSerializer
from finance.transaction_fields import TRANSACTION_FIELDS
from finance.transaction_filters import TransactionFilter
from finance.views.undo import UndoableBulkMixin


class AccountViewSet(OwnedViewSet):
    about = (
        "Account numbers are write-only. An account with transactions can't be deleted (409); close it with `is_active` false."
    )
    queryset = EncryptedFinancialProfile.objects.all()
    serializer_class = AccountSerializer
    filterset_class = AccountFilter
    ordering_fields = ("created_at", "profile_name", "account_balance")
    search_fields = ("profile_name", "institution_name")

    file_actions = ("export",)

    def perform_destroy(self, instance: EncryptedFinancialProfile) -> None:
        services.delete_account(instance)

    @post_action(
        summary="Reconcile an account",
        description="Compares the account with a balance of its bank, and marks the transactions that it confirms with "
        "`reconciled_date`. A difference is explained by the rows that add up to it, if there are any. If there is a single "
        "explanation, its rows are left out, and the others are marked; otherwise none is. It can be undone for 30 days. "
        "The balance becomes that of the account, unless rows are left out or the account has a later one. A change of "
        "a marked transaction removes its mark, and the response warns. Returns 409 if the account is closed.",
        request=ReconcileSerializer,
        responses=ReconciliationSerializer,
    )
    def reconcile(self, request: Request, pk: Any) -> Response:
        account, form = self._one(self.get_queryset()), self.parsed(ReconcileSerializer)
        dry_run, day = form.pop("dry_run"), form.pop("date")
        bank = services.BankBalance(day=day, **form)
        return Response(ReconciliationSerializer(services.reconcile(account, bank, now=clock.now(), dry_run=dry_run)).data)

    @extend_schema(
        summary="Export an account",
        description="Returns the completed, disputed and pending transactions of an account in one file, which an import reads "
        "back without a difference. The file is named after the account and the period. Returns 400 for QIF if they are in "
        "several currencies.",
        parameters=[
            OpenApiParameter(
                "file_format", str, enum=download.FORMATS, default="csv", description="An import reads each of them."
            ),
            OpenApiParameter("from", date, description="First day of the transactions, inclusive. Default: no limit."),
            OpenApiParameter("to", date, description="Last day of the transactions, inclusive. Default: no limit."),
            OpenApiParameter("currency", str, description="ISO 4217 code of the transactions. Default: all currencies."),
        ],
        responses={
            (200, "text/csv"): str,
            (200, "application/x-ofx"): str,
            (200, "application/qif"): str,
            (200, "application/json"): AccountDocumentSerializer,
        },
        examples=[
            OpenApiExample("Example", AccountDocumentSerializer.Meta.example, response_only=True, media_type="application/json")
        ],
    )
    @action(detail=True, methods=["get"])
    def export(self, request: Request, pk: Any) -> FileResponse:
        account = self._one(self.get_queryset())
        query = AccountExportSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        file_format = query.validated_data.pop("file_format")
        selection = Selection(account=account, today=account.today(), **query.validated_data)
        return download.download(selection, file_format=file_format, now=clock.now())


TABLE_OR_LIST = "`csv` is a table with a header, `json` a list of objects."


@extend_schema_view(
    create=extend_schema(responses={201: WrittenTransactionSerializer}),
    update=extend_schema(responses=WrittenTransactionSerializer),
    partial_update=extend_schema(responses=WrittenTransactionSerializer),
)
class TransactionViewSet(UndoableBulkMixin, OwnedViewSet):
    about = "Amounts are positive for money in, negative for money out. A deleted transaction can be restored for 30 days."
    queryset = FinancialTransaction.objects.all()
    serializer_class = TransactionSerializer
    filterset_class = TransactionFilter
    ordering = "-transaction_date"
    ordering_fields = ("transaction_date", "amount", "posted_date", "created_at")
    search_table = TRANSACTION_FIELDS
    filtered_actions: ClassVar[dict[str, set[str]]] = {"export": {"file_format", "search"}}
    file_actions = ("export", "bulk", "undo_bulk", "restore_bulk")

    @extend_schema(
        summary="Export transactions",
        description="Returns all transactions that match the filters in one CSV or JSON file, with the fields of the list.",
        filters=True,
        parameters=[
            OpenApiParameter("file_format", str, enum=exports.FORMATS, default=exports.CSV, description=TABLE_OR_LIST),
            *(OpenApiParameter(name, exclude=True) for name in ("limit", "cursor", "ordering")),
        ],
        responses={(200, "application/json"): TransactionSerializer(many=True), (200, "text/csv"): str},
        examples=[
            OpenApiExample("Example", TransactionSerializer.Meta.example, response_only=True, media_type="application/json")
        ],
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def export(self, request: Request) -> StreamingHttpResponse:
        file_format = request.query_params.get("file_format", exports.CSV)
        if file_format not in exports.FORMATS:
            raise DomainError("unknown_format", f"Use one of: {', '.join(exports.FORMATS)}.", field="file_format")
        rows = self.filter_queryset(self.with_derived(set(request.query_params)))
        return exports.download(
            rows, sql_serializer=cast("SqlSerializer", self.get_sql_serializer()), file_format=file_format, name="transactions"
        )
