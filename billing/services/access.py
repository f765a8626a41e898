"""What a plan opens for a customer, and the counting of its use.

Access follows the subscription: whoever writes a subscription calls `settle_access`. Without an active one (trialing or
active) nothing is open, for the catalogue has no free plan. Counts stay, so that nobody gets a new month by cancelling and
coming back.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from billing.entitlements import Entitlement
from billing.models import FeatureAccess, Subscription, SubscriptionPlan
from billing.months import counting_month
from mingus.kit.errors import ConflictError, DomainError

BATCH = 500
GRANTED = ("is_enabled", "usage_limit", "expires_at")


class LimitReachedError(DomainError):
    """The uses of this counting month are used up; `seconds_left` is how long it still lasts."""

    def __init__(self, message: str, *, seconds_left: int) -> None:
        super().__init__("limit_reached", message, status=429, retry_after=seconds_left)


@transaction.atomic
def settle_access(*, user: Any, now: datetime) -> None:
    """Bring a customer's access in line with his subscription."""
    subscription = Subscription.objects.for_user(user).running().select_for_update().first()
    if subscription is None or not subscription.is_active:
        FeatureAccess.objects.for_user(user).filter(is_enabled=True).update(is_enabled=False)
        return
    _grant([subscription], subscription.plan.entitlements(), now=now)


@transaction.atomic
def grant_plan(*, user: Any, plan: SubscriptionPlan, now: datetime) -> None:
    """Open for a customer what `plan` opens, and close the rest. What he used in the running month stays counted."""
    running = Subscription.objects.for_user(user).running().first()
    _grant([running or Subscription(user=user, plan=plan)], plan.entitlements(), now=now)


def regrant_plan(*, plan: SubscriptionPlan, now: datetime) -> int:
    """Bring everybody who has `plan` in line with what it opens now; gives how many. Each batch is a transaction."""
    opened, done = plan.entitlements(), 0
    batch = _next_batch(plan, None)
    while batch:
        with transaction.atomic():
            locked = Subscription.objects.filter(pk__in=batch, plan=plan).active().order_by("pk").select_for_update()
            done += _grant(list(locked), opened, now=now)
        batch = _next_batch(plan, batch[-1])
    return done


def _next_batch(plan: SubscriptionPlan, last: UUID | None) -> list[UUID]:
    active = Subscription.objects.filter(plan=plan, **({"pk__gt": last} if last else {})).active()
    return list(active.order_by("pk").values_list("pk", flat=True)[:BATCH])


def _grant(subscriptions: Sequence[Subscription], opened: Mapping[str, Entitlement], *, now: datetime) -> int:
    """Open `opened`, and nothing else, for the owners of `subscriptions`: two statements, however many they are."""
    owners = [subscription.user_id for subscription in subscriptions]
    rows = [row for subscription in subscriptions for row in _rows(subscription, opened, now)]
    FeatureAccess.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["user", "feature_name"], update_fields=GRANTED, batch_size=5_000
    )
    others = FeatureAccess.objects.filter(user__in=owners, is_enabled=True).exclude(feature_name__in=opened)
    others.update(is_enabled=False)
    return len(owners)


def _rows(subscription: Subscription, opened: Mapping[str, Entitlement], now: datetime) -> Iterable[FeatureAccess]:
    month = counting_month(now, subscription.current_period_start, subscription.current_period_end)
    for name, entitlement in opened.items():
        yield FeatureAccess(
            user_id=subscription.user_id,
            feature_name=name,
            is_enabled=entitlement.is_enabled,
            usage_limit=entitlement.limit,
            expires_at=subscription.access_ends_at,
            period_start=month.begins,
        )


@transaction.atomic
def use_feature(*, user: Any, feature: str, now: datetime, amount: int = 1) -> FeatureAccess:
    """Count `amount` uses of a feature, and give its row; the error of a denial says why, and when it will be different."""
    mine = FeatureAccess.objects.for_user(user).filter(feature_name=feature)
    counted = mine.use(amount=amount, now=now)
    access: FeatureAccess | None = mine.with_billing_period().first()
    if access is None or not counted:
        raise _denial(access or FeatureAccess(user=user, feature_name=feature, is_enabled=False), amount, now)
    return access


def _denial(access: FeatureAccess, amount: int, now: datetime) -> DomainError:
    """Why `amount` uses were refused."""
    name, limit, used = access.feature_name, access.usage_limit, access.usage_at(now)
    if not access.is_enabled:
        return DomainError("feature_disabled", f"{name} is not open to you. {_remedy(access)}", status=402)
    if access.expires_at is not None and access.has_expired_at(now):
        sentence = f"Your access to {name} ended at {_written(access.expires_at)}. {_remedy(access)}"
        return DomainError("feature_expired", sentence, status=402)
    if limit is None or used + amount <= limit:
        return ConflictError("changed_meanwhile", f"Your access to {name} has just been changed. Try again.")
    anew = access.month_at(now).ends
    sentence = f"You have used {used} of {limit} {name} this month, and asked for {amount}. It begins anew at {_written(anew)}."
    return LimitReachedError(sentence, seconds_left=math.ceil((anew - now).total_seconds()))


def _remedy(access: FeatureAccess) -> str:
    """What somebody can do to whom a feature is closed."""
    plans = SubscriptionPlan.objects.offered().opening(access.feature_name)
    if Subscription.objects.for_user(access.user).active().filter(plan__in=plans).exists() and not access.is_expired:
        return "Your plan has it, but it was switched off for you. Ask support."
    names = ", ".join(dict.fromkeys(plan.name for plan in plans))
    return f"Plans with it: {names}." if names else "No plan has it at present."


def _written(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def reset_usage(access: FeatureAccess, *, now: datetime) -> None:
    """Begin the count of the present month anew."""
    access.usage_count, access.period_start = 0, access.month_at(now).begins
    access.save(update_fields=["usage_count", "period_start"])


def enable_feature(access: FeatureAccess) -> None:
    """Open a feature, until the customer's plan changes."""
    if access.is_enabled:
        raise ConflictError("already_enabled", "This is enabled already.")
    access.is_enabled = True
    access.save(update_fields=["is_enabled"])


def disable_feature(access: FeatureAccess) -> None:
    """Close a feature, until the customer's plan changes."""
    if not access.is_enabled:
        raise ConflictError("already_disabled", "This is disabled already.")
    access.is_enabled = False
    access.save(update_fields=["is_enabled"])
