"""What staff grant or close for one customer, for a reason and until an instant."""

from datetime import datetime
from typing import Any

from django.db import transaction

from billing.models import EntitlementOverride, FeatureAccess
from billing.services.feature_access import sync_feature_access
from core.errors import ConflictError, DomainError


@transaction.atomic
def grant_override(
    *,
    user: Any,
    feature: str,
    is_enabled: bool = True,
    usage_limit: int | None = None,
    reason: str,
    starts_at: datetime,
    ends_at: datetime,
    granted_by: Any,
    now: datetime,
) -> EntitlementOverride:
    """Open or close a feature for a customer from `starts_at` until just before `ends_at`, whatever his plan says.

    `usage_limit` is per counting month, None without one. DomainError when it would be over already or never begin.
    """
    if ends_at <= max(starts_at, now):
        raise DomainError("ends_too_early", "It must end after it starts, and not in the past.", field="ends_at")
    if not reason.strip():
        raise DomainError("required", "Say why: whoever looks at it later has nothing else.", field="reason")
    override = EntitlementOverride(
        user=user,
        feature_name=feature,
        is_enabled=is_enabled,
        usage_limit=usage_limit,
        reason=reason.strip(),
        starts_at=starts_at,
        ends_at=ends_at,
        granted_by=granted_by,
    )
    override.save()
    sync_feature_access(user=user, now=now)
    return override


@transaction.atomic
def revoke_override(override: EntitlementOverride, *, now: datetime) -> None:
    """End an override before its time; what lay beneath holds again at once. 409 when it does not hold any more."""
    if override.revoked_at is not None or override.ends_at <= now:
        raise ConflictError("not_in_force", "This override is over already.")
    override.revoked_at = now
    override.save(update_fields=["revoked_at"])
    sync_feature_access(user=override.user, now=now)


def override_access(
    access: FeatureAccess, *, is_enabled: bool, reason: str, ends_at: datetime, granted_by: Any, now: datetime
) -> EntitlementOverride:
    """Open or close what somebody has a row of, by an override until `ends_at`; opened, it keeps its limit unless that is 0.

    409 when it is so already.
    """
    if access.is_enabled == is_enabled:
        raise ConflictError("already_so", f"This is {'enabled' if is_enabled else 'disabled'} already.")
    return grant_override(
        user=access.user,
        feature=access.feature_name,
        is_enabled=is_enabled,
        usage_limit=access.usage_limit or None,
        reason=reason,
        starts_at=now,
        ends_at=ends_at,
        granted_by=granted_by,
        now=now,
    )
