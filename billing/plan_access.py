"""Plan access: whether a subscription opens its plan at an instant, until when, and the reason.

The rule is in `docs/billing-access.md`. The functions are pure: subscription, instant and grace period are arguments.
Every end is exclusive: at the instant of an end, access is closed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

# How long a renewing period that is over stays open while nobody has said yet how the renewal went: Stripe's event may be
# late, ours is down for a release, the hourly job for gifts has not run. Who has paid so far isn't shut out for our delay;
# whoever did not pay gains some hours at most, for the event brings past_due. A trial has paid nothing and an end that was
# asked for is known, so both close on the second.
LAG = timedelta(hours=6)


class SubscriptionFacts(Protocol):
    """What access is decided by; a row of `Subscription` has it. Instants are aware."""

    status: str
    current_period_start: datetime | None
    current_period_end: datetime | None
    trial_end: datetime | None
    cancel_at_period_end: bool


@dataclass(frozen=True)
class PlanAccess:
    """`until` is when it closes, or closed, by itself; None where no clock closes it. `why` is a sentence for people."""

    is_open: bool
    until: datetime | None
    why: str


def plan_access_at(
    subscription: SubscriptionFacts, *, now: datetime, grace: timedelta, unpaid_since: datetime | None = None
) -> PlanAccess:
    """What `subscription` opens at `now`; `grace` is how long a renewal that failed may stay unpaid.

    `unpaid_since` is when the oldest bill was made that is still not paid, None where no bill is known: Stripe moves the period
    on while nobody pays, and without it every new period would bring a grace of its own.
    """
    if subscription.status == "past_due":
        return _past_due(subscription, now, grace, unpaid_since)
    decide = TIMED_STATUSES.get(subscription.status)
    if decide is not None:
        return decide(subscription, now)
    return PlanAccess(False, None, CLOSED_STATUSES.get(subscription.status, f"The status {subscription.status} opens nothing."))


def _trialing(trial: SubscriptionFacts, now: datetime) -> PlanAccess:
    end = trial.trial_end or trial.current_period_end
    if end is None:
        return PlanAccess(False, None, "The trial has no end, so nothing says that it still runs.")
    if now >= end:
        return PlanAccess(False, end, f"The trial ended at {format_instant(end)}, and nothing was paid.")
    cancelled = "was cancelled and " if trial.cancel_at_period_end else ""
    return PlanAccess(True, end, f"The trial {cancelled}runs until {format_instant(end)}.")


def _active(paid: SubscriptionFacts, now: datetime) -> PlanAccess:
    end = paid.current_period_end
    if end is None:
        return PlanAccess(True, None, "The subscription is active and has no end.")
    if paid.cancel_at_period_end:
        verb = "runs" if now < end else "ran"
        return PlanAccess(now < end, end, f"The subscription was cancelled and {verb} until {format_instant(end)}.")
    if now < end:
        return PlanAccess(True, end + LAG, f"The subscription is active and renews at {format_instant(end)}.")
    if now < end + LAG:
        until = format_instant(end + LAG)
        sentence = f"The subscription renews since {format_instant(end)}; how that went is waited for until {until}."
        return PlanAccess(True, end + LAG, sentence)
    return PlanAccess(False, end + LAG, f"The period ended at {format_instant(end)}, and no renewal is known.")


def _past_due(unpaid: SubscriptionFacts, now: datetime, grace: timedelta, since: datetime | None) -> PlanAccess:
    failed = min(filter(None, (_failed_renewal_start(unpaid, now), since)), default=None)
    if failed is None:
        return PlanAccess(False, None, "The payment failed, and no period says when, so there is no grace.")
    end = failed + grace
    if unpaid.cancel_at_period_end and unpaid.current_period_end is not None and unpaid.current_period_end > failed:
        end = min(end, unpaid.current_period_end)
    if now >= end:
        return PlanAccess(
            False, end, f"The payment of {format_instant(failed)} failed, and the grace ended at {format_instant(end)}."
        )
    return PlanAccess(True, end, f"The payment of {format_instant(failed)} failed; it stays open until {format_instant(end)}.")


def _failed_renewal_start(unpaid: SubscriptionFacts, now: datetime) -> datetime | None:
    """When the renewal that was not paid began: with the new period, or with the old one's end where it was not moved yet."""
    end = unpaid.current_period_end
    return end if end is not None and end <= now else unpaid.current_period_start


def format_instant(instant: datetime) -> str:
    """An instant for people, to the minute, in UTC."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


TIMED_STATUSES: Mapping[str, Callable[[SubscriptionFacts, datetime], PlanAccess]] = {"trialing": _trialing, "active": _active}
CLOSED_STATUSES: Mapping[str, str] = {
    "incomplete": "The first payment is not done yet, and opens nothing until it is.",
    "incomplete_expired": "The first payment never came.",
    "unpaid": "Payments failed for good; paying the open invoice opens it again.",
    "paused": "The subscription is paused.",
    "canceled": "The subscription has ended.",
}
