"""Filters of lists: by a related row, which is shown masked, and by a range of days."""

from datetime import UTC, datetime, time
from typing import Any

from django.db.models import DateTimeField, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter as UnfoldFilter
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.contrib.filters.forms import AutocompleteDropdownForm
from unfold.utils import parse_date_str

from core.admin.masking import masking


class ChosenRow(AutocompleteDropdownForm):
    def __init__(self, request: HttpRequest, name: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, name, *args, **kwargs)
        choice: Any = self.fields[name]
        choice.label_from_instance = lambda row: str(masking(request).view(row))


class AutocompleteSelectFilter(UnfoldFilter):
    form_class = ChosenRow


class DaysFilter(RangeDateFilter):
    """A range of days (UTC) of a date or an instant. Unfold's own filter excludes the instants of the last day."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for suffix, lookup, limit in (("from", "gte", time.min), ("to", "lte", time.max)):
            day = parse_date_str(str(self.used_parameters.get(f"{self.field_path}_{suffix}", "")))
            if day is not None:
                bound = datetime.combine(day, limit, UTC) if isinstance(self.field, DateTimeField) else day
                queryset = queryset.filter(**{f"{self.field_path}__{lookup}": bound})
        return queryset
