"""Background jobs of billing."""

from collections.abc import Mapping
from uuid import UUID

from billing import services
from billing.models import Adjustment, SubscriptionPlan
from core import clock, jobs, rls


@jobs.periodic("7 * * * *")
def process_period_ends(timestamp: int) -> None:
    """Renew or end local subscriptions whose period is over. Access ends on time without this job; it updates the status."""
    services.process_period_ends(now=clock.now())


@jobs.task()
def regrant_plan(plan_id: str) -> None:
    """Update the feature access of all subscribers to a plan that has changed."""
    with rls.as_staff():
        plan = SubscriptionPlan.objects.filter(pk=plan_id).first()
        if plan is not None:
            services.regrant_plan(plan=plan, now=clock.now())
            services.complete_feature_access(now=clock.now())  # a feature may be new


@jobs.daily(at_hour=2)
def complete_feature_access(timestamp: int) -> None:
    """Create the rows of feature access that users lack."""
    services.complete_feature_access(now=clock.now())


@jobs.daily(at_hour=9)
def send_billing_reminders(timestamp: int) -> None:
    """Send reminders of expiring cards and ending trials."""
    services.send_billing_reminders(now=clock.now())


@jobs.periodic("23 * * * *")
def end_pauses(timestamp: int) -> None:
    """Announce and end the pauses that customers requested, each in its own job."""
    for key in services.ending_pauses(now=clock.now()):
        jobs.enqueue(end_pause, lock=f"pause {key}", cancellation_id=str(key))


@jobs.task(retries=5, is_repeated=True)
def end_pause(cancellation_id: str) -> None:
    """Announce a pause that ends soon, or resume its subscription."""
    with rls.as_staff():
        services.end_pause(UUID(cancellation_id), now=clock.now())


@jobs.daily(at_hour=10)
def send_win_back_notices(timestamp: int) -> None:
    """Notify customers who left some days ago, once for each end."""
    services.send_win_back_notices(now=clock.now())


@jobs.task(retries=5, is_repeated=True)
def send_refund(adjustment_id: str) -> None:
    """Send a requested or approved refund to Stripe."""
    with rls.as_staff():
        row = Adjustment.objects.filter(pk=adjustment_id).first()
        if row is not None:
            services.send_refund(row)


@jobs.task(retries=15)  # for 18 hours
def settle_customer(stripe_customer_id: str, duplicates: list[str], credits: Mapping[str, str] = {}) -> None:
    """Cancel the subscriptions that a customer bought twice, and return what a rule grants."""
    with rls.as_staff():
        services.settle_customer(stripe_customer_id, duplicates, credits)


@jobs.periodic("*/15 * * * *")
def resend_unsent_refunds(timestamp: int) -> None:
    """Retry the refunds that Stripe has not confirmed, each in its own job."""
    for key in services.unsent_refund_ids():
        jobs.enqueue(send_refund, adjustment_id=str(key))


@jobs.task(retries=5, is_repeated=True)
def handle_stripe_event(event_id: str) -> None:
    """Process an event of the inbox."""
    with rls.as_staff():
        services.handle_event(UUID(event_id), now=clock.now())


@jobs.periodic("*/5 * * * *")
def handle_unprocessed_events(timestamp: int) -> None:
    """Retry the events whose job was lost or failed, each in its own job."""
    for key in services.unprocessed_events(now=clock.now()):
        jobs.enqueue(handle_stripe_event, event_id=str(key))


@jobs.task(retries=15)  # for 18 hours
def delete_stripe_customer(stripe_customer_id: str) -> None:
    """Delete the customer of an erased account at Stripe, which ends their subscriptions there."""
    services.delete_stripe_customer(stripe_customer_id)


@jobs.daily(at_hour=3)
def delete_expired_data(timestamp: int) -> None:
    """Clear the bodies of events and delete the usage records that are past their retention period."""
    services.clear_event_bodies(now=clock.now())
    services.delete_old_usage_records(now=clock.now())


@jobs.daily(at_hour=4)
def reconcile_stripe(timestamp: int) -> None:
    """Compare all customers with Stripe, and notify staff of differences."""
    services.reconcile(now=clock.now())


@jobs.periodic("*/5 * * * *")
def update_expired_access(timestamp: int) -> None:
    """Grant access that begins when an override begins or ends. Access that expires ends on time without this job."""
    services.update_expired_access(now=clock.now())
