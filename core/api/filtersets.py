"""The base of every filter set: what a filter's value may be, by the type of its column."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.db import models
from django.utils.dateparse import parse_date
from django_filters.filters import BaseInFilter, BooleanFilter, ChoiceFilter, DateFilter, Filter, NumberFilter, UUIDFilter
from django_filters.rest_framework.filterset import FilterSet
from rest_framework.exceptions import ParseError

from core.api.parsers import parsed
from core.models.validators import has_null_character


class JsonTextField(forms.CharField):
    """A JSON value written into a query parameter."""

    def to_python(self, value: object) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            value = parsed(text.encode())
        except (ParseError, UnicodeEncodeError):
            raise forms.ValidationError('Write a JSON value such as {"source": "salary"}.', "invalid_json") from None
        if has_null_character(value):
            raise forms.ValidationError("Null characters are not allowed.", "null_characters_not_allowed")
        return value


class StrictBooleanField(forms.Field):
    """Django's own field takes whatever it does not know for no answer, and the filter would silently do nothing."""

    def to_python(self, value: str | None) -> bool | None:
        if value not in {"true", "false", "", None}:
            raise forms.ValidationError("Write true or false.", "invalid_boolean")
        return {"true": True, "false": False}.get(value or "")


class DayField(forms.DateField):
    """A day as bodies have it. Django's own field also takes 01/02/2026, which half of the world reads otherwise."""

    def to_python(self, value: object) -> date | None:
        if value in self.empty_values:
            return None
        try:
            day = parse_date(str(value).strip())
        except ValueError:
            day = None
        if day is None:
            raise forms.ValidationError("Write a day such as 2026-01-31.", "invalid")
        return day


class DayFilter(DateFilter):
    """`transaction_date__gte=2026-01-31`."""

    field_class: type[forms.DateField] = DayField


class JsonFilter(Filter):
    """`metadata__contains={"key": "value"}`."""

    field_class: type[forms.Field] = JsonTextField


class StrictBooleanFilter(BooleanFilter):
    """`is_active=true`."""

    field_class: Any = StrictBooleanField


class WholeNumberFilter(NumberFilter):
    """`step_order__gte=3`."""

    field_class: Any = forms.IntegerField


class ChoicesFilter(BaseInFilter, ChoiceFilter):
    """`status__in=pending,completed`: each of them a choice of the column."""


class StrictFilterSet(FilterSet):
    """The base of every filter set.

    SECURITY: a foreign key is compared, not looked up: django-filter's own filter answers differently for another user's
    key than for one that does not exist.

    `Meta.derived` names derived values of the model with their lookups, as `Meta.fields` does for its columns; the view adds
    them to the query when they are asked for.
    """

    FILTER_DEFAULTS = FilterSet.FILTER_DEFAULTS | {
        models.JSONField: {"filter_class": JsonFilter},
        models.DateField: {"filter_class": DayFilter},
        models.BooleanField: {"filter_class": StrictBooleanFilter},
        models.IntegerField: {"filter_class": WholeNumberFilter},
        models.ForeignKey: {"filter_class": UUIDFilter},
    }

    def __init__(self, data: Mapping[str, str] | None = None, *args: object, **kwargs: object) -> None:
        # django-filter copies every filter and makes a form field of each for every request; only those asked for are needed
        declared: dict[str, Filter] = vars(type(self))["base_filters"]
        self.base_filters = {name: found for name, found in declared.items() if name in (data or {})}
        super().__init__(data, *args, **kwargs)

    @classmethod
    def get_filters(cls) -> dict[str, Filter]:
        filters = super().get_filters()
        for name, lookups in getattr(getattr(cls, "Meta", None), "derived", {}).items():
            kind = cls.Meta.model.sql_derived()[name].output_field  # type: ignore[attr-defined]  # a subclass has it
            for lookup in lookups:
                filter_class, options = cls.filter_for_lookup(kind, lookup)
                filters[cls.get_filter_name(name, lookup)] = filter_class(field_name=name, lookup_expr=lookup, **options)
        return filters

    @classmethod
    def filter_for_lookup(cls, field: models.Field[Any, Any], lookup_type: str) -> tuple[Any, dict[str, Any]]:
        """django-filter checks the choices of `exact` only."""
        if lookup_type == "in" and field.choices:
            return ChoicesFilter, {"choices": field.choices}
        found: tuple[Any, dict[str, Any]] = super().filter_for_lookup(field, lookup_type)
        return found
