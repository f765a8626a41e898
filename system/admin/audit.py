"""Admin pages for the audit log and the access log, and their inlines on the customer's page."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter, RangeDateFilter
from unfold.utils import parse_date_str

from core.admin import BY_CUSTOMER, OwnedReadOnlyAdmin, ReadOnlyInline, column, display, inline_on, link, linked
from core.admin.history import changes_in, readable
from core.postgres.partitions import min_uuid7_at
from system.models import AccessEvent, AuditEvent

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9999, 12, 30)  # of keys, and of days that have a next one
ACTION_COLORS = {"added": "success", "changed": "info", "deleted": "danger", "emptied": "danger", "forgotten": "warning"}


class EventColumns:
    """Columns shared by the change list and the inline on the customer's page."""

    who = column("by", "who")
    what = column("model_name", "model")

    @display(description="action", label=ACTION_COLORS)
    def done(self, event: AuditEvent) -> str:
        return str(event.get_action_display())

    @display(description="columns")
    def columns(self, event: AuditEvent) -> str:
        """Return the names of the changed columns, or "-" for a row that was added or deleted."""
        return ", ".join(change.name for change in changes_in(event)) if event.action == "update" else "-"


class WhenFilter(RangeDateFilter):
    """A range of days (UTC) as bounds on the key, so that only the partitions of those months are read."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first, last = (parse_date_str(str(self.used_parameters.get(f"at_{end}", ""))) for end in ("from", "to"))
        if first:
            queryset = queryset.filter(pk__gte=min_uuid7_at(_midnight(max(first, FIRST_DAY))))
        if last:
            queryset = queryset.filter(pk__lt=min_uuid7_at(_midnight(min(max(last, FIRST_DAY), LAST_DAY) + timedelta(days=1))))
        return queryset


@inline_on(get_user_model())
class AuditInline(EventColumns, ReadOnlyInline):
    model = AuditEvent
    fk_name = "user"
    verbose_name_plural = "changes"
    fields = ("when", "what", "done", "who", "columns")
    when = linked("at", "when")
    ordering = ("-id",)
    list_select_related = ("actor", "impersonator")


@inline_on(get_user_model())
class AccessLogInline(ReadOnlyInline):
    model = AccessEvent
    fk_name = "user"
    verbose_name_plural = "staff access"
    fields = ("when", "who", "action", "what", "reason")
    when = linked("created_at", "when")
    ordering = ("-created_at", "-id")


@admin.register(AuditEvent)
class AuditEventAdmin(EventColumns, OwnedReadOnlyAdmin):
    """All changes of rows. The search takes a customer, or the key of a row, an event or a request."""

    list_display = ("at", "what", "done", "who", "owner", "columns", "request_id")
    list_filter = (BY_CUSTOMER, ("action", ChoicesDropdownFilter), ("table_name", FieldTextFilter), ("at", WhenFilter))
    list_select_related = ("user", "actor", "impersonator")
    search_help_text = "Customer's email, or the key of a row or request"
    search_fields = ("table_name",)
    fields = (
        "at",
        "what",
        "row_key",
        "done",
        "who",
        "reason",
        "before_and_after",
        "request_id",
        "source",
        "role",
        "database_user",
        "transaction_id",
    )
    csv_columns = (
        "id",
        "at",
        "table_name",
        "row_key",
        "action",
        "actor_id",
        "impersonator_id",
        "source",
        "reason",
        "request_id",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("user", "actor", "impersonator")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        """Search for a word without "@" as the key of a row or request first."""
        word = search_term.strip()
        if not word or "@" in word or " " in word:
            return super().get_search_results(request, queryset, search_term)
        found = queryset.filter(Q(row_key=word) | Q(request_id=word))
        return (found if found.exists() else super().get_search_results(request, queryset, search_term)[0]), False

    @display(description="customer")
    def owner(self, row: AuditEvent) -> str:
        """Return a link to the owner of the row, or the key of an owner who was deleted."""
        return link(row.user) if row.user else str(row.user_id or "-")

    @display(description="before and after")
    def before_and_after(self, event: AuditEvent) -> SafeString:
        return readable(event)


@admin.register(AccessEvent)
class AccessEventAdmin(OwnedReadOnlyAdmin):
    """Staff access to customers' data. Customers see the same events at `users/me/access-log/`."""

    list_display = ("created_at", "owner", "staff", "action", "what", "reason")
    list_filter = (BY_CUSTOMER, ("action", ChoicesDropdownFilter))
    list_select_related = ("user", "staff")
    search_fields = ("what", "reason")
    ordering_for_customer = ("-created_at", "-id")
    fields = ("staff", "who", "action", "what", "row_id", "reason", "request_id", "created_at")
    csv_columns = ("user__email", "staff__email", "action", "what", "row_id", "reason", "request_id", "created_at")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
