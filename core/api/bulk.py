"""`POST /<route>/bulk/`: changes to many rows in one transaction, all or none, with an error for each invalid row.

A body has either rows to `create`, `update` and `delete`, at most 1,000 together, or a selection of rows (`ids`, or a `filter`
with the parameters of the list, a `search`, or both) with one `patch` and the `expected_count`. The count guards against a
larger change than the client intended. A viewset can apply patches of more rows by a job, see `BulkMixin.respond_to_bulk`.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Self, TypeVar, cast

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.bulk_bodies import MAX_ROWS, BulkResultSerializer, bulk_serializer_for
from core.api.errors import ApiError, from_database
from core.api.filters.backends import found_by
from core.api.filters.fields import FieldTable
from core.api.renderers import as_json
from core.api.serializers import BaseSerializer
from core.api.viewsets import BaseViewSet
from core.encryption.fields import encrypted_fields
from core.models.base import BaseModel
from core.models.money import normalize_amounts, with_amounts
from core.postgres.bulk_update import update_rows

REPEATED = {"id": [ErrorDetail("This row is in the call more than once.", "repeated")]}
MISSING = {"id": [ErrorDetail("This row does not exist, or belongs to another user.", "does_not_exist")]}
Problem = dict[str, Any]
RowT = TypeVar("RowT")


class BulkMixin(BaseViewSet):
    """The action `bulk` of a viewset. A `patch` changes at most `max_selected` rows, in batches of MAX_ROWS."""

    filterset_class: Any = None
    max_selected: ClassVar[int] = MAX_ROWS
    bulk_result_class: ClassVar[type[serializers.Serializer]] = BulkResultSerializer

    def get_serializer_class(self) -> type[serializers.Serializer]:
        row = self._row_class()
        if self.action != "bulk":
            return row
        return bulk_serializer_for(row, has_search=self.search_table is not None, max_selected=self.max_selected)

    def _row_class(self) -> type[BaseSerializer]:
        return cast("type[BaseSerializer]", super().get_serializer_class())

    @extend_schema(
        description="Applies up to 1,000 changes of {rows} in one transaction: all of them, or none and an error for each "
        "invalid row. "
        "With `patch`, the call is refused with a 409 if the selection has another number of rows than `expected_count`.",
        responses={200: BulkResultSerializer},
    )
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        return self.respond_to_bulk(self.parsed(self.get_serializer_class()))

    def respond_to_bulk(self, body: dict[str, Any]) -> Response:
        """Apply the changes. A viewset with a larger `max_selected` overrides this, and enqueues a job for many rows."""
        return Response(self.apply_bulk(body))

    @classmethod
    def for_job(cls, user: Any) -> Self:
        """Return the view for a job that applies a bulk call of `user`."""
        request = Request(HttpRequest())
        request.user = user
        return cls(action="bulk", request=request, kwargs={}, format_kwarg=None)

    def apply_bulk(self, body: dict[str, Any], on_progress: Callable[[int], None] = lambda percent: None) -> dict[str, Any]:
        """Apply the changes of a parsed body, and return the response's body. `on_progress` gets the percentage of a patch."""
        with transaction.atomic(), self.recorded(body) as further:
            deleted = self._delete(body.get("delete", []))
            updated = self._patch(body, on_progress) if "patch" in body else self._update(body.get("update", []), "update")
            created = self._create(body.get("create", []))
        # after the block, because its end completes `further`
        result = {"created": created, "updated": updated, "deleted": deleted, **further}
        return dict(self.bulk_result_class(result).data)

    @contextmanager
    def recorded(self, body: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Run the changes, and yield further members of the result, which may be completed after the changes."""
        yield {}

    def _row(self, instance: BaseModel | None = None, **options: Any) -> BaseSerializer:
        return self._row_class()(instance, context=self.get_serializer_context(), **options)

    def _create(self, attrs: list[dict[str, Any]]) -> list[Any]:
        row = self._row()
        rows = [row.build(values) for values in attrs]
        if rows:
            row.before_insert(rows)
        save_or_explain("create", rows, all_at_once=row.insert, one=lambda new: row.insert([new]))
        return [new.pk for new in rows]

    def _update(self, changes: list[dict[str, Any]], name: str) -> int:
        keys = [change.pop("id") for change in changes]
        found, writer = self._locked(keys), self._row(partial=True)
        writer.before_updates([(found[key], change) for key, change in zip(keys, changes, strict=True) if key in found])
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

    def _patch(self, body: dict[str, Any], on_progress: Callable[[int], None]) -> int:
        """Apply one patch to the selected rows. Raise a 409 if there are not as many rows as expected."""
        keys = list(self._selected(body).order_by("pk").values_list("pk", flat=True)[: self.max_selected + 1])
        if len(keys) != body["expected_count"]:
            count = f"more than {self.max_selected}" if len(keys) > self.max_selected else str(len(keys))
            message = f"You expected {body['expected_count']} rows, but there are {count}. Nothing was changed."
            raise ApiError(409, "unexpected_count", message)
        for start in range(0, len(keys), MAX_ROWS):
            self._update([{**body["patch"], "id": key} for key in keys[start : start + MAX_ROWS]], "patch")
            on_progress(100 * start // len(keys))
        return len(keys)

    def _selected(self, body: dict[str, Any]) -> QuerySet[Any]:
        """Return the rows with the `ids`, or those that the list returns for the same filters and search."""
        if "ids" in body:
            return self.get_queryset().filter(pk__in=body["ids"])
        rows = self._filtered(body["filter"]) if "filter" in body else self.get_queryset()
        return found_by(body["search"], cast("FieldTable", self.search_table), rows, self.request) if "search" in body else rows

    def _filtered(self, wanted: dict[str, Any]) -> QuerySet[Any]:
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
    writer = updates[0].writer
    model = writer.model
    # SECURITY: one UPDATE does not call `pre_save`, which encrypts a value, so such rows are saved one by one
    if encrypted_fields(model):
        for update in updates:
            update.save()
        return
    rows = [update.changed() for update in updates]
    sent = {name for update in updates for name in update.values}
    fields = sent & {field.name for field in model._meta.concrete_fields}
    update_rows(rows, sorted({*with_amounts(model, fields), "updated_at"}))
    writer.after_update(rows)


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
