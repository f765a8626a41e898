"""Buttons that call a service: on a row's page with a question first, and for the ticked rows of a list.

Unfold's plain buttons are links, and a link must not change anything: any page elsewhere could send a colleague there.
"""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from core.admin.base import require_allowed
from core.admin.unfold_compat import action


class ReasonForm(BaseDialogForm):
    """Why a colleague does something to a customer, or looks at what is his."""

    reason = forms.CharField(
        min_length=8,
        max_length=400,
        widget=UnfoldAdminTextInputWidget,
        help_text="The customer may read it. Name the ticket, or what he asked for.",
    )


def confirmed_action(
    *, title: str, question: str, icon: str = "", permission: str = "help", form: type | None = None
) -> Callable[[Callable[..., None]], Any]:
    """Turn a method `(self, request, row)` into a button for `actions_detail` that opens a dialog and acts on its POST.

    With a `form` in the dialog the method takes its answers too, as a dictionary.
    """

    def declare(service: Callable[..., None]) -> Any:
        dialog: Any = {"title": title, "description": question, "form_class": form, "form_submit_text": title}

        @action(description=title, icon=icon or None, permissions=[permission], dialog=dialog)
        @wraps(service)
        def button(self: Any, request: HttpRequest, filled: Any, object_id: str) -> HttpResponse:
            row = self.get_object(request, unquote(object_id))
            require_allowed(row is not None and getattr(self, f"has_{permission}_permission")(request, row))
            self.run_service(partial(service, answers=filled.cleaned_data) if form else service, title, request, row)
            return HttpResponse(headers={"HX-Redirect": self.url_of(row)})

        button.service, button.title, button.permission = service, title, permission
        return button

    return declare


def for_selected_rows(button: Any) -> Any:
    """The entry for `actions` that does for every ticked row what `button` does for one."""

    @admin.action(description=f"{button.title} (ticked rows)", permissions=[button.permission])
    def apply(self: Any, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            require_allowed(getattr(self, f"has_{button.permission}_permission")(request, row))
            self.run_service(button.service, button.title, request, row)

    apply.__name__ = f"{button.service.__name__}_ticked"
    return apply
