"""Changes of subscriptions, each of which also updates the customer's feature access.

A subscription without a Stripe ID is local: staff granted it, it is free, and it renews until it is canceled. Others are
changed at Stripe (`billing.stripe.plan_changes`).
"""

from datetime import datetime

from dateutil.relativedelta import relativedelta
from django.db import IntegrityError, transaction

from billing.models import Subscription, SubscriptionPlan
from billing.models.plans import BillingCycle
from billing.models.subscriptions import SubscriptionStatus
from billing.services.cancellations import NO_FEEDBACK, CancellationFeedback, record_cancellation
from billing.services.feature_access import sync_feature_access
from billing.stripe import plan_changes, previews, withdrawals
from billing.stripe.previews import Preview
from core.errors import ConflictError, DomainError
from users.models import User

CYCLES = {BillingCycle.MONTHLY: relativedelta(months=1), BillingCycle.YEARLY: relativedelta(years=1)}


def cancel_at_period_end(subscription: Subscription, *, feedback: CancellationFeedback = NO_FEEDBACK, now: datetime) -> None:
    """Cancel a subscription at the end of its period. Its access continues until then. A paused one ends now."""
    _require_running(subscription)
    if subscription.status == SubscriptionStatus.PAUSED:
        cancel_now(subscription, feedback=feedback, now=now)
        return
    if subscription.cancel_at_period_end:
        raise ConflictError("already_cancelled", "This subscription is already canceled at the end of its period.")
    if not subscription.is_local:
        plan_changes.cancel_at_period_end(subscription, feedback=feedback, now=now)
        return
    end = subscription.runs_until
    if end is None or end <= now:
        raise ConflictError("no_period", "This subscription has no period. To cancel it now, set at_period_end to false.")
    subscription.cancel_at_period_end, subscription.cancel_at, subscription.canceled_at = True, end, now
    _save_and_sync_access(subscription, now, feedback)


def cancel_now(subscription: Subscription, *, feedback: CancellationFeedback = NO_FEEDBACK, now: datetime) -> None:
    """End a subscription and its access immediately, without a refund."""
    _require_running(subscription)
    if subscription.is_local:
        _end(subscription, now, feedback)
    else:
        plan_changes.cancel_now(subscription, feedback=feedback, now=now)


def withdraw(subscription: Subscription, *, feedback: CancellationFeedback = NO_FEEDBACK, now: datetime) -> None:
    """End a subscription immediately, and refund the unused time. Possible within 14 days of a payment."""
    _require_running(subscription)
    withdrawals.withdraw(subscription, feedback=feedback, now=now)


def reactivate(subscription: Subscription, *, now: datetime) -> None:
    """Undo a cancellation, unless the period in which it was made has ended."""
    if not subscription.is_local:
        plan_changes.reactivate(subscription, now=now)
        return
    if subscription.is_running and not subscription.cancel_at_period_end:
        raise ConflictError("not_cancelled", "This subscription is not canceled. There is nothing to undo.")
    end = subscription.runs_until
    if end is None or end <= now or not (subscription.is_running or subscription.status == SubscriptionStatus.CANCELED):
        raise ConflictError("ended", "This subscription has ended. Start a new one.")
    if not subscription.is_running:
        on_trial = subscription.trial_end is not None and subscription.trial_end > now
        subscription.status = SubscriptionStatus.TRIALING if on_trial else SubscriptionStatus.ACTIVE
    subscription.cancel_at_period_end, subscription.cancel_at = False, None
    subscription.canceled_at = subscription.ended_at = None
    _save_and_sync_access(subscription, now)


def resume(subscription: Subscription, *, now: datetime) -> None:
    """Resume a paused subscription. Only Stripe pauses subscriptions, never a local one."""
    if subscription.is_local:
        raise ConflictError("not_paused", "This subscription is not paused. There is nothing to resume.")
    plan_changes.resume(subscription, now=now)


def preview_change(subscription: Subscription, *, plan: SubscriptionPlan, now: datetime) -> Preview:
    """Return the cost of `change_plan` without a change. Raise the errors of `change_plan`."""
    if not subscription.is_local:
        return previews.preview_change(subscription, plan=plan, now=now)
    require_free_change(subscription, plan)
    return previews.free_preview(plan, now=now)


