"""What happens to plans, subscriptions and what they open."""

from billing.services.dunning import note_invoice, note_subscription
from billing.services.explanation import Explanation, explain
from billing.services.feature_access import grant_plan, regrant_plan, settle_access, settle_by_the_clock
from billing.services.overrides import comp, grant_override, revoke_override, switch
from billing.services.plans import delete_plan, load_catalogue
from billing.services.subscriptions import (
    cancel_at_period_end,
    cancel_now,
    change_plan,
    delete_subscription,
    pass_period_ends,
    reactivate,
)
from billing.services.usage import LimitReachedError, forget_old_uses, give_back, require_feature, reset_usage, use_feature
from billing.services.warnings import warn_ahead
from billing.stripe.catalog import steps_to_sync
from billing.stripe.checkout import begin_checkout, forget_at_stripe, had_trial, open_portal
from billing.stripe.events import forget_old_events, forget_texts_of, handle_event, overdue_events, receive, replay_event
from billing.stripe.plan_changes import preview_change
from billing.stripe.reconciliation import reconcile
from billing.stripe.refunds import (
    approve_refund,
    can_refund,
    decline_refund,
    refundable,
    request_refund,
    send_refund,
    unsent_refunds,
)
from billing.stripe.sync import Projection, lock_payments, project_customer

__all__ = [
    "Explanation",
    "LimitReachedError",
    "Projection",
    "approve_refund",
    "begin_checkout",
    "can_refund",
    "cancel_at_period_end",
    "cancel_now",
    "change_plan",
    "comp",
    "decline_refund",
    "delete_plan",
    "delete_subscription",
    "explain",
    "forget_at_stripe",
    "forget_old_events",
    "forget_old_uses",
    "forget_texts_of",
    "give_back",
    "grant_override",
    "grant_plan",
    "had_trial",
    "handle_event",
    "load_catalogue",
    "note_invoice",
    "note_subscription",
    "lock_payments",
    "open_portal",
    "overdue_events",
    "pass_period_ends",
    "preview_change",
    "project_customer",
    "reactivate",
    "receive",
    "reconcile",
    "refundable",
    "regrant_plan",
    "replay_event",
    "request_refund",
    "require_feature",
    "reset_usage",
    "revoke_override",
    "send_refund",
    "settle_access",
    "settle_by_the_clock",
    "steps_to_sync",
    "switch",
    "unsent_refunds",
    "use_feature",
    "warn_ahead",
]
