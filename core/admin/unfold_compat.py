"""Imports from django-unfold with the types of Django's classes, which unfold's own annotations contradict."""

import json
from collections.abc import Callable
from decimal import Decimal
from json import JSONEncoder
from typing import TYPE_CHECKING, Any, TypeVar

from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold import decorators, fields
from unfold.utils import display_for_field

from core.admin.masking import masked_if_used
from core.models.money import MoneyField

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, StackedInline, TabularInline
    from django.contrib.admin.views.main import ChangeList
    from django.forms import BaseInlineFormSet as PaginationInlineFormSet
else:
    from unfold.admin import ModelAdmin, StackedInline, TabularInline
    from unfold.forms import PaginationInlineFormSet
    from unfold.views import ChangeList

MethodT = TypeVar("MethodT", bound=Callable[..., Any])


def display(**options: Any) -> Callable[[MethodT], MethodT]:
    """Decorate a column; options are `description`, `boolean`, `label` (value -> color) and `ordering`."""
    decorate: Callable[[MethodT], MethodT] = decorators.display(**options)
    return lambda method: decorate(masked_if_used(method))


def action(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Decorate an action; options are `description`, `icon`, `permissions` and `dialog`."""
    decorate: Any = decorators.action(**options)
    return lambda method: decorate(method)


def pretty_json(data: object, encoder: type[JSONEncoder]) -> SafeString:
    """Format JSON as HTML without unfold's pygments, whose style attributes our Content Security Policy forbids."""
    text = json.dumps(data, sort_keys=True, indent=4, cls=encoder, ensure_ascii=False)
    return format_html('<pre class="mingus-json">{}</pre>', text)


def display_amount(value: Any, field: Any, empty_value_display: str) -> str:
    """Show an amount with its own decimals, which are those of its currency, and not those of the column."""
    is_amount = isinstance(field, MoneyField) and isinstance(value, Decimal)
    return number_format(value) if is_amount else display_for_field(value, field, empty_value_display)


# unfold's templates look these up for each field and row. That they were missing took a tenth of the time of a row's page
UNUSED_OPTIONS: dict[str, object] = {"conditional_fields": {}, "list_sections": ()}
for option, nothing in UNUSED_OPTIONS.items():
    setattr(ModelAdmin, option, nothing)

fields.prettify_json = pretty_json  # type: ignore[attr-defined]  # unfold looks it up there
fields.display_for_field = display_amount  # type: ignore[attr-defined]

__all__ = ["ChangeList", "ModelAdmin", "PaginationInlineFormSet", "StackedInline", "TabularInline", "action", "display"]
