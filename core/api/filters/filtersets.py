"""The base class of all filter sets, and form fields that validate a filter's value by the type of its column."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.db import models
from django.forms.fields import InvalidJSONInput
from django.utils.dateparse import parse_date
from django_filters.filters import (
    BaseInFilter,
    BooleanFilter,
    CharFilter,
    ChoiceFilter,
    DateFilter,
    Filter,
    NumberFilter,
    UUIDFilter,
)
from django_filters.rest_framework.filterset import FilterSet

from core.errors import DomainError
from core.json_input import parsed
from core.models.money import CurrencyField, validate_currency
from core.models.validators import has_null_character


class JsonTextField(forms.JSONField):
    """A form field for JSON that refuses what PostgreSQL can't store and deep nesting, for filters and the back office."""

    def to_python(self, value: object) -> Any:
        if value in self.empty_values:
            return None
        try:
            found = parsed(str(value).encode(), "The value")
        except (DomainError, UnicodeEncodeError) as error:
            raise forms.ValidationError(f'{error} Example: {{"source": "salary"}}', "invalid_json") from None
        if has_null_character(found):
            raise forms.ValidationError("Null characters are not allowed.", "null_characters_not_allowed")
        return found

    def bound_data(self, data: Any, initial: object) -> Any:
        """Return the value to show again; the text itself if it is invalid."""
        try:
            return self.to_python(data)
        except forms.ValidationError:
            return InvalidJSONInput(data)


class StrictBooleanField(forms.Field):
    """A form field for true or false. Django's own field ignores an unknown value, and with it the filter."""

    def to_python(self, value: str | None) -> bool | None:
        if value not in {"true", "false", "", None}:
            raise forms.ValidationError("Must be true or false.", "invalid_boolean")
        return {"true": True, "false": False}.get(value or "")


class DayField(forms.DateField):
    """A form field for an ISO 8601 date. Django's own field also accepts 01/02/2026, which is ambiguous."""

    def to_python(self, value: object) -> date | None:
        if value in self.empty_values:
            return None
        try:
            day = parse_date(str(value).strip())
        except ValueError:
            day = None
        if day is None:
            raise forms.ValidationError("Enter a date such as 2026-01-31.", "invalid")
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
    """`status__in=pending,completed`: each value must be a choice of the column."""


class CurrencyFilter(CharFilter):
    """`currency=EUR`: a known currency code."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, validators=[validate_currency], **options)


class KeysFilter(BaseInFilter, UUIDFilter):
    """`id__in=`, with keys separated by commas."""


class StrictFilterSet(FilterSet):
    """The base class of all filter sets.

    SECURITY: a foreign key is compared, not looked up. django-filter's own filter would reveal that another user's row exists.

    `Meta.derived` names derived values of the model with their lookups, like `Meta.fields` its columns. The view adds them to
    the query if the request filters by them.
    """

    FILTER_DEFAULTS = FilterSet.FILTER_DEFAULTS | {
        models.JSONField: {"filter_class": JsonFilter},
        models.DateField: {"filter_class": DayFilter},
        models.BooleanField: {"filter_class": StrictBooleanFilter},
        models.IntegerField: {"filter_class": WholeNumberFilter},
        models.ForeignKey: {"filter_class": UUIDFilter},
        CurrencyField: {"filter_class": CurrencyFilter},
    }

    def __init__(self, data: Mapping[str, str] | None = None, *args: object, **kwargs: object) -> None:
        # django-filter creates a form field of every filter at each request; this limits it to the filters in the request
        declared: dict[str, Filter] = vars(type(self))["base_filters"]
        self.base_filters = {name: found for name, found in declared.items() if name in (data or {})}
        super().__init__(data, *args, **kwargs)

    @classmethod
    def get_filters(cls) -> dict[str, Filter]:
        filters = super().get_filters()
        for name in [name for name, found in filters.items() if type(found) is UUIDFilter and name == found.field_name]:
            filters[f"{name}__in"] = KeysFilter(field_name=name, lookup_expr="in")
        if cls._meta.model is not None:  # type: ignore[attr-defined]  # set by django-filter's metaclass
            filters["id__in"] = KeysFilter(field_name="id", lookup_expr="in")
        for name, lookups in getattr(getattr(cls, "Meta", None), "derived", {}).items():
            kind = cls.Meta.model.sql_derived()[name].output_field  # type: ignore[attr-defined]  # a subclass has it
            for lookup in lookups:
                filter_class, options = cls.filter_for_lookup(kind, lookup)
                filters[cls.get_filter_name(name, lookup)] = filter_class(field_name=name, lookup_expr=lookup, **options)
        return filters

    @classmethod
    def filter_for_lookup(cls, field: models.Field[Any, Any], lookup_type: str) -> tuple[Any, dict[str, Any]]:
        """Return django-filter's filter, or ChoicesFilter for `in`, for which django-filter does not check the choices."""
        if lookup_type == "in" and field.choices:
            return ChoicesFilter, {"choices": field.choices}
        found: tuple[Any, dict[str, Any]] = super().filter_for_lookup(field, lookup_type)
        return found
