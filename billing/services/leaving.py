"""The alternatives of customers who want to leave: withdraw within 14 days, pause, or move to a cheaper plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from billing.entitlements import Entitlement
from billing.models import Cancellation, Subscription, SubscriptionPlan
from billing.models.cancellations import CancellationOutcome
from billing.models.plans import known_features
from billing.models.subscriptions import SubscriptionStatus
from billing.services.cancellations import NO_FEEDBACK, CancellationFeedback, record_alternative
from billing.services.customer_notices import format_day
from billing.services.subscriptions import change_plan, require_free_change
from billing.stripe import plan_changes, previews, withdrawals
from billing.stripe.previews import Preview
from core.errors import ConflictError, DomainError

MAX_PAUSE_MONTHS = 3
PAUSE_MONTHS = range(1, MAX_PAUSE_MONTHS + 1)


@dataclass(frozen=True)
class WithdrawalOption:
    """A cancellation now with a refund of the unused time. If it is not possible, `why_not` is the reason with the remedy."""

    is_available: bool
    why_not: str = ""
    refund: Decimal | None = None
    credit: Decimal | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class PauseOption:
    """A pause that begins now. `resumes_at` has its end for each number of months. `credit` is for the unused time."""

    is_available: bool
    why_not: str = ""
    credit: Decimal | None = None
    resumes_at: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class LowerLimit:
    """A monthly limit that a cheaper plan lowers. None is unlimited."""

    name: str
    now: int | None
    then: int


@dataclass(frozen=True)
class CheaperPlan:
    """A cheaper plan, the cost of the change to it, and what it lacks."""

    plan: SubscriptionPlan
    preview: Preview
    lost_features: tuple[str, ...]
    lower_limits: tuple[LowerLimit, ...]


@dataclass(frozen=True)
class LeavingOptions:
    """The options of a customer who wants to leave. `ends_at` is the end of a cancellation at the end of the period."""

    currency: str
    ends_at: datetime | None
    withdrawal: WithdrawalOption
    pause: PauseOption
    cheaper_plans: tuple[CheaperPlan, ...]


def leaving_options(subscription: Subscription, *, now: datetime) -> LeavingOptions:
    """Return the options with the amounts that Stripe computes for this customer. Nothing is changed."""
    if not subscription.is_running:
        raise ConflictError("not_running", f"This subscription is {subscription.status}. There is nothing to cancel.")
    is_credited = not subscription.is_local and subscription.status == SubscriptionStatus.ACTIVE
    unused = withdrawals.unused_amount(subscription, now=now) if is_credited else Decimal(0)
    is_paused = subscription.status == SubscriptionStatus.PAUSED
    return LeavingOptions(
        currency=subscription.currency,
        ends_at=now if is_paused else subscription.ends_at or subscription.runs_until,
        withdrawal=_withdrawal_option(subscription, unused, now),
        pause=_pause_option(subscription, unused, now),
        cheaper_plans=_cheaper_plans(subscription, now) if subscription.is_active else (),
    )


def pause(
    subscription: Subscription, *, months: int, feedback: CancellationFeedback = NO_FEEDBACK, now: datetime
) -> Cancellation:
    """Pause a subscription now, for 1 to 3 months, after which a job resumes it. The unused time becomes a credit."""
    require_pausable(subscription, now=now)
    row = record_alternative(
        subscription=subscription,
        feedback=feedback,
        outcome=CancellationOutcome.PAUSED,
        now=now,
        pause_year=now.astimezone(subscription.user.zone).year,
        resumes_at=now + relativedelta(months=months),
    )
    plan_changes.pause(subscription, now=now)
    return row


def require_pausable(subscription: Subscription, *, now: datetime) -> None:
    """Raise ConflictError with the remedy unless a customer can pause a subscription now."""
    user, year = subscription.user, now.astimezone(subscription.user.zone).year
    if subscription.is_local:
        raise ConflictError("not_pausable", "This subscription costs nothing, so there is nothing to pause.")
    if subscription.status != SubscriptionStatus.ACTIVE:
        remedies = {
            SubscriptionStatus.TRIALING: "The trial costs nothing. Pause after its end, or cancel before.",
            SubscriptionStatus.PAUSED: "Resume it, or cancel it.",
        }
        remedy = remedies.get(SubscriptionStatus(subscription.status), "Pay the open invoice first; payment_url is its page.")
        raise ConflictError("not_active", f"This subscription is {subscription.status}. {remedy}")
    if subscription.ends_at is not None:
        sentence = f"This subscription ends on {format_day(user, subscription.ends_at)}. Undo the cancellation first."
        raise ConflictError("already_cancelled", sentence)
    if subscription.pending_until is not None and subscription.pending_until > now:
        raise ConflictError("change_waits", "A change waits for its payment. Pay it at payment_url first, or wait for its end.")
    if Cancellation.objects.for_user(user).filter(pause_year=year).exists():
        sentence = f"You have paused in {year}. The next pause is possible from 1 January {year + 1}."
        raise ConflictError("paused_this_year", sentence)


def cheaper_plans_of(subscription: Subscription) -> Sequence[SubscriptionPlan]:
    """Return the offered plans that cost less for the same interval, the most expensive first."""
    plan = subscription.plan
    offered = SubscriptionPlan.objects.offered().filter(currency=plan.currency, billing_cycle=plan.billing_cycle)
    offered = offered if subscription.is_local else offered.exclude(stripe_price_id="")
    return list(offered.filter(price__lt=plan.price).order_by("-price", "id"))


def move(subscription: Subscription, *, plan: SubscriptionPlan, feedback: CancellationFeedback, now: datetime) -> None:
    """Change the plan, and record the reason of a customer who does so instead of leaving.

    Raise DomainError if a reason is given with a plan that is not cheaper, and the errors of `change_plan`.
    """
    old = subscription.plan
    is_cheaper = plan.currency == old.currency and plan.monthly_price < old.monthly_price
    if feedback != NO_FEEDBACK and not is_cheaper:
        sentence = "A reason for leaving is stored with a change to a cheaper plan only. Leave out reason and comment."
        raise DomainError("not_cheaper", sentence, field="reason" if feedback.reason else "comment")
    change_plan(subscription, plan=plan, now=now)
    if feedback != NO_FEEDBACK:
        record_alternative(subscription=subscription, feedback=feedback, outcome=CancellationOutcome.MOVED, now=now)


def _withdrawal_option(subscription: Subscription, unused: Decimal, now: datetime) -> WithdrawalOption:
    try:
        invoices = withdrawals.require_withdrawable(subscription, now=now)
    except ConflictError as refusal:
        return WithdrawalOption(False, refusal.message)
    given = withdrawals.withdrawal_of(subscription, invoices, unused=unused)
    return WithdrawalOption(True, "", given.refund, given.credit, given.until)


def _pause_option(subscription: Subscription, unused: Decimal, now: datetime) -> PauseOption:
    try:
        require_pausable(subscription, now=now)
    except ConflictError as refusal:
        return PauseOption(False, refusal.message)
    return PauseOption(True, "", unused, tuple(now + relativedelta(months=months) for months in PAUSE_MONTHS))


def _cheaper_plans(subscription: Subscription, now: datetime) -> tuple[CheaperPlan, ...]:
    plans = cheaper_plans_of(subscription)
    if subscription.is_local:
        for plan in plans:
            require_free_change(subscription, plan)
        found = [previews.free_preview(plan, now=now) for plan in plans]
    else:
        found = previews.preview_changes(subscription, plans=plans, now=now)
    known = known_features()
    had = {name: own for name, own in subscription.plan.entitlements(known).items() if own.is_enabled}
    return tuple(
        CheaperPlan(plan, preview, *_losses(had, plan.entitlements(known))) for plan, preview in zip(plans, found, strict=True)
    )


def _losses(had: Mapping[str, Entitlement], has: Mapping[str, Entitlement]) -> tuple[tuple[str, ...], tuple[LowerLimit, ...]]:
    """Return the enabled features that another plan has not, and the limits that it lowers."""
    lost = tuple(name for name in had if not has[name].is_enabled)
    lower = []
    for name, own in had.items():
        limit = has[name].limit
        if name not in lost and limit is not None and (own.limit is None or limit < own.limit):
            lower.append(LowerLimit(name, own.limit, limit))
    return lost, tuple(lower)
