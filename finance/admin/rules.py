"""Admin page of rules, for reading only: what they do is the customer's decision."""

from django.contrib import admin
from unfold.contrib.filters.admin import BooleanRadioFilter

from core.admin import BY_CUSTOMER, OwnedReadOnlyAdmin
from finance.models import Rule


@admin.register(Rule)
class RuleAdmin(OwnedReadOnlyAdmin):
    list_display = ("name", "owner", "search", "order", "stop", "is_active", "version")
    list_filter = (BY_CUSTOMER, ("is_active", BooleanRadioFilter), ("stop", BooleanRadioFilter))
    search_fields = ("name", "search")
    ordering_for_customer = ("order", "id")
    csv_columns = ("id", "user__email", "name", "search", "order", "stop", "is_active", "version")
