"""Keyset pagination by cursor, without COUNT and OFFSET.

The query of a page reads one row more than the page has. Rows that are inserted between two requests neither shift nor repeat
other rows, because a page begins strictly after the cursor's row in a total order (the primary key breaks ties).
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote

import orjson
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.http import HttpRequest
from django.utils.encoding import iri_to_uri
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.filters.backends import kind_of, ordering_of
from core.api.renderers import ORJSON_OPTIONS, json_default
from core.errors import DomainError
from core.fast_lists.sql_serializer import SqlSerializer
from core.json_input import parsed

if TYPE_CHECKING:
    from rest_framework.views import APIView

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
ROWS = {"description": "The rows of the page, in the order of the list."}


class OrderedView(Protocol):
    """A view whose list is sorted by `ordering` or by one of its `ordering_fields`."""

    ordering: str
    ordering_fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OrderColumn:
    """A column of an ordering. NULLs come last in both directions."""

    name: str
    descending: bool
    nullable: bool

    def order(self, *, reverse: bool) -> OrderBy:
        descending = self.descending is not reverse
        nulls = {"nulls_first" if reverse else "nulls_last": True} if self.nullable else {}
        return F(self.name).desc(**nulls) if descending else F(self.name).asc(**nulls)

    def equals(self, value: object) -> Q:
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})

    def beyond(self, value: object, *, reverse: bool) -> Q | None:
        """Return the condition of rows after `value` in this column; None if there can't be any."""
        if value is None:
            return Q(**{f"{self.name}__isnull": False}) if reverse else None
        lookup = "lt" if self.descending is not reverse else "gt"
        condition = Q(**{f"{self.name}__{lookup}": value})
        return condition | Q(**{f"{self.name}__isnull": True}) if self.nullable and not reverse else condition


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in an ordered list: the ordering's name, the row's values in it, and the direction to read in."""

    order: str
    values: list[Any]
    reverse: bool = False

    def encode(self) -> str:
        packed = orjson.dumps([self.order, self.reverse, self.values], json_default, ORJSON_OPTIONS)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Decode a cursor, or raise ValueError."""
        packed = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        order, reverse, values = parsed(packed)
        if not (isinstance(order, str) and isinstance(reverse, bool) and isinstance(values, list)):
            raise ValueError("wrong types")
        return cls(order, values, reverse)

    @classmethod
    def of(cls, text: str, order: str, columns: Sequence["OrderColumn"], kinds: Sequence[Any]) -> "Cursor":
        """Decode `?cursor=` with values of the fields `kinds`. Raise a 400 for a cursor of another list or ordering."""
        try:
            cursor = cls.decode(text)
            if cursor.order != order:
                raise ValueError("another order")
            values = [_typed(*each) for each in zip(kinds, columns, cursor.values, strict=True)]
        except (ValueError, TypeError, binascii.Error, DjangoValidationError, OverflowError, DomainError):
            raise _invalid("cursor", "Not a cursor of this list. Omit it for the first page, then use `next`.") from None
        return cls(order, values, cursor.reverse)


def behind(columns: Sequence[OrderColumn], values: Sequence[Any], *, reverse: bool) -> Q:
    """Return the condition of rows strictly after a row with `values`, in the order of `columns`."""
    condition, equal = Q(), Q()
    for column, value in zip(columns, values, strict=True):
        beyond = column.beyond(value, reverse=reverse)
        condition = condition | (equal & beyond) if beyond is not None else condition
        equal &= column.equals(value)
    return _index_bound(columns[0], values[0], reverse=reverse) & condition


def _index_bound(column: OrderColumn, value: object, *, reverse: bool) -> Q:
    """Return a bound on the first column, which the OR of `behind` implies, because the planner can use an index for it."""
    if column.nullable or value is None:
        return Q()
    return Q(**{f"{column.name}__{'lte' if column.descending is not reverse else 'gte'}": value})


