"""What can be asked for: one module per group of resources. Importing them registers their addresses."""

from dev.stripe.resources import (
    catalog,
    checkout,
    customers,
    events_and_test_clocks,
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
    "events_and_test_clocks",
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
