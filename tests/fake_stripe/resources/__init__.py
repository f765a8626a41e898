"""What can be asked for: one module per group of resources. Importing them registers their addresses."""

from . import (
    account_wide,
    catalogue,
    checkout,
    customers,
    invoice_items,
    invoices,
    payment_methods,
    payments,
    previews,
    refunds,
    subscription_items,
    subscriptions,
)

__all__ = [
    "account_wide",
    "catalogue",
    "checkout",
    "customers",
    "invoice_items",
    "invoices",
    "payment_methods",
    "payments",
    "previews",
    "refunds",
    "subscription_items",
    "subscriptions",
]
