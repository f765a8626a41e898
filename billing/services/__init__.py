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
from billing.services.dunning import note_invoice, note_subscription
from billing.services.inbox import explain, forget_old_events, handle_event, overdue_events, receive, replay_event
from billing.services.plans import delete_plan, load_catalogue
from billing.services.projection import Projection, project_customer
from billing.services.reconciliation import reconcile
from billing.services.refunds import (
    approve_refund,
    can_refund,
    decline_refund,
    refundable,
    request_refund,
    send_refund,
    unsent_refunds,
)
from billing.services.subscriptions import (
    cancel_at_period_end,
    cancel_now,
    change_plan,
    delete_subscription,
    pass_period_ends,
    reactivate,
)
from billing.services.warnings import warn_ahead

__all__ = [
    "reconcile",
    "Projection",
    "project_customer",
    "explain",
    "forget_old_events",
    "handle_event",
    "overdue_events",
    "receive",
    "replay_event",
    "LimitReachedError",
    "begin_checkout",
    "approve_refund",
    "can_refund",
    "cancel_at_period_end",
    "cancel_now",
    "change_plan",
    "decline_refund",
    "delete_plan",
    "delete_subscription",
    "disable_feature",
    "enable_feature",
    "grant_plan",
    "had_trial",
    "load_catalogue",
    "open_portal",
    "note_invoice",
    "note_subscription",
    "pass_period_ends",
    "preview_change",
    "reactivate",
    "refundable",
    "regrant_plan",
    "request_refund",
    "reset_usage",
    "send_refund",
    "settle_access",
    "steps_to_sync",
    "unsent_refunds",
    "use_feature",
    "warn_ahead",
]
