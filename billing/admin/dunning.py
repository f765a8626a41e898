"""Dunning steps in the back office."""

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from billing.models import DunningStep
from core.admin import BY_CUSTOMER, DaysFilter, OwnedReadOnlyAdmin, ReadOnlyInline, column, inline_on, link, linked
from users.models import User

KIND_COLORS = {
    "attempt": "danger",
    "notice": "info",
    "processing": "info",
    "warning": "warning",
    "paid": "success",
    "stopped": "default",
}


class StepColumns:
    """Columns of the list and of the inline on the customer's page."""

    step_kind = column("kind", "step", KIND_COLORS)


@inline_on(User)
class DunningInline(StepColumns, ReadOnlyInline):
    model = DunningStep
    verbose_name_plural = "dunning steps"
    fields = ("when", "step_kind", "next_attempt_at", "note")
    when = linked("happened_at", "when")
    ordering = ("-happened_at", "-id")


@admin.register(DunningStep)
class DunningAdmin(StepColumns, OwnedReadOnlyAdmin):
    """Payment attempts, notices and their outcomes."""

    list_display = ("happened_at", "owner", "step_kind", "next_attempt_at", "of", "note")
    list_filter = (BY_CUSTOMER, ("kind", ChoicesDropdownFilter), ("happened_at", DaysFilter))
    list_select_related = ("user", "invoice")
    search_fields = ("note",)
    ordering_for_customer = ("-happened_at", "-id")
    sortable_by_for_customer = ("happened_at",)

    of = column("invoice", "invoice", empty="-", show=link)
