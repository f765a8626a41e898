"""`POST /<route>/bulk/`: many rows in one call and one transaction; all of them, or none and what is wrong with each.

A body has rows to `create`, `update` and `delete`, 1,000 at most together; or a choice of rows (`ids`, or a `filter` in the
list's own words) with one `patch` for all of them and the `expected_count`, so that nobody changes more than he looked at.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, cast

import orjson
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.errors import ApiError, from_database
from core.api.examples import EXAMPLE_ID
from core.api.serializers import BaseSerializer, StrictSerializer
from core.api.viewsets import BaseViewSet
from core.encryption.fields import encrypted_fields
from core.models.base import BaseModel

MAX_ROWS = 1_000
MISSING = {"id": [ErrorDetail("It does not exist, or is not yours.", "does_not_exist")]}
Problem = dict[str, Any]
RowT = TypeVar("RowT")


class BulkChangeField(serializers.DictField):
    """A row's `id` and the fields to change."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        found = super().to_internal_value(data)
        return {**found, "id": serializers.UUIDField().run_validation(found.get("id"))}


class BulkResultSerializer(serializers.Serializer):
    """What a bulk call did."""

    created = serializers.ListField(child=serializers.UUIDField(), help_text="The new rows' ids, in the order of `create`.")
    updated = serializers.IntegerField()
    deleted = serializers.IntegerField()

    class Meta:
        example = {"created": [EXAMPLE_ID], "updated": 0, "deleted": 0}


@cache
def bulk_serializer_for(row: type[BaseSerializer]) -> type[serializers.Serializer]:
    """The body of a bulk call on the rows that `row` writes."""
    fields = {
        "__doc__": "Rows to create, update and delete; or `ids` or a `filter` with one `patch` and the `expected_count`.",
        "create": row(many=True, required=False, max_length=MAX_ROWS),  # type: ignore[call-arg]  # many=True takes it
        "update": serializers.ListField(child=BulkChangeField(), required=False, max_length=MAX_ROWS),
        "delete": _keys(),
        "ids": _keys(),
        "filter": serializers.DictField(required=False, help_text='As in the list\'s query: {"category": "dining"}.'),
        "patch": serializers.DictField(required=False),
        "expected_count": serializers.IntegerField(required=False, min_value=0, max_value=MAX_ROWS),
        "validate": _validate,
    }
    return type(f"Bulk{row.__name__}", (StrictSerializer,), fields)


def _keys() -> serializers.ListField:
    return serializers.ListField(child=serializers.UUIDField(), required=False, max_length=MAX_ROWS)


def _validate(self: serializers.Serializer, attrs: dict[str, Any]) -> dict[str, Any]:
    rows, choice = {"create", "update", "delete"} & set(attrs), {"ids", "filter"} & set(attrs)
    if rows and (choice or "patch" in attrs or "expected_count" in attrs):
        raise ValidationError("Give rows (create, update, delete) or a choice with a patch, not both.", "ambiguous")
    if not rows and not (len(choice) == 1 and "patch" in attrs and "expected_count" in attrs):
        sentence = "Give create, update or delete; or ids or filter, with patch and expected_count."
        raise ValidationError(sentence, "required")
    if sum(len(attrs.get(name, ())) for name in rows) > MAX_ROWS:
        raise ValidationError(f"At most {MAX_ROWS} rows in one call.", "max_length")
    return attrs


