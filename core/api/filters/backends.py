"""Filters with Django's lookups, and search. An unknown, empty or repeated query parameter is an error."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q, QuerySet
from django_filters.rest_framework.backends import DjangoFilterBackend
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from core import clock
from core.api.filters.compilation import matching
from core.api.filters.describing import description_of
from core.api.filters.errors import SearchError
from core.api.filters.fields import FieldTable
from core.api.filters.periods import Calendar
from core.api.filters.searches import read_search
from core.api.filters.texts import MAX_LENGTH

if TYPE_CHECKING:
    from rest_framework.views import APIView

PAGE_PARAMETERS = {"limit", "cursor", "ordering", "search"}
MAY_BE_EMPTY = {"cursor", "search"}
MAX_SEARCH_WORDS = 10


class StrictFilterBackend(DjangoFilterBackend):
    """django-filter's backend, with a 400 for parameters that are unknown, empty or repeated.

    A list has its filters and PAGE_PARAMETERS. Other actions have none, except for those in the view's `filtered_actions`,
    which have the filters and the parameters that are named there.
    """

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: "APIView") -> QuerySet[Any]:
        known = self._known(queryset, view)
        problems = {name: _problem(name, values, known) for name, values in request.query_params.lists()}
        found = {name: [problem] for name, problem in sorted(problems.items()) if problem}
        if found:
            raise ValidationError(found)
        return super().filter_queryset(request, queryset, view)

    def get_filterset_kwargs(self, request: Request, queryset: QuerySet[Any], view: "APIView") -> dict[str, Any]:
        """Return the parameters of the filter set; a parameter that is sent several times as its `__in`."""
        found: dict[str, Any] = super().get_filterset_kwargs(request, queryset, view)
        values = {_name(name, texts): texts if len(texts) > 1 else texts[0] for name, texts in request.query_params.lists()}
        return found | {"data": values}

    def _known(self, queryset: QuerySet[Any], view: "APIView") -> set[str]:
        parameters = {"list": PAGE_PARAMETERS, **getattr(view, "filtered_actions", {})}.get(getattr(view, "action", ""))
        if parameters is None:
            return set()
        filterset = self.get_filterset_class(view, queryset)
        return {*parameters, *(filterset.base_filters if filterset else ())}


def _problem(name: str, values: list[str], known: set[str]) -> ErrorDetail | None:
    """Return the error of a query parameter that is unknown, repeated or empty, else None."""
    if name not in known:
        names = ", ".join(sorted(known)) or "none"
        return ErrorDetail(f"This parameter is unknown. Known parameters: {names}.", "unknown_filter")
    if len(values) > 1 and _name(name, values) not in known:
        return ErrorDetail("Send it once. This parameter takes a single value.", "repeated")
    if not all(values) and name not in MAY_BE_EMPTY:
        return ErrorDetail("Give it a value, or omit it.", "blank")
    return None


def _name(name: str, values: list[str]) -> str:
    """Return the name of the filter for one or several values: `a=1&a=2` is `a__in=1,2`."""
    return name if len(values) == 1 or name.endswith("__in") else f"{name}__in"


class SearchBackend(BaseFilterBackend):
    """`?search=`: by the grammar if the view has a `search_table`, else by words in one of the view's `search_fields`."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: "APIView") -> QuerySet[Any]:
        text = request.query_params.get("search", "")
        table: FieldTable | None = getattr(view, "search_table", None)
        if not text:
            return queryset
        return found_by(text, table, queryset, request) if table else _with_words(text, queryset, view)

    def get_schema_operation_parameters(self, view: "APIView") -> list[dict[str, Any]]:
        fields, table = getattr(view, "search_fields", ()), getattr(view, "search_table", None)
        schema: dict[str, Any] = {"type": "string"}
        if table:
            schema["maxLength"] = MAX_LENGTH
            description = description_of(table)
        elif fields:
            names = ", ".join(fields)
            description = f"Up to {MAX_SEARCH_WORDS} words. Each must occur in one of: {names}. Case is ignored."
        else:
            return []
        return [{"name": "search", "in": "query", "schema": schema, "description": description}]


def found_by(text: str, table: FieldTable, queryset: QuerySet[Any], request: Request) -> QuerySet[Any]:
    """Return the user's rows that match a search, or raise SearchError."""
    user: Any = request.user

    def calendar() -> Calendar:
        return Calendar(clock.day_in(user.zone, clock.now()), user.zone)

    return matching(queryset, read_search(text, table), table, owner=user.pk, calendar=calendar)


def ordering_of(params: Mapping[str, str], view: Any) -> str:
    """Return the ordering of a list: of `sort:` in its search, of `?ordering=`, or the view's own."""
    table: FieldTable | None = getattr(view, "search_table", None)
    by_search = read_search(params.get("search", ""), table).ordering if table else None
    if by_search and "ordering" in params:
        raise SearchError("invalid_search", "Sort either by sort: in the search or by ordering, not by both.", by_search.column)
    return by_search.name if by_search else params.get("ordering", view.ordering)


def _with_words(text: str, queryset: QuerySet[Any], view: "APIView") -> QuerySet[Any]:
    fields = getattr(view, "search_fields", ())
    if not fields:
        raise ValidationError({"search": [ErrorDetail("This list has no search. Omit this parameter.", "unknown_filter")]})
    if "\x00" in text:
        raise ValidationError({"search": ["Null characters are not allowed."]})
    words = text.split()
    if len(words) > MAX_SEARCH_WORDS:
        message = f"Search for at most {MAX_SEARCH_WORDS} words at a time."
        raise ValidationError({"search": [ErrorDetail(message, "too_many_words")]})
    return queryset.filter(*(contains_word(word, fields) for word in words))


def contains_word(word: str, fields: Iterable[str]) -> Q:
    """Return the condition that one of the fields contains a word, ignoring case."""
    return Q(*((f"{field}__icontains", word) for field in fields), _connector=Q.OR)


def kind_of(queryset: QuerySet[Any], name: str) -> models.Field[Any, Any]:
    """Return the field of an ordering column, which is a model field or a derived value in the query."""
    if name == "pk":
        return queryset.model._meta.pk
    derived = queryset.query.annotations.get(name)
    return derived.output_field if derived is not None else queryset.model._meta.get_field(name)
