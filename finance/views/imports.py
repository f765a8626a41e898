"""Statement files and their rows."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api import etag
from core.api.viewsets import ListMixin, OwnedBaseViewSet, OwnedReadOnlyViewSet
from finance import services
from finance.filters import ImportFilter, ImportRowFilter
from finance.models import StatementImport, StatementImportRow
from finance.serializers.imports import (
    ImportDetailSerializer,
    ImportFormSerializer,
    ImportResultSerializer,
    ImportRowSerializer,
    ImportSerializer,
    SettlementSerializer,
    UndoResultSerializer,
)
from finance.statements.source import StatementSource


class ImportViewSet(OwnedReadOnlyViewSet):
    """Statement files. Importing one again adds nothing; a row that was deleted stays deleted."""

    queryset = StatementImport.objects.all()
    serializer_class = ImportSerializer
    filterset_class = ImportFilter
    parser_classes = (MultiPartParser,)
    file_actions = ("create", "destroy")

    def get_serializer_class(self) -> Any:
        return ImportDetailSerializer if self.action == "retrieve" else ImportSerializer

    @extend_schema(
        summary="Import a statement file",
        request={"multipart/form-data": ImportFormSerializer},
        responses={201: ImportResultSerializer, 200: ImportResultSerializer},
        examples=[OpenApiExample("Example", ImportResultSerializer.Meta.example, response_only=True)],
    )
    def create(self, request: Request) -> Response:
        """Bring a file into an account, all of it or nothing: 201. With `dry_run` nothing is changed: 200."""
        form = ImportFormSerializer(data=request.data, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        fields = form.validated_data
        upload, account, dry_run = (fields.pop(name) for name in ("file", "account", "dry_run"))
        source = StatementSource(file=upload.file, filename=upload.name, **fields)
        result = services.import_statement(source, account=account, dry_run=dry_run, now=clock.now())
        return Response(ImportResultSerializer(result).data, status=200 if result.dry_run else 201)

    @extend_schema(
        summary="Undo a statement import",
        responses={200: UndoResultSerializer},
        examples=[OpenApiExample("Example", UndoResultSerializer.Meta.example, response_only=True)],
    )
    def destroy(self, request: Request, pk: Any) -> Response:
        """Take an import back, except for transactions that were changed since; the file can then come again."""
        record = self.get_object()
        etag.require_match(request, record)
        return Response(UndoResultSerializer(services.undo_import(record=record, now=clock.now())).data)


class ImportRowViewSet(ListMixin, OwnedBaseViewSet):
    """The rows of a statement file, each with its verdict."""

    queryset = StatementImportRow.objects.all()
    serializer_class = ImportRowSerializer
    filterset_class = ImportRowFilter
    ordering = "number"
    ordering_fields = ("number",)
    lookup_field = "number"
    lookup_value_converter = "int"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # SECURITY: another user's import is not there, rather than there and empty
        get_object_or_404(StatementImport.objects.for_user(request.user), pk=kwargs["pk"])

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().filter(statement_import_id=self.kwargs.get("pk"))

    @extend_schema(request=SettlementSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: Any, number: int) -> Response:
        """Settle a row in review: create a transaction, match it with one, or ignore it."""
        row = self.get_object()
        form = SettlementSerializer(data=request.data, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        decision = services.ReviewDecision(form.validated_data["decision"])
        settled = services.resolve_row(row=row, decision=decision, match=form.validated_data.get("transaction"))
        return self.row_response(settled)
