"""URLs of the back office's pages over the rows of the demo: lists, filters, searches, pages of rows and dialogs."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import NoReverseMatch, URLResolver, reverse

from core.admin.masking import unmasked
from tests import long_series
from tests.admin.pages import page_url
from users.models import User

OTHERS = ("login", "logout", "autocomplete")  # they are for customers, or need a POST or parameters
DAYS = ("2020-01-01", "9999-12-31")
MAX_OWNERS = 2
MAX_CUSTOMERS = long_series.size(6, whole=1_000)


def urls_of(model: type[Model], client: Client, *, with_filters: bool = True) -> list[str]:
    """Return the URLs of a model's pages for a staff member; only the list's if they can't view it, or if it fails."""
    listed = page_url(model, "changelist")
    response: Any = client.get(listed)
    if response.status_code != 200:
        return [listed]
    changelist = response.context_data["cl"]
    queries = ["q=alice%40mingus", *owner_queries(model), *(filter_queries(changelist) if with_filters else ())]
    rows = chosen(map(unmasked, changelist.result_list))
    pages = [page_url(model, page, row.pk) for row in rows for page in ("change", "history")]
    return [listed, *(f"{listed}?{query}" for query in queries), *pages, *(url for row in rows[:1] for url in dialogs_of(row))]


def owner_queries(model: type[Model]) -> list[str]:
    owned = any(field.attname == "user_id" for field in model._meta.concrete_fields)
    return [f"user__id__exact={User.objects.get(email='bob@mingus.example').pk}"] if owned else []


def chosen(rows: Iterable[Any]) -> list[Any]:
    """Return the first row of each of two owners; of accounts some customers, of which `make long` opens all."""
    by_owner = {row.pk if getattr(row, "is_staff", True) is False else getattr(row, "user_id", None): row for row in rows}
    customers = [row for row in by_owner.values() if isinstance(row, User)]
    return customers[:MAX_CUSTOMERS] or list(by_owner.values())[:MAX_OWNERS]


def dialogs_of(row: Model) -> Iterator[str]:
    """Yield the URLs of the buttons' dialogs."""
    page: Any = admin.site._registry[type(row)]
    for button in page._extract_action_names(page.actions_detail):
        yield f"{page_url(type(row), 'changelist')}{row.pk}/{button}/"


def filter_queries(changelist: Any) -> Iterator[str]:
    """Yield a query for each filter of a list."""
    for spec in changelist.filter_specs:
        for choice in spec.choices(changelist):
            yield form_query(choice["form"])


def form_query(form: Any) -> str:
    """Return a query with the last choice, a text, or a range of days or numbers for the fields of a filter."""
    values = dict.fromkeys(form.fields, "1")
    for name, field in form.fields.items():
        options = [value for value, _ in getattr(field, "choices", ()) if value]
        if options:
            values[name] = options[-1]
        elif "DateField" in type(field).__name__:
            values[name] = DAYS[name.endswith("_to")]
    return urlencode(values)


def pages_without_row() -> list[str]:
    """Return the URLs of all pages that are not about a row: the index, the charts, the lists, the forms of new rows."""
    own = [reverse("roles"), f"{reverse('admin:search')}?s=user&extended=1"]
    return own + [url for name in names_of(admin.site.get_urls()) if name not in OTHERS and (url := url_without_row(name))]


def names_of(patterns: Iterable[Any]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names_of(pattern.url_patterns)
        elif pattern.name:
            yield pattern.name


def url_without_row(name: str) -> str:
    """Return the URL of a named page, or "" if it needs a row's key."""
    try:
        return reverse(f"admin:{name}")
    except NoReverseMatch:
        return ""
