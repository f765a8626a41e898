"""The bodies of bulk calls and of their responses."""

from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from core.api.examples import EXAMPLE_ID
from core.api.filters.errors import SearchError
from core.api.filters.searches import read_search
from core.api.filters.texts import NOTHING
from core.api.serializers import BaseSerializer, StrictSerializer

MAX_ROWS = 1_000
SEARCH_HELP = "As in the list's `search`; `sort:` has no effect. With a `filter`, the rows that match both."


class RowChangeField(serializers.DictField):
    """The fields to change of a row of the serializer `row`."""

    def __init__(self, row: type[BaseSerializer], **options: Any) -> None:
        super().__init__(**options)
        self.row = row


class IdentifiedChangeField(RowChangeField):
    """A row's `id` and the fields to change."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        found = super().to_internal_value(data)
        return {**found, "id": serializers.UUIDField().run_validation(found.get("id"))}


class RowChangeExtension(OpenApiSerializerFieldExtension):
    """The schema of the fields to change, which is that of the body of a PATCH."""

    target_class = RowChangeField
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """Return a reference to the component of the row, with its `id` if that names the row."""
        changes: dict[str, Any] = auto_schema.resolve_serializer(self.target.row(partial=True), direction).ref
        if not isinstance(self.target, IdentifiedChangeField):
            return changes
        key = {"type": "string", "format": "uuid", "description": "The id of the row to change."}
        return {"allOf": [changes, {"type": "object", "required": ["id"], "properties": {"id": key}}]}


@extend_schema_field({"$ref": "#/components/schemas/JsonObject"})
class BulkFilterField(serializers.DictField):
    """The filters that select rows, as in a list's query."""


class BulkSearchField(serializers.CharField):
    """A search that selects rows. A mistake is reported with its column."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if read_search(text, self.context["view"].search_table).where is None:
            raise SearchError("invalid_search", NOTHING, 1)
        return text


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
def bulk_serializer_for(row: type[BaseSerializer], *, has_search: bool, max_selected: int) -> type[serializers.Serializer]:
    """Return the serializer of a bulk call's body for the rows of the serializer `row`."""
    fields = {
        "create": row(  # type: ignore[call-arg]  # many=True takes it
            many=True, required=False, max_length=MAX_ROWS, help_text="The new rows, each with the fields of a single one."
        ),
        "update": serializers.ListField(
            child=IdentifiedChangeField(row),
            required=False,
            max_length=MAX_ROWS,
            help_text="Each with its `id` and the fields to change.",
        ),
        "delete": _keys("The ids of rows to delete."),
        "ids": _keys("The ids of the rows that `patch` changes."),
        "filter": BulkFilterField(
            required=False, help_text='Filters of the list and their values: {"created_at__gte": "2026-03-01"}.'
        ),
        **({"search": BulkSearchField(required=False, trim_whitespace=False, help_text=SEARCH_HELP)} if has_search else {}),
        "patch": RowChangeField(row, required=False, help_text="The fields to change in every selected row."),
        "expected_count": serializers.IntegerField(
            required=False, min_value=0, max_value=max_selected, help_text="The number of selected rows, or nothing is changed."
        ),
        "validate": _validate,
    }
    name = row.Meta.model._meta.verbose_name_plural  # type: ignore[attr-defined]  # every row serializer has a Meta
    choice = "`ids`, or a `filter` and a `search`," if has_search else "`ids` or a `filter`,"
    about = f"The {name} to `create`, `update` and `delete`; or {choice} with a `patch` and the `expected_count`."
    return extend_schema_serializer(description=about)(type(f"Bulk{row.__name__}", (StrictSerializer,), fields))


def _keys(help_text: str) -> serializers.ListField:
    return serializers.ListField(child=serializers.UUIDField(), required=False, max_length=MAX_ROWS, help_text=help_text)


def _validate(self: serializers.Serializer, attrs: dict[str, Any]) -> dict[str, Any]:
    rows, choice = {"create", "update", "delete"} & set(attrs), {"ids", "filter", "search"} & set(attrs)
    if rows and (choice or "patch" in attrs or "expected_count" in attrs):
        raise ValidationError("Send rows (create, update, delete) or a selection with a patch, not both.", "ambiguous")
    if not rows and not (choice and "patch" in attrs and "expected_count" in attrs):
        raise ValidationError(
            "Send create, update or delete, or ids, filter or search with patch and expected_count.", "required"
        )
    if "ids" in choice and len(choice) > 1:
        raise ValidationError("Select the rows by ids, or by filter and search, not by both.", "ambiguous")
    if sum(len(attrs.get(name, ())) for name in rows) > MAX_ROWS:
        raise ValidationError(f"Send at most {MAX_ROWS} rows in one call.", "max_length")
    return attrs
