"""Requests of customers to leave in the back office, with their reasons and outcomes."""

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from billing.models import Cancellation
from core.admin import BY_CUSTOMER, DaysFilter, OwnedReadOnlyAdmin, ReadOnlyInline, column, inline_on, link, linked
from users.models import User

OUTCOME_COLORS = {"leaving": "warning", "left": "danger", "stayed": "success", "paused": "info", "moved": "info"}


class CancellationColumns:
    """Columns of the list and of the inline on the customer's page."""

    result = column("outcome", "outcome", OUTCOME_COLORS)
    why = column("reason", "reason", empty="-", show=lambda reason: reason.replace("_", " "))


@inline_on(User)
class CancellationInline(CancellationColumns, ReadOnlyInline):
    model = Cancellation
    fields = ("when", "result", "why", "comment", "resumes_at")
    when = linked("requested_at", "when")
    ordering = ("-requested_at", "-id")


@admin.register(Cancellation)
class CancellationAdmin(CancellationColumns, OwnedReadOnlyAdmin):
    """Cancellations, and what customers chose instead: to stay, a pause or a cheaper plan. A reason is voluntary."""

    list_display = ("requested_at", "owner", "result", "why", "comment", "resumes_at", "of")
    list_filter = (
        BY_CUSTOMER,
        ("outcome", ChoicesDropdownFilter),
        ("reason", ChoicesDropdownFilter),
        ("requested_at", DaysFilter),
    )
    list_select_related = ("user", "subscription")
    search_fields = ("comment",)
    ordering_for_customer = ("-requested_at", "-id")
    sortable_by_for_customer = ("requested_at",)
    csv_columns = (
        "id",
        "user__email",
        "requested_at",
        "outcome",
        "reason",
        "comment",
        "resumes_at",
        "resumed_at",
        "subscription__plan__name",
    )

    of = column("subscription", "subscription", empty="-", show=link)
