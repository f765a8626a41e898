"""Views of edits that can be undone and of deleted transactions, and the actions of transactions that undo and restore."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Any, ClassVar, cast
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api.actions import post_action
from core.api.bulk import MISSING, BulkMixin
from core.api.bulk_bodies import MAX_ROWS
from core.api.examples import response_example
from core.api.renderers import as_json
from core.api.viewsets import ListMixin, OwnedBaseViewSet, OwnedReadOnlyViewSet
from core.errors import DomainError
from finance import services
from finance.filters import DeletedTransactionFilter, EditRunFilter
from finance.models import DeletedTransaction, EditRun
from finance.models.edit_runs import EditKind
from finance.serializers.undo import (
    BulkRestoredSerializer,
    BulkRestoreSerializer,
    DeletedTransactionSerializer,
    EditRunSerializer,
    RestoredTransactionSerializer,
    UndoableBulkResultSerializer,
    UndoneEditSerializer,
    UndoTokenSerializer,
)
from finance.serializers.warnings import reconciled_warnings
from users.models import User
from users.models.uploads import UploadKind
from users.tasks import queue_upload
from users.upload_serializers import UploadDetailSerializer
from users.upload_views import LOCATION, accepted

MAX_SELECTED = 100_000
UNDO = (
    "Transactions that the edit changed, and that were not changed since, have their former values and sources again; `kept` "
    "lists the others. Returns 409 if the edit is undone already, or too old."
)


class TakenError(APIException):
    """A 409 with an error for each transaction whose reference number another one has."""

    status_code = 409


class EditRunViewSet(OwnedReadOnlyViewSet):
    about = "An edit is a bulk update, a merge or a run of rules. It is deleted 30 days later."
    queryset = EditRun.objects.all()
    serializer_class = EditRunSerializer
    filterset_class = EditRunFilter
    summaries: ClassVar[dict[str, str]] = {"undo": "Undo an edit"}

    @post_action(
        description=f"Undoes an edit. After a merge, the merged row is shown again, and what moved with it moves back. {UNDO}",
        responses=UndoneEditSerializer,
    )
    def undo(self, request: Request, pk: Any) -> Response:
        return undone(self.get_object())


def undone(run: EditRun) -> Response:
    """Undo an edit, and return the result."""
    return Response(UndoneEditSerializer(services.undo_edit(run=run, now=clock.now())).data)


class DeletedTransactionViewSet(ListMixin, OwnedBaseViewSet):
    about = (
        "A deleted transaction can be restored for 30 days, by `transactions/{id}/restore/` or `transactions/bulk/restore/`."
    )
    queryset = DeletedTransaction.objects.all()
    serializer_class = DeletedTransactionSerializer
    filterset_class = DeletedTransactionFilter
    ordering = "-deleted_at"
    ordering_fields = ("deleted_at",)

    def get_queryset(self) -> QuerySet[Any]:
        rows: Any = super().get_queryset()
        return cast("QuerySet[Any]", rows.with_values())


@extend_schema_view(
    bulk=extend_schema(
        description="Applies up to 1,000 changes in one transaction: all of them, or none and an error for each invalid row. "
        "With `patch`, the call is refused with a 409 if the selection has another number of rows than `expected_count`. A "
        "patch of more than 1,000 rows, up to 100,000, is applied by a job: the response is 202, and the upload at `Location` "
        "has the progress, and later the result. Returns 429 if too many uploads wait.",
        parameters=[LOCATION],
        responses={200: UndoableBulkResultSerializer, 202: UploadDetailSerializer},
        examples=[response_example(UndoableBulkResultSerializer, "200"), response_example(UploadDetailSerializer, "202")],
    )
)
class UndoableBulkMixin(BulkMixin):
    """The bulk endpoint of transactions, whose updates can be undone, and the restoration of deleted ones."""

    max_selected: ClassVar[int] = MAX_SELECTED
    bulk_result_class = UndoableBulkResultSerializer

    @contextmanager
    def recorded(self, body: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
        owner, result = cast("UUID", self.request.user.pk), dict[str, Any](undo_token=None)
        count = services.reconciled_among(owner, body.get("delete", []))
        if body.get("update") or "patch" in body:
            with services.recorded_run(EditKind.BULK, user_id=owner, now=clock.now()) as run:
                yield result
            result["undo_token"] = run.pk
            count += services.unreconciled_by(run)
        else:
            yield result
        result["warnings"] = reconciled_warnings(count)

    def respond_to_bulk(self, body: dict[str, Any]) -> Response:
        if body.get("expected_count", 0) <= MAX_ROWS:
            return super().respond_to_bulk(body)
        sent, user = as_json(self.request.data), cast("User", self.request.user)
        upload = queue_upload(user=user, kind=UploadKind.BULK, file=BytesIO(sent), filename="", size=len(sent), options={})
        return accepted(upload)

    @post_action(
        detail=False,
        url_path="bulk/undo",
        summary="Undo a bulk update of transactions",
        description=f"Undoes the updates of a bulk call, not what it created and deleted, within a day. {UNDO}",
        request=UndoTokenSerializer,
        responses=UndoneEditSerializer,
    )
    def undo_bulk(self, request: Request) -> Response:
        return undone(self.parsed(UndoTokenSerializer)["undo_token"])

    @post_action(
        summary="Restore a deleted transaction",
        description="Restores a transaction that was deleted in the last 30 days, unchanged and with its id. What it referred "
        "to and what was deleted since stays empty, and is listed in `missing`. Returns 404 if there is no such transaction, "
        "and 409 if another one has its reference number.",
        responses=RestoredTransactionSerializer,
    )
    def restore(self, request: Request, pk: Any) -> Response:
        restored = services.restore_transactions(services.restorable(request.user, now=clock.now()).filter(pk=pk))
        if not restored.keys:
            message = "There is no transaction with this id that was deleted in the last 30 days."
            raise DomainError("not_found", message, status=404)
        row = self._one(self.get_queryset())
        row.missing = restored.missing
        return self.saved_response(RestoredTransactionSerializer(row, context=self.get_serializer_context()))

    @post_action(
        detail=False,
        url_path="bulk/restore",
        summary="Restore deleted transactions",
        description="Restores up to 1,000 transactions that were deleted in the last 30 days, all or none, unchanged and with "
        "their ids. Returns 409 with an error for each transaction whose reference number another one has.",
        request=BulkRestoreSerializer,
        responses=BulkRestoredSerializer,
    )
    def restore_bulk(self, request: Request) -> Response:
        body = self.parsed(BulkRestoreSerializer)
        keys = self._deleted(body)
        try:
            restored = services.restore_transactions(services.restorable(request.user, now=clock.now()).filter(pk__in=keys))
        except services.ReferenceTakenError as error:
            problems = [ErrorDetail(f"{key}: {error.sentence(number)}", error.code) for key, number in error.taken.items()]
            if "ids" not in body:
                raise TakenError({"deleted_since": problems}) from error
            by_key = dict(zip(error.taken, problems, strict=True))
            raise TakenError({"ids": [[by_key[key]] if key in by_key else [] for key in body["ids"]]}) from error
        return Response(BulkRestoredSerializer({"restored": len(restored.keys), "missing": restored.missing}).data)

    def _deleted(self, body: dict[str, Any]) -> list[UUID]:
        """Return the ids of the transactions that a body selects. Raise a 400 if one is unknown, or they are too many."""
        rows = services.restorable(self.request.user, now=clock.now())
        if "ids" in body:
            known = set(rows.filter(pk__in=body["ids"]).values_list("pk", flat=True))
            if not known.issuperset(body["ids"]):
                raise ValidationError({"ids": [{} if key in known else MISSING for key in body["ids"]]})
            return list(known)
        found = list(rows.filter(deleted_at__gte=body["deleted_since"]).values_list("pk", flat=True)[: MAX_ROWS + 1])
        if len(found) > MAX_ROWS:
            message = f"More than {MAX_ROWS} transactions were deleted since then. Choose a later time, or send ids."
            raise ValidationError({"deleted_since": [ErrorDetail(message, "max_length")]})
        return found
