"""Snapshots of a customer's billing rows, without keys and times of writing."""

from typing import Any

from billing.models import Adjustment, BillingHistory, BillingMovement, FeatureAccess, StripeCustomer, Subscription
from users.models import User

SHOWN: dict[type[Any], tuple[str, ...]] = {
    Subscription: ("plan__name", "status", "cancel_at_period_end", "current_period_end", "canceled_at", "trial_end"),
    BillingHistory: (
        "subscription__plan__name",
        "amount",
        "amount_collected",
        "amount_refunded",
        "currency",
        "status",
        "billing_date",
        "paid_at",
    ),
    Adjustment: ("kind", "amount", "currency", "status", "invoice__amount"),
    BillingMovement: ("happened_at", "kind", "currency", "annual_before", "annual_after"),
    StripeCustomer: ("card_brand", "card_last4", "credit", "currency"),
    FeatureAccess: ("feature_name", "usage_limit"),
}
Rows = dict[str, list[tuple[Any, ...]]]


def snapshot_of(user: User) -> Rows:
    """Return the user's rows by model, without closed features, because some of them never had a row."""
    found = {model: model._default_manager.filter(user=user).values_list(*names) for model, names in SHOWN.items()}
    found[FeatureAccess] = found[FeatureAccess].filter(is_enabled=True)
    return {model.__name__: sorted(rows, key=str) for model, rows in found.items()}
