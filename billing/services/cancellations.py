"""Records of customers who want to leave: their reason, and whether they left, stayed, paused or moved to a cheaper plan."""

from dataclasses import dataclass
from datetime import datetime

from billing.models import Cancellation, Subscription
from billing.models.cancellations import MAX_COMMENT_LENGTH, CancellationOutcome, CancellationReason
from billing.models.subscriptions import SubscriptionStatus


@dataclass(frozen=True)
class CancellationFeedback:
    """The answers of a customer about a cancellation. Both are empty unless they said something."""

    reason: str = ""
    comment: str = ""

    def as_details(self) -> dict[str, str]:
        """Return Stripe's `cancellation_details`. Empty strings clear those of an earlier cancellation."""
        return {"feedback": self.reason, "comment": self.comment}


NO_FEEDBACK = CancellationFeedback()


def feedback_of(reason: str | None, comment: str | None) -> CancellationFeedback:
    """Return the feedback that Stripe stores. An unknown reason is `other`, and a long comment is cut off."""
    known = CancellationReason.OTHER if reason and reason not in CancellationReason.values else reason or ""
    return CancellationFeedback(known, (comment or "")[:MAX_COMMENT_LENGTH])


def record_cancellation(
    *, subscription: Subscription, feedback: CancellationFeedback = NO_FEEDBACK, is_requested: bool = True, now: datetime
) -> None:
    """Record that a cancellation was made, undone or has taken effect, as the subscription shows. Idempotent.

    A subscription that ended without a request, because it was not paid, is only recorded if its end was requested before.
    """
    mine = Cancellation.objects.for_user(subscription.user).filter(subscription=subscription)
    if subscription.is_running and subscription.ends_at is None:
        mine.filter(outcome=CancellationOutcome.LEAVING).update(outcome=CancellationOutcome.STAYED)
        return
    if not subscription.is_running and subscription.status != SubscriptionStatus.CANCELED:
        return  # the first payment was not made
    outcome = CancellationOutcome.LEAVING if subscription.is_running else CancellationOutcome.LEFT
    row = mine.filter(outcome__in=(CancellationOutcome.LEAVING, outcome)).first()
    said = {name: value for name, value in vars(feedback).items() if value}
    if row is None and is_requested:
        at = subscription.canceled_at or now
        Cancellation.objects.create(user=subscription.user, subscription=subscription, requested_at=at, outcome=outcome, **said)
    elif row is not None and any(getattr(row, name) != value for name, value in {"outcome": outcome, **said}.items()):
        Cancellation.objects.filter(pk=row.pk).update(outcome=outcome, **said)


def record_alternative(
    *, subscription: Subscription, feedback: CancellationFeedback, outcome: CancellationOutcome, now: datetime, **more: object
) -> Cancellation:
    """Record what a customer chose instead of leaving. `more` has the fields of a pause."""
    row: Cancellation = Cancellation.objects.create(
        user=subscription.user,
        subscription=subscription,
        requested_at=now,
        outcome=outcome,
        **vars(feedback),
        **more,
    )
    return row
