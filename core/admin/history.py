"""The history page of a row, from the audit log: each changed column with its value before and after."""

from typing import Any, NamedTuple, Protocol

from django.apps import apps
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from core.admin import access_log
from core.admin.secrets import is_secret
from core.admin.unfold_compat import ModelAdmin

MAX_TEXT_LENGTH = 200
HIDDEN = "hidden until the customer's values are revealed"
SECRET = "<secret>"  # noqa: S105 - shown in place of a secret


class FieldChange(NamedTuple):
    """The change of one column; `before` or `after` is "" where there is no value."""

    name: str
    before: str
    after: str


class Event(Protocol):
    """The fields of `system.AuditEvent` that the history reads."""

    table_name: str
    action: str
    changes: object


def events_of(row: Model) -> QuerySet[Any]:
    """Return the audit events of one row, newest first, with their actors."""
    events: Any = apps.get_model("system", "AuditEvent")._default_manager
    found: QuerySet[Any] = events.of_row(row._meta.db_table, row.pk).select_related("actor", "impersonator")
    return found.order_by("-id")


def changes_in(event: Event) -> list[FieldChange]:
    """Return the changes of an event in the order of the model's columns; none if they are hidden from the staff member.

    SECURITY: an encrypted or secret value is replaced by SECRET.
    """
    model = model_of(event.table_name)
    changes = event.changes if isinstance(event.changes, dict) else {}
    pairs = {
        "update": lambda value: value,
        "delete": lambda value: (value, None),
    }.get(event.action, lambda value: (None, value))
    columns = model._meta.concrete_fields if model else ()
    order = [field.column for field in columns]
    computed = {field.column for field in columns if field.generated}  # from other columns, which are shown
    names = sorted(set(changes) - computed, key=lambda name: order.index(name) if name in order else len(order))
    return [_change(model, name, *pairs(changes[name])) for name in names]


def readable(event: Event) -> SafeString:
    """Render the changes of an event as an HTML table."""
    nothing = {dict: "nothing", type(None): "deleted with the customer's account"}.get(type(event.changes), HIDDEN)
    context = {"changes": changes_in(event), "both": event.action == "update", "nothing": nothing}
    return render_to_string("mingus/admin/field_changes.html", context)


def model_of(table: str) -> type[Model] | None:
    found = [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table == table]
    return found[0] if found else None


def _change(model: type[Model] | None, column: str, before: object, after: object) -> FieldChange:
    name, secret = column, False
    for field in model._meta.concrete_fields if model else ():
        if field.column == column:
            name, secret = str(field.verbose_name), is_secret(model, field.name)  # type: ignore[arg-type]
    return FieldChange(name, _text(before, secret=secret), _text(after, secret=secret))


def _text(value: object, *, secret: bool) -> str:
    if value is None or value == "":
        return ""
    text = SECRET if secret else str(value)
    return text if len(text) <= MAX_TEXT_LENGTH else f"{text[:MAX_TEXT_LENGTH]}…"


class AuditHistoryMixin(ModelAdmin):
    """An admin class whose history pages show the audit log in place of Django's LogEntry."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the audit events of a row, and log the view."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        access_log.record(request, "view", self.model, access_log.customers_of([row]), row_id=row.pk)
        page = self.get_paginator(request, events_of(row), self.list_per_page).get_page(request.GET.get("p"))
        page.object_list = [{"event": event, "changes": readable(event)} for event in page.object_list]
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {row}",
            "titles": ("When", "Who", "What", "Before and after"),
            "page": page,
            "object": row,
            "opts": self.opts,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "mingus/admin/history.html", context)
