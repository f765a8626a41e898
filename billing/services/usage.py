"""Counting the uses of a feature, giving them back, and saying no."""

import math
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from billing.models import EntitlementOverride, FeatureAccess, Subscription, SubscriptionPlan, UsageRecord
from billing.plan_access import format_instant
from billing.services.feature_access import sync_feature_access
from core.errors import ConflictError, DomainError

USAGE_RECORD_RETENTION = timedelta(days=90)


class LimitReachedError(DomainError):
    """The uses of this counting month are used up; `seconds_left` is how long it still lasts."""

    def __init__(self, message: str, *, seconds_left: int) -> None:
        super().__init__("limit_reached", message, status=429, retry_after=seconds_left)


@transaction.atomic
def record_usage(
    *, user: Any, feature: str, now: datetime, amount: int = 1, idempotency_key: str | None = None
) -> FeatureAccess:
    """Count `amount` uses of a feature, and give its row; the error of a denial says why, and when it will be different.

    Under one `idempotency_key` they are counted once, however often and from wherever it is called: a repetition gives the
    row as it is now. 422 for a key that stands for something else, 409 for one that was given back.
    """
    if idempotency_key is None:
        return _count(user, feature, amount, now)
    # The record comes first: a second call with the key waits on it, and finds what became of the first
    given = {"feature_name": feature, "amount": amount, "period_start": now}
    record, is_new = UsageRecord.objects.get_or_create(user_id=user.pk, idempotency_key=idempotency_key, defaults=given)
    if not is_new:
        return _replayed_usage(user, record, feature, amount)
    access = _count(user, feature, amount, now)
    UsageRecord.objects.for_user(user).filter(pk=record.pk).update(period_start=access.period_start)
    return access


def require_feature(*, user: Any, feature: str, now: datetime) -> None:
    """Raise the error of a denial when a feature is not open; counts nothing, and asks for no room below the limit."""
    access = _row(user, feature)
    if access is not None and access.is_open_at(now):
        return
    if _sync_if_overridden(user, feature, now):
        access = _row(user, feature)
        if access is not None and access.is_open_at(now):
            return
    raise _denial(access or _disabled_access(user, feature), 1, now)


@transaction.atomic
def give_back(*, user: Any, feature: str, idempotency_key: str, now: datetime) -> FeatureAccess:
    """Take back what was counted under a key, once, and give the row. Of a month that is over there is nothing to give back.

    404 when nothing was counted under the key.
    """
    record = UsageRecord.objects.for_user(user).filter(feature_name=feature, idempotency_key=idempotency_key)
    counted = record.select_for_update().first()
    if counted is None:
        raise DomainError("unknown_key", f"Nothing was counted for {feature} under this key.", status=404)
    if counted.given_back_at is None:
        record.update(given_back_at=now)
        mine = FeatureAccess.objects.for_user(user).filter(feature_name=feature)
        mine.give_back(amount=counted.amount, period_start=counted.period_start)
    return _row(user, feature) or _disabled_access(user, feature)


def delete_old_usage_records(*, now: datetime) -> int:
    """Delete records of uses older than USAGE_RECORD_RETENTION and return how many; their periods are over."""
    deleted, _ = UsageRecord.objects.filter(created_at__lt=now - USAGE_RECORD_RETENTION).delete()
    return deleted


def reset_usage(access: FeatureAccess, *, now: datetime) -> None:
    """Begin the count of the present month anew."""
    access.usage_count, access.period_start = 0, access.usage_period_at(now).begins
    access.save(update_fields=["usage_count", "period_start"])


def _count(user: Any, feature: str, amount: int, now: datetime) -> FeatureAccess:
    mine = FeatureAccess.objects.for_user(user).filter(feature_name=feature)
    counted = mine.use(amount=amount, now=now)
    if not counted and _sync_if_overridden(user, feature, now):
        counted = mine.use(amount=amount, now=now)
    access = _row(user, feature)
    if access is None or not counted:
        raise _denial(access or _disabled_access(user, feature), amount, now)
    return access


def _sync_if_overridden(user: Any, feature: str, now: datetime) -> bool:
    """Settle where an override speaks of the feature: one may have begun or ended since the job last looked."""
    spoken_of = EntitlementOverride.objects.for_user(user).filter(feature_name=feature, starts_at__lte=now)
    if not spoken_of.exists():
        return False
    sync_feature_access(user=user, now=now)
    return True


def _replayed_usage(user: Any, record: UsageRecord, feature: str, amount: int) -> FeatureAccess:
    if (record.feature_name, record.amount) != (feature, amount):
        sentence = "This idempotency_key was used for another feature or amount. Use a new one."
        raise DomainError("idempotency_key_reused", sentence, status=422)
    if record.given_back_at is not None:
        raise ConflictError("given_back", "What was counted under this idempotency_key was given back. Use a new one.")
    return _row(user, feature) or _disabled_access(user, feature)


def _row(user: Any, feature: str) -> FeatureAccess | None:
    found: FeatureAccess | None = (
        FeatureAccess.objects.for_user(user).filter(feature_name=feature).with_billing_period().first()
    )
    return found


def _disabled_access(user: Any, feature: str) -> FeatureAccess:
    """The row of a feature that nobody gave him."""
    return FeatureAccess(user=user, feature_name=feature, is_enabled=False)


def _denial(access: FeatureAccess, amount: int, now: datetime) -> DomainError:
    """Why `amount` uses were refused."""
    name, limit, used = access.feature_name, access.usage_limit, access.usage_at(now)
    if not access.is_enabled:
        return DomainError("feature_disabled", f"{name} is not open to you. {_remedy(access, now)}", status=402)
    if access.expires_at is not None and FeatureAccess.is_expired.at(access, now):
        sentence = f"Your access to {name} ended at {format_instant(access.expires_at)}. {_remedy(access, now)}"
        return DomainError("feature_expired", sentence, status=402)
    if limit is None or used + amount <= limit:
        return ConflictError("changed_meanwhile", f"Your access to {name} has just been changed. Try again.")
    reset_at = access.usage_period_at(now).ends
    counts = f"You have used {used} of {limit} {name} this month, and asked for {amount}."
    sentence = f"{counts} The count is reset at {format_instant(reset_at)}."
    return LimitReachedError(sentence, seconds_left=math.ceil((reset_at - now).total_seconds()))


def _remedy(access: FeatureAccess, now: datetime) -> str:
    """What somebody can do to whom a feature is closed."""
    plans = SubscriptionPlan.objects.offered().opening(access.feature_name)
    is_subscribed = Subscription.objects.for_user(access.user).active().filter(plan__in=plans).exists()
    if is_subscribed and not FeatureAccess.is_expired.at(access, now):
        return "Your plan has it, but it was switched off for you. Ask support."
    names = ", ".join(dict.fromkeys(plan.name for plan in plans))
    return f"Plans with it: {names}." if names else "No plan has it at present."
