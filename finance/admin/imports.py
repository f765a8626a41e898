"""Admin pages of statement imports and their rows."""

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from core.admin import BY_CUSTOMER, AutocompleteSelectFilter, OwnedReadOnlyAdmin, ReadOnlyInline, column, display, link, linked
from finance.models import FinancialTransaction, StatementImport, StatementImportRow

VERDICT_COLORS = {"created": "success", "review": "warning", "error": "danger"}


class RowColumns:
    """Row columns shared by the list and the import's page."""

    @display(description="transaction")
    def transaction(self, row: StatementImportRow) -> str:
        """Return a link without checking that the transaction exists, which would take one query per row."""
        return link(FinancialTransaction(pk=row.transaction_id), "open") if row.transaction_id else "-"


class ImportRowInline(RowColumns, ReadOnlyInline):
    model = StatementImportRow
    fields = ("row", "verdict", "reason", "transaction", "provider_id")
    row = linked("number", "row")
    ordering = ("number", "id")


@admin.register(StatementImport)
class StatementImportAdmin(OwnedReadOnlyAdmin):
    list_display = (
        "filename", "owner", "account", "format", "created", "duplicates", "review", "failed", "balance_set", "created_at"
    )  # fmt: skip
    list_filter = (BY_CUSTOMER, ("format", ChoicesDropdownFilter), ("balance_reason", ChoicesDropdownFilter))
    list_select_related = ("user", "account")
    list_display_links = ("filename", "created_at")
    search_fields = ("filename",)
    ordering_for_customer = ("-created_at", "-id")
    inlines = (ImportRowInline,)


@admin.register(StatementImportRow)
class StatementImportRowAdmin(RowColumns, OwnedReadOnlyAdmin):
    list_display = ("number", "owner", "statement_import", "outcome", "reason", "transaction", "provider_id")
    list_filter = (
        BY_CUSTOMER,
        ("statement_import", AutocompleteSelectFilter),
        ("verdict", ChoicesDropdownFilter),
        ("reason", ChoicesDropdownFilter),
    )
    list_select_related = ("user", "statement_import")
    search_fields = ("provider_id",)
    ordering_for_customer = ("-id",)

    outcome = column("verdict", "verdict", VERDICT_COLORS)
