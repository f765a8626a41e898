"""Views of statement imports and their rows."""

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

from core import clock
from core.api import etag
from core.api.actions import post_action
from core.api.examples import response_example
from core.api.viewsets import ListMixin, OwnedBaseViewSet, OwnedReadOnlyViewSet
from finance import services
from finance.filters import ImportFilter, ImportRowFilter
from finance.models import StatementImport, StatementImportRow
from finance.models.imports import ReviewReason
from finance.serializers.import_forms import ImportFormSerializer
from finance.serializers.imports import (
    ImportDetailSerializer,
    ImportResultSerializer,
    ImportRowSerializer,
    ImportSerializer,
    ResolutionSerializer,
    ReviewsDecisionSerializer,
    RowDecisionSerializer,
    UndoResultSerializer,
)
from finance.serializers.moves import MoveFormSerializer, MoveResultSerializer, MoveUndoResultSerializer
from finance.services.import_sources import TEXT_OPTIONS
from finance.statements.source import StatementSource
from users.models import Upload, User
from users.upload_serializers import UploadDetailSerializer
from users.upload_views import LOCATION, accepted


class ImportViewSet(OwnedReadOnlyViewSet):
    about = "A statement import is a file that was imported into an account. An undone import remains, with `undone_at` set."
    queryset = StatementImport.objects.all()
    serializer_class = ImportSerializer
    filterset_class = ImportFilter
    parser_classes = (MultiPartParser,)
    file_actions = ("create", "destroy", "resolve", "move_in", "undo_move")

    def get_serializer_class(self) -> Any:
        return ImportDetailSerializer if self.action == "retrieve" else ImportSerializer

    @extend_schema(
        summary="Import a statement file",
        description="Imports the valid rows of a file into an account; `errors` lists the others. Rows that were imported or "
        "deleted before are not imported again. Options that are not sent are as in the account's last imports. Returns 200 "
        "for a dry run, which changes nothing, 409 if the account is closed, and 413 if the file is too large. A file of "
        "more than 500 rows or 1 MB is imported by a job: the response is 202, and the upload at `Location` has the "
        "progress, and later the result. Returns 429 if too many uploads wait.",
        request={"multipart/form-data": ImportFormSerializer},
        parameters=[LOCATION],
        responses={201: ImportResultSerializer, 200: ImportResultSerializer, 202: UploadDetailSerializer},
        examples=[
            response_example(ImportResultSerializer, "200"),
            response_example(ImportResultSerializer, "201"),
            response_example(UploadDetailSerializer, "202"),
        ],
    )
    def create(self, request: Request) -> Response:
        fields = self.parsed(ImportFormSerializer)
        file, account, dry_run = (fields.pop(name) for name in ("file", "account", "dry_run"))
        source, user = StatementSource(file=file.file, filename=file.name, **fields), cast("User", request.user)
        result = services.import_or_queue(source, account=account, user=user, dry_run=dry_run, now=clock.now())
        if isinstance(result, Upload):
            return accepted(result)
        return Response(ImportResultSerializer(result).data, status=200 if result.dry_run else 201)

    @extend_schema(
        summary="Undo a statement import",
        description="Deletes the transactions that the import created, and restores the pending ones and the balance that it "
        "updated, unless they were changed since; `kept` lists those. The file can be imported again. Returns 409 "
        "if the import is undone already.",
        responses={200: UndoResultSerializer},
        examples=[OpenApiExample("Example", UndoResultSerializer.Meta.example, response_only=True)],
    )
    def destroy(self, request: Request, pk: Any) -> Response:
        record = self.get_object()
        etag.require_match(request, record)
        return Response(UndoResultSerializer(services.undo_import(record=record, now=clock.now())).data)

    @post_action(
        detail=False,
        summary="Move in from another app",
        description="Reads a file with all accounts of YNAB, Mint, Firefly III, Actual or MINGUS, with their categories, tags, "
        "notes, splits and transfers. A dry run (the default) returns the accounts and categories that would be created; with "
        "`dry_run=false`, all of it is imported in one transaction, as one import per account. Rows that were imported before "
        "are not imported again. Returns 409 if an account is closed, and 413 if the file is too large. A file of more than "
        "500 rows or 1 MB is processed by a job: the response is 202, and the upload at `Location` has the progress, and later "
        "the result. Returns 429 if too many uploads wait.",
        request={"multipart/form-data": MoveFormSerializer},
        parameters=[LOCATION],
        responses={201: MoveResultSerializer, 200: MoveResultSerializer, 202: UploadDetailSerializer},
        examples=[
            response_example(MoveResultSerializer, "200"),
            response_example(MoveResultSerializer, "201"),
            response_example(UploadDetailSerializer, "202"),
        ],
    )
    def move_in(self, request: Request) -> Response:
        fields = self.parsed(MoveFormSerializer)
        file, texts = fields.pop("file"), {name: fields.pop(name) for name in TEXT_OPTIONS}
        form = services.MoveForm(source=StatementSource(file=file.file, filename=file.name, **texts), **fields)
        result = services.move_or_queue(form, user=cast("User", request.user), now=clock.now())
        if isinstance(result, Upload):
            return accepted(result)
        return Response(MoveResultSerializer(result).data, status=200 if result.dry_run else 201)

    @post_action(
        summary="Undo a move",
        description="Undoes this import and those of the other accounts that were moved in by the same call, as `DELETE` does "
        "for each. The accounts, categories and tags stay. Returns 400 if the import is that of a single account, and 409 if "
        "all are undone already.",
        responses={200: MoveUndoResultSerializer},
        examples=[response_example(MoveUndoResultSerializer, "200")],
    )
    def undo_move(self, request: Request, pk: Any) -> Response:
        return Response(MoveUndoResultSerializer(services.undo_move(record=self.get_object(), now=clock.now())).data)

    @post_action(
        summary="Resolve rows in review",
        description="Decides on all rows that are in review for the same reason: `create` creates a transaction for each, "
        "`match` links each to its first candidate, and `ignore` leaves them out, also of later imports. For the reasons "
        "`same_id_other_content`, `same_row_other_text` and `correction`, `match` also updates the transaction, except for "
        "values that the user has edited. Returns 409 if the import is undone or the account is closed.",
        attributes={"parser_classes": api_settings.DEFAULT_PARSER_CLASSES},
        request=ReviewsDecisionSerializer,
        responses={200: ResolutionSerializer},
        examples=[response_example(ResolutionSerializer, "200")],
    )
    def resolve(self, request: Request, pk: Any) -> Response:
        record, form = self.get_object(), self.parsed(ReviewsDecisionSerializer)
        reason, decision = ReviewReason(form["reason"]), services.ReviewDecision(form["decision"])
        resolution = services.resolve_reviews(record=record, reason=reason, decision=decision)
        return Response(ResolutionSerializer(resolution).data)


