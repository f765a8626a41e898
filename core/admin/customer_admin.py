"""Pages for rows that belong to a customer. They are found through him: every index of theirs begins with the owner."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import localize
from django.utils.html import format_html

from core.admin.base import BaseAdmin
from core.admin.filters import AutocompleteSelectFilter
from core.admin.forms import OwnedAddForm, OwnedForm
from core.admin.masking import masking
from core.admin.unfold_compat import display

MAX_CUSTOMERS = 10
CHOSEN = "user__id__exact"
BY_CUSTOMER = ("user", AutocompleteSelectFilter)


class OwnedAdmin(BaseAdmin):
    """Rows of customers.

    The search takes a row's key, or the beginning of a customer's e-mail address and then words, each of which must be in one
    of `search_fields`. Once a customer is chosen, by filter or search, the list is in `ordering_for_customer` and can be
    sorted by `sortable_by_for_customer` and drilled into by `date_hierarchy`; for everybody's rows no index would carry that.
    """

    form = OwnedForm
    list_select_related: ClassVar[Any] = ("user",)
    list_filter: ClassVar[Any] = (BY_CUSTOMER,)
    search_fields: ClassVar[Any] = ("id",)
    search_help_text = "Customer's e-mail, then words"
    ordering_for_customer: ClassVar[tuple[str, ...]] = ("-id",)
    sortable_by_for_customer: ClassVar[tuple[str, ...]] = ()

    def is_filtered_by_customer(self, request: HttpRequest) -> bool:
        """Whether the list is about some customers, not about all."""
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
            self.message_user(request, "Its words are hidden. Reveal the customer's values first.", messages.WARNING)
            return queryset.none(), False
        return queryset.filter(*(contains_word(word, names) for word in words)), False

    def _searchable(self, request: HttpRequest, customers: list[Any]) -> list[str]:
        """Where words may be looked for: of customers whose values are not revealed, only where nothing is hidden."""
        if masking(request).is_revealed(*customers):
            return list(self.search_fields)
        return masking(request).open_names(self.model, self.search_fields)

    def _customers(self, request: HttpRequest, beginning: str) -> list[Any]:
        """The keys of the customers whose address begins so; a message when there are none, or too many to search through."""
        found = list(customers(beginning)[: MAX_CUSTOMERS + 1])
        if request.method == "GET" and "q" in request.GET and not 0 < len(found) <= MAX_CUSTOMERS:
            problem = f"More than {MAX_CUSTOMERS} customers have" if found else "No customer has"
            sentence = f"{problem} an e-mail address that begins with “{beginning}”. Begin the search with one."
            self.message_user(request, sentence, messages.WARNING)
        return found[:MAX_CUSTOMERS]

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: object
    ) -> type[forms.ModelForm]:
        """An added row is told its customer; a stored one keeps him."""
        return super().get_form(request, obj, change, **({} if obj else {"form": OwnedAddForm}) | kwargs)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        names = list(super().get_fields(request, obj))
        return sorted(names, key=lambda name: name not in ("customer", "owner"))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [*(["owner"] if obj else []), *super().get_readonly_fields(request, obj)]

    @display(description="customer")
    def owner(self, row: Any) -> str:
        """A link to the customer's page."""
        return link(row.user)


def contains_word(word: str, names: Iterable[str]) -> Q:
    """The rows that have `word` in one of the fields."""
    condition = Q()
    for name in names:
        condition |= Q(**{f"{name}__icontains": word})
    return condition


def link(row: Model, text: str = "") -> str:
    """A row's name (or `text`) as a link to its page."""
    options = row._meta
    url = reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[row.pk])
    return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', url, text or row)


def linked(name: str, title: str) -> Callable[[object, Model], str]:
    """A column for a list or an inline: the row's field `name` as a link to its page, under `title`."""

    @display(description=title)
    def column(self: object, row: Model) -> str:
        return link(row, str(localize(getattr(row, name))))

    return column


def column(name: str, title: str, label: dict[str, str] | None = None, *, empty: str | None = None) -> Any:
    """A column that shows the row's attribute `name` under `title`, or `empty`; with `label` (value -> color) as a label."""

    @display(description=title, label=label)
    def shown(self: Any, row: Any) -> Any:
        return getattr(row, name) or empty if empty else getattr(row, name)

    return shown


def customers(beginning: str) -> QuerySet[Any]:
    """The keys of the accounts whose e-mail address begins so; served by the index on the address."""
    return get_user_model()._default_manager.filter(email__startswith=beginning.lower()).values_list("pk", flat=True)


def is_key(word: str) -> bool:
    """Whether a word is a UUID."""
    try:
        UUID(word)
    except ValueError:
        return False
    return True
