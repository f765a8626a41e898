"""Admin pages of edits that can be undone and of deleted transactions, for reading only."""

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from core.admin import BY_CUSTOMER, OwnedReadOnlyAdmin
from finance.models import DeletedTransaction, EditedRow, EditRun


@admin.register(EditRun)
class EditRunAdmin(OwnedReadOnlyAdmin):
    list_display = ("kind", "owner", "rule", "rule_version", "row_count", "undo_until", "undone_at", "created_at")
    list_filter = (BY_CUSTOMER, ("kind", ChoicesDropdownFilter))
    list_select_related = ("user", "rule")
    ordering_for_customer = ("-created_at", "-id")
    csv_columns = ("id", "user__email", "kind", "rule_id", "rule_version", "row_count", "undo_until", "undone_at", "created_at")


@admin.register(EditedRow)
class EditedRowAdmin(OwnedReadOnlyAdmin):
    list_display = ("transaction_id", "owner", "run", "created_at")
    list_select_related = ("user", "run")
    csv_columns = ("id", "user__email", "run_id", "transaction_id", "created_at")


@admin.register(DeletedTransaction)
class DeletedTransactionAdmin(OwnedReadOnlyAdmin):
    list_display = ("id", "owner", "deleted_at")
    ordering_for_customer = ("-deleted_at", "-id")
    csv_columns = ("id", "user__email", "deleted_at")
