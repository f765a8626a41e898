"""`POST /<route>/bulk/`: changes to many rows in one transaction, all or none, with an error for each invalid row.

A body has either rows to `create`, `update` and `delete`, at most 1,000 together, or a selection of rows (`ids`, or a `filter`
with the parameters of the list) with one `patch` and the `expected_count`. The count guards against a larger change than the
client intended.
"""

from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, cast

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.errors import ApiError, from_database
from core.api.examples import EXAMPLE_ID
from core.api.renderers import as_json
from core.api.serializers import BaseSerializer, StrictSerializer
from core.api.viewsets import BaseViewSet
from core.encryption.fields import encrypted_fields
from core.models.base import BaseModel
from core.models.money import normalize_amounts, with_amounts
from core.postgres.bulk_update import update_rows

MAX_ROWS = 1_000
REPEATED = {"id": [ErrorDetail("This row is in the call more than once.", "repeated")]}
MISSING = {"id": [ErrorDetail("This row does not exist, or belongs to another user.", "does_not_exist")]}
Problem = dict[str, Any]
RowT = TypeVar("RowT")


class BulkChangeField(serializers.DictField):
    """A row's `id` and the fields to change."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        found = super().to_internal_value(data)
        return {**found, "id": serializers.UUIDField().run_validation(found.get("id"))}


@extend_schema_serializer(description="The numbers of rows that a bulk call changed, and the ids of the new ones.")
class BulkResultSerializer(serializers.Serializer):
    created = serializers.ListField(
        child=serializers.UUIDField(), help_text="The ids of the new rows, in the order of `create`."
    )
    updated = serializers.IntegerField(help_text="The number of updated rows.")
    deleted = serializers.IntegerField(help_text="The number of deleted rows.")

    class Meta:
        example = {"created": [EXAMPLE_ID], "updated": 0, "deleted": 0}


@cache
def bulk_serializer_for(row: type[BaseSerializer]) -> type[serializers.Serializer]:
    """Return the serializer of a bulk call's body for the rows of the serializer `row`."""
    fields = {
        "create": row(many=True, required=False, max_length=MAX_ROWS),  # type: ignore[call-arg]  # many=True takes it
        "update": serializers.ListField(
            child=BulkChangeField(),
            required=False,
            max_length=MAX_ROWS,
            help_text="Each with its `id` and the fields to change.",
        ),
        "delete": _keys("The ids of rows to delete."),
        "ids": _keys("The ids of the rows that `patch` changes."),
        "filter": serializers.DictField(required=False, help_text='As in the list\'s query: {"category": "dining"}.'),
        "patch": serializers.DictField(required=False, help_text="The fields to change in every selected row."),
        "expected_count": serializers.IntegerField(
            required=False, min_value=0, max_value=MAX_ROWS, help_text="The number of selected rows, or nothing is changed."
        ),
        "validate": _validate,
    }
    name = row.Meta.model._meta.verbose_name_plural  # type: ignore[attr-defined]  # every row serializer has a Meta
    about = f"The {name} to `create`, `update` and `delete`; or `ids` or a `filter`, with a `patch` and the `expected_count`."
    return extend_schema_serializer(description=about)(type(f"Bulk{row.__name__}", (StrictSerializer,), fields))


def _keys(help_text: str) -> serializers.ListField:
    return serializers.ListField(child=serializers.UUIDField(), required=False, max_length=MAX_ROWS, help_text=help_text)


def _validate(self: serializers.Serializer, attrs: dict[str, Any]) -> dict[str, Any]:
    rows, choice = {"create", "update", "delete"} & set(attrs), {"ids", "filter"} & set(attrs)
    if rows and (choice or "patch" in attrs or "expected_count" in attrs):
        raise ValidationError("Send rows (create, update, delete) or a selection with a patch, not both.", "ambiguous")
    if not rows and not (len(choice) == 1 and "patch" in attrs and "expected_count" in attrs):
        raise ValidationError("Send create, update or delete, or ids or filter with patch and expected_count.", "required")
    if sum(len(attrs.get(name, ())) for name in rows) > MAX_ROWS:
        raise ValidationError(f"Send at most {MAX_ROWS} rows in one call.", "max_length")
    return attrs


