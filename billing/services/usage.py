"""Usage counts: uses of a feature are counted within its limit, given back and reset."""

import math
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.db import transaction

from billing.models import EntitlementOverride, FeatureAccess, Subscription, SubscriptionPlan, UsageRecord
from billing.models.feature_access import AccessQuerySet, counted_uses
from billing.plan_access import format_instant
from billing.services.feature_access import sync_feature_access
from core.errors import ConflictError, DomainError
from core.fast_lists.compiled_instances import CompiledInstanceQuery
from core.fast_lists.compiled_updates import CompiledUpdate

USAGE_RECORD_RETENTION = timedelta(days=90)


def _mine(values: dict[str, Any]) -> AccessQuerySet:
    """Return the row of a feature. Each user has at most one."""
    return FeatureAccess.objects.for_user(SimpleNamespace(pk=values["owner"])).filter(feature_name=values["feature"])


def _changes(values: dict[str, Any]) -> dict[str, Any]:
    return counted_uses(amount=values["amount"], now=values["now"])


_rows = CompiledInstanceQuery(lambda values: _mine(values).with_billing_period(), owner=UUID, feature=str)
_count_any = CompiledUpdate(lambda values: (_mine(values), _changes(values)), owner=UUID, feature=str, amount=int, now=datetime)
_count_usable = CompiledUpdate(
    lambda values: (_mine(values).usable(amount=values["amount"], now=values["now"]), _changes(values)),
    owner=UUID,
    feature=str,
    amount=int,
    now=datetime,
)


class LimitReachedError(DomainError):
    """The limit of this counting month is reached. The count is reset at `resets_at`."""

    def __init__(self, message: str, *, resets_at: datetime, retry_after: int | None, status: int = 429) -> None:
        super().__init__("limit_reached", message, status=status, retry_after=retry_after)
        self.resets_at = resets_at
        self.details = {"resets_at": resets_at}


@transaction.atomic
def record_usage(
    *, user: Any, feature: str, now: datetime, amount: int = 1, idempotency_key: str | None = None
) -> FeatureAccess:
    """Count `amount` uses of a feature and return its row. Raise DomainError with the reason and the remedy if denied.

    Uses with the same `idempotency_key` are counted once; a repeated call returns the current row. The status of the error is
    422 if the key was used for another feature or amount, and 409 if its uses were given back.
    """
    if idempotency_key is None:
        return _count(user, feature, amount, now)
    # The record is created first, so that a concurrent call with the same key waits for it
    values = {"feature_name": feature, "amount": amount, "period_start": now}
    record, is_new = UsageRecord.objects.get_or_create(user_id=user.pk, idempotency_key=idempotency_key, defaults=values)
    if not is_new:
        return _replayed_usage(user, record, feature, amount)
    access = _count(user, feature, amount, now)
    UsageRecord.objects.for_user(user).filter(pk=record.pk).update(period_start=access.period_start)
    return access


@transaction.atomic
def count_beyond_limit(*, user: Any, feature: str, amount: int, now: datetime) -> FeatureAccess:
    """Count `amount` uses of a feature whose uses are never denied, and return its row, locked until the transaction ends.

    The last of the uses has the number `usage_count`, also if another transaction counts at the same time.
    """
    if not _count_any(owner=user.pk, feature=feature, amount=amount, now=now):
        sync_feature_access(user=user, now=now)
        FeatureAccess.objects.bulk_create([_disabled_access(user, feature)], ignore_conflicts=True)
        _count_any(owner=user.pk, feature=feature, amount=amount, now=now)
    counted: FeatureAccess = _rows(owner=user.pk, feature=feature)[0]
    return counted


def require_feature(*, user: Any, feature: str, now: datetime) -> FeatureAccess:
    """Return the row of a feature that is available; the limit is not checked.

    Raise DomainError with the reason and the remedy if the feature is not available.
    """
    access = access_row(user, feature)
    if access is not None and access.is_open_at(now):
        return access
    if _sync_if_overridden(user, feature, now):
        access = access_row(user, feature)
        if access is not None and access.is_open_at(now):
            return access
    raise _denial(access or _disabled_access(user, feature), 1, now)


