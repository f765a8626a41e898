"""What can be asked for: one module per group of resources. Importing them registers their addresses."""

from dev.stripe.resources import (
    account_wide,
    catalog,
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
    "catalog",
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
