"""Admin actions that call a service: on a row's page with a confirmation dialog, and for the selected rows of a list.

Unfold's plain buttons are links. A GET request must not change data, because another site could link to it (CSRF).
"""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Protocol

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from core.admin.base import BaseAdmin
from core.admin.unfold_compat import action


class ReasonForm(BaseDialogForm):
    """The reason that a staff member gives for an action on a customer's account or data."""

    reason = forms.CharField(
        min_length=8,
        max_length=400,
        widget=UnfoldAdminTextInputWidget,
        help_text="The customer can read this. Enter the ticket number, or what the customer asked for.",
    )


class Button(Protocol):
    service: Callable[..., None]
    title: str
    permission: str

    def __call__(self, page: BaseAdmin, request: HttpRequest, filled: Form, object_id: str) -> HttpResponse: ...


def confirmed_action(
    *, title: str, description: str, icon: str = "", permission: str = "help", form: type | None = None
) -> Callable[[Callable[..., None]], Button]:
    """Turn a method `(self, request, row)` into a button for `actions_detail` with a confirmation dialog.

    With a `form` in the dialog, the method is also called with the form's `cleaned_data`.
    """

    def declare(service: Callable[..., None]) -> Button:
        dialog = {"title": title, "description": description, "form_class": form, "form_submit_text": title}

        @action(description=title, icon=icon or None, permissions=[permission], dialog=dialog)
        @wraps(service)
        def button(self: BaseAdmin, request: HttpRequest, filled: Form, object_id: str) -> HttpResponse:
            row = self.get_object(request, unquote(object_id))
            if row is None or not getattr(self, f"has_{permission}_permission")(request, row):
                raise PermissionDenied
            data = filled.cleaned_data
            call = partial(service, cleaned_data=data) if form else service
            self.run_service(call, title, request, row, data.get("reason", ""))
            return HttpResponse(headers={"HX-Redirect": self.url_of(row)})

        button.service, button.title, button.permission = service, title, permission
        made: Button = button
        return made

    return declare


def for_selected_rows(button: Button) -> Callable[[BaseAdmin, HttpRequest, QuerySet[Any]], None]:
    """Return a list action for `actions` that calls the service of `button` for each selected row."""

    @admin.action(description=f"{button.title} (selected rows)", permissions=[button.permission])
    def apply(self: BaseAdmin, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            if not getattr(self, f"has_{button.permission}_permission")(request, row):
                raise PermissionDenied
            self.run_service(button.service, button.title, request, row)

    apply.__name__ = f"{button.service.__name__}_selected"
    return apply