@transaction.atomic
def give_back(*, user: Any, feature: str, idempotency_key: str, now: datetime) -> FeatureAccess:
    """Give back the uses counted with a key, once, and return the row. Counts of past months are not changed.

    Raise DomainError (404) if no uses were counted with the key.
    """
    record = UsageRecord.objects.for_user(user).filter(feature_name=feature, idempotency_key=idempotency_key)
    counted = record.select_for_update().first()
    if counted is None:
        raise DomainError("unknown_key", f"No uses of {feature} were counted with this key.", status=404)
    if counted.given_back_at is None:
        record.update(given_back_at=now)
        mine = FeatureAccess.objects.for_user(user).filter(feature_name=feature)
        mine.give_back(amount=counted.amount, period_start=counted.period_start)
    return access_row(user, feature) or _disabled_access(user, feature)


def delete_old_usage_records(*, now: datetime) -> int:
    """Delete records of uses older than USAGE_RECORD_RETENTION and return how many; their periods are over."""
    deleted, _ = UsageRecord.objects.filter(created_at__lt=now - USAGE_RECORD_RETENTION).delete()
    return deleted


def reset_usage(access: FeatureAccess, *, now: datetime) -> None:
    """Reset the count of the current month to 0."""
    access.usage_count, access.period_start = 0, access.usage_period_at(now).begins
    access.save(update_fields=["usage_count", "period_start"])


def _count(user: Any, feature: str, amount: int, now: datetime) -> FeatureAccess:
    uses = {"owner": user.pk, "feature": feature, "amount": amount, "now": now}
    counted = _count_usable(**uses) or (_sync_if_overridden(user, feature, now) and _count_usable(**uses))
    access = access_row(user, feature)
    if access is None or not counted:
        raise _denial(access or _disabled_access(user, feature), amount, now)
    return access


def _sync_if_overridden(user: Any, feature: str, now: datetime) -> bool:
    """Update access if an override of the feature may have begun or ended since the last job, and return True if so."""
    overrides = EntitlementOverride.objects.for_user(user).filter(feature_name=feature, starts_at__lte=now)
    if not overrides.exists():
        return False
    sync_feature_access(user=user, now=now)
    return True


def _replayed_usage(user: Any, record: UsageRecord, feature: str, amount: int) -> FeatureAccess:
    if (record.feature_name, record.amount) != (feature, amount):
        sentence = "This idempotency_key was used for another feature or amount. Use a new one."
        raise DomainError("idempotency_key_reused", sentence, status=422)
    if record.given_back_at is not None:
        raise ConflictError("given_back", "The uses with this idempotency_key were given back. Use a new one.")
    return access_row(user, feature) or _disabled_access(user, feature)


def access_row(user: Any, feature: str) -> FeatureAccess | None:
    """Return the row of a feature with the owner's billing period, None if there is none."""
    return next(iter(_rows(owner=user.pk, feature=feature)), None)


def _disabled_access(user: Any, feature: str) -> FeatureAccess:
    """Return an unsaved row for a feature that the user has no row for."""
    return FeatureAccess(user=user, feature_name=feature, is_enabled=False, usage_limit=0)


def _denial(access: FeatureAccess, amount: int, now: datetime) -> DomainError:
    """Return the error for `amount` uses that were denied."""
    name, limit, used = access.feature_name, access.usage_limit, access.usage_at(now)
    if not access.is_enabled:
        return DomainError("feature_disabled", f"{name} is not available to you. {_remedy(access, now)}", status=402)
    if access.expires_at is not None and FeatureAccess.is_expired.at(access, now):
        sentence = f"Your access to {name} ended at {format_instant(access.expires_at)}. {_remedy(access, now)}"
        return DomainError("feature_expired", sentence, status=402)
    if limit is None or used + amount <= limit:
        return ConflictError("changed_meanwhile", f"Your access to {name} has just changed. Try again.")
    reset_at = access.usage_period_at(now).ends
    counts = f"You have used {used} of {limit} {name} this month, and requested {amount}."
    sentence = f"{counts} The count is reset at {format_instant(reset_at)}."
    return LimitReachedError(sentence, resets_at=reset_at, retry_after=math.ceil((reset_at - now).total_seconds()))


def _remedy(access: FeatureAccess, now: datetime) -> str:
    """Return a sentence about how the user can get access to the feature."""
    plans = SubscriptionPlan.objects.offered().opening(access.feature_name)
    is_subscribed = Subscription.objects.for_user(access.user).active().filter(plan__in=[plan.pk for plan in plans]).exists()
    if is_subscribed and not FeatureAccess.is_expired.at(access, now):
        return "Your plan includes it, but it is disabled for you. Contact support."
    names = ", ".join(dict.fromkeys(plan.name for plan in plans))
    return f"Plans that include it: {names}." if names else "No plan includes it at present."
