"""Access log of staff: each page, list and export of a customer's rows is recorded by the function in `settings.ACCESS_LOG`."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from core import clock
from core.admin.masking import unmasked
from core.admin.unfold_compat import ModelAdmin

MAX_CUSTOMERS = 50


def record(request: HttpRequest, action: str, model: type[Model], customers: Iterable[Any], *, row_id: object = None) -> None:
    """Record for each of the `customers` that the request's staff member saw rows of `model`."""
    record_access = import_string(settings.ACCESS_LOG)  # a setting, because core does not import apps
    for customer in customers:
        record_access(
            customer=customer, staff=request.user, action=action, what=model._meta.label_lower, row_id=row_id, now=clock.now()
        )


def customers_of(rows: Iterable[Any]) -> set[Any]:
    """Return the customers who own `rows`; an account is its own customer."""
    account = get_user_model()
    return {row if isinstance(row, account) else getattr(row, "user", None) for row in map(unmasked, rows)} - {None}


def customers_in(queryset: QuerySet[Any]) -> set[Any]:
    """Return the customers who own rows of `queryset`; none if there are more than MAX_CUSTOMERS."""
    account = get_user_model()
    names = {field.attname for field in queryset.model._meta.concrete_fields}
    column = "pk" if queryset.model is account else "user_id"
    if column not in names | {"pk"}:
        return set()
    keys = set(queryset.order_by().values_list(column, flat=True).distinct()[: MAX_CUSTOMERS + 1])
    return set(account._default_manager.filter(pk__in=keys)) if len(keys) <= MAX_CUSTOMERS else set()


class AccessLogMixin(ModelAdmin):
    """An admin class that logs views of its pages, lists of a single customer, and exports."""

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Model | None = None,
    ) -> HttpResponse:
        if obj is not None:
            record(request, "view", self.model, customers_of([obj]), row_id=obj.pk)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list, and log it if all of its rows belong to one customer."""
        response = super().changelist_view(request, extra_context)
        shown = (getattr(response, "context_data", None) or {}).get("cl")
        customers = customers_of(shown.result_list) if shown and request.GET else set()
        if shown and len(customers) == 1:
            record(request, "search" if shown.query else "list", self.model, customers)
        return response

    def record_export(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Log an export of selected rows or of a filtered list; an export of all customers' rows is not logged."""
        has_selection = request.POST.get("select_across") != "1"
        if has_selection or request.GET:
            record(request, "export", self.model, customers_in(queryset))