class ImportRowViewSet(ListMixin, OwnedBaseViewSet):
    about = "The rows are in the order of the file. `verdict` is the outcome of a row."
    queryset = StatementImportRow.objects.all()
    serializer_class = ImportRowSerializer
    filterset_class = ImportRowFilter
    ordering = "number"
    ordering_fields = ("number",)
    lookup_field = "number"
    path_texts: ClassVar[dict[str, str]] = {
        "id": "The id of the statement import.",
        "number": "The `number` of the row in its import.",
    }
    lookup_value_converter = "int"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # SECURITY: return 404 for another user's import; an empty list would be the response for an existing import
        get_object_or_404(StatementImport.objects.for_user(request.user), pk=kwargs["pk"])

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().filter(statement_import_id=self.kwargs.get("pk"))

    @post_action(
        summary="Resolve a row in review",
        description="Decides on a doubtful row: `create` creates a transaction, `match` links the row to an existing one, and "
        "`ignore` leaves it out, also of later imports. `match` updates a pending transaction, and for the reasons "
        "`same_id_other_content`, `same_row_other_text` and `correction` also others, except for values that the user has "
        "edited. Returns 409 if the row is not in review, its import is undone, or the account is closed.",
        request=RowDecisionSerializer,
    )
    def resolve(self, request: Request, pk: Any, number: int) -> Response:
        row, form = self.get_object(), self.parsed(RowDecisionSerializer)
        decision = services.ReviewDecision(form["decision"])
        resolved = services.resolve_row(row=row, decision=decision, match=form.get("transaction"))
        return self.row_response(resolved)
