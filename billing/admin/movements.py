"""Movements of recurring revenue in the back office, and the times that invoices charge for."""

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter

from billing.models import BillingMovement, RecurringCharge
from core.admin import (
    BY_CUSTOMER,
    DaysFilter,
    OwnedReadOnlyAdmin,
    ReadOnlyInline,
    amount_column,
    column,
    inline_on,
    link,
    linked,
)
from users.models import User

MOVEMENT_COLORS = {
    "new": "success",
    "reactivation": "success",
    "expansion": "info",
    "contraction": "warning",
    "churn": "danger",
}


class MovementColumns:
    """Columns of the list and of the inline on the customer's page."""

    movement = column("kind", "movement", MOVEMENT_COLORS)
    change = amount_column("mrr_change", "MRR change")
    after = amount_column("mrr_after", "MRR after")


@inline_on(User)
class MovementInline(MovementColumns, ReadOnlyInline):
    model = BillingMovement
    verbose_name_plural = "movements of recurring revenue"
    place = 6
    fields = ("when", "movement", "change", "after")
    when = linked("happened_at", "when")
    ordering = ("-happened_at", "-id")


@admin.register(BillingMovement)
class BillingMovementAdmin(MovementColumns, OwnedReadOnlyAdmin):
    """Movements of recurring revenue, which syncs write. The CSV file has the amounts of a year, which are not rounded."""

    list_display = ("happened_at", "owner", "movement", "change", "after")
    list_filter = (
        BY_CUSTOMER,
        ("kind", ChoicesDropdownFilter),
        ("currency", FieldTextFilter),
        ("happened_at", DaysFilter),
    )
    list_select_related = ("user",)
    ordering_for_customer = ("-happened_at", "-id")
    sortable_by_for_customer = ("happened_at",)
    date_hierarchy = "happened_at"
    csv_columns = (
        "id",
        "user__email",
        "happened_at",
        "kind",
        "currency",
        "annual_change",
        "annual_before",
        "annual_after",
    )


@admin.register(RecurringCharge)
class RecurringChargeAdmin(OwnedReadOnlyAdmin):
    """The times that invoices charge for. A line without an amount credits the rest of a time."""

    list_display = ("starts_at", "owner", "ends_at", "in_a_year", "price_id", "of")
    list_filter = (BY_CUSTOMER, ("starts_at", DaysFilter))
    list_select_related = ("user", "invoice")
    search_fields = ("price_id",)
    ordering_for_customer = ("-starts_at", "-id")
    sortable_by_for_customer = ("starts_at",)

    in_a_year = amount_column("annual_amount", "in a year")
    of = column("invoice", "invoice", empty="-", show=link)
