"""Filters with Django's lookups, and search. An unknown, empty or repeated query parameter is an error."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q, QuerySet
from django_filters.rest_framework.backends import DjangoFilterBackend
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView

PAGE_PARAMETERS = {"limit", "cursor", "ordering", "search"}
MAY_BE_EMPTY = {"cursor", "search"}
MAX_SEARCH_WORDS = 10


class StrictFilterBackend(DjangoFilterBackend):
    """django-filter's backend, with a 400 for parameters that are unknown, empty or repeated."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: "APIView") -> QuerySet[Any]:
        known = PAGE_PARAMETERS | self._names(queryset, view) if getattr(view, "action", None) == "list" else set()
        problems = {name: _problem(name, values, known) for name, values in request.query_params.lists()}
        found = {name: [problem] for name, problem in sorted(problems.items()) if problem}
        if found:
            raise ValidationError(found)
        return super().filter_queryset(request, queryset, view)

    def _names(self, queryset: QuerySet[Any], view: "APIView") -> set[str]:
        filterset = self.get_filterset_class(view, queryset)
        return set(filterset.base_filters) if filterset else set()


def _problem(name: str, values: list[str], known: set[str]) -> ErrorDetail | None:
    """Return the error of a query parameter that is unknown, repeated or empty, else None."""
    if name not in known:
        names = ", ".join(sorted(known)) or "none"
        return ErrorDetail(f"This parameter is unknown. Known parameters: {names}.", "unknown_filter")
    if len(values) > 1:
        return ErrorDetail("Send it once. For several values use the filter that ends in __in, with commas.", "repeated")
    if not values[0] and name not in MAY_BE_EMPTY:
        return ErrorDetail("Give it a value, or omit it.", "blank")
    return None


class WordSearchBackend(BaseFilterBackend):
    """`?search=`: rows that contain each word in one of the view's `search_fields`, ignoring case."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: "APIView") -> QuerySet[Any]:
        text = request.query_params.get("search", "")
        fields = getattr(view, "search_fields", ())
        if not text:
            return queryset
        if not fields:
            raise ValidationError({"search": [ErrorDetail("This list has no search. Omit this parameter.", "unknown_filter")]})
        if "\x00" in text:
            raise ValidationError({"search": ["Null characters are not allowed."]})
        words = text.split()
        if len(words) > MAX_SEARCH_WORDS:
            message = f"Search for at most {MAX_SEARCH_WORDS} words at a time."
            raise ValidationError({"search": [ErrorDetail(message, "too_many_words")]})
        return queryset.filter(*(contains_word(word, fields) for word in words))

    def get_schema_operation_parameters(self, view: "APIView") -> list[dict[str, Any]]:
        fields = getattr(view, "search_fields", ())
        if not fields:
            return []
        names = ", ".join(fields)
        description = f"Up to {MAX_SEARCH_WORDS} words. Each must occur in one of: {names}. Case is ignored."
        return [{"name": "search", "in": "query", "schema": {"type": "string"}, "description": description}]


def contains_word(word: str, fields: Iterable[str]) -> Q:
    """Return the condition that one of the fields contains a word, ignoring case."""
    return Q(*((f"{field}__icontains", word) for field in fields), _connector=Q.OR)


def kind_of(queryset: QuerySet[Any], name: str) -> models.Field[Any, Any]:
    """Return the field of an ordering column, which is a model field or a derived value in the query."""
    if name == "pk":
        return queryset.model._meta.pk
    derived = queryset.query.annotations.get(name)
    return derived.output_field if derived is not None else queryset.model._meta.get_field(name)