class KeysetPagination(BasePagination):
    """Pagination by `?limit=` (1 to 200, default 50), `?cursor=` and `?ordering=`, without a count."""

    _request: HttpRequest

    @classmethod
    def of(
        cls, request: HttpRequest, limit: int, columns: list[OrderColumn], order: str, cursor: Cursor | None
    ) -> "KeysetPagination":
        """Create a page whose parameters are parsed already."""
        page = cls()
        page._request, page.limit, page.columns, page.order_name, page.cursor = request, limit, columns, order, cursor
        return page

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Return one page of rows: model instances, or tuples if the view has a `sql_serializer`."""
        params, sql_serializer = request.query_params, view.get_sql_serializer()
        self._request, self.limit = request, limit_of(params)
        self.order_name, self.columns = order_of(params, view, queryset)
        kinds = [kind_of(queryset, column.name) for column in self.columns]
        self.cursor = Cursor.of(params["cursor"], self.order_name, self.columns, kinds) if params.get("cursor") else None
        return self.trimmed(list(self.query(queryset, sql_serializer)), sql_serializer)

    def query(self, queryset: QuerySet[Any], sql_serializer: SqlSerializer | None) -> QuerySet[Any]:
        """Return the query of the page's rows and one more; with a `sql_serializer`, of its columns and the ordering's."""
        reverse = bool(self.cursor and self.cursor.reverse)
        if self.cursor:
            queryset = queryset.filter(behind(self.columns, self.cursor.values, reverse=reverse))
        queryset = queryset.order_by(*(column.order(reverse=reverse) for column in self.columns))
        if sql_serializer:
            queryset = queryset.values_list(*sql_serializer.expressions, *(F(column.name) for column in self.columns))
        return queryset[: self.limit + 1]

    def trimmed(self, rows: list[Any], sql_serializer: SqlSerializer | None) -> list[Any]:
        """Return the rows of `query` that the page has, in its order, and remember the first and the last for the links."""
        self.more, rows = len(rows) > self.limit, rows[: self.limit]
        self.keys = [self._key(row) for row in (rows[:1] + rows[-1:])]
        return rows[::-1] if self.cursor and self.cursor.reverse else rows

    def _key(self, row: Model | tuple[Any, ...]) -> list[Any]:
        if isinstance(row, tuple):
            return list(row[-len(self.columns) :])
        return [getattr(row, column.name) for column in self.columns]

    def get_paginated_response(self, data: object) -> Response:
        return Response(self.body(data))

    def body(self, data: object) -> dict[str, Any]:
        return {"next": self._link(forward=True), "previous": self._link(forward=False), "results": data}

    def _link(self, *, forward: bool) -> str | None:
        reading_on = forward is not bool(self.cursor and self.cursor.reverse)
        if not self.keys or not (self.more if reading_on else self.cursor):
            return None
        cursor = Cursor(self.order_name, self.keys[-1 if reading_on else 0], reverse=not forward)
        texts = filter(None, self._request.META.get("QUERY_STRING", "").split("&"))
        others = [text for text in texts if unquote(text.partition("=")[0]) != "cursor"]
        path = f"{self._request.path}?{'&'.join([*others, 'cursor='])}"
        return f"{self._request.scheme}://{self._request.get_host()}{iri_to_uri(path)}{cursor.encode()}"

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        url = "https://app.example.com/api/v1/…/?cursor=WyItY3JlYXRlZF9hdCJd"
        properties = {
            "next": link | {"description": "URL of the next page. Null: this is the last one.", "example": url},
            "previous": link | {"description": "URL of the page before. Null: this is the first one.", "example": None},
            "results": schema | ROWS if isinstance(schema, dict) else schema,  # drf-spectacular probes it with an object
        }
        return {"type": "object", "required": list(properties), "properties": properties}

    def get_schema_operation_parameters(self, view: "APIView") -> list[dict[str, Any]]:
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        orders = [sign + name for name in getattr(view, "ordering_fields", ()) for sign in ("", "-")]
        found = [
            ("limit", limit, "The number of rows per page."),
            ("cursor", {"type": "string"}, "The cursor from `next` or `previous`. The other parameters must not change."),
        ]
        if orders:
            found.append(("ordering", {"type": "string", "enum": orders}, "The field to sort by; `-` sorts descending."))
        return [{"name": name, "in": "query", "schema": schema, "description": text} for name, schema, text in found]


def limit_of(params: Mapping[str, str]) -> int:
    """Return `?limit=`. Raise a 400 if it is not between 1 and 200."""
    text = params.get("limit", str(DEFAULT_LIMIT))
    if text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MAX_LIMIT:
        return int(text)
    raise _invalid("limit", f"Must be a whole number from 1 to {MAX_LIMIT}.")


def order_of(params: Mapping[str, str], view: OrderedView, queryset: QuerySet[Any]) -> tuple[str, list[OrderColumn]]:
    """Return the ordering's name and its columns, with the key last. Raise a 400 for a column that is not allowed."""
    name = ordering_of(params, view)
    allowed = view.ordering_fields
    column = name.removeprefix("-")
    if name != view.ordering and column not in allowed:
        raise _invalid("ordering", f"Choose one of: {', '.join(allowed)}. A leading - sorts descending.")
    is_derived = column in queryset.query.annotations  # a derived value may be NULL
    first = OrderColumn(column, name.startswith("-"), is_derived or bool(queryset.model._meta.get_field(column).null))
    key = OrderColumn("pk", first.descending, nullable=False)
    return name, [key] if first.name in {"id", "pk"} else [first, key]


def _typed(kind: models.Field[Any, Any], column: OrderColumn, value: object) -> object:
    if value is None and column.nullable:
        return None
    if value is None or isinstance(value, dict | list | bool):
        raise ValueError("not a value of this column")
    return kind.to_python(value)


def _invalid(name: str, message: str) -> ValidationError:
    return ValidationError({name: [ErrorDetail(message, f"invalid_{name}")]})
