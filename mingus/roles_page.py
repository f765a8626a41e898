"""The page "Roles and permissions" of the back office, for all staff. It shows `mingus.roles_table`."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from mingus.roles_table import CALLERS, PAGES, operations, pages, registered_admins
from users.roles import ROLES


class RolesFilter(forms.Form):
    """A filter by the words that a row must contain and by the caller that must have access."""

    q = forms.CharField(label="Contains", required=False, max_length=100, widget=UnfoldAdminTextInputWidget)
    caller = forms.ChoiceField(
        label="Open to",
        choices=[("", "Everyone"), *((caller, caller) for caller in CALLERS)],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )

    def matches(self, callers: Sequence[str], *texts: str) -> bool:
        """Return True if a row that is open to `callers` and contains `texts` matches the filter."""
        if not self.is_valid():
            return True
        text, caller = " ".join(texts).lower(), self.cleaned_data["caller"]
        return caller in ("", *callers) and all(word in text for word in self.cleaned_data["q"].lower().split())


def roles_page(request: HttpRequest) -> HttpResponse:
    """Show the permissions of roles and other callers, filtered by `?q=` and `?caller=`."""
    filters = RolesFilter(request.GET)
    context = {
        "title": "Roles and permissions",
        "roles": ROLES.values(),
        "callers": CALLERS,
        "filters": filters,
        "models": [row for page in registered_admins() if (row := _model_row(page, filters))],
        "operations": [
            (operation, callers)
            for operation in operations()
            if filters.matches(callers := operation.callers(), operation.method, operation.pattern)
        ],
    }
    return TemplateResponse(request, "mingus/admin/roles.html", admin.site.each_context(request) | context)


def _model_row(page: Any, filters: RolesFilter) -> dict[str, Any] | None:
    """Return the row of an admin class: for each role its verbs and the titles of its buttons. None if it is filtered out."""
    allowed = {role.name: pages(page, role) for role in ROLES.values()}
    cells = [
        (
            [name for name in names if name in PAGES],
            [getattr(page, name).short_description for name in names if name not in PAGES],
        )
        for names in allowed.values()
    ]
    label, title = page.model._meta.label_lower, str(page.model._meta.verbose_name_plural)
    callers = [role for role, names in allowed.items() if names]
    if not filters.matches(callers, label, title, *(text for verbs, buttons in cells for text in (*verbs, *buttons))):
        return None
    return {"label": label, "title": title, "cells": cells}
