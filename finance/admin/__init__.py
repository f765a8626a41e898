"""Admin pages of the finance models."""

from finance.admin import (
    accounts,
    attachments,
    categories,
    due_dates,
    imports,
    projections,
    rules,
    transactions,
    transfers,
    undo,
)

__all__ = [
    "accounts",
    "attachments",
    "categories",
    "due_dates",
    "imports",
    "projections",
    "rules",
    "transactions",
    "transfers",
    "undo",
]
