"""What time does to subscriptions that are kept here, and what a changed plan does to those who have it."""

from billing import services
from billing.models import SubscriptionPlan
from mingus.kit import clock, jobs, rls


@jobs.periodic("7 * * * *")
def pass_period_ends(timestamp: int) -> None:
    """Renew or end subscriptions whose period is over. Access ends on the second without it; this brings the status along."""
    services.pass_period_ends(now=clock.now())


@jobs.task()
def regrant_plan(plan_id: str) -> None:
    """Open for everybody who has a plan what it opens now."""
    with rls.everybody():
        plan = SubscriptionPlan.objects.filter(pk=plan_id).first()
        if plan is not None:
            services.regrant_plan(plan=plan, now=clock.now())


@jobs.periodic("*/5 * * * *")
def settle_by_the_clock(timestamp: int) -> None:
    """Open what an override's beginning or end opens. What closes by the clock is closed on the second without it."""
    services.settle_by_the_clock(now=clock.now())
