"""What happens to plans, subscriptions and what they open."""

from billing.services.access import (
    LimitReachedError,
    disable_feature,
    enable_feature,
    grant_plan,
    regrant_plan,
    reset_usage,
    settle_access,
    use_feature,
)
from billing.services.catalogue import steps_to_sync
from billing.services.changes import preview_change
from billing.services.checkout import begin_checkout, had_trial, open_portal
from billing.services.plans import delete_plan, load_catalogue
from billing.services.subscriptions import (
    cancel_at_period_end,
    cancel_now,
    change_plan,
    delete_subscription,
    pass_period_ends,
    reactivate,
)

__all__ = [
    "LimitReachedError",
    "begin_checkout",
    "cancel_at_period_end",
    "cancel_now",
    "change_plan",
    "delete_plan",
    "delete_subscription",
    "disable_feature",
    "enable_feature",
    "grant_plan",
    "had_trial",
    "load_catalogue",
    "open_portal",
    "pass_period_ends",
    "preview_change",
    "reactivate",
    "regrant_plan",
    "reset_usage",
    "settle_access",
    "steps_to_sync",
    "use_feature",
]
