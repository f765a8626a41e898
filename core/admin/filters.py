"""A filter by a related row, which shows the row's name masked."""

from typing import Any

from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter as UnfoldFilter
from unfold.contrib.filters.forms import AutocompleteDropdownForm

from core.admin.masking import masking


class ChosenRow(AutocompleteDropdownForm):
    def __init__(self, request: HttpRequest, name: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, name, *args, **kwargs)
        choice: Any = self.fields[name]
        choice.label_from_instance = lambda row: str(masking(request).view(row))


class AutocompleteSelectFilter(UnfoldFilter):
    form_class = ChosenRow
