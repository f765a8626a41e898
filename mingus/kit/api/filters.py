"""Filters in Django's own words. A parameter nobody knows is an error, not a filter that silently does nothing."""

from typing import Any

import orjson
from django import forms
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Q, QuerySet
from django_filters.filters import Filter
from django_filters.rest_framework.backends import DjangoFilterBackend
from django_filters.rest_framework.filterset import FilterSet
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from mingus.kit.validators import has_null_character

PAGE_PARAMETERS = {"limit", "cursor", "ordering", "search"}
MAX_SEARCH_WORDS = 10


class JsonTextField(forms.CharField):
    """A JSON value written into a query parameter."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise forms.ValidationError('Write a JSON value such as {"source": "salary"}.', "invalid_json") from None
        if has_null_character(value):
            raise forms.ValidationError("Null characters are not allowed.", "null_characters_not_allowed")
        return value


class JsonFilter(Filter):
    """`metadata__contains={"key": "value"}`."""

    field_class: Any = JsonTextField


class StrictFilterSet(FilterSet):
    """The base of every filter set: JSON fields can be filtered, and lists of choices know their choices."""

    FILTER_DEFAULTS = FilterSet.FILTER_DEFAULTS | {models.JSONField: {"filter_class": JsonFilter}}


class StrictFilterBackend(DjangoFilterBackend):
    """django-filter, plus a 400 for parameters that the view does not know."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        known = PAGE_PARAMETERS | self._names(queryset, view) if view.action == "list" else set()
        unknown = sorted(set(request.query_params) - known)
        if unknown:
            sentence = f"There is no such filter here. Known: {', '.join(sorted(known))}."
            raise ValidationError({name: [ErrorDetail(sentence, "unknown_filter")] for name in unknown})
        return super().filter_queryset(request, queryset, view)

    def _names(self, queryset: QuerySet[Any], view: Any) -> set[str]:
        filterset = self.get_filterset_class(view, queryset)
        return set(filterset.base_filters) if filterset else set()


class WordSearchBackend(BaseFilterBackend):
    """`?search=`: rows that contain every word in one of the view's `search_fields`, without regard to case."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        text = request.query_params.get("search", "")
        fields = getattr(view, "search_fields", ())
        if not text:
            return queryset
        if not fields:
            raise ValidationError({"search": [ErrorDetail("There is nothing to search in here.", "unknown_filter")]})
        if "\x00" in text:
            raise ValidationError({"search": ["Null characters are not allowed."]})
        for word in text.split()[:MAX_SEARCH_WORDS]:
            queryset = queryset.filter(_anywhere(fields, word))
        return queryset

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        if not getattr(view, "search_fields", ()):
            return []
        description = f"Words that must all occur in {', '.join(view.search_fields)}."
        return [{"name": "search", "in": "query", "schema": {"type": "string"}, "description": description}]


def _anywhere(fields: tuple[str, ...], word: str) -> Q:
    condition = Q()
    for field in fields:
        condition |= Q(**{f"{field}__icontains": word})
    return condition


def is_nullable(queryset: QuerySet[Any], name: str) -> bool:
    """Whether an ordering column can be NULL; an annotation is taken for one that can."""
    try:
        return bool(queryset.model._meta.get_field(name).null)
    except FieldDoesNotExist:
        return True