class BulkMixin(BaseViewSet):
    """The action, for a viewset of rows that people load in bulk."""

    filterset_class: Any = None

    def get_serializer_class(self) -> type[serializers.Serializer]:
        row = self._row_class()
        return bulk_serializer_for(row) if self.action == "bulk" else row

    def _row_class(self) -> type[BaseSerializer]:
        return cast("type[BaseSerializer]", super().get_serializer_class())

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "keys_seen": {}}

    @extend_schema(responses={200: BulkResultSerializer})
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        """Create, update and delete many rows at once, all of them or none."""
        asked = self.parsed(self.get_serializer_class())
        with transaction.atomic():
            deleted = self._delete(asked.get("delete", []))
            updated = self._patch(asked) if "patch" in asked else self._update(asked.get("update", []), "update")
            created = self._create(asked.get("create", []))
        return Response(BulkResultSerializer({"created": created, "updated": updated, "deleted": deleted}).data)

    def _row(self, instance: BaseModel | None = None, **options: Any) -> BaseSerializer:
        return self._row_class()(instance, context=self.get_serializer_context(), **options)

    def _create(self, attrs: list[dict[str, Any]]) -> list[Any]:
        row = self._row()
        rows = [row.build(values) for values in attrs]
        manager = row.model._base_manager
        save_or_explain("create", rows, all_at_once=manager.bulk_create, one=lambda new: new.save(force_insert=True))
        return [new.pk for new in rows]

    def _update(self, changes: list[dict[str, Any]], name: str) -> int:
        keys = [change.pop("id") for change in changes]
        found = self._locked(keys)
        writers = [self._row(found.get(key), data=change, partial=True) for key, change in zip(keys, changes, strict=True)]
        problems = [_problem_of(writer, keys.count(key)) for key, writer in zip(keys, writers, strict=True)]
        _refuse(name, problems)
        save_or_explain(name, writers, all_at_once=_write, one=lambda it: it.save())
        return len(writers)

    def _delete(self, keys: list[Any]) -> int:
        found = self._locked(keys)
        _refuse("delete", [{} if key in found else MISSING for key in keys])
        if found:
            next(iter(found.values()))._meta.model._base_manager.filter(pk__in=list(found)).delete()
        return len(found)

    def _patch(self, asked: dict[str, Any]) -> int:
        """Change every chosen row alike; 409 when there are more or fewer of them than expected."""
        rows = self.get_queryset().filter(pk__in=asked["ids"]) if "ids" in asked else self._chosen(asked["filter"])
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[: MAX_ROWS + 1])
        if len(keys) != asked["expected_count"]:
            count = f"more than {MAX_ROWS}" if len(keys) > MAX_ROWS else str(len(keys))
            sentence = f"You expected {asked['expected_count']} rows, but there are {count}. Nothing was changed."
            raise ApiError(409, "unexpected_count", sentence)
        changed: int = self._update([{**asked["patch"], "id": key} for key in keys], "patch")
        return changed

    def _chosen(self, wanted: dict[str, Any]) -> QuerySet[Any]:
        """The rows that the list would show for the same filters."""
        known = self.filterset_class.base_filters
        unknown = sorted(set(wanted) - set(known))
        if unknown or not wanted:
            sentence = f"Choose by: {', '.join(sorted(known))}."
            raise ValidationError({"filter": {name: [ErrorDetail(sentence, "unknown_filter")] for name in unknown or [""]}})
        words = {name: as_parameter(value) for name, value in wanted.items()}
        chosen = self.filterset_class(words, self.with_derived(set(words)), request=self.request)
        if not chosen.is_valid():
            raise ValidationError({"filter": chosen.errors})
        return chosen.qs

    def _locked(self, keys: list[Any]) -> dict[Any, Any]:
        """The user's rows among `keys`, locked in one order so that two calls can't wait for each other."""
        rows = self.get_queryset().filter(pk__in=keys).order_by("pk").select_for_update(of=("self",)) if keys else ()
        return {row.pk: self.with_owner(row) for row in rows}


def save_or_explain(
    name: str, rows: list[RowT], *, all_at_once: Callable[[list[RowT]], object], one: Callable[[RowT], object]
) -> None:
    """Save `rows` together; when the database refuses, try each by itself to say which of them it refuses and why."""
    try:
        with transaction.atomic():
            all_at_once(rows)
    except IntegrityError:
        _refuse(name, [_violation_of(row, one) for row in rows])
        raise


def _write(writers: list[BaseSerializer]) -> None:
    """Put what `writers` have accepted into their rows, which are locked, with one UPDATE for all of them.

    A row is given every field that any of them changes; where it keeps its own value, the lock makes that no lost update.
    """
    if not writers:
        return
    model = writers[0].model
    # SECURITY: bulk_update does not ask a sealed field to seal its value, so such rows are saved one by one
    if encrypted_fields(model):
        for writer in writers:
            writer.save()
        return
    rows = [_changed(writer) for writer in writers]
    fields = {name for writer in writers for name in writer.validated_data}
    model._base_manager.bulk_update(rows, sorted({*fields, "updated_at"}))


def _changed(writer: BaseSerializer) -> BaseModel:
    """The row with the new values and the stamp that `save` would have given it."""
    row = cast("BaseModel", writer.instance)
    for name, value in writer.validated_data.items():
        setattr(row, name, value)
    row._meta.get_field("updated_at").pre_save(row, add=False)
    return row


def as_parameter(value: object) -> str:
    """A filter's value as the list's query would have it: true, several with commas, JSON as its text."""
    if isinstance(value, list):
        return ",".join(map(as_parameter, value))
    return value if isinstance(value, str) else orjson.dumps(value).decode()


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
    """Raise a 400 that names each row with a problem by its place, such as `create.3.amount`."""
    if any(problems):
        raise ValidationError({name: problems})


def _problem_of(writer: BaseSerializer, times: int) -> Problem:
    if writer.instance is None:
        return MISSING
    if times > 1:
        return {"id": [ErrorDetail("This row is in the call more than once.", "repeated")]}
    return {} if writer.is_valid() else dict(writer.errors)