class BulkMixin(BaseViewSet):
    """The action `bulk` of a viewset."""

    filterset_class: Any = None

    def get_serializer_class(self) -> type[serializers.Serializer]:
        row = self._row_class()
        return bulk_serializer_for(row) if self.action == "bulk" else row

    def _row_class(self) -> type[BaseSerializer]:
        return cast("type[BaseSerializer]", super().get_serializer_class())

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "keys_seen": {}}

    @extend_schema(
        summary="Create, update and delete many rows",
        description="Applies up to 1,000 changes in one transaction: all of them, or none and an error for each invalid row. "
        "With `patch`, the call is refused with a 409 if the selection has another number of rows than `expected_count`.",
        responses={200: BulkResultSerializer},
    )
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        body = self.parsed(self.get_serializer_class())
        with transaction.atomic():
            deleted = self._delete(body.get("delete", []))
            updated = self._patch(body) if "patch" in body else self._update(body.get("update", []), "update")
            created = self._create(body.get("create", []))
        return Response(BulkResultSerializer({"created": created, "updated": updated, "deleted": deleted}).data)

    def _row(self, instance: BaseModel | None = None, **options: Any) -> BaseSerializer:
        return self._row_class()(instance, context=self.get_serializer_context(), **options)

    def _create(self, attrs: list[dict[str, Any]]) -> list[Any]:
        row = self._row()
        rows = [row.build(values) for values in attrs]
        row.before_insert(rows)
        manager = row.model._base_manager
        save_or_explain("create", rows, all_at_once=manager.bulk_create, one=lambda new: new.save(force_insert=True))
        return [new.pk for new in rows]

    def _update(self, changes: list[dict[str, Any]], name: str) -> int:
        keys = [change.pop("id") for change in changes]
        found, writer = self._locked(keys), self._row(partial=True)
        repeated = {key for key, times in Counter(keys).items() if times > 1}
        updates = [Update(writer, found.get(key), change) for key, change in zip(keys, changes, strict=True)]
        _refuse(name, [REPEATED if key in repeated else update.errors for key, update in zip(keys, updates, strict=True)])
        save_or_explain(name, updates, all_at_once=_write, one=Update.save)
        return len(updates)

    def _delete(self, keys: list[Any]) -> int:
        found = self._locked(keys)
        _refuse("delete", [{} if key in found else MISSING for key in keys])
        if found:
            next(iter(found.values()))._meta.model._base_manager.filter(pk__in=list(found)).delete()
        return len(found)

    def _patch(self, body: dict[str, Any]) -> int:
        """Apply one patch to the selected rows. Raise a 409 if there are not as many rows as expected."""
        rows = self.get_queryset().filter(pk__in=body["ids"]) if "ids" in body else self._chosen(body["filter"])
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[: MAX_ROWS + 1])
        if len(keys) != body["expected_count"]:
            count = f"more than {MAX_ROWS}" if len(keys) > MAX_ROWS else str(len(keys))
            message = f"You expected {body['expected_count']} rows, but there are {count}. Nothing was changed."
            raise ApiError(409, "unexpected_count", message)
        changed: int = self._update([{**body["patch"], "id": key} for key in keys], "patch")
        return changed

    def _chosen(self, wanted: dict[str, Any]) -> QuerySet[Any]:
        """Return the rows that the list returns for the same filters."""
        known = self.filterset_class.base_filters
        unknown = sorted(set(wanted) - set(known))
        if unknown or not wanted:
            message = f"Choose one of: {', '.join(sorted(known))}."
            raise ValidationError({"filter": {name: [ErrorDetail(message, "unknown_filter")] for name in unknown or [""]}})
        parameters = {name: as_parameter(value) for name, value in wanted.items()}
        chosen = self.filterset_class(parameters, self.with_derived(set(parameters)), request=self.request)
        if not chosen.is_valid():
            raise ValidationError({"filter": chosen.errors})
        return chosen.qs

    def _locked(self, keys: list[Any]) -> dict[Any, Any]:
        """Return the user's rows with these keys, locked in the order of their keys to avoid deadlocks."""
        rows = self.get_queryset().filter(pk__in=keys).order_by("pk").select_for_update(of=("self",)) if keys else ()
        return {row.pk: self.with_owner(row) for row in rows}


def save_or_explain(
    name: str, rows: list[RowT], *, all_at_once: Callable[[list[RowT]], object], one: Callable[[RowT], object]
) -> None:
    """Save all rows at once. After an IntegrityError save each on its own, and raise a 400 with the errors of each row."""
    try:
        with transaction.atomic():
            all_at_once(rows)
    except IntegrityError:
        _refuse(name, [_violation_of(row, one) for row in rows])
        raise


class Update:
    """The validated values of one row. All rows share one serializer, because its fields take longer to build than a row."""

    def __init__(self, writer: BaseSerializer, row: BaseModel | None, change: dict[str, Any]) -> None:
        self.writer, self.row = writer, row
        self.values: dict[str, Any] = {}
        self.errors: Problem = {}
        if row is None:
            self.errors = MISSING
            return
        writer.instance = row
        try:
            self.values = writer.run_validation(change)
        except ValidationError as error:
            self.errors = dict(error.detail)  # type: ignore[arg-type]  # a serializer's errors are by field

    def save(self) -> None:
        self.writer.update(cast("BaseModel", self.row), self.values)

    def changed(self) -> BaseModel:
        """Return the row with the new values and the `updated_at` that `save` would have set."""
        row = cast("BaseModel", self.row)
        for name, value in self.values.items():
            setattr(row, name, value)
        normalize_amounts(row)
        row._meta.get_field("updated_at").pre_save(row, add=False)
        return row


def _write(updates: list[Update]) -> None:
    """Write the values into the locked rows with one UPDATE.

    The UPDATE sets every field that any of the rows changes. On the other rows it sets the same value, and the lock prevents a
    lost update.
    """
    if not updates:
        return
    model = updates[0].writer.model
    # SECURITY: one UPDATE does not call `pre_save`, which encrypts a value, so such rows are saved one by one
    if encrypted_fields(model):
        for update in updates:
            update.save()
        return
    rows = [update.changed() for update in updates]
    fields = {name for update in updates for name in update.values}
    update_rows(rows, sorted({*with_amounts(model, fields), "updated_at"}))


def as_parameter(value: object) -> str:
    """Return a filter's value as a query parameter: lists separated by commas, other values than strings as JSON."""
    if isinstance(value, list):
        return ",".join(map(as_parameter, value))
    return value if isinstance(value, str) else as_json(value).decode()


def _violation_of(row: RowT, save: Callable[[RowT], object]) -> Problem:
    try:
        with transaction.atomic():
            save(row)
    except IntegrityError as error:
        refusal = from_database(error)
        if refusal is None:
            raise
        return dict(refusal.detail)  # type: ignore[arg-type]  # from_database names a field, so it is a mapping
    return {}


def _refuse(name: str, problems: list[Problem]) -> None:
    """Raise a 400 if there is a problem; `attr` names the row by its index, such as `create.3.amount`."""
    if any(problems):
        raise ValidationError({name: problems})
