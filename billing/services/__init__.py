"""What happens to plans, subscriptions and what they open."""

from billing.services.dunning import record_dunning, stop_dunning
from billing.services.explanation import Explanation, explain_feature
from billing.services.feature_access import grant_plan, regrant_plan, sync_feature_access, update_expired_access
from billing.services.overrides import grant_complimentary_plan, grant_override, override_access, revoke_override
from billing.services.plans import delete_plan, load_catalog
from billing.services.reminders import send_billing_reminders
from billing.services.subscriptions import (
    cancel_at_period_end,
    cancel_now,
    change_plan,
    delete_subscription,
    process_period_ends,
    reactivate,
)
from billing.services.usage import (
    LimitReachedError,
    delete_old_usage_records,
    give_back,
    record_usage,
    require_feature,
    reset_usage,
)
from billing.stripe.catalog import catalog_sync_steps
from billing.stripe.checkout import delete_stripe_customer, had_trial, open_portal, start_checkout
from billing.stripe.events import (
    clear_event_bodies_of,
    clear_old_event_bodies,
    handle_event,
    replay_event,
    store_event,
    unprocessed_events,
)
from billing.stripe.plan_changes import preview_change
from billing.stripe.reconciliation import reconcile
from billing.stripe.refunds import (
    approve_refund,
    decline_refund,
    is_refundable,
    refundable_amount,
    request_refund,
    send_refund,
    unsent_refund_ids,
)
from billing.stripe.sync import SyncResult, lock_stripe_customer, sync_customer

__all__ = [
    "Explanation",
    "LimitReachedError",
    "SyncResult",
    "approve_refund",
    "start_checkout",
    "is_refundable",
    "cancel_at_period_end",
    "cancel_now",
    "change_plan",
    "grant_complimentary_plan",
    "decline_refund",
    "delete_plan",
    "delete_subscription",
    "explain_feature",
    "delete_stripe_customer",
    "clear_old_event_bodies",
    "delete_old_usage_records",
    "clear_event_bodies_of",
    "give_back",
    "grant_override",
    "grant_plan",
    "had_trial",
    "handle_event",
    "load_catalog",
    "record_dunning",
    "stop_dunning",
    "lock_stripe_customer",
    "open_portal",
    "unprocessed_events",
    "process_period_ends",
    "preview_change",
    "sync_customer",
    "reactivate",
    "store_event",
    "reconcile",
    "refundable_amount",
    "regrant_plan",
    "replay_event",
    "request_refund",
    "require_feature",
    "reset_usage",
    "revoke_override",
    "send_refund",
    "sync_feature_access",
    "update_expired_access",
    "catalog_sync_steps",
    "override_access",
    "unsent_refund_ids",
    "record_usage",
    "send_billing_reminders",
]
