"""What time does to subscriptions that are kept here, and what a changed plan does to those who have it."""

from uuid import UUID

from billing import services
from billing.models import Adjustment, SubscriptionPlan
from core import clock, jobs, rls


@jobs.periodic("7 * * * *")
def process_period_ends(timestamp: int) -> None:
    """Renew or end subscriptions whose period is over. Access ends on the second without it; this brings the status along."""
    services.process_period_ends(now=clock.now())


@jobs.task()
def regrant_plan(plan_id: str) -> None:
    """Open for everybody who has a plan what it opens now."""
    with rls.as_staff():
        plan = SubscriptionPlan.objects.filter(pk=plan_id).first()
        if plan is not None:
            services.regrant_plan(plan=plan, now=clock.now())


@jobs.daily(at_hour=9)
def send_billing_reminders(timestamp: int) -> None:
    """Warn of cards that expire and trials that end."""
    services.send_billing_reminders(now=clock.now())


@jobs.task(retries=5)
def send_refund(adjustment_id: str) -> None:
    """Send a refund that was asked for, or approved."""
    with rls.as_staff():
        row = Adjustment.objects.filter(pk=adjustment_id).first()
        if row is not None:
            services.send_refund(row)


@jobs.periodic("*/15 * * * *")
def resend_unsent_refunds(timestamp: int) -> None:
    """Send again what Stripe did not answer, each by a job of its own."""
    for key in services.unsent_refund_ids():
        jobs.enqueue(send_refund, adjustment_id=str(key))


@jobs.task(retries=5)
def handle_stripe_event(event_id: str) -> None:
    """Do what follows from an event of the inbox."""
    with rls.as_staff():
        services.handle_event(UUID(event_id), now=clock.now())


@jobs.periodic("*/5 * * * *")
def handle_unprocessed_events(timestamp: int) -> None:
    """Handle again what was lost or has failed, each by a job of its own."""
    for key in services.unprocessed_events(now=clock.now()):
        jobs.enqueue(handle_stripe_event, event_id=str(key))


@jobs.task(retries=15)  # for 18 hours
def delete_stripe_customer(stripe_customer_id: str) -> None:
    """Delete the customer of an erased account at Stripe, which ends what he still pays for there."""
    services.delete_stripe_customer(stripe_customer_id)


@jobs.daily(at_hour=3)
def delete_expired_data(timestamp: int) -> None:
    """Empty the texts of events that were dealt with long ago, and delete the keys under which uses were counted then."""
    services.clear_event_bodies(now=clock.now())
    services.delete_old_usage_records(now=clock.now())


@jobs.daily(at_hour=4)
def reconcile_stripe(timestamp: int) -> None:
    """Compare everything with Stripe, and tell staff when something differs."""
    services.reconcile(now=clock.now())


@jobs.periodic("*/5 * * * *")
def update_expired_access(timestamp: int) -> None:
    """Open what an override's beginning or end opens. What closes by the clock is closed on the second without it."""
    services.update_expired_access(now=clock.now())
