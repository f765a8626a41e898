"""Plan access: the access that a subscription grants to its plan at an instant, its end and its reason.

The rule is in `docs/billing-access.md`. The functions are pure: subscription, instant and grace period are arguments.
Every end is exclusive: at the instant of an end, there is no access.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

# Access continues for this long after a renewing period, while the result of the renewal is unknown: Stripe's event may be
# late, this service may be down for a release, or the hourly job for gifts may not have run. Without a payment a customer gains
# a few hours at most, because the event sets past_due. A trial has no lag, because nothing was paid; a requested cancellation
# has none, because its end is known.
RENEWAL_LAG = timedelta(hours=6)


class SubscriptionFacts(Protocol):
    """The attributes of `Subscription` that determine access. Instants are timezone-aware."""

    status: str
    current_period_start: datetime | None
    current_period_end: datetime | None
    trial_end: datetime | None

    @property
    def ends_at(self) -> datetime | None: ...  # the instant for which its end is set, None if no end is set


@dataclass(frozen=True)
class PlanAccess:
    """`until` is when access ends or ended, None if no end is known. `why` is a sentence for customers and staff."""

    is_open: bool
    until: datetime | None
    why: str


def plan_access_at(
    subscription: SubscriptionFacts, *, now: datetime, grace: timedelta, unpaid_since: datetime | None = None
) -> PlanAccess:
    """Return the access that `subscription` grants at `now`. `grace` is how long a failed renewal may remain unpaid.

    `unpaid_since` is when the oldest unpaid invoice failed or fell due, None if none is known. Stripe starts new periods while
    invoices are unpaid, so without it each new period would start a new grace period.
    """
    if subscription.status == "past_due":
        return _past_due(subscription, now, grace, unpaid_since)
    decide = TIMED_STATUSES.get(subscription.status)
    if decide is not None:
        return decide(subscription, now)
    why = CLOSED_STATUSES.get(subscription.status, f"The status {subscription.status} grants no access.")
    return PlanAccess(False, None, why)


def _trialing(trial: SubscriptionFacts, now: datetime) -> PlanAccess:
    end = trial.trial_end or trial.current_period_end
    if end is None:
        return PlanAccess(False, None, "The trial has no end date, so it grants no access.")
    if now >= end:
        return PlanAccess(False, end, f"The trial ended at {format_instant(end)} without a payment.")
    canceled = "was canceled and " if trial.ends_at is not None and trial.ends_at <= end else ""
    until = min(end, trial.ends_at or end)
    verb = "runs" if now < until else "ran"
    return PlanAccess(now < until, until, f"The trial {canceled}{verb} until {format_instant(until)}.")


def _active(paid: SubscriptionFacts, now: datetime) -> PlanAccess:
    end = paid.current_period_end
    if end is None:
        return PlanAccess(True, None, "The subscription is active and has no end date.")
    if paid.ends_at is not None and paid.ends_at <= end:
        verb = "runs" if now < paid.ends_at else "ran"
        why = f"The subscription was canceled and {verb} until {format_instant(paid.ends_at)}."
        return PlanAccess(now < paid.ends_at, paid.ends_at, why)
    if now < end:
        return PlanAccess(True, end + RENEWAL_LAG, f"The subscription is active and renews at {format_instant(end)}.")
    if now < end + RENEWAL_LAG:
        why = f"The renewal of {format_instant(end)} is pending. Access continues until {format_instant(end + RENEWAL_LAG)}."
        return PlanAccess(True, end + RENEWAL_LAG, why)
    return PlanAccess(False, end + RENEWAL_LAG, f"The period ended at {format_instant(end)} without a known renewal.")


def _past_due(unpaid: SubscriptionFacts, now: datetime, grace: timedelta, since: datetime | None) -> PlanAccess:
    failed = since or _failed_renewal_start(unpaid, now)
    if failed is None:
        return PlanAccess(False, None, "The payment failed on an unknown date, so there is no grace period.")
    end = failed + grace
    if unpaid.ends_at is not None and unpaid.ends_at > failed:
        end = min(end, unpaid.ends_at)
    failure = f"The payment of {format_instant(failed)} failed"
    if now >= end:
        return PlanAccess(False, end, f"{failure}, and the grace period ended at {format_instant(end)}.")
    return PlanAccess(True, end, f"{failure}. Access continues until {format_instant(end)}.")


def _failed_renewal_start(unpaid: SubscriptionFacts, now: datetime) -> datetime | None:
    """Return when the unpaid renewal began: at the end of the stored period if it is over, otherwise at its start."""
    end = unpaid.current_period_end
    return end if end is not None and end <= now else unpaid.current_period_start


def format_instant(instant: datetime) -> str:
    """Return an instant to the minute in UTC, such as `2026-04-15 12:00 UTC`."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


TIMED_STATUSES: Mapping[str, Callable[[SubscriptionFacts, datetime], PlanAccess]] = {"trialing": _trialing, "active": _active}
CLOSED_STATUSES: Mapping[str, str] = {
    "incomplete": "The first payment is not complete. Access begins when it is.",
    "incomplete_expired": "The first payment was not made in time.",
    "unpaid": "All payment attempts failed. Access resumes when the open invoice is paid.",
    "paused": "The subscription is paused.",
    "canceled": "The subscription has ended.",
}
