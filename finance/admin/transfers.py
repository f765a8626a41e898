"""Admin pages of transfers and exchange rates."""

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from core.admin import BY_CUSTOMER, DaysFilter, OwnedReadOnlyAdmin, column, link
from finance.models import ExchangeRate, Transfer

STATUS_COLORS = {"proposed": "info", "accepted": "success", "refused": "default"}


@admin.register(Transfer)
class TransferAdmin(OwnedReadOnlyAdmin):
    """Read-only list of transfers, because only the customer decides on them."""

    paid = column("outgoing", "outgoing", show=link)
    received = column("incoming", "incoming", show=link)
    state = column("status", "status", STATUS_COLORS)

    list_display = ("created_at", "owner", "paid", "received", "state", "confidence")
    list_filter = (BY_CUSTOMER, ("status", ChoicesDropdownFilter), ("decided_at", DaysFilter))
    list_select_related = ("user", "outgoing", "incoming")
    ordering_for_customer = ("-created_at", "-id")
    csv_columns = ("id", "user__email", "outgoing_id", "incoming_id", "status", "decided_at", "confidence")


@admin.register(ExchangeRate)
class ExchangeRateAdmin(OwnedReadOnlyAdmin):
    """Read-only list of exchange rates, which customers enter and imports contain."""

    list_display = ("day", "owner", "base", "quote", "rate", "source")
    list_filter = (BY_CUSTOMER, ("source", ChoicesDropdownFilter), ("day", DaysFilter))
    search_fields = ("base", "quote")
    ordering_for_customer = ("-day", "-id")
    csv_columns = ("id", "user__email", "day", "base", "quote", "rate", "source")
