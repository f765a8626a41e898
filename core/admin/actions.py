"""Buttons that call a service: on a row's page with a question first, and for the ticked rows of a list.

Unfold's plain buttons are links, and a link must not change anything: any page elsewhere could send a colleague there.
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
    """Why a colleague does something to a customer, or looks at what is his."""

    reason = forms.CharField(
        min_length=8,
        max_length=400,
        widget=UnfoldAdminTextInputWidget,
        help_text="The customer may read it. Name the ticket, or what he asked for.",
    )


class Button(Protocol):
    """A button of a row's page: what it calls, what it is called, and the permission that it needs."""

    service: Callable[..., None]
    title: str
    permission: str

    def __call__(self, page: BaseAdmin, request: HttpRequest, filled: Form, object_id: str) -> HttpResponse: ...


def confirmed_action(
    *, title: str, question: str, icon: str = "", permission: str = "help", form: type | None = None
) -> Callable[[Callable[..., None]], Button]:
    """Turn a method `(self, request, row)` into a button for `actions_detail` that opens a dialog and acts on its POST.

    With a `form` in the dialog the method takes its answers too, as a dictionary.
    """

    def declare(service: Callable[..., None]) -> Button:
        dialog = {"title": title, "description": question, "form_class": form, "form_submit_text": title}

        @action(description=title, icon=icon or None, permissions=[permission], dialog=dialog)
        @wraps(service)
        def button(self: BaseAdmin, request: HttpRequest, filled: Form, object_id: str) -> HttpResponse:
            row = self.get_object(request, unquote(object_id))
            if row is None or not getattr(self, f"has_{permission}_permission")(request, row):
                raise PermissionDenied
            self.run_service(partial(service, answers=filled.cleaned_data) if form else service, title, request, row)
            return HttpResponse(headers={"HX-Redirect": self.url_of(row)})

        button.service, button.title, button.permission = service, title, permission
        made: Button = button
        return made

    return declare


def for_selected_rows(button: Button) -> Callable[[BaseAdmin, HttpRequest, QuerySet[Any]], None]:
    """The entry for `actions` that does for every ticked row what `button` does for one."""

    @admin.action(description=f"{button.title} (ticked rows)", permissions=[button.permission])
    def apply(self: BaseAdmin, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            if not getattr(self, f"has_{button.permission}_permission")(request, row):
                raise PermissionDenied
            self.run_service(button.service, button.title, request, row)

    apply.__name__ = f"{button.service.__name__}_ticked"
    return apply
