"""Admin classes of models whose rows belong to a customer. Lists are read by customer, as every index begins with the owner."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import localize
from django.utils.html import format_html

from core.admin.base import BaseAdmin
from core.admin.filters import AutocompleteSelectFilter
from core.admin.forms import OwnedAddForm, OwnedForm
from core.admin.masking import masking
from core.admin.money import money
from core.admin.unfold_compat import display
from core.api.filters.backends import contains_word

MAX_CUSTOMERS = 10
CHOSEN = "user__id__exact"
BY_CUSTOMER = ("user", AutocompleteSelectFilter)


class OwnedAdmin(BaseAdmin):
    """The admin class of a model with an owner.

    The search takes a row's id, or the beginning of a customer's email address followed by words. Each word must be in one of
    `search_fields`. `ordering_for_customer`, `sortable_by_for_customer` and `date_hierarchy` apply once a customer is chosen,
    by filter or search: no index supports them for the rows of all customers.
    """

    form = OwnedForm
    add_form: ClassVar[type[OwnedAddForm]] = OwnedAddForm
    list_select_related: ClassVar[Any] = ("user",)
    list_filter: ClassVar[Any] = (BY_CUSTOMER,)
    search_fields: ClassVar[Any] = ("id",)
    search_help_text = "Customer's email, then words"
    ordering_for_customer: ClassVar[tuple[str, ...]] = ("-id",)
    sortable_by_for_customer: ClassVar[tuple[str, ...]] = ()

    def is_filtered_by_customer(self, request: HttpRequest) -> bool:
        """Return True if the list is restricted to some customers."""
        return CHOSEN in request.GET or bool(request.GET.get("q", "").strip())

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return self.ordering_for_customer if self.is_filtered_by_customer(request) else self.ordering

    def get_sortable_by(self, request: HttpRequest) -> list[Any]:
        names = self.sortable_by_for_customer if self.is_filtered_by_customer(request) else self.sortable_by
        return masking(request).open_names(self.model, names)

    def date_hierarchy_for(self, request: HttpRequest) -> str | None:
        return self.date_hierarchy if self.is_filtered_by_customer(request) else None

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        words = search_term.split()
        if not words:
            return queryset, False
        if is_key(words[0]):
            return queryset.filter(pk=words[0]), False
        if CHOSEN in request.GET:
            names = self._searchable(request, [request.GET[CHOSEN]])
        else:
            found = self._customers(request, words.pop(0))
            names, queryset = self._searchable(request, found), queryset.filter(user__in=found)
        if words and not names:
            self.message_user(request, "This text is hidden. Reveal the customer's values first.", messages.WARNING)
            return queryset.none(), False
        return queryset.filter(*(contains_word(word, names) for word in words)), False

    def _searchable(self, request: HttpRequest, customers: list[Any]) -> list[str]:
        """Return the fields to search: all if the values of these customers are revealed, else those that are not hidden."""
        if masking(request).is_revealed(*customers):
            return list(self.search_fields)
        return masking(request).open_names(self.model, self.search_fields)

    def _customers(self, request: HttpRequest, beginning: str) -> list[Any]:
        """Return the ids of the first MAX_CUSTOMERS customers whose email begins so; show a message if none or more match."""
        found = list(customers(beginning)[: MAX_CUSTOMERS + 1])
        if request.method == "GET" and "q" in request.GET and not 0 < len(found) <= MAX_CUSTOMERS:
            problem = f"More than {MAX_CUSTOMERS} customers have" if found else "No customer has"
            message = f"{problem} an email address that begins with “{beginning}”. Begin the search with a customer's email."
            self.message_user(request, message, messages.WARNING)
        return found[:MAX_CUSTOMERS]

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: object
    ) -> type[forms.ModelForm]:
        """Return the form; only the form for a new row has a field for the customer."""
        return super().get_form(request, obj, change, **({} if obj else {"form": self.add_form}) | kwargs)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        names = list(super().get_fields(request, obj))
        return sorted(names, key=lambda name: name not in ("customer", "owner"))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [*(["owner"] if obj else []), *super().get_readonly_fields(request, obj)]

    @display(description="customer")
    def owner(self, row: Any) -> str:
        return link(row.user)


def link(row: Model, text: str = "") -> str:
    """Return an HTML link to a row's page, with `text` or the row's name."""
    options = row._meta
    url = reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[row.pk])
    return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', url, text or row)


def linked(name: str, title: str) -> Callable[[object, Model], str]:
    """Return a column for a list or an inline that shows the field `name` as a link to the row's page."""

    @display(description=title)
    def column(self: object, row: Model) -> str:
        return link(row, f"{localize(getattr(row, name))}")

    return column


def column(
    name: str,
    title: str,
    label: dict[str, str] | None = None,
    *,
    empty: str | None = None,
    show: Callable[[Any], str] | None = None,
) -> Callable[[object, Model], object]:
    """Return a column that shows the attribute `name`, or `empty` if it is empty.

    `label` maps values to label colors. `show` formats a value; `show=link` links to the row of a foreign key.
    """

    @display(description=title, label=label)
    def shown(self: object, row: Model) -> object:
        value = getattr(row, name)
        if empty and (value is None or value == ""):
            return empty
        return show(value) if show else value

    return shown


def amount_column(name: str, title: str) -> Callable[[object, Model], str]:
    """Return a column that shows the amount `name` with the row's currency."""

    @display(description=title)
    def shown(self: object, row: Any) -> str:
        return money(getattr(row, name), row.currency)

    return shown


def customers(beginning: str) -> QuerySet[Any]:
    """Return the ids of the accounts whose email begins so; an index on the email supports this."""
    return get_user_model()._default_manager.filter(email__startswith=beginning.lower()).values_list("pk", flat=True)


def is_key(word: str) -> bool:
    try:
        UUID(word)
    except ValueError:
        return False
    return True