def change_plan(subscription: Subscription, *, plan: SubscriptionPlan, now: datetime) -> None:
    """Move a subscription to another plan immediately. Its period stays, and renews by the new plan's cycle.

    A granted subscription can't be moved to a more expensive plan, which must be bought in a checkout.
    """
    if not subscription.is_local:
        plan_changes.change_plan(subscription, plan=plan, now=now)
        return
    require_free_change(subscription, plan)
    subscription.plan = plan
    _save_and_sync_access(subscription, now)


def require_free_change(subscription: Subscription, plan: SubscriptionPlan) -> None:
    """Raise DomainError unless a granted subscription may move to a plan without a payment."""
    if not subscription.is_active:
        sentence = f"This subscription is {subscription.status}. Only an active subscription can change its plan."
        raise ConflictError("not_active", sentence)
    if not plan.is_active:
        raise DomainError("plan_retired", "This plan is no longer offered. Choose another.", field="plan")
    if plan.pk == subscription.plan_id:
        raise ConflictError("same_plan", "The subscription already has this plan.")
    # prices in different currencies can't be compared, so another currency counts as more expensive
    is_more_expensive = plan.currency != subscription.plan.currency or plan.monthly_price > subscription.plan.monthly_price
    if subscription.status == SubscriptionStatus.ACTIVE and is_more_expensive:
        sentence = "This plan costs more than the current one. Buy it: POST /api/v1/billing/subscriptions/checkout/."
        raise DomainError("payment_required", sentence, status=402)


@transaction.atomic
def delete_subscription(subscription: Subscription, *, now: datetime) -> None:
    """Delete a local subscription and end its access. Its invoices stay."""
    if not subscription.is_local:
        raise ConflictError("managed_by_stripe", "Stripe manages this subscription. It can be canceled but not deleted.")
    user = subscription.user
    subscription.delete()
    sync_feature_access(user=user, now=now)


def process_period_ends(*, now: datetime, user: User | None = None) -> int:
    """Renew or end local subscriptions whose trial or period is over, and return their number. With `user`, only theirs."""
    due = (Subscription.objects.for_user(user) if user else Subscription.objects).local_past_period_end(now)
    keys = list(due.values_list("pk", flat=True))
    for key in keys:
        with transaction.atomic():
            subscription = due.filter(pk=key).select_for_update(skip_locked=True, of=("self",)).first()
            if subscription is not None:
                _process_period_end(subscription, now)
    return len(keys)


def _process_period_end(subscription: Subscription, now: datetime) -> None:
    if subscription.cancel_at_period_end or subscription.status == SubscriptionStatus.TRIALING:
        _end(subscription, now)
        return
    start, periods = subscription.current_period_start or subscription.created_at, 1
    cycle = CYCLES[BillingCycle(subscription.plan.billing_cycle)]
    while start + cycle * periods <= now:
        periods += 1
    subscription.current_period_start = start + cycle * (periods - 1)
    subscription.current_period_end = start + cycle * periods
    _save_and_sync_access(subscription, now)


def _end(subscription: Subscription, now: datetime, feedback: CancellationFeedback | None = None) -> None:
    """End a local subscription. Without `feedback`, it was not the customer who asked for it."""
    subscription.status = SubscriptionStatus.CANCELED
    subscription.canceled_at, subscription.ended_at = subscription.canceled_at or now, now
    _save_and_sync_access(subscription, now, feedback)


def _save_and_sync_access(subscription: Subscription, now: datetime, feedback: CancellationFeedback | None = None) -> None:
    """Save a subscription and update its owner's access. Raise ConflictError if another subscription is running."""
    try:
        with transaction.atomic():
            subscription.save()
            is_requested = feedback is not None
            record_cancellation(subscription=subscription, feedback=feedback or NO_FEEDBACK, is_requested=is_requested, now=now)
            sync_feature_access(user=subscription.user, now=now)
    except IntegrityError as error:
        if "one_running" not in str(error):
            raise
        raise ConflictError("another_runs", "Another subscription is running. End it first.") from error


def _require_running(subscription: Subscription) -> None:
    if not subscription.is_running:
        raise ConflictError("not_running", f"This subscription is {subscription.status}. There is nothing to cancel.")
