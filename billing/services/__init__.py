"""What happens to plans, subscriptions and what they open."""

from billing.services.access import grant_plan, regrant_plan, settle_access, settle_by_the_clock
from billing.services.explanation import Explanation, explain
from billing.services.overrides import comp, disable_feature, enable_feature, grant_override, revoke_override
from billing.services.plans import delete_plan, load_catalogue
from billing.services.subscriptions import (
    cancel_at_period_end,
    cancel_now,
    change_plan,
    delete_subscription,
    pass_period_ends,
    reactivate,
)
from billing.services.use import LimitReachedError, give_back, require_feature, reset_usage, use_feature

__all__ = [
    "Explanation",
    "LimitReachedError",
    "cancel_at_period_end",
    "cancel_now",
    "change_plan",
    "comp",
    "delete_plan",
    "delete_subscription",
    "disable_feature",
    "enable_feature",
    "explain",
    "give_back",
    "grant_override",
    "grant_plan",
    "load_catalogue",
    "pass_period_ends",
    "reactivate",
    "regrant_plan",
    "require_feature",
    "reset_usage",
    "revoke_override",
    "settle_access",
    "settle_by_the_clock",
    "use_feature",
]
